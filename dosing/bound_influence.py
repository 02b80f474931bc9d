"""Which ends of a window's edges rest on data, which on a declared bound: shown by moving the bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dosing.quantities import window_quantities
from identifiability.functions.endpoints import EndPoints, find_end_points
from identifiability.functions.function_search import FunctionSettings
from identifiability.functions.known_points import known_points
from identifiability.result import SideStatus

if TYPE_CHECKING:
    from fitting.problem import CohortProblem
    from fitting.result import Fit
    from identifiability.result import Profile

FACTOR = 2.0  # by which a bound is moved outwards
NOTICEABLE = 0.005  # of the maximum tolerated dose: smaller moves of an edge change no dose
ON_BOUND = 1e-6


@dataclass(frozen=True)
class BoundInfluence:
    """What one end of one edge's confidence set rests on.

    Parameters
    ----------
    edge : str
        ``"window_low"`` or ``"window_high"``.
    end : str
        ``"lower"`` or ``"upper"``, of the edge's confidence set.
    value : float
        Fraction of the maximum tolerated dose.
    status : SideStatus
    parameter : str
        Whose bound was moved; empty where the end rests on none.
    bound, moved_bound : float
        In the model's units; NaN where the end rests on none.
    moved_value : float
        The end with the bound moved.
    per_log_unit : float
        d(end)/d(log bound), from the move.
    """

    edge: str
    end: str
    value: float
    status: SideStatus
    parameter: str = ""
    bound: float = float("nan")
    moved_bound: float = float("nan")
    moved_value: float = float("nan")
    per_log_unit: float = 0.0

    @property
    def rests_on_bound(self) -> bool:
        """Whether moving the bound moves the end noticeably."""
        return bool(self.parameter) and abs(self.moved_value - self.value) >= NOTICEABLE

    @property
    def sentence(self) -> str:
        """What moving the bound showed, in words."""
        edge = {"window_low": "lower edge", "window_high": "upper edge"}[self.edge]
        side = {"lower": "least", "upper": "largest"}[self.end]
        what = f"The {side} admitted {edge} of the window, {self.value:.3f}"
        sign = "≥" if self.moved_bound < self.bound else "≤"
        if self.rests_on_bound:
            return (
                f"{what}, rests on the bound {self.parameter} {sign} {self.bound:.4g}: moving it to "
                f"{self.moved_bound:.4g} moves the edge to {self.moved_value:.3f}."
            )
        if self.status is SideStatus.FAILED:
            return f"{what}, is not settled: the search along the likelihood ended early; try another seed."
        if self.status is SideStatus.OPEN:
            return f"{what}, is where the range of doses ends: the data do not confine the edge on this side."
        if self.parameter:
            return (
                f"{what}, rests on data: moving the bound {self.parameter} {sign} {self.bound:.4g} to "
                f"{self.moved_bound:.4g} leaves it at {self.moved_value:.3f}."
            )
        return f"{what}, rests on data: no parameter sits on a bound there."


def bound_influence(
    problem: CohortProblem,
    w: int,
    fit: Fit,
    k_tol: float,
    *,
    profiles: Sequence[Profile] = (),
    settings: FunctionSettings | None = None,
    factor: float = FACTOR,
) -> tuple[BoundInfluence, ...]:
    """Move every bound that an end of an edge's confidence set sits on, and find the end again.

    Parameters
    ----------
    problem, w, fit, profiles, settings
        As in :func:`identifiability.functions.endpoints.find_end_points`.
    k_tol : float
        Tolerable burden, in the marker's unit.
    factor : float
        By which a bound is moved outwards, above 1.

    Returns
    -------
    tuple of BoundInfluence
        For each end of each edge, one a bound that it sits on, or one alone where it sits on none.

    Raises
    ------
    WindowUnavailable
        No window can be derived for this model.
    ValueError
        A factor that does not exceed 1.
    """
    if not factor > 1.0:
        raise ValueError(f"a bound is moved outwards by a factor above 1, got {factor}")
    quantities = window_quantities(problem.model, fit.constants, k_tol)[:2]
    known = known_points(problem, w, fit, profiles)
    ends = find_end_points(problem, w, fit, quantities, settings, profiles=profiles)
    # every bound is moved once, for all the ends that sit on it
    moved: dict[tuple[int, int], tuple[EndPoints, ...]] = {}
    seeds = np.concatenate([known, *(e.sets[np.all(np.isfinite(e.sets), axis=1)] for e in ends)])
    found = []
    for k, end in enumerate(ends):
        for side in (0, 1):
            status = (end.lower_status, end.upper_status)[side]
            name, value = ("lower", "upper")[side], end.ci[side]
            touched = [] if status is SideStatus.OPEN else _touched(problem, w, end.sets[side])
            if not touched:
                found.append(BoundInfluence(end.quantity, name, value, status))
            for index, direction in touched:
                if (index, direction) not in moved:
                    moved[index, direction] = find_end_points(
                        _with_bound(problem, w, index, direction, np.log(factor)), w, fit, quantities, settings,
                        seeds=seeds,
                    )  # fmt: skip
                bound = (problem.lower if direction < 0 else problem.upper)[w, index]
                again = moved[index, direction][k].ci[side]
                found.append(
                    BoundInfluence(
                        end.quantity,
                        name,
                        value,
                        status,
                        problem.model.parameter_names[index],
                        float(np.exp(bound)),
                        float(np.exp(bound + direction * np.log(factor))),
                        again,
                        direction * (again - value) / float(np.log(factor)),
                    )
                )
    return tuple(found)


def _touched(problem: CohortProblem, w: int, q: np.ndarray) -> list[tuple[int, int]]:
    """Model parameters that sit on a bound, with the bound's direction."""
    if not np.all(np.isfinite(q)):
        return []
    p = problem.n_parameters
    low = np.flatnonzero(q[:p] <= problem.lower[w, :p] + ON_BOUND)
    high = np.flatnonzero(q[:p] >= problem.upper[w, :p] - ON_BOUND)
    return [(int(i), -1) for i in low] + [(int(i), 1) for i in high]


def _with_bound(problem: CohortProblem, w: int, index: int, direction: int, shift: float) -> CohortProblem:
    """Return the problem with one patient's bound moved outwards."""
    lower, upper = problem.lower.copy(), problem.upper.copy()
    (lower if direction < 0 else upper)[w, index] += direction * shift
    return replace(problem, lower=lower, upper=upper)
