"""Two cell types with births and deaths: dynamic programming on their lattice (Fischer 2015, sections 4 and 7)."""

from dosing.stochastic.birth_death.drift import ScaledDrift, scaled_drift
from dosing.stochastic.birth_death.exact import solve_exact
from dosing.stochastic.birth_death.graded import solve_graded
from dosing.stochastic.birth_death.panels import PROFILE_PANELS, ProfilePanel
from dosing.stochastic.birth_death.problem import BirthDeathProblem
from dosing.stochastic.birth_death.skellam import log_skellam_expansion, skellam_pmf

__all__ = [
    "PROFILE_PANELS",
    "BirthDeathProblem",
    "ProfilePanel",
    "ScaledDrift",
    "log_skellam_expansion",
    "scaled_drift",
    "skellam_pmf",
    "solve_exact",
    "solve_graded",
]
