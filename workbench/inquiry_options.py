"""The options of ``evodose identify``: how deep to look, at what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.options import OptionError

if TYPE_CHECKING:
    from identifiability.functions.function_settings import FunctionSettings
    from identifiability.inquiry import InquirySettings

REPLICATES, SIMULATIONS = 200, 40
QUICK_REPLICATES, QUICK_SIMULATIONS = 40, 6


@dataclass(frozen=True)
class InquiryOptions:
    """How deep to look at each patient.

    Parameters
    ----------
    replicates : int or None
        Data sets of the bootstrap; 0 leaves it out, None takes the usual number.
    simulations : int or None
        Data sets that confirm each proposal of further visits; 0 leaves the proposals out.
    days : tuple of float or None
        Feasible days of further visits, on the patients' own time axis; every week of the coming year by default.
    doses : tuple of float or None
        Dose levels, fractions of the maximum tolerated dose, that may be held until then.
    targets : tuple of str
        What further visits should settle; the window's lower edge, or an open parameter, by default.
    day_ahead : float or None
        The burden so many days after the last visit is profiled too, with the present dose going on.
    progression_dose : float or None
        The time to progression under this constant dose, a fraction of the maximum tolerated dose, is profiled too.
    quick : bool
        Fewer replicates, simulations and grid points, for a first look.

    Raises
    ------
    OptionError
        A value outside its range.
    """

    replicates: int | None = None
    simulations: int | None = None
    days: tuple[float, ...] | None = None
    doses: tuple[float, ...] | None = None
    targets: tuple[str, ...] = ()
    day_ahead: float | None = None
    progression_dose: float | None = None
    quick: bool = False

    def __post_init__(self) -> None:
        """Refuse what no stage could use."""
        for name, value in (("--replicates", self.replicates), ("--simulations", self.simulations)):
            if value is not None and value < 0:
                raise OptionError(f"{name} {value} is out of range; give 0 (leave it out) or more")
        for dose in self.doses or ():
            if not 0 <= dose <= 1:
                raise OptionError(
                    f"--doses {dose:g} is out of range; give fractions of the maximum tolerated dose, 0 to 1"
                )
        if self.day_ahead is not None and not 0 < self.day_ahead <= 3650:
            raise OptionError(
                f"--day-ahead {self.day_ahead:g} is out of range; give days after the last visit, up to 3650"
            )

        if self.progression_dose is not None and not 0 <= self.progression_dose <= 1:
            raise OptionError(
                f"--progression-dose {self.progression_dose:g} is out of range; give a fraction of the maximum "
                "tolerated dose, 0 to 1"
            )

    def as_dict(self) -> dict[str, Any]:
        """Return the options as an answer and the manifest keep them."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    def inquiry_settings(self, seed: int) -> InquirySettings:
        """Return the settings of :func:`identifiability.inquiry.inquire`."""
        from identifiability.inquiry import InquirySettings

        usual = (QUICK_REPLICATES, QUICK_SIMULATIONS) if self.quick else (REPLICATES, SIMULATIONS)
        return InquirySettings(
            replicates=usual[0] if self.replicates is None else self.replicates,
            simulations=usual[1] if self.simulations is None else self.simulations,
            days=self.days,
            doses=self.doses,
            seed=seed,
        )

    def function_settings(self, level: float, seed: int) -> FunctionSettings:
        """Return the settings of the quantities' profiles."""
        from identifiability.functions.function_settings import FunctionSettings

        if self.quick:
            return FunctionSettings(level=level, seed=seed, points=17, seeds=2, fresh_every=8, fresh_starts=3)
        return FunctionSettings(level=level, seed=seed)


def numbers(option: str, text: str | None) -> tuple[float, ...] | None:
    """Read numbers with commas, as ``200,230``.

    Raises
    ------
    OptionError
        Something that is no number.
    """
    if text is None:
        return None
    parts: Sequence[str] = [part.strip() for part in text.split(",") if part.strip()]
    try:
        found = tuple(float(part) for part in parts)
    except ValueError:
        found = ()
    if not found or any(x != x or abs(x) == float("inf") for x in found):
        raise OptionError(f"{option} {text!r}: give numbers with commas, such as 0,0.6,1")
    return found
