"""Twenty-one traits: chemo-switch, and less drug where cells mutate more (Ledzewicz 2018, Section 4 and Fig. 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.arcs import ArcLabel, label_arcs
from dosing.optimal.collocation import solve
from dosing.optimal.problem import OptimalControlProblem
from dosing.optimal.sign_consistency import sign_consistency
from dosing.optimal.studies.study import Study, dose, labels, schedule_words, weighted
from dynamics.catalogue.traits import trait_levels, trait_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from dosing.optimal.solution import OptimalSolution

__all__ = ["TraitsStudy", "traits_figure", "traits_problem", "traits_study"]

MUTATION_RATES = (0.0, 0.1, 0.3)

LEFT_OPEN = (
    "The paper prints neither the mutation rates of Fig. 3 nor the crowding function G: 0, 0.1, 0.3 and G(N) = 1 + "
    "N/200 are chosen. Its eq. 12 lets a mutation lead back to its own trait, its matrix R in eq. 15 does not; the "
    "cost differs by 0.3 to 0.4 %, the order of the mutation rates does not. The claim that the total tumour is "
    "smallest at the highest rate is made for one set of weights."
)


@dataclass(frozen=True)
class TraitsStudy:
    """The study of Fig. 3: one solution for each mutation rate.

    Parameters
    ----------
    by_rate : mapping of float to Study
        By mutation rate theta, ascending.
    levels : ndarray, shape (n,)
        Traits, from 0 (most sensitive) to 1.
    doses : ndarray, shape (rates,)
        Total drug, in multiples of UC50 times days.
    holds : bool
        Whether every schedule is of the chemo-switch type, and the dose and the cost fall with the mutation rate.
    statement, left_open : str
        See :class:`dosing.optimal.studies.study.Study`.
    """

    by_rate: Mapping[float, Study]
    levels: np.ndarray
    doses: np.ndarray
    holds: bool
    statement: str
    left_open: str

    @property
    def costs(self) -> np.ndarray:
        """Optimal costs by the adaptive integrator, shape (rates,)."""
        return np.array([s.solution.defect.cost for s in self.by_rate.values()])

    def profile(self, rate: float) -> np.ndarray:
        """Cells of every trait at the end, shape (n,)."""
        return self.by_rate[rate].solution.states[-1]


def traits_problem(
    theta: float,
    *,
    n: int = 21,
    at_end: float = 1.0,
    along: float = 500.0,
    drug: float = 5000.0,
    horizon_days: float = 20.0,
    to_itself: bool = True,
) -> OptimalControlProblem:
    """Pose eq. 16 with the weights of Fig. 3.

    Parameters
    ----------
    theta : float
        Share of divisions that end in another trait.
    n : int
        Number of traits.
    at_end, along, drug : float
        Weights alpha of all cells at the end, beta (per day) along the way, gamma (per day) of the concentration.
    horizon_days : float
    to_itself : bool
        See :func:`dynamics.catalogue.traits.trait_model`.
    """
    # theta is a number of the problem, so that one solver serves all rates
    model = trait_model(n, to_itself=to_itself)
    cells = model.state_names
    return OptimalControlProblem.define(
        model,
        {"theta": theta},
        running=f"{weighted([along] * n, cells)} + {weighted([drug], ['u'])}",
        terminal=weighted([at_end] * n, cells),
        horizon_days=horizon_days,
    )


def traits_study(
    rates: Sequence[float] = MUTATION_RATES, *, n: int = 21, intervals: int = 100, to_itself: bool = True
) -> TraitsStudy:
    """Solve the problem of Fig. 3 for several mutation rates.

    Parameters
    ----------
    rates : sequence of float
        Mutation rates theta.
    n : int
        Number of traits.
    intervals : int
    to_itself : bool
        Whether a mutation may lead back to its own trait, see :func:`dynamics.catalogue.traits.trait_model`.
    """
    by_rate: dict[float, Study] = {}
    start: OptimalSolution | None = None
    for rate in sorted(rates):
        solution = solve(traits_problem(rate, n=n, to_itself=to_itself), intervals=intervals, start=start)
        start = solution if solution.status.usable else None
        by_rate[rate] = _study(rate, solution)
    doses = np.array([float(dose(s.solution)[0]) for s in by_rate.values()])
    costs = np.array([s.solution.defect.cost for s in by_rate.values()])
    less = all(a > b for row in (doses, costs) for a, b in pairwise(row))
    switch = all(s.holds for s in by_rate.values())
    numbers = "; ".join(
        f"theta = {rate:g}: J = {cost:.4g}, drug {given:.3g} UC50 days, {schedule_words(s.arcs)}"
        for (rate, s), cost, given in zip(by_rate.items(), costs, doses, strict=True)
    )
    claim = (
        f"{'Chemo-switch' if switch else 'Not chemo-switch'} at every mutation rate, with "
        f"{'less' if less else 'not less'} drug and {'a lower' if less else 'no lower'} cost at higher ones"
    )
    return TraitsStudy(
        by_rate, trait_levels(n), doses, switch and less, f"{claim}. {numbers}.", LEFT_OPEN
    )  # fmt: skip


def _study(rate: float, solution: OptimalSolution) -> Study:
    """Look at one solution."""
    arcs = label_arcs(solution)
    found = labels(arcs["u"])
    level = solution.controls[:, 0]
    falls = bool(np.all(np.diff(level) <= 1e-3 * float(np.max(level))))
    holds = found == [ArcLabel.FULL, ArcLabel.INTERIOR, ArcLabel.ZERO] and falls
    holds = holds and sign_consistency(solution)["u"].holds
    words = "full dose, then ever less, none at the end" if holds else "not the chemo-switch profile"
    return Study(
        solution, arcs, holds, f"theta = {rate:g}: {words} ({schedule_words(arcs)}).", LEFT_OPEN
    )  # fmt: skip


def traits_figure(study: TraitsStudy, *, width: float = 6.4) -> Figure:
    """Draw controls, totals and final profiles, like Fig. 3.

    Parameters
    ----------
    study : TraitsStudy
    width : float
        Inches.
    """
    from matplotlib.figure import Figure

    from dosing.optimal.studies.panels import draw_courses, label_x
    from dynamics.plots import palette
    from dynamics.plots.text import quiet

    figure = Figure(figsize=(width, 6.6), layout="constrained")
    panels = figure.subplots(3, 1)
    dashes = ("-", palette.DASHED, palette.DASH_DOTTED, palette.DOTTED)
    for k, (rate, one) in enumerate(study.by_rate.items()):
        held = one.solution.controls[:, 0]
        panels[0].stairs(
            held, one.solution.edges_days, baseline=None, color=palette.CYCLE[k % len(palette.CYCLE)],
            linestyle=dashes[k % 4], linewidth=1.4, label=f"$\\theta$ = {rate:g}",
        )  # fmt: skip
    panels[0].set_ylabel("concentration u\n(multiples of UC$_{50}$)")
    panels[0].set_ylim(
        -0.1, 1.05 * max(s.solution.problem.bounds_of_controls()[0][1] for s in study.by_rate.values())
    )
    panels[0].legend(
        loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=palette.SMALL, handlelength=2.4
    )
    quiet(panels[0])
    first = next(iter(study.by_rate.values())).solution
    totals = {
        f"$\\theta$ = {rate:g}": np.interp(
            first.times_days, s.solution.times_days, s.solution.states.sum(axis=1)
        )
        for rate, s in study.by_rate.items()
    }
    draw_courses(panels[1], first.times_days, totals, "all cells")
    panels[1].set_ylim(bottom=0)
    for axes in panels[:2]:
        axes.set_xlim(0, first.final_time_days)
        label_x(axes, "days")
    profiles = {f"$\\theta$ = {rate:g}": study.profile(rate) for rate in study.by_rate}
    draw_courses(panels[2], study.levels, profiles, f"cells of each trait\non day {first.final_time_days:g}")
    panels[2].set_xlim(0, 1)
    panels[2].set_ylim(bottom=0)
    label_x(panels[2], "trait x (0: most sensitive)")
    return figure
