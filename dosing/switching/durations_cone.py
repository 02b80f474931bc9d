"""The durations problem in exponential-cone form, by CVXPY with Clarabel, compiled once for each size.

The data enter as CVXPY parameters (disciplined parametrised programming), so that a problem of the same number of
lines and drugs is only filled in again. Weights enter as logarithms inside the exponential and are taken relative to
the cost that the answer is expected to have: then every number that the cone solver sees is of order one, whether the
tumour has ten cells or 1e12, and whether its lines vanish or explode.
"""

from __future__ import annotations

import functools
import threading
import warnings

import numpy as np

from dosing.switching.durations_problem import DurationsProblem

__all__ = ["ConeProgram", "cone_program"]

_NEGLIGIBLE = -45.0  # logarithm of a line's largest possible share of the cost that no longer matters (3e-20)


class ConeProgram:
    """A compiled problem for a number of lines and drugs, in shares of the horizon.

    Parameters
    ----------
    lines, drugs : int
    """

    def __init__(self, lines: int, drugs: int) -> None:
        import cvxpy as cp

        self.shares = cp.Variable(drugs)
        self.exponents = cp.Parameter((lines, drugs))
        self.offsets = cp.Parameter(lines)
        self.price = cp.Parameter(drugs)
        self.least, self.most = cp.Parameter(drugs), cp.Parameter(drugs)
        self.problem = cp.Problem(
            cp.Minimize(
                cp.sum(cp.exp(self.exponents @ self.shares + self.offsets)) + self.price @ self.shares
            ),
            [cp.sum(self.shares) == 1, self.shares >= self.least, self.shares <= self.most],  # pyright: ignore[reportArgumentType]
        )
        self._lock = threading.Lock()

    def solve(self, data: DurationsProblem, log_scale: float) -> tuple[np.ndarray | None, str]:
        """Solve once.

        Parameters
        ----------
        data : DurationsProblem
        log_scale : float
            Logarithm of the cost that the objective is divided by.

        Returns
        -------
        durations : ndarray, shape (d,), or None
            Within their bounds; None where the solver gave nothing.
        status : str
            The cone solver's own word.
        """
        import cvxpy as cp

        days = data.horizon_days
        exponents, offsets = data.rates.T * days, data.log_burden - log_scale
        vanishing = offsets + exponents.max(axis=1) < _NEGLIGIBLE
        exponents[vanishing], offsets[vanishing] = 0.0, _NEGLIGIBLE
        # toxicity common to all drugs is paid in any case
        price = (data.toxicity - data.toxicity.min()) * days
        with self._lock, warnings.catch_warnings():
            # an inaccurate answer is a status here, not a warning: it is sharpened and certified afterwards
            warnings.simplefilter("ignore")
            self.exponents.value, self.offsets.value = exponents, offsets
            with np.errstate(under="ignore"):
                self.price.value = price * np.exp(-log_scale)
            self.least.value, self.most.value = data.least / days, np.minimum(data.most / days, 1.0)
            try:
                self.problem.solve(solver=cp.CLARABEL)
            except (cp.SolverError, ValueError, ArithmeticError) as problem:
                return None, f"{type(problem).__name__}: {str(problem).splitlines()[0]}"
            shares = None if self.shares.value is None else np.array(self.shares.value)
            status = str(self.problem.status)
        if shares is None or not np.all(np.isfinite(shares)):
            return None, status
        return data.within_bounds(shares * days), status


@functools.lru_cache(maxsize=16)
def cone_program(lines: int, drugs: int) -> ConeProgram:
    """Return the compiled problem for a size, the same one every time."""
    return ConeProgram(lines, drugs)
