"""The baselines that every comparison runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitting.forecast.baselines.bertalanffy import GeneralBertalanffy
from fitting.forecast.baselines.decay_regrowth import DecayRegrowth
from fitting.forecast.baselines.last_value import LastValue
from fitting.forecast.baselines.log_linear import LogLinear
from fitting.forecast.baselines.population_curve import PopulationCurve

if TYPE_CHECKING:
    from fitting.forecast.baselines.baseline import Baseline


def standard_baselines() -> dict[str, Baseline]:
    """Return fresh baselines by the names that tables show."""
    members = (
        LastValue(),
        LogLinear(),
        DecayRegrowth(),
        GeneralBertalanffy(),
        PopulationCurve(),
        PopulationCurve(whole=True),
    )
    return {member.name: member for member in members}
