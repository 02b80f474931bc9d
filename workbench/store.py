"""The run directory: one folder a patient, one file a stage, each complete or absent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import atomic
from workbench.codec import CodecError, dumps, loads
from workbench.inquiry_record import INQUIRY, PatientInquiry, basis_of
from workbench.locking import LOCK_FILE
from workbench.naming import safe_name
from workbench.record import Diagnosed, Failure, PatientRecord

if TYPE_CHECKING:
    from patients.cohort import Cohort, Patient

PATIENTS = "patients"
COHORT_FILE = "cohort.json"
MANIFEST_FILE = "manifest.json"
REPORT_FILE = "report.html"
IDENTIFIABILITY_FILE = "identifiability.html"
POSTERIORS_FILE = "posteriors.html"
SCHEDULES_FILE = "schedules.html"
TABLE_FILES = (
    "fits.csv", "profiles.csv", "identifiability.csv", "information.csv", "regimens.csv", "regimens.json",
    "strategies.csv", "exclusions.csv",
)  # fmt: skip
INQUIRY_TABLE_FILES = ("next_visits.csv", "bootstrap.csv", "bounds.csv")  # once `evodose identify` has run
POSTERIOR_TABLE_FILES = ("posteriors.csv", "posterior_checks.csv")  # once `evodose fit --bayes` has run
POPULATION_FILES = ("population.nc", "population.csv")  # once `evodose fit --bayes --population` has run
SCHEDULE_TABLE_FILES = ("schedules.csv", "schedule_scores.csv")  # once `evodose dose` has run
MONITORING_FILES = ("monitoring.html", "monitoring.csv")  # once `evodose monitor` has run
STAGES = ("fit", "diagnosis", "regimen")


class StoreError(RuntimeError):
    """A run directory that cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class CohortIndex:
    """What a run directory knows of its cohort besides the patients.

    Parameters
    ----------
    patient_ids : tuple of str
        Patients that can be fitted, in the order of the file.
    rejected : tuple of (str, str)
        Patients without a usable measurement, with the reason.
    source : str
        File name, or a sentence for a simulated cohort.
    notes : tuple of str
        What was assumed while reading.
    problems : tuple of str
        Findings of the reader, one line each.
    virtual : bool
        True for a simulated cohort.
    """

    patient_ids: tuple[str, ...]
    rejected: tuple[tuple[str, str], ...] = ()
    source: str = ""
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    virtual: bool = False

    @classmethod
    def of(cls, cohort: Cohort, problems: Sequence[object] = ()) -> CohortIndex:
        """Take the index of a cohort that was read."""
        return cls(
            tuple(p.patient_id for p in cohort),
            tuple((r.patient_id, r.reason) for r in cohort.rejected),
            cohort.source,
            tuple(cohort.notes),
            tuple(str(p) for p in problems),
            cohort.virtual,
        )


class RunStore:
    """Reading and writing of one run directory.

    Parameters
    ----------
    folder : Path
        Created with its parents where it does not exist.

    Raises
    ------
    StoreError
        The path is a file, or a folder with files that no run wrote.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes: list[str] = []
        if folder.exists() and not folder.is_dir():
            raise StoreError(f"{folder} is a file; give a directory with -o")
        if folder.is_dir() and not (folder / MANIFEST_FILE).is_file():
            strange = sorted(p.name for p in folder.iterdir() if not _own(p.name))
            if strange:
                raise StoreError(
                    f"{folder} is not empty and not a run directory (it holds {strange[0]!r}); give a new directory "
                    "with -o"
                )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot create the run directory {folder}: {error.strerror or error}") from None

    # ---- whole directory --------------------------------------------------------------------------------
    def clear(self) -> None:
        """Remove everything that a run wrote; anything else in the folder stays."""
        shutil.rmtree(self.folder / PATIENTS, ignore_errors=True)
        for path in list(self.folder.iterdir()):
            if _own(path.name) and path.name != LOCK_FILE and path.is_file():
                path.unlink()

    def sweep(self) -> None:
        """Remove half-written files of killed processes."""
        atomic.sweep(self.folder)
        for folder in self._patient_folders():
            atomic.sweep(folder)

    def _patient_folders(self) -> Iterator[Path]:
        """Folders of patients that exist."""
        root = self.folder / PATIENTS
        if root.is_dir():
            yield from (p for p in root.iterdir() if p.is_dir())

    def write(self, name: str, content: str) -> Path:
        """Write one file of the run atomically."""
        path = self.folder / name
        atomic.write_text(path, content)
        return path

    # ---- the cohort -------------------------------------------------------------------------------------
    def save_index(self, index: CohortIndex) -> None:
        """Write which patients the run is about."""
        self.write(COHORT_FILE, json.dumps(asdict(index), indent=1) + "\n")

    def load_index(self) -> CohortIndex:
        """Read which patients the run is about.

        Raises
        ------
        StoreError
            Missing or damaged file.
        """
        path = self.folder / COHORT_FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            content["rejected"] = tuple((a, b) for a, b in content["rejected"])
            for key in ("patient_ids", "notes", "problems"):
                content[key] = tuple(content[key])
            return CohortIndex(**content)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{self.folder} has no readable {COHORT_FILE} ({error}); is it a run directory? `evodose run` makes one"
            ) from None

    # ---- patients ---------------------------------------------------------------------------------------
    def path(self, patient_id: str, stage: str) -> Path:
        """Where a stage of a patient is kept."""
        return self.folder / PATIENTS / safe_name(patient_id) / f"{stage}.npz"

    def save(self, patient_id: str, stage: str, value: Any) -> None:
        """Write one stage of one patient atomically."""
        path = self.path(patient_id, stage)
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(path, dumps(value))

    def load(self, patient_id: str, stage: str) -> Any | None:
        """Read one stage of one patient; None where it is absent or damaged (which is noted)."""
        path = self.path(patient_id, stage)
        try:
            return loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (CodecError, OSError) as error:
            # reading does not compute: of the commands that come by here only one makes this stage
            note = f"{stage} of patient {patient_id!r} was {error}; it is computed again by the command that makes it"
            if note not in self.notes:
                self.notes.append(note)
            return None

    def save_patient(self, patient: Patient) -> None:
        """Write what was read of a patient, unless it is there and can be read."""
        if self.load(patient.patient_id, "patient") is None:
            self.save(patient.patient_id, "patient", patient)

    def first_missing(self, patient_id: str) -> int:
        """Index in ``STAGES`` of the first stage that has to be computed; their number where all are done.

        A stage after a failure is done too: it cannot be computed.
        """
        for index, stage in enumerate(STAGES):
            value = self.load(patient_id, stage)
            if value is None:
                return index
            if isinstance(value, Failure):
                return len(STAGES)
        return len(STAGES)

    def record(self, patient_id: str) -> PatientRecord | None:
        """Everything known about a patient; None where the patient was never written."""
        patient = self.load(patient_id, "patient")
        if patient is None:
            return None
        fit, diagnosis, regimen, failure = None, None, None, None
        for stage in STAGES:
            value = self.load(patient_id, stage)
            if isinstance(value, Failure):
                failure = value
                break
            if value is None:
                break
            if isinstance(value, Diagnosed):
                fit, diagnosis = value.fit, value.diagnosis
            elif stage == "fit":
                fit = value
            else:
                regimen = value
        inquiry = self.load(patient_id, INQUIRY)
        if not isinstance(inquiry, PatientInquiry) or (fit is not None and inquiry.basis != basis_of(fit)):
            inquiry = None
        return PatientRecord(patient, fit, diagnosis, regimen, failure, inquiry)

    def records(self, patient_ids: Sequence[str]) -> Iterator[PatientRecord]:
        """Read the results of these patients one at a time.

        Raises
        ------
        StoreError
            A patient who was never written.
        """
        for patient_id in patient_ids:
            record = self.record(patient_id)
            if record is None:
                raise StoreError(f"the results of patient {patient_id!r} have disappeared from {self.folder}")
            yield record


def _own(name: str) -> bool:
    """Whether a run writes a file of this name."""
    known = {
        PATIENTS,
        COHORT_FILE,
        MANIFEST_FILE,
        REPORT_FILE,
        IDENTIFIABILITY_FILE,
        POSTERIORS_FILE,
        LOCK_FILE,
    }
    known |= {
        *TABLE_FILES,
        *INQUIRY_TABLE_FILES,
        *POSTERIOR_TABLE_FILES,
        *POPULATION_FILES,
        SCHEDULES_FILE,
        *SCHEDULE_TABLE_FILES,
        *MONITORING_FILES,
        "population.part",
    }
    return name in known or name.endswith(atomic.TEMPORARY) or name in {"model.py", "model.yaml", "model.yml"}
