"""Records of closed-loop simulations: the rule that decides the dose, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from dynamics.schedule import DoseSchedule


class FeedbackStatus(StrEnum):
    """How a closed-loop solve ended, as a sentence."""

    SUCCESS = "The whole horizon was simulated."
    NON_FINITE = (
        "The solution left the range of numbers: some state grows without bound under these parameters. "
        "Tighten the parameter bounds, or take more steps a day."
    )
    NEGATIVE = (
        "A population became negative: the step is too long for these rates. Take more steps a day, or the "
        "method 'rk4', which divides its steps."
    )
    TOO_STIFF = (
        "A population changes by orders of magnitude within one step: these parameters make the equations "
        "stiff. Tighten the parameter bounds."
    )
    NO_BURDEN = (
        "The first burden is not a positive number, so no level can be a multiple of it. Correct the first "
        "visit, or begin at the first visit with a measurable burden."
    )


_STATUS = tuple(FeedbackStatus)


@dataclass(frozen=True)
class FeedbackRule:
    """What the machine that decides the dose has to know.

    Parameters
    ----------
    dose : float
        Dose while the machine is on, fraction of the maximum tolerated dose.
    pause_level, resume_level : float
        Multiples of the first burden: off at or below the first, on at or above the second. Minus and plus
        infinity for a machine that never switches.
    starts_on : bool
    schedule : DoseSchedule or None
        Where given, the dose of this schedule at the start of each step, whatever the burden.
    visit_days : float
        The machine reads the burden on the first day and every so many days from then on, and its answer holds
        until the next visit. Zero for a machine that always watches.
    """

    dose: float
    pause_level: float = -np.inf
    resume_level: float = np.inf
    starts_on: bool = True
    schedule: DoseSchedule | None = None
    visit_days: float = 0.0


@dataclass(frozen=True)
class FeedbackRun:
    """Closed-loop solutions of b tumours.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Days of the recorded nodes.
    burdens, doses : ndarray, shape (b, n)
        Burden at a node, and the dose of the step that begins there. Empty (n = 0) where nothing is recorded.
    states : ndarray, shape (b, n, states)
        Empty where not asked for.
    first_burdens, final_burdens, lowest_burdens, lowest_days, total_doses : ndarray, shape (b,)
        Total dose in days at the maximum tolerated dose. NaN for a solve that failed.
    rises : ndarray of bool, shape (b,)
        Whether the burden is above the first one after the first step.
    levels : ndarray, shape (b, c)
        Watched multiples of the first burden.
    reached, within, exceeded : ndarray, shape (b, c)
        Days, over all nodes: first time after the start at or above the level; last time at or below it;
        first time above it after having been at or below. NaN where there is none. Nodes with the decisions
        ``"step"``; with ``"crossing"`` interpolated, so that they do not depend on the step.
    switches : ndarray, shape (b, w)
        Days on which the machine switched, NaN-padded; the first ``w`` of them.
    n_switches, status : ndarray of int, shape (b,)
    rules : tuple of FeedbackRule, length b
    steps_per_day, steps : int
    """

    times: np.ndarray
    burdens: np.ndarray
    doses: np.ndarray
    states: np.ndarray
    first_burdens: np.ndarray
    final_burdens: np.ndarray
    lowest_burdens: np.ndarray
    lowest_days: np.ndarray
    total_doses: np.ndarray
    rises: np.ndarray
    levels: np.ndarray
    reached: np.ndarray
    within: np.ndarray
    exceeded: np.ndarray
    switches: np.ndarray
    n_switches: np.ndarray
    status: np.ndarray
    rules: tuple[FeedbackRule, ...]
    steps_per_day: int
    steps: int

    @property
    def horizon_days(self) -> float:
        """Day at which the simulation ends."""
        return self.steps / self.steps_per_day

    def status_of(self, member: int) -> FeedbackStatus:
        """Return the status of one tumour as a sentence."""
        return _STATUS[int(self.status[member])]

    def schedule(self, member: int = 0) -> DoseSchedule:
        """Return the doses that were given to one tumour as an open-loop schedule.

        Raises
        ------
        ValueError
            More switches than were kept; ask for more with ``keep_switches``.
        """
        rule, count = self.rules[member], int(self.n_switches[member])
        if rule.schedule is not None:
            return rule.schedule
        if count > self.switches.shape[1]:
            raise ValueError(
                f"tumour {member} switched its dose {count} times, {self.switches.shape[1]} of these were "
                f"kept; run again with keep_switches={count}"
            )
        edges = [0.0, *self.switches[member, :count], self.horizon_days]
        rows = [
            (start, end, rule.dose if rule.starts_on == (i % 2 == 0) else 0.0)
            for i, (start, end) in enumerate(pairwise(edges))
            if end > start
        ]
        return DoseSchedule.from_rows(rows)
