"""The word for the stability of an equilibrium."""

from __future__ import annotations

import numpy as np


def stability_word(eigenvalues: np.ndarray, *, tolerance: float = 1e-7) -> str:
    """Classify an equilibrium by the eigenvalues of its Jacobian.

    Parameters
    ----------
    eigenvalues : ndarray of complex, shape (n,)
    tolerance : float
        Real (imaginary) parts below this share of the largest eigenvalue count as zero. Rounding splits a
        double eigenvalue by about 1e-8 of its size, which must not turn a node into a focus.

    Returns
    -------
    str
        ``"stable node"``, ``"stable focus"``, ``"unstable node"``, ``"unstable focus"``, ``"saddle"``, or
        ``"non-hyperbolic"`` where a real part is zero and linearisation decides nothing.
    """
    eigenvalues = np.asarray(eigenvalues, dtype=complex)
    zero = tolerance * np.max(np.abs(eigenvalues))
    growth = np.real(eigenvalues)
    if np.any(np.abs(growth) <= zero):
        return "non-hyperbolic"
    if np.any(growth > 0) and np.any(growth < 0):
        return "saddle"
    kind = "focus" if np.any(np.abs(np.imag(eigenvalues)) > zero) else "node"
    return f"{'stable' if growth[0] < 0 else 'unstable'} {kind}"
