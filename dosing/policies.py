"""Treatment policies: rules that turn the burden seen so far into the next dose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dosing.policy import Policy, PolicyError, PolicyRun, check_dose, check_levels, run_policy
from dynamics.feedback import FeedbackRule

if TYPE_CHECKING:
    from dynamics.schedule import DoseSchedule

# Masud 2023, eq. 20: treatment resumes at 99.9 % of the tolerable burden
RESUME_BELOW_TOLERABLE = 0.999


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.4g} %"


@dataclass(frozen=True)
class MaximumToleratedDose:
    """The full dose, always."""

    name: str = "MTD"
    description: str = "The maximum tolerated dose, every day."

    def rule(self) -> FeedbackRule:
        """See :class:`Policy`."""
        return FeedbackRule(1.0)


@dataclass(frozen=True)
class NoTreatment:
    """No drug at all."""

    name: str = "no treatment"
    description: str = "No drug at any time."

    def rule(self) -> FeedbackRule:
        """See :class:`Policy`."""
        return FeedbackRule(0.0)


@dataclass(frozen=True)
class ConstantDose:
    """One dose, always.

    Parameters
    ----------
    dose : float
        Fraction of the maximum tolerated dose, in [0, 1].

    Raises
    ------
    PolicyError
        A dose outside [0, 1].
    """

    dose: float

    def __post_init__(self) -> None:
        """Validate."""
        check_dose("constant dose", self.dose)

    @property
    def name(self) -> str:
        """See :class:`Policy`."""
        return f"constant {_percent(self.dose)}"

    @property
    def description(self) -> str:
        """See :class:`Policy`."""
        return f"{_percent(self.dose)} of the maximum tolerated dose, every day."

    def rule(self) -> FeedbackRule:
        """See :class:`Policy`."""
        return FeedbackRule(self.dose)


@dataclass(frozen=True)
class Metronomic(ConstantDose):
    """A low dose, always: one tenth to one third of the maximum tolerated dose (Masud 2023, introduction).

    Raises
    ------
    PolicyError
        A dose outside [0.1, 1/3].
    """

    dose: float = 0.2

    def __post_init__(self) -> None:
        """Validate."""
        check_dose("metronomic dose", self.dose, 0.1, 1 / 3)

    @property
    def name(self) -> str:
        """See :class:`Policy`."""
        return f"metronomic {_percent(self.dose)}"


@dataclass(frozen=True)
class OnOffAdaptiveTherapy:
    """Adaptive therapy that begins with the drug (Masud 2023, eq. 20; Scagliotti 2026, section 3.2).

    Parameters
    ----------
    dose : float
        Dose while treated, fraction of the maximum tolerated dose, in [0, 1].
    pause_level, resume_level : float
        Multiples of the first burden: the drug is withheld once the burden is at or below the first level,
        and given again once it is at or above the second.

    Raises
    ------
    PolicyError
        A dose outside [0, 1], levels that are not positive or not in order.
    """

    dose: float = 1.0
    pause_level: float = 0.5
    resume_level: float = 1.0

    def __post_init__(self) -> None:
        """Validate."""
        check_dose("on-off adaptive therapy", self.dose)
        check_levels(
            "on-off adaptive therapy", "pause level", self.pause_level, "resume level", self.resume_level
        )

    @classmethod
    def below_tolerable(
        cls, dose: float = 1.0, pause_level: float = 0.5, tolerable_level: float = 1.0
    ) -> OnOffAdaptiveTherapy:
        """Masud 2023, eq. 20: resume at 0.999 of the tolerable burden, a multiple of the first burden."""
        return cls(dose, pause_level, RESUME_BELOW_TOLERABLE * tolerable_level)

    @property
    def name(self) -> str:
        """See :class:`Policy`."""
        at = f"AT{100 * self.pause_level:.4g}"
        return at if self.dose == 1.0 else f"{at} at {_percent(self.dose)}"

    @property
    def description(self) -> str:
        """See :class:`Policy`."""
        return (
            f"On-off adaptive therapy: {_percent(self.dose)} of the maximum tolerated dose until the burden "
            f"falls to {_percent(self.pause_level)} of the first, no drug until it is back at "
            f"{_percent(self.resume_level)}."
        )

    def rule(self) -> FeedbackRule:
        """See :class:`Policy`."""
        return FeedbackRule(self.dose, self.pause_level, self.resume_level, starts_on=True)


@dataclass(frozen=True)
class OffOnAdaptiveTherapy:
    """Adaptive therapy that begins without the drug (Scagliotti 2026, section 3.4).

    Parameters
    ----------
    dose : float
        Dose while treated, fraction of the maximum tolerated dose, in [0, 1].
    start_level, pause_level : float
        Multiples of the first burden: the drug is given once the burden is at or above the first level, and
        withheld once it is at or below the second.

    Raises
    ------
    PolicyError
        A dose outside [0, 1], levels that are not positive or not in order.
    """

    dose: float = 1.0
    start_level: float = 1.2
    pause_level: float = 0.5

    def __post_init__(self) -> None:
        """Validate."""
        check_dose("off-on adaptive therapy", self.dose)
        check_levels(
            "off-on adaptive therapy", "pause level", self.pause_level, "start level", self.start_level
        )

    @property
    def name(self) -> str:
        """See :class:`Policy`."""
        return "off-on AT" if self.dose == 1.0 else f"off-on AT at {_percent(self.dose)}"

    @property
    def description(self) -> str:
        """See :class:`Policy`."""
        return (
            f"Off-on adaptive therapy: no drug until the burden reaches {_percent(self.start_level)} of the "
            f"first, then {_percent(self.dose)} of the maximum tolerated dose until it falls to "
            f"{_percent(self.pause_level)}."
        )

    def rule(self) -> FeedbackRule:
        """See :class:`Policy`."""
        return FeedbackRule(self.dose, self.pause_level, self.start_level, starts_on=False)


@dataclass(frozen=True)
class PlannedSchedule:
    """A schedule fixed in advance, whatever the burden; the dose of a step is the one at its start.

    Parameters
    ----------
    schedule : DoseSchedule
        Switches between two steps of the simulation take effect at the later one.
    """

    schedule: DoseSchedule
    name: str = "planned schedule"

    @property
    def description(self) -> str:
        """See :class:`Policy`."""
        return f"Doses planned in advance, in {len(self.schedule.doses)} segments, whatever the burden."

    def rule(self) -> FeedbackRule:
        """See :class:`Policy`."""
        return FeedbackRule(0.0, schedule=self.schedule)


__all__ = [
    "ConstantDose",
    "MaximumToleratedDose",
    "Metronomic",
    "NoTreatment",
    "OffOnAdaptiveTherapy",
    "OnOffAdaptiveTherapy",
    "PlannedSchedule",
    "Policy",
    "PolicyError",
    "PolicyRun",
    "run_policy",
]
