"""Time to progression (TTP) in the three senses that the papers use."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dynamics.feedback import FeedbackRun

# RECIST's 20 % above the first burden, as both papers use it
PROGRESSION_FACTOR = 1.2


class ProgressionRule(StrEnum):
    """What counts as progression."""

    FIRST_CROSSING = "the burden first reached {level} (Scagliotti 2026, eq. 3.8)"
    LAST_BELOW = "the burden was at or below {level} for the last time (Scagliotti 2026, eq. 3.9)"
    ABOVE_TOLERABLE = "the burden first exceeded the tolerable burden, {level} (Masud 2023)"


@dataclass(frozen=True)
class Progression:
    """Time to progression of one tumour.

    Parameters
    ----------
    rule : ProgressionRule
    level : float
        Threshold, a multiple of the first burden.
    days : int
        Whole days, cut down. The horizon where censored.
    exact_days : float
        Time of the node (or located crossing) before cutting down.
    censored : bool
        Whether the tumour had not progressed at the end of the simulation.
    horizon_days : float
    """

    rule: ProgressionRule
    level: float
    days: int
    exact_days: float
    censored: bool
    horizon_days: float

    @property
    def sentence(self) -> str:
        """One sentence for a person."""
        level = f"{100 * self.level:.4g} % of the first burden"
        if self.censored:
            return (
                f"No progression within {self.horizon_days:g} days, judged by {level}: the value is censored."
            )
        return f"Day {self.days}: {self.rule.value.format(level=level)}."


@dataclass(frozen=True)
class ProgressionTimes:
    """Times to progression of b tumours under one rule.

    Parameters
    ----------
    rule : ProgressionRule
    levels : ndarray, shape (b,)
        Threshold of each tumour, a multiple of its first burden.
    days : ndarray, shape (b,)
        Whole days, cut down; the horizon where censored, NaN where the simulation failed.
    exact_days : ndarray, shape (b,)
        Before cutting down.
    censored : ndarray of bool, shape (b,)
    horizon_days : float

    Notes
    -----
    Tables 4 and 7 of Scagliotti 2026 print the largest, the smallest, the mean of ``days``; the mean is
    rounded to the nearest day. (The mean of ``exact_days``, cut down, gives the same nine numbers; the other
    two combinations do not.)
    """

    rule: ProgressionRule
    levels: np.ndarray
    days: np.ndarray
    exact_days: np.ndarray
    censored: np.ndarray
    horizon_days: float

    def of(self, member: int) -> Progression:
        """Return one tumour's time to progression.

        Raises
        ------
        ValueError
            The simulation of this tumour failed.
        """
        if not np.isfinite(self.days[member]):
            raise ValueError(
                f"tumour {member} has no time to progression: its simulation failed, see its status"
            )
        return Progression(
            self.rule,
            float(self.levels[member]),
            int(self.days[member]),
            float(self.exact_days[member]),
            bool(self.censored[member]),
            self.horizon_days,
        )


def progression(course: FeedbackRun, rule: ProgressionRule, watched: int = 0) -> ProgressionTimes:
    """Read times to progression off a simulation.

    Parameters
    ----------
    course : FeedbackRun
        Crossings of its watched levels were noted at every step.
    rule : ProgressionRule
        ``FIRST_CROSSING``: eq. 3.8, ``inf {t > 0: n >= level n0}``. ``LAST_BELOW``: eq. 3.9,
        ``sup {t > 0: n <= level n0}``; censored where that is the end of the simulation. ``ABOVE_TOLERABLE``:
        Masud 2023, the first time above the tolerable burden; 1 day where a burden that starts at or above it
        increases from the start, or never gets down to it.
    watched : int
        Column of ``course.levels``.
    """
    horizon = course.horizon_days
    levels = course.levels[:, watched]
    if rule is ProgressionRule.FIRST_CROSSING:
        exact = course.reached[:, watched]
        censored = np.isnan(exact)
    elif rule is ProgressionRule.LAST_BELOW:
        # a burden that never was at or below the level (a level below 1) had progressed at the start
        exact = np.where(np.isnan(course.within[:, watched]), 0.0, course.within[:, watched])
        censored = exact >= horizon
    else:
        at_start = (levels <= 1.0) & course.rises
        never_down = np.isnan(course.within[:, watched])
        # a whole-day convention with a first day of 1: progression within the first day counts as day 1
        exact = np.where(at_start | never_down, 1.0, np.maximum(course.exceeded[:, watched], 1.0))
        censored = np.isnan(exact)
    exact = np.where(censored, horizon, exact)
    failed = course.status != 0
    exact = np.where(failed, np.nan, exact)
    return ProgressionTimes(rule, levels, np.floor(exact), exact, censored & ~failed, horizon)


def progression_of_series(
    times: np.ndarray, burdens: np.ndarray, rule: ProgressionRule, level: float = PROGRESSION_FACTOR
) -> Progression:
    """Read the time to progression off one series of burdens, such as a patient's or a stored simulation.

    Parameters
    ----------
    times, burdens : ndarray, shape (n,)
        Days since the first burden, increasing, beginning at 0.
    rule : ProgressionRule
        See :func:`progression`.
    level : float
        Multiple of the first burden.

    Raises
    ------
    ValueError
        Fewer than two times, times that do not start at 0 or do not increase, burdens that are not numbers.
    """
    times, burdens = np.asarray(times, dtype=float), np.asarray(burdens, dtype=float)
    if len(times) < 2 or len(times) != len(burdens):
        raise ValueError(f"need at least two times with one burden each, got {len(times)} and {len(burdens)}")
    if times[0] != 0.0 or np.any(np.diff(times) <= 0):
        raise ValueError(f"times must increase from day 0, got {times[:5]}; subtract the first visit's day")
    if not np.all(np.isfinite(burdens)):
        row = int(np.flatnonzero(~np.isfinite(burdens))[0])
        raise ValueError(f"burden {burdens[row]} on day {times[row]:g} is not a number")
    threshold, horizon = level * burdens[0], float(times[-1])
    below = burdens <= threshold
    if rule is ProgressionRule.FIRST_CROSSING:
        hits = times[1:][burdens[1:] >= threshold]
        exact = float(hits[0]) if len(hits) else None
    elif rule is ProgressionRule.LAST_BELOW:
        last = float(times[below][-1]) if below.any() else 0.0
        exact = None if last == horizon else last
    elif (level <= 1.0 and burdens[1] > burdens[0]) or not below.any():
        exact = 1.0
    else:
        hits = times[1:][~below[1:] & below[:-1]]
        exact = max(1.0, float(hits[0])) if len(hits) else None
    censored = exact is None
    value = horizon if exact is None else exact
    return Progression(rule, level, int(np.floor(value)), value, censored, horizon)
