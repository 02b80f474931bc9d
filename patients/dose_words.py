"""A dose schedule in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dynamics.schedule import DoseSchedule


def describe_doses(schedule: DoseSchedule, start: float, end: float) -> str:
    """Say what was given between two days, such as ``MTD throughout`` or ``on-off, 3 switches``.

    Parameters
    ----------
    schedule : DoseSchedule
    start, end : float
        First and last day; a dose that begins on the last day is not told.
    """
    switches = schedule.switches_within(start, end)
    levels = [float(d) for d in np.atleast_1d(schedule.dose_at(np.concatenate([[start], switches])))]
    if not len(switches):
        return f"{_level(levels[0])} throughout" if levels[0] > 0 else _level(levels[0])
    if len(switches) == 1:
        before, after = (_level(level) for level in levels)
        return f"{before} until day {switches[0]:g}, then {after}"
    distinct = sorted(set(levels))
    count = f"{len(switches)} switches"
    if len(distinct) == 2 and distinct[0] == 0:
        order = "on-off" if levels[0] > 0 else "off-on"
        return f"{order}, {count}" if distinct[1] == 1 else f"{order} at {_level(distinct[1])}, {count}"
    return f"between {_level(distinct[0])} and {_level(distinct[-1])}, {count}"


def _level(dose: float) -> str:
    """Return a dose in words."""
    if dose == 0:
        return "no dose"
    return "MTD" if dose == 1 else f"{100 * dose:.3g} % of MTD"
