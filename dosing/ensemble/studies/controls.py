"""The schedules that minimise the averaged and the largest cost: Scagliotti 2026, Figs 3 and 4 and Table 6."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from dosing.ensemble.evaluation import EnsembleEvaluation
from dosing.ensemble.member_times import TtpSetting, member_times
from dosing.ensemble.optimise import optimise
from dosing.ensemble.projected_gradient import projected_gradient
from dosing.ensemble.studies.setting import BURDENS, COSTS, Cost, paper_problem
from dosing.ensemble.worst_case import WorstCase
from dosing.policies import PlannedSchedule

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from dosing.ensemble.result import EnsembleSolution
    from dynamics.schedule import DoseSchedule

__all__ = ["AVERAGED", "WORST", "ControlsStudy", "Kind", "controls_figure", "controls_study"]

Kind = Literal["averaged", "worst case"]
AVERAGED: Kind = "averaged"
WORST: Kind = "worst case"
LEFT_OPEN = (
    "The algorithm for the largest cost is in another paper, and its rows of Table 6 cannot be reached from the text: "
    "here that cost is minimised over doses held between visits, by a smooth maximum and then over the worst members, "
    "and what must hold is that it does not exceed that of the maximum tolerated dose. The averaged problems follow "
    "the text; the linear rows of Table 6 come out so, the hyperbolic ones only with half the step, one update more "
    "and, for n_0 = 0.25, a horizon of 700 days."
)


@dataclass(frozen=True, eq=False)
class ControlsStudy:
    """Schedules for each cost, kind of problem and initial burden.

    Parameters
    ----------
    initial_burdens : tuple of float
    solutions : mapping of (cost, kind, initial burden) to EnsembleSolution
    full_dose : mapping of (cost, kind, initial burden) to float
        The same criterion under the maximum tolerated dose.
    left_open : str
        What the paper does not print.
    """

    initial_burdens: tuple[float, ...]
    solutions: Mapping[tuple[str, str, float], EnsembleSolution]
    full_dose: Mapping[tuple[str, str, float], float]
    left_open: str = LEFT_OPEN

    def solution(self, cost: Cost, kind: Kind, initial_burden: float) -> EnsembleSolution:
        """Return one solution.

        Raises
        ------
        KeyError
            A problem that was not solved.
        """
        if (cost, kind, initial_burden) not in self.solutions:
            raise KeyError(
                f"no {cost} {kind} problem at n_0 = {initial_burden:g}; there are "
                + ", ".join(f"{c} {k} at {n:g}" for c, k, n in self.solutions)
            )
        return self.solutions[cost, kind, initial_burden]

    def schedules(self, initial_burden: float = 0.5) -> dict[str, DoseSchedule]:
        """Return the averaged problems' schedules as ``"J1"`` (linear) and ``"J2"`` (hyperbolic)."""
        return {
            f"J{i}": self.solution(cost, AVERAGED, initial_burden).schedule()
            for i, cost in enumerate(("linear", "hyperbolic"), start=1)
        }

    @property
    def holds(self) -> bool:
        """Whether no schedule for the worst case costs more in it than the maximum tolerated dose."""
        return all(
            found.value <= self.full_dose[key] + 1e-12 * abs(self.full_dose[key])
            for key, found in self.solutions.items()
            if key[1] == WORST
        )

    def table(self) -> pd.DataFrame:
        """Return the rows of Table 6, with the cost and that of the maximum tolerated dose.

        Times are whole days in the sense of eq. 3.9, as in the paper: largest, smallest and mean over the members.
        """
        import pandas as pd

        rows = []
        for (cost, kind, burden), found in self.solutions.items():
            problem = found.problem
            plan = PlannedSchedule(found.schedule())
            times = member_times(problem.model, problem.ensemble, {"planned": plan}, TtpSetting.paper(burden))
            days = np.floor(times.days[0])
            rows.append(
                {
                    "cost": cost, "kind": kind, "n_0": burden, "value": found.value,
                    "under MTD": self.full_dose[cost, kind, burden], "max TTP": int(days.max()),
                    "min TTP": int(days.min()), "mean TTP": round(float(times.weights @ days)),
                }
            )  # fmt: skip
        return pd.DataFrame(rows).set_index(["cost", "kind", "n_0"]).sort_index()

    @property
    def statement(self) -> str:
        """What the schedules look like, in words."""
        parts = []
        for (cost, kind, burden), found in self.solutions.items():
            begins, ends = _treated(found)
            parts.append(f"{cost} {kind}, n_0 = {burden:g}: full dose from day {begins:.4g} to {ends:.4g}")
        return "; ".join(parts) + "."


def _treated(found: EnsembleSolution) -> tuple[float, float]:
    """First stretch of full dose: where it begins and ends; NaN where there is none."""
    full = found.doses[:, 0] >= found.problem.bounds[0][1] - 1e-3
    if not full.any():
        return np.nan, np.nan
    first = int(np.argmax(full))
    rest = ~full[first:]
    last = first + int(np.argmax(rest)) if rest.any() else len(full)
    return float(found.edges_days[first]), float(found.edges_days[last])


def controls_study(
    initial_burdens: Sequence[float] = BURDENS,
    *,
    kinds: Sequence[Kind] = (AVERAGED, WORST),
    members: int | None = None,
    step: float = 0.125,
    updates: int = 500,
    hold_days: float = 10.0,
    progress: Callable[[float], None] | None = None,
) -> ControlsStudy:
    """Minimise J1 and J2 (eq. 3.12) by eq. 3.13 from half the dose, and their largest values over the members.

    All of the paper takes a minute or two; a few members and updates, well under a second each.

    Parameters
    ----------
    initial_burdens : sequence of float
        Of 0.25, 0.50 and 0.75.
    kinds : sequence of {"averaged", "worst case"}
    members : int, optional
        Of the thinned ensemble; all 1225 where None.
    step, updates : float, int
        Of eq. 3.13, for the averaged problems.
    hold_days : float
        Days over which a dose is held in the worst-case problems.
    progress : callable, optional
        Is told the share of the problems that are solved.

    Raises
    ------
    ValueError
        An initial burden or a kind that the paper does not have.
    """
    unknown = [k for k in kinds if k not in (AVERAGED, WORST)]
    if unknown:
        raise ValueError(f"kind {unknown[0]!r}; there are {AVERAGED!r} and {WORST!r}")
    solutions, full_dose = {}, {}
    jobs = [(c, k, n) for k in kinds for c in COSTS for n in initial_burdens]
    for done, (cost, kind, burden) in enumerate(jobs):
        problem = paper_problem(burden, cost, members=members)  # type: ignore[arg-type]
        if kind == AVERAGED:
            # every member divides at the same rate r_S, the unit of the paper's time
            found = projected_gradient(
                problem,
                step=step,
                updates=updates,
                time_unit_days=1.0 / float(problem.ensemble.column("r_S")[0]),
            )
        else:
            found = optimise(problem, hold_days=hold_days, criterion=WorstCase())
        solutions[cost, kind, burden] = found
        costs = EnsembleEvaluation(problem, np.zeros(1)).outcomes(1.0).costs
        full_dose[cost, kind, burden] = float(problem.weights @ costs if kind == AVERAGED else costs.max())
        if progress is not None:
            progress((done + 1) / len(jobs))
    return ControlsStudy(tuple(initial_burdens), solutions, full_dose)


def controls_figure(study: ControlsStudy, kind: Kind = "averaged", *, width: float = 6.4) -> Figure:
    """Draw the schedules of one kind, the linear cost left and the hyperbolic one right, like Figs 3 and 4.

    Parameters
    ----------
    study : ControlsStudy
    kind : {"averaged", "worst case"}
    width : float
        Inches.
    """
    from matplotlib.figure import Figure

    from dosing.plots.ensemble_switching import plot_held_doses
    from dynamics.plots import palette

    burdens = study.initial_burdens
    figure = Figure(figsize=(width, 0.7 + 1.15 * len(burdens)), layout="constrained")
    panels = figure.subplots(len(burdens), 2, squeeze=False, sharey=True)
    for i, burden in enumerate(burdens):
        for j, cost in enumerate(COSTS):
            axes = panels[i, j]
            found = study.solution(cost, kind, burden)  # type: ignore[arg-type]
            label = f"dose (of MTD)\n$n_0$ = {burden:g}" if j == 0 else ""
            plot_held_doses(axes, found.edges_days, found.doses[:, 0], label)
            key = cost, kind, burden
            name = f"{'J' if kind == AVERAGED else 'largest J'}{j + 1}"
            axes.set_title(
                f"{cost} cost: {name} = {found.value:.5g}, MTD {study.full_dose[key]:.5g}", loc="left", pad=3,
                fontsize=palette.SMALL, color=palette.INK,
            )  # fmt: skip
            if i == len(burdens) - 1:
                axes.set_xlabel("days", fontsize=palette.SMALL + 0.5)
    figure.align_ylabels(panels[:, 0])
    return figure
