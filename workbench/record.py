"""What a run knows about one patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dosing.regimen import Regimen
    from fitting.result import Fit
    from identifiability.result import Diagnosis
    from patients.cohort import Patient
    from workbench.inquiry_record import PatientInquiry


@dataclass(frozen=True)
class Failure:
    """A stage that could not be computed for a patient.

    Parameters
    ----------
    stage : str
        ``"fitting"``, ``"identifiability"`` or ``"dosing"``.
    reason : str
        A sentence that the tables and the report print.
    """

    stage: str
    reason: str


@dataclass(frozen=True)
class Diagnosed:
    """A diagnosis with the fit it belongs to: a profile may have found a better optimum than the fit had."""

    fit: Fit
    diagnosis: Diagnosis


@dataclass(frozen=True)
class PatientRecord:
    """All results of one patient; what a failed stage would have given is None.

    Parameters
    ----------
    patient : Patient
    fit : Fit or None
    diagnosis : Diagnosis or None
    regimen : Regimen or None
    failure : Failure or None
        The first stage that could not be computed.
    inquiry : PatientInquiry or None
        What ``evodose identify`` found, where it was asked.
    """

    patient: Patient
    fit: Fit | None = None
    diagnosis: Diagnosis | None = None
    regimen: Regimen | None = None
    failure: Failure | None = None
    inquiry: PatientInquiry | None = None

    @property
    def failed(self) -> bool:
        """True where a stage could not be computed, or the fit did not converge."""
        from fitting.result import FitStatus

        return self.failure is not None or (self.fit is not None and self.fit.status is FitStatus.FAILED)

    @property
    def recommended(self) -> bool:
        """True where a dose is recommended."""
        return self.regimen is not None and self.regimen.action == "recommend"

    @property
    def reason(self) -> str:
        """The sentence of the decision, or of the failure."""
        if self.regimen is not None:
            return self.regimen.reason
        if self.failure is not None:
            return f"No dose can be computed, because {self.failure.stage} failed: {self.failure.reason}"
        return "No dose was computed for this patient."
