"""A cohort, its results, and rooms that compute in no time."""

import numpy as np
import pytest
from fakes import Rooms, make_diagnosis, make_fit, make_regimen, write_cohort

from dynamics.catalogue import get_model
from dynamics.schedule import DoseSchedule
from patients.cohort import Exclusion, Patient
from workbench.record import Failure, PatientRecord


@pytest.fixture
def rooms(monkeypatch):
    """Fast rooms in the place of the real ones."""
    rooms = Rooms()
    rooms.install(monkeypatch.setattr)
    return rooms


@pytest.fixture
def cohort_file(tmp_path):
    """A file of five patients."""
    return write_cohort(tmp_path / "cohort.csv", ["P1", "P2", "P3", "P4", "P5"])


@pytest.fixture(scope="session")
def model():
    return get_model("competition")


@pytest.fixture(scope="session")
def make_patient():
    """Build a patient."""

    def build(patient_id="P1", first=359.0, **more):
        times = np.array([0.0, 36, 103, 131, 169, 200])
        burdens = first * np.array([1.0, 0.6, 0.55, 0.64, 1.02, 1.3])
        return Patient(
            patient_id, times, np.round(burdens), DoseSchedule.constant(1.0), "LDH_U_per_L", **more
        )

    return build


@pytest.fixture(scope="session")
def make_record(make_patient):
    """Build a patient's results; ``failure`` names the stage from which on there are none."""

    def build(patient_id="P1", first=359.0, failure="", **more):
        patient = make_patient(patient_id, first, **more)
        stages = ("fitting", "identifiability", "dosing")
        upto = stages.index(failure) if failure else 3
        fit = make_fit(patient) if upto > 0 else None
        diagnosis = make_diagnosis(fit) if upto > 1 else None
        regimen = make_regimen(patient, fit, diagnosis) if upto > 2 else None
        reason = Failure(failure, f"{failure} broke down") if failure else None
        return PatientRecord(patient, fit, diagnosis, regimen, reason)

    return build


@pytest.fixture(scope="session")
def excluded():
    return (Exclusion(84.0, 900.0, "marked as not used in the file", 12),)
