"""Steps on which one drug at a time is given, none of them for less than the dwell time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dosing.switching.model import SwitchingError
from dosing.switching.schedule import SwitchingSchedule

__all__ = ["Held", "StepGrid", "dwell_obeyed", "step_grid"]

_SLACK = 1e-9


@dataclass(frozen=True)
class Held:
    """The drug that a patient is on when a plan begins.

    Parameters
    ----------
    drug : int
        Its index.
    days : float
        How long it has been given.
    """

    drug: int
    days: float


@dataclass(frozen=True)
class StepGrid:
    """Steps of a schedule.

    Parameters
    ----------
    days : ndarray, shape (M,)
        Length of each step.
    dwell_days : float
        A drug is given at least so long.
    per_dwell : int
        Steps in a dwell time.
    held : int or None
        Drug on which the patient is when the grid begins, its dwell time served: it may go on for any number of steps.
    """

    days: np.ndarray
    dwell_days: float
    per_dwell: int
    held: int | None = None

    def obeys(self, drugs: np.ndarray) -> bool:
        """Whether a drug for each step, shape (M,), keeps each for the dwell time.

        A single drug throughout is always allowed: nothing is switched.
        """
        borders = np.flatnonzero(np.diff(drugs)) + 1
        if not len(borders):
            return self.held is None or drugs[0] == self.held or self._long(self.days.sum())
        edges = np.concatenate([[0.0], np.cumsum(self.days)])
        runs = np.diff(edges[np.concatenate([[0], borders, [len(drugs)]])])
        first = drugs[0] == self.held or self._long(runs[0])
        return bool(first and np.all(runs[1:] >= self.dwell_days * (1 - _SLACK)))

    def _long(self, days: float) -> bool:
        return bool(days >= self.dwell_days * (1 - _SLACK))

    def schedule(self, drugs: np.ndarray, count: int) -> SwitchingSchedule:
        """Return the course of one drug a step, equal neighbours joined.

        Parameters
        ----------
        drugs : ndarray, shape (M,)
        count : int
            Number of drugs of the model.
        """
        return SwitchingSchedule.of_drugs(drugs, self.days, count).merged()


def step_grid(
    horizon_days: float, dwell_days: float, *, per_dwell: int = 1, held: int | None = None
) -> StepGrid:
    """Divide a horizon into steps of the dwell time or a whole part of it.

    What a horizon leaves over is added to the last step.

    Parameters
    ----------
    horizon_days, dwell_days : float
    per_dwell : int
        Steps in a dwell time: more let borders lie closer to where they should.
    held : int, optional
        Drug on which the patient is at the start, its dwell time served.

    Raises
    ------
    SwitchingError
        A horizon or dwell time that is not positive, a horizon shorter than the dwell time with nothing held.
    """
    for name, value in (("horizon", horizon_days), ("dwell time", dwell_days)):
        if not (np.isfinite(value) and value > 0):
            raise SwitchingError(f"the {name} is {value} days; it must be a positive number of days")
    if per_dwell < 1 or per_dwell != int(per_dwell):
        raise SwitchingError(f"a dwell time has {per_dwell} steps; give a whole number, at least 1")
    if horizon_days < dwell_days * (1 - _SLACK) and held is None:
        raise SwitchingError(
            f"the horizon of {horizon_days:g} days is shorter than the dwell time of {dwell_days:g} days: no drug can "
            "be given long enough; lengthen the horizon or shorten the dwell time"
        )
    step = dwell_days / per_dwell
    count = max(1, int(np.floor(horizon_days / step * (1 + _SLACK))))
    days = np.full(count, step)
    days[-1] = horizon_days - step * (count - 1)
    return StepGrid(days, dwell_days, int(per_dwell), held)


def dwell_obeyed(schedule: SwitchingSchedule, dwell_days: float, *, held: Held | None = None) -> bool:
    """Whether every drug of a course of one drug at a time is given for the dwell time before the next.

    Parameters
    ----------
    schedule : SwitchingSchedule
    dwell_days : float
    held : Held, optional
        What was given before: its days count if it goes on, and it may not be left before its dwell time.

    Raises
    ------
    SwitchingError
        A course that mixes drugs.
    """
    if not schedule.is_pure:
        raise SwitchingError("a dwell time is a rule for one drug at a time, but this course mixes drugs")
    joined = schedule.merged()
    drugs, days = list(joined.mixtures.argmax(axis=1)), list(joined.days)
    if held is not None:
        if drugs and drugs[0] == held.drug:
            days[0] += held.days
        else:
            drugs, days = [held.drug, *drugs], [held.days, *days]
    assert all(a != b for a, b in pairwise(drugs))  # merged() joins equal neighbours
    return len(drugs) <= 1 or all(length >= dwell_days * (1 - _SLACK) for length in days)
