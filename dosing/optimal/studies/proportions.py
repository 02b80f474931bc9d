"""Sensitive, partially sensitive and resistant cells: full dose, then a singular one (Ledzewicz 2018, Fig. 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.arcs import ArcLabel, label_arcs
from dosing.optimal.collocation import solve
from dosing.optimal.problem import OptimalControlProblem
from dosing.optimal.sign_consistency import sign_consistency
from dosing.optimal.singular_course import singular_course
from dosing.optimal.studies.study import Study, labels, schedule_words, weighted
from dynamics.catalogue import get_model
from dynamics.steady_proportions import steady_proportions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from dosing.optimal.singular_course import SingularCourse

__all__ = ["ProportionsStudy", "proportions_figure", "proportions_study"]

_AGREES = 0.02  # of the formula's value, in the middle of the arc

LEFT_OPEN = (
    "The paper prints no number of Fig. 2: growth, kill and transition rates and all weights are chosen here. Its "
    "control ends on the singular arc; here, as for almost all weights, the switching function at the end, "
    "s + r B N(T), is not zero, and a short last arc on a bound follows. Proposition 1 is proved in another paper; "
    "here its sign and its formula are derived from the symbols and evaluated along the solution."
)


@dataclass(frozen=True)
class ProportionsStudy(Study):
    """The study of Fig. 2.

    Parameters
    ----------
    course : SingularCourse
        Eq. 11, as it falls out of the Lie brackets, and the Legendre-Clebsch sign along the singular arc.
    largest_difference : float
        Between eq. 11 and the solver's control in the middle half of the arc, relative to eq. 11; NaN without an arc.
    growing : tuple of str
        Populations that grow over the whole middle half of the singular arc.
    """

    course: SingularCourse
    largest_difference: float
    growing: tuple[str, ...]


def proportions_study(
    *,
    along: Sequence[float] = (0.1, 0.2, 0.3),
    at_end: Sequence[float] = (1.0, 2.0, 3.0),
    drug: float = 0.05,
    horizon_days: float = 30.0,
    intervals: int = 300,
    values: Mapping[str, float] | None = None,
) -> ProportionsStudy:
    """Minimise eq. 2 for the S/P/R model (eqs 3 to 5) from its steady proportions.

    Parameters
    ----------
    along, at_end : sequence of float, length 3
        Weights q (per day) and r of S, P and R: more on the resistant ones.
    drug : float
        Weight s, per day.
    horizon_days : float
    intervals : int
    values : mapping of str to float, optional
        Rates that replace those of the catalogue; the start is at their steady proportions.
    """
    model = get_model("sensitive_partial_resistant")
    values = dict(values or {})
    shares = steady_proportions(model, values).shares
    total = values.get("C0", next(c.value for c in model.constants if c.name == "C0")) or 1.0
    problem = OptimalControlProblem.define(
        model,
        values,
        initial={name: total * float(share) for name, share in zip(model.state_names, shares, strict=True)},
        running=f"{weighted(along, model.state_names)} + {weighted([drug], ['u'])}",
        terminal=weighted(at_end, model.state_names),
        horizon_days=horizon_days,
    )
    solution = solve(problem, intervals=intervals)
    arcs, course = label_arcs(solution), singular_course(solution)
    middle = _middle(course.times_days)
    difference = (
        float(np.max(np.abs(course.levels / course.formula - 1)[middle])) if np.any(middle) else np.nan
    )
    growing = _growing(solution.times_days, solution.states, course.times_days[middle], model.state_names)
    begins = labels(arcs["u"])[:2] == [ArcLabel.FULL, ArcLabel.SINGULAR]
    holds = bool(
        begins
        and difference <= _AGREES
        and course.holds_legendre_clebsch
        and sign_consistency(solution)["u"].holds
    )
    return ProportionsStudy(
        solution=solution,
        arcs=arcs,
        holds=holds,
        statement=_statement(begins, schedule_words(arcs), course, difference, growing),
        left_open=LEFT_OPEN,
        course=course,
        largest_difference=difference,
        growing=growing,
    )


def _middle(times: np.ndarray) -> np.ndarray:
    """Mark the times in the middle half."""
    if not len(times):
        return np.zeros(0, dtype=bool)
    low, high = times[0], times[-1]
    return np.abs(times - (low + high) / 2) <= (high - low) / 4


def _growing(times: np.ndarray, states: np.ndarray, arc: np.ndarray, names: Sequence[str]) -> tuple[str, ...]:
    """Name the populations that grow throughout the given part of the arc."""
    if len(arc) < 2:
        return ()
    rows = states[(times >= arc[0]) & (times <= arc[-1])]
    return tuple(n for n, column in zip(names, rows.T, strict=True) if np.all(np.diff(column) > 0))


def _statement(
    begins: bool, found: str, course: SingularCourse, difference: float, growing: tuple[str, ...]
) -> str:
    """Put the result into words."""
    if not len(course.times_days):
        return f"No singular arc with these numbers: {found}."
    sign = "positive" if course.holds_legendre_clebsch else "not positive throughout"
    grow = f"{', '.join(growing)} grow on it" if growing else "no population grows throughout it"
    return (
        f"{'Bang-singular' if begins else 'Not full dose followed by a singular one'}: {found}. On the singular arc, "
        f"of order {course.order}, eq. 11 gives the solver's control within {100 * difference:.2g} %, the generalised "
        f"Legendre-Clebsch quantity is {sign}, and {grow}."
    )


def proportions_figure(study: ProportionsStudy, *, width: float = 6.4) -> Figure:
    """Draw control with eq. 11, populations and proportions, like Fig. 2.

    Parameters
    ----------
    study : ProportionsStudy
    width : float
        Inches.
    """
    from matplotlib.figure import Figure

    from dosing.optimal.studies.panels import draw_courses, draw_schedule, label_x
    from dynamics.plots import palette

    figure = Figure(figsize=(width, 6.0), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True, height_ratios=[1.2, 1, 1])
    draw_schedule(panels[0], study, "u", "dose u\n(fraction of the MTD)", width=width - 2.1)
    middle = _middle(study.course.times_days)
    inside = slice(1, -1)  # the first and the last interval hold the switches
    if np.any(middle):
        panels[0].plot(
            study.course.times_days[inside], study.course.formula[inside], color=palette.SECOND, linewidth=1.6,
            linestyle=palette.DASHED, label="eq. 11", zorder=4,
        )  # fmt: skip
    panels[0].legend(
        loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=palette.SMALL, handlelength=2.4
    )
    solution = study.solution
    total = solution.states.sum(axis=1)
    states = solution.problem.model.states
    courses = {
        f"{s.name}: {s.meaning.removesuffix(' cells')}": row
        for s, row in zip(states, solution.states.T, strict=True)
    }
    draw_courses(
        panels[1],
        solution.times_days,
        {**courses, "all cells": total},
        "cells, relative\nto all at the start",
    )
    panels[1].set_ylim(bottom=0)
    shares = {f"{s.name} / all": row / total for s, row in zip(states, solution.states.T, strict=True)}
    draw_courses(panels[2], solution.times_days, shares, "proportions")
    panels[2].set_ylim(0, 1)
    label_x(panels[2], "days")
    return figure
