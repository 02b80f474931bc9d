"""Derivatives of the dose window's edges in the logarithms of the parameters, from the symbols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.window_numeric import WindowNumbers, window_numbers
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dynamics.model import Model

ON_EDGE = 1e-6  # relative: farther from zero, the edge is a jump and not a root
DIFFERENCE = 1e-5  # step of central differences at a jump, in the logarithm


class WindowGradient:
    """Edges with derivatives, vectorised over parameter sets.

    An edge is the dose u at which F(u, θ) = 0 along the attractor: F the output there less the tolerable
    burden, or the invasion rate. Its derivative is -F_θ/F_u, both derived by SymPy from the same expressions
    that the edge itself is computed from; which formula of several gave the edge does not matter. Where the
    edge is a jump from one attractor to another instead of a root, central differences stand in.
    """

    def __init__(self, model: Model) -> None:
        self.window: WindowNumbers = window_numbers(model)
        e = self.window.expressions
        self._branches = []
        for branch in e.sensitive_only:
            rows = [
                [f, f.diff(e.dose), *(f.diff(s) * s for s in model.parameter_symbols)]
                for f in (branch.output, branch.invasion)
            ]
            self._branches.append(
                sp.lambdify(
                    [list(self.window.known), e.dose], [x for row in rows for x in row], "numpy", cse=True
                )
            )
        self._size = len(model.parameter_symbols)
        self._direct = self._compile_direct(model) if len(e.sensitive_only) == 1 else None

    def _compile_direct(self, model: Model) -> Callable[[list[np.ndarray], float], list[np.ndarray]] | None:
        """Both edges with their derivatives as formulas, where each has exactly one."""
        e = self.window.expressions
        branch = e.sensitive_only[0]
        if len(branch.tolerable_at) != 1 or len(branch.invaded_from) != 1:
            return None
        if len(branch.point) != 1:
            return None
        rows = []
        for edge, rises in (
            (branch.tolerable_at[0], -branch.output.diff(e.dose)),
            (branch.invaded_from[0], branch.invasion.diff(e.dose)),
        ):
            slopes = [edge.diff(s) * s for s in model.parameter_symbols]
            signs = [
                substitute(f, {e.dose: edge})
                for f in (rises, branch.point[0], sp.S.NegativeOne * branch.own.flat()[0])
            ]
            rows += [edge, *signs, *slopes]
        held = [substitute(branch.output, {e.dose: dose}) for dose in (branch.invaded_from[0], sp.S.One)]
        self._held = sp.lambdify(
            [list(self.window.known)],
            [row for f in held for row in (f, *(f.diff(s) * s for s in model.parameter_symbols))],
            "numpy",
            cse=True,
        )
        return sp.lambdify([list(self.window.known), e.k_tol], rows, "numpy", cse=True)

    def direct(
        self, numbers: list[np.ndarray], k_tol: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
        """Edges and derivatives by formula; None where the model has several, or none.

        Returns
        -------
        lower, upper : ndarray, shape (b,)
        d_lower, d_upper : ndarray, shape (b, p)
        sound : ndarray of bool, shape (b,)
            Whether the sensitive cells rest at both, and the conditions turn there from broken to kept and
            from kept to broken: where not, the formulas are not the edges.
        """
        if self._direct is None:
            return None
        with np.errstate(all="ignore"):
            lower, upper = _rows(self._direct(numbers, k_tol), len(numbers[0])).reshape(
                2, -1, len(numbers[0])
            )
            sound = np.all(lower[1:4] > 0, axis=0) & np.all(upper[1:4] > 0, axis=0)
            sound &= np.isfinite(lower).all(axis=0) & np.isfinite(upper).all(axis=0)
        return lower[0], upper[0], lower[4:].T, upper[4:].T, sound

    def branch_rows(self, numbers: list[np.ndarray], dose: np.ndarray) -> np.ndarray:
        """Output and invasion with derivatives on the attractor, shape (2, 2 + p, b); NaN where none rests.

        Each row holds the function, its derivative in the dose, its derivatives in the log parameters.
        """
        attractor = self.window.attractor(numbers, dose)
        rows = np.full((2, 2 + self._size, len(dose)), np.nan)
        for index, compiled in enumerate(self._branches):
            here = attractor.branch == index
            if np.any(here):
                values = compiled([x[here] for x in numbers], dose[here])
                rows[:, :, here] = _rows(values, int(here.sum())).reshape(2, 2 + self._size, -1)
        return rows

    def edges(
        self, names: tuple[str, ...], x: np.ndarray, constants: dict[str, float], k_tol: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Lower edge, upper edge and their derivatives, not clipped.

        Parameters
        ----------
        x : ndarray, shape (b, p)
            In the model's order and units.

        Returns
        -------
        lower, upper : ndarray, shape (b,)
        d_lower, d_upper : ndarray, shape (b, p)
            NaN where the value is not finite.
        """
        numbers = self.window.numbers(names, x, constants)
        found = self.direct(numbers, k_tol)
        if found is None:
            lower, upper = np.zeros(len(x)), np.zeros(len(x))
            d_lower, d_upper = np.zeros(x.shape), np.zeros(x.shape)
            rest = np.ones(len(x), dtype=bool)
        else:
            lower, upper, d_lower, d_upper, sound = (np.array(v) for v in found)
            rest = ~sound
        if np.any(rest):
            lower[rest], upper[rest], d_lower[rest], d_upper[rest] = self._searched(
                names, x[rest], constants, k_tol
            )
        return lower, upper, d_lower, d_upper

    def _searched(
        self, names: tuple[str, ...], x: np.ndarray, constants: dict[str, float], k_tol: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Edges as :meth:`WindowNumbers.edges` finds them, with implicit derivatives."""
        with np.errstate(all="ignore"):
            numbers = self.window.numbers(names, x, constants)
            found = self.window.edges(numbers, k_tol)
            slopes = [
                self._implicit(numbers, found.lower, 0, k_tol),
                self._implicit(numbers, found.upper, 1, 0.0),
            ]
            for k, value in enumerate((found.lower, found.upper)):
                lost = np.isfinite(value) & ~np.all(np.isfinite(slopes[k]), axis=1)
                if np.any(lost):
                    slopes[k][lost] = self._differences(names, x[lost], constants, k_tol, k)
        return found.lower, found.upper, slopes[0], slopes[1]

    def held_burdens(
        self, names: tuple[str, ...], x: np.ndarray, constants: dict[str, float]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Burden of sensitive cells alone at the upper edge, and at the full dose: the larger is the least held.

        Returns
        -------
        at_edge, at_full : ndarray, shape (b,)
            NaN where they do not rest.
        upper : ndarray, shape (b,)
        d_edge, d_full, d_upper : ndarray, shape (b, p)
        """
        _, upper, _, d_upper = self.edges(names, x, constants, 1.0)
        numbers = self.window.numbers(names, x, constants)
        if self._direct is not None:
            branch = self.window.sensitive_branches[0]
            with np.errstate(all="ignore"):
                rows = _rows(self._held(numbers), len(x))
                there = branch.at(numbers, np.ones(len(x))).rests
            edge, full = rows.reshape(2, -1, len(x))
            burden_full = np.where(there, full[0], np.nan)
            return edge[0], burden_full, upper, edge[1:].T, full[1:].T, d_upper
        with np.errstate(all="ignore"):
            edge = self.branch_rows(numbers, np.where(np.isfinite(upper), upper, np.nan))[0]
            full = self.branch_rows(numbers, np.ones(len(x)))[0]
            d_edge = edge[2:].T + edge[1][:, None] * d_upper
        return edge[0], full[0], upper, d_edge, full[2:].T, d_upper

    def _implicit(self, numbers: list[np.ndarray], edge: np.ndarray, which: int, level: float) -> np.ndarray:
        """Differentiate a root, shape (b, p); NaN where the edge is none."""
        slope = np.full((len(edge), self._size), np.nan)
        finite = np.flatnonzero(np.isfinite(edge))
        if len(finite):
            rows = self.branch_rows([x[finite] for x in numbers], edge[finite])[which]
            value = np.abs(rows[0] - level)
            size = np.abs(rows[1]) * np.maximum(1.0, np.abs(edge[finite])) + abs(level)
            root = value <= ON_EDGE * size
            slope[finite] = np.where(root, -rows[2:] / rows[1], np.nan).T
        return slope

    def _differences(
        self, names: tuple[str, ...], x: np.ndarray, constants: dict[str, float], k_tol: float, which: int
    ) -> np.ndarray:
        """Central differences of an edge (0 lower, 1 upper), shape (b, p)."""
        b, p = x.shape
        shift = np.exp(DIFFERENCE * np.eye(p))
        both = np.concatenate([x[:, None, :] * shift, x[:, None, :] / shift], axis=1).reshape(-1, p)
        edges = self.window.edges(self.window.numbers(names, both, constants), k_tol)
        value = (edges.lower, edges.upper)[which].reshape(b, 2, p)
        return (value[:, 0] - value[:, 1]) / (2 * DIFFERENCE)


def _rows(values: Sequence[np.ndarray | float], count: int) -> np.ndarray:
    """Stack what a compiled function returns, numbers among arrays, shape (len(values), count)."""
    rows = np.empty((len(values), count))
    for row, value in zip(rows, values, strict=True):
        row[:] = value
    return rows


@lru_cache(maxsize=16)
def window_gradient(model: Model) -> WindowGradient:
    """Compile the derivatives of a model's window once.

    Raises
    ------
    WindowUnavailable
        See :func:`dosing.window_symbolic.window_expressions`.
    """
    return WindowGradient(model)
