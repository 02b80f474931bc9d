"""Arcs of a solution: where each control stands on a bound, and where it is singular."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.pontryagin import pontryagin
from dosing.optimal.switching_function import switching_course

if TYPE_CHECKING:
    from dosing.optimal.solution import OptimalSolution

__all__ = ["Arc", "ArcLabel", "label_arcs", "sentence"]


class ArcLabel(StrEnum):
    """What a control does on an arc."""

    ZERO = "zero"
    LOWER = "lower"  # on a lower bound that is not zero
    FULL = "full"
    SINGULAR = "singular"
    INTERIOR = "interior"

    @property
    def on_bound(self) -> bool:
        """Whether the control is constant on a bound."""
        return self in (ArcLabel.ZERO, ArcLabel.LOWER, ArcLabel.FULL)


@dataclass(frozen=True)
class Arc:
    """One control over one span of time.

    Parameters
    ----------
    control : str
    label : ArcLabel
        ``zero`` (``lower`` where the lower bound is not zero) and ``full`` on the bounds; between them ``singular``
        where the Hamiltonian is linear in the control, ``interior`` where it is not.
    start_days, end_days : float
        A switch within an interval of constant control is placed by the dose that the interval gives.
    mean_level : float
        Of the control, by time.
    largest_switching : float
        Largest average of ∂H/∂u over one interval of the arc, relative to the size of its terms; on a singular arc
        the distance from what theory asks for.
    reversals : int
        Intervals in which the control turned back, on a singular arc: a sign of chattering.
    """

    control: str
    label: ArcLabel
    start_days: float
    end_days: float
    mean_level: float
    largest_switching: float
    reversals: int = 0

    @property
    def duration_days(self) -> float:
        """Length."""
        return self.end_days - self.start_days


Runs = list[tuple[ArcLabel, int]]  # label, number of intervals
_SHORT = 2  # intervals of a stay on a bound that may be chattering
_REST = 1e-3  # of the switching tolerance, where the control rests on a bound for longer
_LONG = 4  # intervals of a singular arc whose ends are looked at
_SEEN = 0.01  # of the control's range: a smaller change is no reversal


@dataclass
class _Span:
    """An arc under construction: intervals that show its level, and its times."""

    label: ArcLabel | None
    first: int
    last: int
    start: float
    stop: float


def label_arcs(
    solution: OptimalSolution, *, level_tolerance: float = 1e-3, switching_tolerance: float = 1e-3
) -> dict[str, tuple[Arc, ...]]:
    """Label the arcs of every control.

    Parameters
    ----------
    solution : OptimalSolution
    level_tolerance : float
        Distance from a bound, relative to the range, at which a control counts as being on it.
    switching_tolerance : float
        Switching function, relative to the size of its terms, below which a short stay on a bound amid a singular
        arc counts as part of that arc.

    Returns
    -------
    dict of str to tuple of Arc
        By control, in order of time, without gaps.
    """
    course, affine = switching_course(solution), pontryagin(solution.problem).affine
    found = {}
    for j, name in enumerate(solution.problem.control_names):
        low, high = solution.problem.bounds_of_controls()[j]
        width = (
            high - low if np.isfinite(high - low) else max(1.0, float(np.abs(solution.controls[:, j]).max()))
        )
        between = ArcLabel.SINGULAR if affine[j] else ArcLabel.INTERIOR
        labels = _by_level(solution.controls[:, j], low, high, between, level_tolerance * width)
        runs = [(label, len(list(some))) for label, some in groupby(labels)]
        if affine[j]:
            runs = _without_chatter(runs, np.abs(course.relative[:, j]), switching_tolerance)
        found[name] = _arcs(
            name, runs, solution.controls[:, j], solution.edges_days, course.relative[:, j], width
        )
    return found


def _by_level(u: np.ndarray, low: float, high: float, between: ArcLabel, slack: float) -> list[ArcLabel]:
    """Label intervals by the level of the control alone."""
    lowest = ArcLabel.ZERO if low == 0 else ArcLabel.LOWER
    return [
        lowest if value <= low + slack else ArcLabel.FULL if value >= high - slack else between for value in u
    ]


def _without_chatter(runs: Runs, size: np.ndarray, tolerance: float) -> Runs:
    """Give to a singular arc beside it the stays on a bound during which the switching function does not leave zero.

    A short one is chattering; over a long one the singular control itself is on the bound, as far as can be seen.
    """
    kept: Runs = []
    begin = 0
    for position, (label, count) in enumerate(runs):
        end = begin + count
        beside = {runs[i][0] for i in (position - 1, position + 1) if 0 <= i < len(runs)}
        amid = 0 < position < len(runs) - 1 and count <= _SHORT
        chatters = amid and bool(np.all(size[begin - 1 : end + 1] <= tolerance))
        rests = ArcLabel.SINGULAR in beside and bool(np.all(size[begin:end] <= _REST * tolerance))
        if label.on_bound and (chatters or rests):
            label = ArcLabel.SINGULAR
        if kept and kept[-1][0] is label:
            kept[-1] = (label, kept[-1][1] + count)
        else:
            kept.append((label, count))
        begin = end
    return kept


def _arcs(
    name: str, runs: Runs, u: np.ndarray, edges: np.ndarray, relative: np.ndarray, width: float
) -> tuple[Arc, ...]:
    """Put times to the runs.

    An interval in which the control changes from one arc to the next holds neither level; the switch is placed where
    the same dose would be given, and an arc that is nothing but such an interval disappears.
    """
    ends = np.cumsum([count for _, count in runs])
    spans: list[_Span] = []
    for position, (label, count) in enumerate(runs):
        first, last = int(ends[position]) - count, int(ends[position])
        before, after = (runs[i][0] if 0 <= i < len(runs) else None for i in (position - 1, position + 1))
        if label.on_bound or label is ArcLabel.INTERIOR:
            spans.append(_Span(label, first, last, float(edges[first]), float(edges[last])))
            continue
        if count == 1 and before and after and before is not after:
            switch = _switch(edges, u, first, u[first - 1], u[first + 1])
            spans[-1].stop = switch
            spans.append(_Span(None, first, last, switch, switch))
            continue
        span = _Span(label, first, last, float(edges[first]), float(edges[last]))
        if before and count >= _LONG and _passes(u[first - 1], u[first], u[first + 1], u[first + 2]):
            span.start, span.first = _switch(edges, u, first, u[first - 1], u[first + 1]), first + 1
            spans[-1].stop = span.start
        if after and count >= _LONG and _passes(u[last], u[last - 1], u[last - 2], u[last - 3]):
            span.stop, span.last = _switch(edges, u, last - 1, u[last - 2], u[last]), last - 1
        spans.append(span)
    for left, right in pairwise(spans):
        right.start = left.stop
    widths = np.diff(edges)
    arcs = []
    for span in spans:
        if span.label is None:
            continue
        inside, weights = u[span.first : span.last], widths[span.first : span.last]
        steps = np.diff(inside)
        steps = steps[np.abs(steps) > _SEEN * width]
        turns = 0 if span.label.on_bound else int(np.sum(steps[1:] * steps[:-1] < 0))
        largest = float(np.abs(relative[span.first : span.last]).max())
        mean = float(inside @ weights / weights.sum())
        arcs.append(Arc(name, span.label, span.start, span.stop, mean, largest, turns))
    return tuple(arcs)


def _passes(bang: float, here: float, next_one: float, beyond: float) -> bool:
    """Whether an interval's level lies between a bound and the arc that follows, rather than on that arc."""
    towards = (here - next_one) * (bang - next_one)
    return towards > 0 and abs(here - next_one) > 3 * abs(next_one - beyond)


def _switch(edges: np.ndarray, u: np.ndarray, k: int, before: float, after: float) -> float:
    """Time in interval k at which a switch between two levels gives the interval's dose."""
    share = float(np.clip((u[k] - after) / (before - after), 0.0, 1.0)) if before != after else 0.0
    return float(edges[k] + share * (edges[k + 1] - edges[k]))


def sentence(arcs: tuple[Arc, ...]) -> str:
    """Describe the arcs of one control: ``u: full to day 12.3, singular (about 0.41) to day 80, zero to day 90``."""
    words = [
        f"{a.label}{'' if a.label.on_bound else f' (about {a.mean_level:.3g})'} to day {a.end_days:.4g}"
        for a in arcs
    ]
    return f"{arcs[0].control}: {', '.join(words)}"
