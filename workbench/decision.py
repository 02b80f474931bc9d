"""A patient's result in one line."""

from __future__ import annotations

import math
from dataclasses import dataclass

from workbench.record import PatientRecord


@dataclass(frozen=True)
class Decision:
    """What the summary tables show of one patient.

    Parameters
    ----------
    patient_id : str
    virtual : bool
    action : str
        ``recommend`` or ``refuse``; a patient for whom a stage failed is refused.
    failed : bool
        A stage could not be computed, or the fit did not converge.
    dose_fraction, window_low, window_high : float
        Fractions of the maximum tolerated dose; NaN where there is none. The window is the point estimate's.
    lower_range, upper_range : tuple of (float, float)
        Extremes of the window's edges over the admitted parameter sets; NaN where unknown.
    support : float
        Share of the admitted parameter sets whose window holds the dose; NaN where unknown.
    reason, code : str
    fit_status : str
        Name of the fit's status, or ``not_fitted``.
    n_points, n_excluded : int
    paper, profile : bool or None
        Whether all parameters are identified under the criterion ``paper``, under the profiles (``profile95`` at the
        default level); None where it was not applied.
    open_sides : tuple of str
        Sides of profiles that are not closed, such as ``c below``.
    """

    patient_id: str
    virtual: bool
    action: str
    failed: bool
    dose_fraction: float
    window_low: float
    window_high: float
    lower_range: tuple[float, float]
    upper_range: tuple[float, float]
    support: float
    reason: str
    code: str
    fit_status: str
    n_points: int
    n_excluded: int
    paper: bool | None
    profile: bool | None
    open_sides: tuple[str, ...]

    @property
    def disagree(self) -> bool:
        """True where the two criteria give different answers."""
        return self.paper is not None and self.profile is not None and self.paper != self.profile


def decide(record: PatientRecord) -> Decision:
    """Take the summary of a patient's results."""
    regimen, diagnosis, fit = record.regimen, record.diagnosis, record.fit
    window = regimen.window if regimen else None
    shown = window is not None and window.exists
    spread = regimen.window_range if regimen else None
    verdicts = (
        {v.criterion: v.identified for v in diagnosis.verdicts if v.parameter == "all"} if diagnosis else {}
    )
    by_profile = next((found for name, found in verdicts.items() if name.startswith("profile")), None)
    sides = []
    for profile in diagnosis.profiles if diagnosis else ():
        for status, word in ((profile.lower_status, "below"), (profile.upper_status, "above")):
            if status.value != "closed":
                sides.append(f"{profile.parameter} {word}")
    return Decision(
        patient_id=record.patient.patient_id,
        virtual=record.patient.virtual,
        action="recommend" if record.recommended else "refuse",
        failed=record.failed,
        dose_fraction=regimen.dose_fraction if regimen else math.nan,
        window_low=window.low if window and shown else math.nan,
        window_high=window.high if window and shown else math.nan,
        lower_range=spread.lower if spread else (math.nan, math.nan),
        upper_range=spread.upper if spread else (math.nan, math.nan),
        support=regimen.support if regimen else math.nan,
        reason=record.reason,
        code=regimen.code if regimen else "STAGE_FAILED",
        fit_status=fit.status.name.lower() if fit else "not_fitted",
        n_points=len(record.patient),
        n_excluded=len(record.patient.excluded),
        paper=verdicts.get("paper"),
        profile=by_profile,
        open_sides=tuple(sides),
    )
