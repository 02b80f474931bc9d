"""Switching times polished on the labelled structure of a solution.

Between labelled arcs only the switching times are unknown: the control stands on a bound, follows the singular
feedback, or, where there is no feedback in the states, takes a few levels. Durations and levels are then the unknowns
of a small smooth programme, integrated adaptively with derivatives from the variational equations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dosing.optimal.arc_flow import ArcFlow, Flown, Segment
from dosing.optimal.arcs import Arc, ArcLabel, label_arcs
from dosing.optimal.conditions import ProblemError
from dosing.optimal.singular import singular_control
from dosing.optimal.solution import SolutionStatus

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem
    from dosing.optimal.solution import OptimalSolution

__all__ = ["PolishedSchedule", "polish"]

_POINTS = 60  # rows kept in each segment
_MOST_PIECES = 20
_MET = 1e-6  # miss of a condition at the end, relative to the scale that SLSQP sees


@dataclass(frozen=True)
class PolishedSchedule:
    """A schedule whose controls change where they should, not where an interval happens to end.

    Parameters
    ----------
    problem : OptimalControlProblem
    status : SolutionStatus
    arcs : mapping of str to tuple of Arc
        By control.
    cost, cost_before : float
        By the adaptive integrator, and that of the solution it came from.
    violations : mapping of str to float
        Conditions at the end with how far they are missed, in their own unit.
    times_days : ndarray, shape (k,)
    states : ndarray, shape (k, states)
    controls : ndarray, shape (k, controls)
        A time at which two arcs meet stands twice, with the control of either.
    iterations : int
    message : str
    """

    problem: OptimalControlProblem
    status: SolutionStatus
    arcs: Mapping[str, tuple[Arc, ...]]
    cost: float
    cost_before: float
    violations: Mapping[str, float]
    times_days: np.ndarray
    states: np.ndarray
    controls: np.ndarray
    iterations: int
    message: str

    @property
    def final_time_days(self) -> float:
        """Final time."""
        return float(self.times_days[-1])

    def switch_days(self, control: str | None = None) -> np.ndarray:
        """Days at which a control goes from one arc to the next."""
        name = control or self.problem.control_names[0]
        return np.array([a.start_days for a in self.arcs[name][1:]])


def polish(
    solution: OptimalSolution,
    *,
    arcs: Mapping[str, tuple[Arc, ...]] | None = None,
    singular: Literal["auto", "feedback", "levels"] = "auto",
    pieces: int | None = None,
    max_iterations: int = 200,
) -> PolishedSchedule:
    """Find the best switching times for the structure of a solution.

    Parameters
    ----------
    solution : OptimalSolution
    arcs : mapping, optional
        Structure and first switching times; :func:`dosing.optimal.arcs.label_arcs` where None.
    singular : {"auto", "feedback", "levels"}
        What a singular arc follows: the singular feedback in the states, or constant levels over equal parts of the
        arc. ``"auto"`` takes the feedback where there is one.
    pieces : int, optional
        Number of such parts; as many as the solution has intervals there, at most 20, where None.
    max_iterations : int

    Raises
    ------
    ProblemError
        Conditions along the path; a feedback that does not exist.
    """
    import scipy.optimize

    problem = solution.problem
    if problem.along_path:
        raise ProblemError(
            f"optimal control of model {problem.model.name!r}: the condition {problem.along_path[0].text!r} along the "
            "path makes arcs of its own, which polishing does not follow; refine the collocation instead"
        )
    arcs = dict(arcs or label_arcs(solution))
    plan = _Plan(solution, arcs, singular, pieces)
    begin, scale = plan.unknowns, plan.scale
    cost_scale = max(abs(solution.defect.cost), 1e-12)
    latest: dict[bytes, Flown] = {}

    def flown(y: np.ndarray) -> Flown:
        if y.tobytes() not in latest:
            latest.clear()
            latest[y.tobytes()] = plan.flow.run(y * scale)
        return latest[y.tobytes()]

    def cost(y: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = plan.flow.cost(flown(y))
        return value / cost_scale, slope * scale / cost_scale

    rules, sizes = _rules(plan, flown, begin / scale)
    found = scipy.optimize.minimize(
        cost, begin / scale, jac=True, method="SLSQP", bounds=plan.bounds, constraints=rules,
        options={"ftol": 1e-12 if plan.flow.levels else 1e-15, "maxiter": max_iterations},
    )  # fmt: skip
    end = plan.flow.run(found.x * scale, _POINTS)
    missed, _ = plan.flow.conditions(end)
    violations = {
        c.text: abs(float(m)) if c.is_equality else max(0.0, float(m))
        for c, m in zip(problem.at_end, missed, strict=True)
    }
    met = all(v <= _MET * s for v, s in zip(violations.values(), sizes, strict=True))
    message = f"SLSQP: {found.message}"
    for j, (name, (low, high)) in enumerate(
        zip(problem.control_names, problem.bounds_of_controls(), strict=True)
    ):
        slack = 1e-6 * (high - low) if np.isfinite(high - low) else 1e-6
        if end.controls[:, j].min() < low - slack or end.controls[:, j].max() > high + slack:
            met = False
            message += (
                f"; the singular feedback takes {name} out of its bounds, so the structure is not this one"
            )
    value = plan.flow.cost(end)[0]
    worse = value > solution.defect.cost + 1e-7 * abs(solution.defect.cost)
    if worse:
        message += "; dearer than the solution it came from: give the singular arcs more pieces"
    # 8: no descent left at this precision, which exact derivatives reach before the tolerance of 1e-15
    done = found.status in (0, 8)
    status = SolutionStatus.OPTIMAL if found.status == 0 and not worse else SolutionStatus.ACCEPTABLE
    return PolishedSchedule(
        problem=problem,
        status=status if done and met else SolutionStatus.NOT_CONVERGED,
        arcs=plan.arcs_after(found.x * scale, end),
        cost=value,
        cost_before=solution.defect.cost,
        violations=violations,
        times_days=end.times_days,
        states=end.states,
        controls=end.controls,
        iterations=int(found.nit),
        message=message,
    )


def _rules(plan: _Plan, flown: Callable[[np.ndarray], Flown], start: np.ndarray) -> tuple[Any, list[float]]:
    """Conditions at the end and the final time, as SLSQP wants them; and the scale of each condition."""
    scale, low_high, count = plan.scale, plan.problem.horizon_days, plan.flow.durations
    total = np.concatenate([np.ones(count), np.zeros(len(scale) - count)]) * scale / low_high[1]
    rules: list[dict] = []
    if low_high[0] == low_high[1]:
        rules.append({"type": "eq", "fun": lambda y: total @ y - 1, "jac": lambda _: total})
    else:
        least = low_high[0] / low_high[1]
        rules.append({"type": "ineq", "fun": lambda y: 1 - total @ y, "jac": lambda _: -total})
        rules.append({"type": "ineq", "fun": lambda y: total @ y - least, "jac": lambda _: total})
    sizes = []
    for i, condition in enumerate(plan.problem.at_end):
        slope = plan.flow.conditions(flown(start))[1][i] * scale
        size = max(float(np.abs(slope).max()), 1e-12)
        sizes.append(size)
        sign = 1.0 if condition.is_equality else -1.0
        rules.append(
            {
                "type": "eq" if condition.is_equality else "ineq",
                "fun": lambda y, i=i, f=sign / size: f * plan.flow.conditions(flown(y))[0][i],
                "jac": lambda y, i=i, f=sign / size: f * plan.flow.conditions(flown(y))[1][i] * scale,
            }
        )
    return rules, sizes


class _Plan:
    """Unknown durations and levels of a structure."""

    def __init__(
        self,
        solution: OptimalSolution,
        arcs: Mapping[str, tuple[Arc, ...]],
        singular: str,
        pieces: int | None,
    ) -> None:
        self.problem, self.arcs = solution.problem, arcs
        names = self.problem.control_names
        inner = sorted({a.start_days for n in names for a in arcs[n][1:]})
        self.edges = np.array([0.0, *inner, solution.final_time_days])
        segments: list[Segment] = []
        levels: list[float] = []
        bounds = self.problem.bounds_of_controls()
        self.level_bounds: list[tuple[float, float]] = []
        for k, (a, b) in enumerate(zip(self.edges[:-1], self.edges[1:], strict=True)):
            active = [next(arc for arc in arcs[n] if arc.start_days <= a < arc.end_days) for n in names]
            free = [not arc.label.on_bound for arc in active]
            follows = [
                f and sum(free) == 1 and self._has_feedback(n, arc.label, singular)
                for n, arc, f in zip(names, active, free, strict=True)
            ]
            inside = int(np.sum((solution.edges_days > a) & (solution.edges_days < b))) + 1
            parts = (
                (pieces or min(inside, _MOST_PIECES))
                if any(f and not g for f, g in zip(free, follows, strict=True))
                else 1
            )
            for part in range(parts):
                middle = a + (part + 0.5) * (b - a) / parts
                chosen: list[float | int] = []
                for j, arc in enumerate(active):
                    if free[j] and not follows[j]:
                        chosen.append(len(levels))
                        levels.append(float(solution.control_at(middle)[j]))
                        self.level_bounds.append(bounds[j])
                    else:
                        chosen.append(float(bounds[j][1] if arc.label is ArcLabel.FULL else bounds[j][0]))
                segments.append(Segment(k, 1.0 / parts, tuple(chosen), tuple(follows)))
        self.flow = ArcFlow(self.problem, tuple(segments), len(self.edges) - 1, len(levels))
        self.unknowns = np.concatenate([np.diff(self.edges), levels])
        widths = [high - low if np.isfinite(high - low) else 1.0 for low, high in self.level_bounds]
        self.scale = np.concatenate([np.full(len(self.edges) - 1, self.problem.horizon_days[1]), widths])
        self.bounds = [(0.0, 1.0)] * (len(self.edges) - 1) + [
            (low / w if np.isfinite(low) else None, high / w if np.isfinite(high) else None)
            for (low, high), w in zip(self.level_bounds, widths, strict=True)
        ]

    def _has_feedback(self, name: str, label: ArcLabel, singular: str) -> bool:
        """Whether a singular arc of a control can follow a formula in the states."""
        if singular == "levels" or label is not ArcLabel.SINGULAR:
            return False
        try:
            found = singular_control(self.problem, name).feedback is not None
        except ProblemError:
            found = False
        if not found and singular == "feedback":
            raise ProblemError(
                f"optimal control of model {self.problem.model.name!r}: the singular control of {name} is no function "
                "of the states alone; polish with singular='levels'"
            )
        return found

    def arcs_after(self, unknowns: np.ndarray, end: Flown) -> dict[str, tuple[Arc, ...]]:
        """Arcs with their new times; those that shrank to nothing are left out."""
        edges = np.concatenate([[0.0], np.cumsum(unknowns[: self.flow.durations])])
        durations = np.array([s.duration for s in self.flow.segments])[end.owners.astype(int)]
        found = {}
        for j, name in enumerate(self.problem.control_names):
            kept = []
            for arc in self.arcs[name]:
                first = int(np.argmin(np.abs(self.edges - arc.start_days)))
                last = int(np.argmin(np.abs(self.edges - arc.end_days)))
                if edges[last] - edges[first] <= 1e-9 * edges[-1]:
                    continue
                rows = (durations >= first) & (durations < last)
                mean = float(
                    np.trapezoid(end.controls[rows, j], end.times_days[rows]) / (edges[last] - edges[first])
                )
                moved = replace(
                    arc, start_days=float(edges[first]), end_days=float(edges[last]), mean_level=mean
                )
                kept.append(moved)
            found[name] = tuple(kept)
        return found
