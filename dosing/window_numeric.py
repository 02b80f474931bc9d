"""The edges of the dose window at numbers, for many parameter sets at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.window_branch import CompiledBranch
from dosing.window_symbolic import WindowUnavailable, window_expressions

if TYPE_CHECKING:
    from dynamics.model import Model

# A root counts as a crossing where the sign on both sides, this far away, differs.
_BESIDE = 1e-6


@dataclass(frozen=True)
class Attractor:
    """Where a tumour of one kind of cells rests under a constant dose.

    Parameters
    ----------
    branch : ndarray of int, shape (m,)
        Index of the branch; -1 where nothing rests.
    present : ndarray of bool, shape (m,)
        Whether the cells are there.
    point : ndarray, shape (states - 1, m)
        States but for the missing population, in the model's order.
    output : ndarray, shape (m,)
        Burden there.
    invasion : ndarray, shape (m,)
        Growth rate per day of the missing population when rare.
    """

    branch: np.ndarray
    present: np.ndarray
    point: np.ndarray
    output: np.ndarray
    invasion: np.ndarray


@dataclass(frozen=True)
class WindowEdges:
    """Edges of the window of many parameter sets, as fractions of the maximum tolerated dose.

    Parameters
    ----------
    lower, upper : ndarray, shape (m,)
        Not clipped: infinite where a condition holds at every dose or at none; NaN where it cannot be told.
    smallest_tolerable : ndarray, shape (m,)
        Burden below which no dose in [0, 1] contains the tumour; infinite where none does at any burden.
    """

    lower: np.ndarray
    upper: np.ndarray
    smallest_tolerable: np.ndarray

    @property
    def low(self) -> np.ndarray:
        """Lower edges within [0, 1], shape (m,)."""
        return np.clip(self.lower, 0.0, 1.0)

    @property
    def high(self) -> np.ndarray:
        """Upper edges within [0, 1], shape (m,)."""
        return np.clip(self.upper, 0.0, 1.0)

    @property
    def exists(self) -> np.ndarray:
        """Whether any dose from 0 to 1 lies inside, shape (m,)."""
        return self.low < self.high


class WindowNumbers:
    """Compiled expressions of one model's window; every method is vectorised over parameter sets.

    Parameters
    ----------
    model : Model

    Raises
    ------
    WindowUnavailable
        See :func:`dosing.window_symbolic.window_expressions`.
    """

    def __init__(self, model: Model) -> None:
        self.expressions = e = window_expressions(model)
        self.model = model
        self.known = (*model.parameter_symbols, *model.constant_symbols)
        roles = [s.role for s in model.states]
        # Coordinates, among the states that are left, of the population that must be there.
        sensitive = [r for r in roles if r != "resistant"].index("sensitive")
        resistant = [r for r in roles if r != "sensitive"].index("resistant")
        self._sensitive = tuple(CompiledBranch(self.known, e, b, sensitive) for b in e.sensitive_only)
        self._free = tuple(CompiledBranch(self.known, e, b, sensitive) for b in e.tumour_free)
        self._resistant = tuple(CompiledBranch(self.known, e, b, resistant) for b in e.resistant_only)
        kill = e.kill_rate if e.kill_rate is not None else sp.nan
        self._kill = sp.lambdify([list(self.known)], kill, "numpy")
        used = set().union(*(b.used for b in (*self._sensitive, *self._free, *self._resistant)))
        self.needed = frozenset(s.name for s in self.known if s in used)

    def numbers(
        self, names: Sequence[str], values: np.ndarray, constants: Mapping[str, float]
    ) -> list[np.ndarray]:
        """Columns for the compiled functions: parameters, then constants, shape (m,) each.

        Raises
        ------
        WindowUnavailable
            A parameter or constant of the window has no value.
        """
        given = {name: np.asarray(values[:, i], dtype=float) for i, name in enumerate(names)}
        declared = {c.name: c.value for c in self.model.constants if c.value is not None}
        fixed = declared | {name: np.asarray(value, dtype=float) for name, value in constants.items()}
        missing = sorted(self.needed - set(given) - set(fixed))
        if missing:
            raise WindowUnavailable(
                f"the dose window of model {self.model.name!r} needs values for {', '.join(missing)}"
            )
        rows = len(values)
        return [
            given[s.name] if s.name in given else np.full(rows, fixed.get(s.name, np.nan)) for s in self.known
        ]

    @property
    def sensitive_branches(self) -> tuple[CompiledBranch, ...]:
        """Equilibria with sensitive and without resistant cells."""
        return self._sensitive

    def kill_rate(self, numbers: list[np.ndarray]) -> np.ndarray:
        """Rate per day at which the MTD kills sensitive cells, shape (m,); NaN where it is no single rate."""
        return np.broadcast_to(np.asarray(self._kill(numbers), dtype=float), numbers[0].shape)

    def attractor(self, numbers: list[np.ndarray], dose: np.ndarray | float) -> Attractor:
        """Find where the tumour rests without resistant cells.

        Of several stable sensitive-only equilibria the largest counts, for a tumour is treated when large.
        """
        return self._largest(self._sensitive, self._free, numbers, dose)

    def resistant_attractor(self, numbers: list[np.ndarray], dose: np.ndarray | float) -> Attractor:
        """Find where the tumour rests without sensitive cells; of several equilibria the largest counts."""
        return self._largest(self._resistant, (), numbers, dose)

    def _largest(
        self,
        tumours: tuple[CompiledBranch, ...],
        free: tuple[CompiledBranch, ...],
        numbers: list[np.ndarray],
        dose: np.ndarray | float,
    ) -> Attractor:
        """Pick the largest stable tumour, or else a stable state without one, for every parameter set."""
        shape = numbers[0].shape
        dose = np.broadcast_to(np.asarray(dose, dtype=float), shape)
        branch, point = np.full(shape, -1), np.full((len(self.model.states) - 1, *shape), np.nan)
        output, invasion = np.full(shape, -np.inf), np.full(shape, np.nan)
        with np.errstate(all="ignore"):
            for index, compiled in enumerate((*tumours, *free)):
                here = compiled.at(numbers, dose)
                better = here.rests & ((here.output > output) if index < len(tumours) else (branch == -1))
                branch = np.where(better, index, branch)
                point = np.where(better, here.point, point)
                output = np.where(better, here.output, output)
                invasion = np.where(better, here.invasion, invasion)
        present = (branch >= 0) & (branch < len(tumours))
        return Attractor(branch, present, point, np.where(branch >= 0, output, np.nan), invasion)

    def edges(self, numbers: list[np.ndarray], k_tol: np.ndarray | float) -> WindowEdges:
        """Both edges of the window for every parameter set."""
        k_tol = np.broadcast_to(np.asarray(k_tol, dtype=float), numbers[0].shape)

        def excess(a: Attractor) -> np.ndarray:
            return k_tol - a.output  # positive: tolerable

        def invaded(a: Attractor) -> np.ndarray:
            return a.invasion  # positive: resistant cells grow

        with np.errstate(all="ignore"):
            roots = [b.tolerable_at(numbers, k_tol) for b in self._sensitive]
            lower = self._crossing(numbers, roots, excess, pick=np.fmax)
            roots = [b.invaded_from(numbers) for b in self._sensitive]
            upper = self._crossing(numbers, roots, invaded, pick=np.fmin)
            # Resistant cells that never grow leave no upper edge, those that always do leave no window.
            highest = np.clip(np.where(np.isnan(upper), 1.0, upper), 0.0, 1.0)
            rest, before = self.attractor(numbers, highest), self.attractor(numbers, highest - _BESIDE)
            # Where the sensitive cells vanish at once, the burden just before is the last that is held.
            held = np.where(before.present & ~rest.present, before.output, rest.output)
        smallest = np.where(upper > 0, held, np.inf)
        lower = np.where(k_tol > 0, lower, np.nan)
        return WindowEdges(lower, upper, np.where(np.isnan(upper), np.nan, smallest))

    def _crossing(
        self,
        numbers: list[np.ndarray],
        roots: list[list[np.ndarray]],
        sign: Callable[[Attractor], np.ndarray],
        pick: Callable[[np.ndarray, np.ndarray], np.ndarray],
    ) -> np.ndarray:
        """Dose at which ``sign`` turns from negative to positive along the attractor, shape (m,)."""
        edge = np.full(numbers[0].shape, np.nan)
        for index, candidates in enumerate(roots):
            for u in candidates:
                beside = _BESIDE * np.maximum(1.0, np.abs(u))
                crosses = (
                    np.isfinite(u)
                    & (self.attractor(numbers, u).branch == index)
                    & (sign(self.attractor(numbers, u - beside)) < 0)
                    & (sign(self.attractor(numbers, u + beside)) > 0)
                )
                edge = np.where(crosses, pick(edge, u), edge)
        return self._without_root(edge, sign, numbers) if np.any(np.isnan(edge)) else edge

    def _without_root(
        self, edge: np.ndarray, sign: Callable[[Attractor], np.ndarray], numbers: list[np.ndarray]
    ) -> np.ndarray:
        """Fill in sets without a root: a sign that never changes, or jumps where an attractor ends."""
        missing = np.isnan(edge)
        first, last = sign(self.attractor(numbers, 0.0)), sign(self.attractor(numbers, 1.0))
        edge = np.where(missing & (first > 0) & (last > 0), -np.inf, edge)
        edge = np.where(missing & (first < 0) & (last < 0), np.inf, edge)
        jumps = missing & (first < 0) & (last > 0)
        if np.any(jumps):
            low, high = np.zeros(edge.shape), np.ones(edge.shape)
            for _ in range(50):
                middle = 0.5 * (low + high)
                above = sign(self.attractor(numbers, middle)) > 0
                low, high = np.where(above, low, middle), np.where(above, middle, high)
            edge = np.where(jumps, high, edge)
        return edge


@lru_cache(maxsize=16)
def window_numbers(model: Model) -> WindowNumbers:
    """Compile the window of a model once.

    Raises
    ------
    WindowUnavailable
        See :func:`dosing.window_symbolic.window_expressions`.
    """
    return WindowNumbers(model)
