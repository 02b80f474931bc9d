"""Points at which a switching function and its derivatives vanish, to see what else vanishes there.

Whether a coefficient is zero along a singular arc is a question about that set, not about all states: ``x`` is zero on
the set ``2 x = 0`` although it is no zero of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property

import numpy as np
import sympy as sp

_POINTS, _ATTEMPTS, _NEWTON_STEPS = 5, 20, 60
_CLOSE, _ZERO, _ALIVE = 1e-13, 1e-8, 1e-5


class SingularSet:
    """Random points of a set that is given by functions of states, costates and parameters.

    Parameters
    ----------
    functions : sequence of Expr
        All vanish on the set.
    states, costates : sequence of Symbol
        What may be moved to reach it; every other symbol keeps a random positive value.
    never_zero : collection of Symbol
        States that stay positive, as populations do; points with one at zero do not count.
    costates_not_zero : bool
        Whether costates that are all zero do not count either, as without a running cost; their length is set to 1.
    ranges : mapping of Symbol to (float, float), optional
        Where other symbols than states and costates are drawn, such as the other controls; [0.3, 3] where not given.
    """

    def __init__(
        self,
        functions: Sequence[sp.Expr],
        states: Sequence[sp.Symbol],
        costates: Sequence[sp.Symbol],
        never_zero: Collection[sp.Symbol] = (),
        costates_not_zero: bool = False,
        ranges: Mapping[sp.Symbol, tuple[float, float]] | None = None,
    ) -> None:
        self._ranges = dict(ranges or {})
        self._alive = [i for i, s in enumerate(states) if s in never_zero]
        self.states, self.costates = tuple(states), tuple(costates)
        self.functions = list(functions)
        if costates_not_zero:
            self.functions.append(sp.Add(*(s**2 for s in self.costates)) - 1)

    @property
    def _others(self) -> list[sp.Symbol]:
        moving = {*self.states, *self.costates}
        used = {s for f in self.functions for s in f.free_symbols if isinstance(s, sp.Symbol)}
        return sorted(used - moving, key=str)

    @cached_property
    def points(self) -> list[dict[sp.Symbol, float]]:
        """Points of the set, the same at every call; empty where none was reached."""
        moving, others = [*self.states, *self.costates], self._others
        rows = sp.Matrix(self.functions)
        value = sp.lambdify([moving, others], rows, "numpy", cse=True)
        slope = sp.lambdify([moving, others], rows.jacobian(sp.Matrix(moving)), "numpy", cse=True)
        draw, found = np.random.default_rng(1), []
        # by the costates alone, and by the states too: a conserved sum has costates that vanish on everything, and
        # then the arcs that matter lie over few states only
        for free in (slice(len(self.states), None), slice(None)):
            count = 0
            for _ in range(_ATTEMPTS):
                start = draw.uniform(0.3, 3.0, len(moving))
                start[len(self.states) :] *= draw.choice([-1.0, 1.0], len(self.costates))
                given = np.array([draw.uniform(*self._ranges.get(s, (0.3, 3.0))) for s in others])
                point = _newton(value, slope, start, given, free)
                if point is not None and np.all(point[self._alive] > _ALIVE):
                    found.append(dict(zip([*moving, *others], [*point, *given], strict=True)))
                    count += 1
                if count == _POINTS:
                    break
        return found

    def vanishes(self, expression: sp.Expr) -> bool:
        """Say whether an expression is zero at the points of the set."""
        expression = sp.expand(expression)
        symbols = sorted((s for s in expression.free_symbols if isinstance(s, sp.Symbol)), key=str)
        if not symbols:
            return expression == 0
        terms = sp.Add(*(sp.Abs(t) for t in sp.Add.make_args(expression)))
        at = sp.lambdify([symbols], [expression, terms], "numpy")
        draw = np.random.default_rng(2)
        with np.errstate(all="ignore"):
            anywhere = np.array([at(draw.uniform(0.3, 3.0, len(symbols))) for _ in range(5)], dtype=float)
            there = np.array([at([self._read(p, s) for s in symbols]) for p in self.points], dtype=float)
        typical = float(np.nanmedian(np.abs(anywhere[:, 0])))
        return bool(np.nanmax(np.abs(there[:, 0]) / np.maximum(there[:, 1], typical)) <= _ZERO)

    @staticmethod
    def _read(point: dict[sp.Symbol, float], symbol: sp.Symbol) -> float:
        """Value of a symbol; one that the set does not name is free."""
        return point.get(symbol, 1.234567)


def _newton(
    value: Callable, slope: Callable, start: np.ndarray, given: np.ndarray, free: slice
) -> np.ndarray | None:
    """Reach the set from a point by the shortest Newton steps in the free coordinates."""
    point = start.copy()
    with np.errstate(all="ignore"):
        for _ in range(_NEWTON_STEPS):
            rest = np.asarray(value(point, given), dtype=float).ravel()
            rows = np.asarray(slope(point, given), dtype=float)
            if not (np.all(np.isfinite(rest)) and np.all(np.isfinite(rows))):
                return None
            size = np.abs(rows) @ np.abs(point) + 1e-3
            if np.all(np.abs(rest) <= _CLOSE * size):
                return point
            point[free] -= np.linalg.lstsq(rows[:, free], rest, rcond=None)[0]
    return None
