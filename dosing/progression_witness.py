"""Times to progression once more, by an integrator that shares no code with the kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

if TYPE_CHECKING:
    from dosing.ensemble.member_times import TtpSetting
    from dosing.policies import PlannedSchedule
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

MEMBERS = 12
_EVERY_DAYS = 0.25


def witness_times(
    model: Model, ensemble: Ensemble, plan: PlannedSchedule, setting: TtpSetting, members: int = MEMBERS
) -> str:
    """Say how far the times of some members are from those of an adaptive method of order 8.

    Parameters
    ----------
    model : Model
    ensemble : Ensemble
    plan : PlannedSchedule
    setting : TtpSetting
        With a rule that counts the first time at the level.
    members : int
        How many are simulated again.
    """
    from dosing.ensemble.member_times import member_times

    some = ensemble.take(np.unique(np.linspace(0, len(ensemble) - 1, members).astype(int)))
    ours = member_times(model, some, {"planned": plan}, setting).days[0]
    theirs = np.array([_first_at_level(model, _values(some, i), plan, setting) for i in range(len(some))])
    return (
        f"An adaptive method of order 8 finds the times to progression of {len(some)} of these tumours to within "
        f"{np.abs(ours - theirs).max():.2g} days."
    )


def _values(ensemble: Ensemble, member: int) -> dict[str, float]:
    """Parameters and constants of one member by name."""
    constants = {n: float(v[member] if np.ndim(v) > 0 else v) for n, v in ensemble.constants.items()}
    return dict(zip(ensemble.parameter_names, ensemble.values[member].tolist(), strict=True)) | constants


def _first_at_level(
    model: Model, values: Mapping[str, float], plan: PlannedSchedule, setting: TtpSetting
) -> float:
    """Return the first day at the level, by the straight line between two times; the horizon where there is none."""
    from dynamics.controlled import integrate

    schedule, horizon = plan.schedule, setting.horizon_days
    days = np.append(np.arange(0.0, horizon, _EVERY_DAYS), horizon)
    edges = np.asarray(schedule.edges)
    course = integrate(model, values, edges, np.asarray(schedule.doses)[:, None], days, rtol=1e-8)
    known = {sp.Symbol(c.name): c.value for c in model.constants if c.value is not None}
    known |= {sp.Symbol(n): v for n, v in values.items()}
    output = sp.lambdify(model.state_symbols, model.outputs[0].expr.xreplace(known), "numpy")
    burdens = np.broadcast_to(output(*course.states.T), len(days))
    level = setting.level * burdens[0]
    reached = np.flatnonzero(burdens >= level)
    if not len(reached) or reached[0] == 0:
        return horizon if not len(reached) else 0.0
    k = int(reached[0])
    share = (level - burdens[k - 1]) / (burdens[k] - burdens[k - 1])
    return float(days[k - 1] + share * (days[k] - days[k - 1]))
