"""What a solver of ensemble control returns: the schedule, with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dosing.ensemble.evaluation import Outcomes
    from dosing.ensemble.problem import EnsembleProblem
    from dynamics.schedule import DoseSchedule

__all__ = ["EnsembleSolution", "EnsembleStatus"]


class EnsembleStatus(StrEnum):
    """How a solve ended, as a sentence."""

    OPTIMAL = "No dose can be changed within its bounds to lower the criterion, to the requested tolerance."
    OUT_OF_UPDATES = (
        "All updates were used before the doses settled; the last ones are given. Allow more updates, or start from "
        "these doses."
    )
    STALLED = (
        "The solver found no further descent before the tolerance was reached; the best doses are given. Compare with "
        "another start, and look at the switching function."
    )
    CHANCE_NOT_MET = (
        "No schedule was found under which the asked share of the ensemble stays below the level on every visit; the "
        "one that came nearest is given. Lower the share, raise the level, or shorten the horizon."
    )

    @property
    def usable(self) -> bool:
        """Whether a dose may rest on it."""
        return self in (EnsembleStatus.OPTIMAL, EnsembleStatus.STALLED)


@dataclass(frozen=True, eq=False)
class EnsembleSolution:
    """One schedule for all members, with its evidence.

    Parameters
    ----------
    problem : EnsembleProblem
    status : EnsembleStatus
    method, criterion : str
    value : float
        Of the criterion, exact and over all members.
    edges_days : ndarray, shape (v + 1,)
        Doses are held between them.
    doses : ndarray, shape (v, inputs)
    outcomes : Outcomes
        Costs of all members, and what is watched.
    multipliers : ndarray, shape (m,)
        Derivatives of the criterion in the members' costs: their weights for the average, the measure on the worst
        members otherwise. The switching function is averaged with them.
    history : ndarray
        Criterion at every pass, in order; for a criterion with corners its smooth stages.
    gradient_evaluations, evaluations : int
        Passes through the ensemble with derivatives, and without.
    seconds : float
    message : str
        The solver's own words.
    chance_met : float
        Weight of the members that meet the chance constraint; NaN where there is none.
    watch_multipliers : ndarray, shape (m, w), optional
        Derivatives in what is watched, of the criterion with its constraints.
    input_multipliers : ndarray, shape (inputs,), optional
        Price of a day at an input of one, where the total dose is bounded.
    """

    problem: EnsembleProblem
    status: EnsembleStatus
    method: str
    criterion: str
    value: float
    edges_days: np.ndarray
    doses: np.ndarray
    outcomes: Outcomes
    multipliers: np.ndarray
    history: np.ndarray
    gradient_evaluations: int
    evaluations: int
    seconds: float
    message: str = ""
    chance_met: float = float("nan")
    watch_multipliers: np.ndarray | None = field(default=None)
    input_multipliers: np.ndarray | None = field(default=None)

    @property
    def provenance(self) -> str:
        """Where the members come from."""
        return self.problem.ensemble.provenance

    @property
    def sentence(self) -> str:
        """How it ended, in words."""
        text = (
            f"{self.criterion} cost {self.value:.6g} over {len(self.problem)} members after "
            f"{self.gradient_evaluations} gradients ({self.method}). {self.status}"
        )
        return text[0].upper() + text[1:]

    def total_dose(self) -> dict[str, float]:
        """Integral of every input, in days at an input of one."""
        lengths = np.diff(self.edges_days)
        return {i.name: float(lengths @ self.doses[:, j]) for j, i in enumerate(self.problem.model.inputs)}

    def schedule(self, name: str | None = None) -> DoseSchedule:
        """Return the doses of one input as a schedule; neighbours with the same dose become one segment.

        Parameters
        ----------
        name : str, optional
            The first input where None.

        Raises
        ------
        ScheduleError
            A dose outside [0, 1]: an input that is not a fraction of the maximum tolerated dose.
        """
        from dynamics.schedule import DoseSchedule

        names = [i.name for i in self.problem.model.inputs]
        held = self.doses[:, names.index(name) if name is not None else 0]
        changes = np.flatnonzero(np.append(True, np.diff(held) != 0))
        edges = np.append(self.edges_days[changes], self.edges_days[-1])
        return DoseSchedule(tuple(edges.tolist()), tuple(held[changes].tolist()))
