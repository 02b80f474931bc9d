"""Where the search for a schedule that delays progression begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.feedback_family import OFF_ON, ON_OFF
from dosing.ensemble.member_times import TtpSetting, member_times, run_members
from dosing.ensemble.ttp_objective import TtpObjective, objective_value
from dosing.policies import ConstantDose
from dynamics.schedule import DoseSchedule

if TYPE_CHECKING:
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

# constant doses among which the best is a start
_LEVELS = 51


def usual_starts(
    model: Model,
    ensemble: Ensemble,
    setting: TtpSetting,
    edges_days: np.ndarray,
    objective: TtpObjective = TtpObjective.EXPECTED,
) -> dict[str, np.ndarray]:
    """Doses from which a search begins, shape (v,) each.

    Parameters
    ----------
    model : Model
    ensemble : Ensemble
    setting : TtpSetting
    edges_days : ndarray, shape (v + 1,)
    objective : TtpObjective
        By which the best constant dose is chosen.
    """
    begins = edges_days[:-1]
    levels = np.round(np.linspace(1.0, 0.0, _LEVELS), 10)
    constants = member_times(model, ensemble, {f"{d:g}": ConstantDose(float(d)) for d in levels}, setting)
    values = objective_value(constants.days, ensemble.weights, objective)
    # a search from the best constant dose can only end above it, on these members
    # and where many hold the tumour to the horizon, the middle one is the least at risk
    tied = np.flatnonzero(values >= values.max())
    best = float(levels[tied[len(tied) // 2]])
    found = {f"constant {dose:g}": np.full(len(begins), dose) for dose in {best: 0, 1.0: 0, 0.5: 0}}
    typical = float(objective_value(constants.days[0], ensemble.weights))
    for share in (0.25, 0.5, 1.0):
        found[f"full dose from day {share * typical:.0f}"] = np.where(begins < share * typical, 0.0, 1.0)
    for name, rule in (("on-off", ON_OFF), ("off-on", OFF_ON)):
        course = run_members(model, ensemble, [rule], setting, every=setting.steps_per_day).course
        daily = ensemble.weights @ course.doses
        block = np.searchsorted(edges_days, course.times, side="right") - 1
        inside = (block >= 0) & (block < len(begins))
        counts = np.maximum(np.bincount(block[inside], minlength=len(begins)), 1)
        sums = np.bincount(block[inside], daily[inside], minlength=len(begins))
        found[f"mean doses of {name} adaptive therapy"] = np.clip(sums / counts, 0.0, 1.0)
    return found


def held_schedule(edges_days: np.ndarray, doses: np.ndarray) -> DoseSchedule:
    """Write held doses as a schedule; neighbours with the same dose become one segment.

    Parameters
    ----------
    edges_days : ndarray, shape (v + 1,)
    doses : ndarray, shape (v,)
    """
    changes = np.flatnonzero(np.append(True, np.diff(doses) != 0))
    edges = np.append(edges_days[changes], edges_days[-1])
    return DoseSchedule(tuple(edges.tolist()), tuple(doses[changes].tolist()))
