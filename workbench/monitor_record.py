"""What a run directory keeps of the value of monitoring for one patient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.store import MONITORING_FILES, PATIENTS, RunStore

if TYPE_CHECKING:
    from dosing.monitoring.monitoring_result import MonitoringValue

STAGE = "monitoring"
MONITORING_FILE, MONITORING_TABLE = MONITORING_FILES


@dataclass(frozen=True)
class PatientMonitoring:
    """The value of monitoring for one patient, or the reason why there is none.

    Parameters
    ----------
    patient_id : str
    value : MonitoringValue or None
    reason : str
        Why there is none; empty where there is one.
    evidence : str
        ``posterior``, ``profiles`` or ``point estimate``: where the plausible tumours come from.
    notes : tuple of str
    asked : str
        JSON of everything that the numbers depend on.
    seconds : float
    """

    patient_id: str
    value: MonitoringValue | None
    reason: str = ""
    evidence: str = ""
    notes: tuple[str, ...] = ()
    asked: str = ""
    seconds: float = 0.0


class MonitoringStore:
    """Reading and writing of these results in one run directory.

    Parameters
    ----------
    store : RunStore
    """

    def __init__(self, store: RunStore) -> None:
        self.store = store

    def clear(self) -> None:
        """Remove them all."""
        for path in (self.store.folder / PATIENTS).glob(f"*/{STAGE}.npz"):
            path.unlink(missing_ok=True)

    def load(self, patient_id: str) -> PatientMonitoring | None:
        """Read one; None where it is absent or damaged."""
        found = self.store.load(patient_id, STAGE)
        return found if isinstance(found, PatientMonitoring) else None

    def save(self, found: PatientMonitoring) -> None:
        """Write one atomically."""
        self.store.save(found.patient_id, STAGE, found)

    def all_of(self, patient_ids: list[str]) -> Iterator[PatientMonitoring]:
        """Read those that are there, in this order."""
        for patient_id in patient_ids:
            if self.store.path(patient_id, STAGE).is_file():
                found = self.load(patient_id)
                if found is not None:
                    yield found
