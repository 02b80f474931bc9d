"""Declared parameter sets that show what Fischer 2015, Fig. 2 says: the paper prints none of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dosing.stochastic.birth_death.problem import BirthDeathProblem
from dynamics.drug_resistance import DRUG_RESISTANCE

__all__ = ["PROFILE_PANELS", "ProfilePanel"]


@dataclass(frozen=True)
class ProfilePanel:
    """One panel of the figure.

    Parameters
    ----------
    title : str
        What the profile shows.
    values : mapping of str to float
        Constants of the process other than K.
    driver_rate : float
        nu; the horizon is K / nu generations.
    """

    title: str
    values: Mapping[str, float]
    driver_rate: float

    def problem(self, capacity: float = 500.0) -> BirthDeathProblem:
        """Return the control problem at a carrying capacity."""
        return BirthDeathProblem.define(
            DRUG_RESISTANCE, {**self.values, "K": float(capacity)}, driver_rate=self.driver_rate
        )


_RESISTANT = MappingProxyType({"gamma": 10.0, "sigma": 20.0, "mu": 0.1, "phi_s": 40.0, "phi_r": 0.0})
_ADDICTED = MappingProxyType({"gamma": 30.0, "sigma": 0.0, "phi_s": 40.0, "phi_r": 40.0})

# A and B differ in the driver rate alone, C and D in the mutation rate alone
PROFILE_PANELS: Mapping[str, ProfilePanel] = MappingProxyType(
    {
        "A": ProfilePanel("wait until the resistant cells are cleared", _RESISTANT, 0.5),
        "B": ProfilePanel("a higher driver rate: treat earlier", _RESISTANT, 4.0),
        "C": ProfilePanel("rapid mutation: against the majority", {**_ADDICTED, "mu": 20.0}, 1.0),
        "D": ProfilePanel("slower mutation: make it uniform first", {**_ADDICTED, "mu": 1.0}, 1.0),
    }
)
