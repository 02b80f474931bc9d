"""A homogeneous tumour: full doses first, then rest (Ledzewicz 2018, Section 2 and Fig. 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.arcs import Arc, ArcLabel, label_arcs
from dosing.optimal.collocation import solve
from dosing.optimal.problem import OptimalControlProblem
from dosing.optimal.sign_consistency import sign_consistency
from dosing.optimal.studies.study import Study, cost_under, dose, labels, schedule_words, weighted
from dosing.optimal.switching_times import polish
from dynamics.catalogue import get_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CellCycleStudy", "cell_cycle_figure", "cell_cycle_study"]

# Share of the horizon within which the blocking agent is taken to switch on near the end of the killing one.
_NEAR = 0.1

LEFT_OPEN = (
    "The paper prints neither the matrices nor the weights, bounds and horizon of Fig. 1: the rates are the usual ones "
    "of Swierniak's model, and the weights are chosen so that both drugs are worth giving; the days of the switches "
    "therefore have no published counterpart, only their order has."
)


@dataclass(frozen=True)
class CellCycleStudy(Study):
    """The study of Fig. 1.

    Parameters
    ----------
    killing_ends_days, blocking_starts_days, blocking_ends_days : float
        Polished switching times; NaN for one that there is not.
    even_cost : float
        Cost of the same total dose of either drug, given evenly over the horizon.
    """

    killing_ends_days: float
    blocking_starts_days: float
    blocking_ends_days: float
    even_cost: float


def cell_cycle_study(
    *,
    along: float = 1.0,
    at_end: float = 3.0,
    killing: float = 2.0,
    blocking: float = 0.05,
    horizon_days: float = 21.0,
    intervals: int = 105,
) -> CellCycleStudy:
    """Minimise eq. 2 for the cell-cycle model with a killing drug u and a blocking drug v.

    Parameters
    ----------
    along, at_end : float
        Weights q (per day) and r of all cells alike.
    killing, blocking : float
        Weights s of the two drugs, per day; the paper asks for a much higher one on the killing drug.
    horizon_days : float
    intervals : int

    Notes
    -----
    With weights that are too high on a drug it is not given at all, and with too low ones always (the paper,
    Section 2); ``holds`` is then False.
    """
    model = get_model("cell_cycle")
    cells = model.state_names
    problem = OptimalControlProblem.define(
        model,
        running=f"{weighted([along] * 3, cells)} + {weighted((killing, blocking), ('u', 'v'))}",
        terminal=weighted([at_end] * 3, cells),
        horizon_days=horizon_days,
    )
    solution = solve(problem, intervals=intervals)
    arcs = label_arcs(solution)
    if all(arc.label.on_bound for of_one in arcs.values() for arc in of_one):
        # the switches lie between the days of the grid
        arcs = dict(polish(solution, arcs=arcs).arcs)
    even = dose(solution)[None, :] / horizon_days
    even_cost = cost_under(problem, np.array([0.0, horizon_days]), even)
    stops = _ends(arcs["u"])
    given = [a for a in arcs["v"] if a.label is ArcLabel.FULL]
    starts, ends = (given[0].start_days, given[0].end_days) if len(given) == 1 else (np.nan, np.nan)
    signs = all(c.holds for c in sign_consistency(solution).values())
    bang = all(arc.label.on_bound for of_one in arcs.values() for arc in of_one)
    holds = bool(signs and bang and stops > 0 and abs(starts - stops) <= _NEAR * horizon_days)
    return CellCycleStudy(
        solution=solution,
        arcs=arcs,
        holds=holds,
        statement=_statement(holds, arcs, starts - stops, even_cost / solution.defect.cost - 1),
        left_open=LEFT_OPEN,
        killing_ends_days=stops,
        blocking_starts_days=starts,
        blocking_ends_days=ends,
        even_cost=even_cost,
    )


def _ends(arcs: tuple[Arc, ...]) -> float:
    """Day of the one switch from full to zero; NaN for another structure."""
    return arcs[0].end_days if labels(arcs) == [ArcLabel.FULL, ArcLabel.ZERO] else np.nan


def _statement(holds: bool, arcs: dict[str, tuple[Arc, ...]], gap: float, dearer: float) -> str:
    """Put the result into words."""
    found = schedule_words(arcs)
    even = f"The same doses given evenly cost {100 * dearer:.1f} % more."
    if not holds:
        return f"Not the structure of Fig. 1 with these weights: {found}. {even}"
    when = f"{abs(gap):.2g} days {'before' if gap < 0 else 'after'}"
    return (
        f"Both drugs are given in full or not at all: {found}. The killing agent has one switch, from full to zero; "
        f"the blocking agent switches on {when} it ends. {even}"
    )


def cell_cycle_figure(study: CellCycleStudy, *, width: float = 6.4) -> Figure:
    """Draw both drugs and the cells in each phase, like Fig. 1.

    Parameters
    ----------
    study : CellCycleStudy
    width : float
        Inches.
    """
    from matplotlib.figure import Figure

    from dosing.optimal.studies.panels import draw_courses, draw_schedule, label_x

    figure = Figure(figsize=(width, 5.4), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True, height_ratios=[1, 1, 1.5])
    draw_schedule(panels[0], study, "u", "killing drug u\n(share of divisions)", width=width - 1.9)
    draw_schedule(panels[1], study, "v", "blocking drug v\n(share of the flow)", width=width - 1.9)
    solution = study.solution
    states = solution.problem.model.states
    courses = {s.meaning: row for s, row in zip(states, solution.states.T, strict=True)}
    draw_courses(
        panels[2],
        solution.times_days,
        {"all cells": solution.states.sum(axis=1), **courses},
        "cells, relative\nto all at the start",
    )
    panels[2].set_ylim(bottom=0)
    label_x(panels[2], "days")
    return figure
