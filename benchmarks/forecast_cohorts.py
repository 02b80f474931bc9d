"""The four cohorts on which forecasts are compared, read from the folder in EVODOSE_DATA."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import cohort_file
from fitting.choice import censor_zeros
from fitting.likelihood import LOG_NORMAL
from patients import Cohort, load_cohort

# below 1 mm a caliper measures nothing: 0.5 * (1 mm)^3, in cm3
CALIPER_LIMIT_CM3 = 0.0005
# 40 values of the intermittent cohort are exactly 0.02 and none but one 0 lies below: the limit of the assay
PSA_LIMIT = 0.02


@dataclass(frozen=True)
class ForecastCohort:
    """A cohort with what a table must say of it.

    Parameters
    ----------
    key : str
    title : str
    unit : str
        Of the burden.
    load : callable
        ``() -> Cohort``, zeros read as censored.
    """

    key: str
    title: str
    unit: str
    load: Callable[[], Cohort]


def abiraterone() -> Cohort:
    """Adaptive abiraterone, PSA; doses from the file's own column."""
    return _zeros_censored(load_cohort(cohort_file("abiraterone_psa_adaptive.csv"))[0])


def intermittent() -> Cohort:
    """Intermittent androgen deprivation, PSA; doses from the schedule file, values at or below 0.02 censored."""
    file = cohort_file("intermittent_adt_psa.csv")
    with tempfile.TemporaryDirectory() as folder:
        limited = _with_limit(file, Path(folder), PSA_LIMIT)
        return load_cohort(limited, cohort_file("intermittent_adt_schedule.csv"))[0]


def lesions() -> Cohort:
    """Target lesions under immunotherapy, longest diameter; a lesion no longer seen is at or below the smallest."""
    return _zeros_censored(load_cohort(cohort_file("target_lesion_diameter.csv"))[0])


def erlotinib() -> Cohort:
    """Mice under graded erlotinib; each dose event is one day at the arm's fraction of the high dose.

    The events are in mg a mouse and scale with its weight; the fraction of the high arm is the dose per weight,
    and is what the volume file gives. Days without an event are breaks.
    """
    volumes, events = cohort_file("lxf_erlotinib_volume.csv"), cohort_file("lxf_erlotinib_doses.csv")
    with volumes.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    fraction = {row["patient_id"]: float(row["dose_fraction_of_high_arm"]) for row in rows}
    with events.open(newline="") as handle:
        days: dict[str, set[float]] = {patient: set() for patient in fraction}
        for row in csv.DictReader(handle):
            days[row["patient_id"]].add(float(row["time_days"]))
    with tempfile.TemporaryDirectory() as folder:
        schedule = Path(folder) / "schedule.csv"
        with schedule.open("w", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(["patient_id", "t_start", "t_end", "dose"])
            for patient, given in days.items():
                for start, end in _runs(sorted(given)):
                    writer.writerow([patient, start, end, fraction[patient]])
                if not given:
                    writer.writerow([patient, 0, "", 0])
        return load_cohort(_with_limit(volumes, Path(folder), CALIPER_LIMIT_CM3), schedule)[0]


def _runs(days: list[float]) -> list[tuple[float, float]]:
    """Join days with an event to segments ``[first, day after the last)``."""
    runs: list[tuple[float, float]] = []
    for day in days:
        if runs and day <= runs[-1][1]:
            runs[-1] = runs[-1][0], day + 1
        else:
            runs.append((day, day + 1))
    return runs


def _with_limit(file: Path, folder: Path, limit: float) -> Path:
    """Copy a cohort file with a column lower_limit, into a folder that goes away."""
    import pandas as pd

    copy = folder / file.name
    table = pd.read_csv(file, dtype=str)
    # the mice's file names a constant dose, which the schedule replaces
    table.drop(columns=["dose_fraction_of_high_arm"], errors="ignore").assign(lower_limit=str(limit)).to_csv(
        copy, index=False
    )
    return copy


def _zeros_censored(cohort: Cohort) -> Cohort:
    """Read burdens of zero as at or below the smallest positive burden of the cohort."""
    return Cohort(
        censor_zeros(cohort.patients, LOG_NORMAL),
        cohort.rejected,
        cohort.source,
        cohort.notes,
        cohort.virtual,
    )


COHORTS = (
    ForecastCohort("abiraterone", "PSA, adaptive abiraterone", "ng/mL", abiraterone),
    ForecastCohort("intermittent", "PSA, intermittent androgen deprivation", "ng/mL", intermittent),
    ForecastCohort("lesions", "target lesions, immunotherapy", "mm", lesions),
    ForecastCohort("erlotinib", "mouse xenografts, graded erlotinib", "cm³", erlotinib),
)
