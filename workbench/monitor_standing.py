"""What the value of monitoring may be taken for, for one patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.monitor_record import PatientMonitoring
    from workbench.record import PatientRecord

RECOMMENDED, REFUSED, NOTHING = "recommended", "refused", "none"
STUDY = "No dose is recommended; the curve is for study only."


@dataclass(frozen=True)
class MonitoringStanding:
    """Whether the run recommends a dose for the patient.

    Parameters
    ----------
    action : str
        ``recommended``, ``refused``, or ``none`` where nothing could be computed.
    reason : str
        A sentence.
    """

    action: str
    reason: str


def monitoring_standing(found: PatientMonitoring, record: PatientRecord) -> MonitoringStanding:
    """Say what a curve may be taken for; a refusal of the run stands."""
    if found.value is None:
        before = "" if record.recommended or record.fit is None else f"{record.reason} "
        return MonitoringStanding(NOTHING, f"{before}{found.reason}")
    if not record.recommended:
        return MonitoringStanding(REFUSED, f"{record.reason} {STUDY}")
    return MonitoringStanding(
        RECOMMENDED,
        f"The run recommends a constant dose: {record.reason} The curve says what visits add, and recommends no rule.",
    )
