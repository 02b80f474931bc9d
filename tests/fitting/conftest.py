"""Virtual patients whose parameters the data determine, shared by the tests of this room."""

import numpy as np
import pytest

from dynamics import DoseSchedule, get_model
from patients import Patient, VirtualPatient, simulate_cohort

# Masud 2023, Table 1, patients 2, 6, 7 and 8: r, K, delta, c, V0
PUBLISHED = {
    "MEL02": (0.131799194, 580.8725024, 0.089001925, 2.291960323, 359.0),
    "MEL06": (0.181471087, 798.688266, 0.137568333, 3.182914523, 677.0),
    "MEL07": (0.18287846, 663.0487189, 0.128324461, 2.362809094, 286.0),
    "MEL08": (0.165457451, 544.2613509, 0.096811545, 1.734836965, 541.0),
}
PAUSED = DoseSchedule.from_rows(
    [(0, 45, 1.0), (45, 75, 0.0), (75, 130, 1.0), (130, 150, 0.3), (150, 400, 1.0)]
)
VISITS = np.array([0, 10, 21, 33, 45, 54, 66, 80, 95, 110, 130, 142, 155, 175, 200], dtype=float)


@pytest.fixture(scope="session")
def model():
    return get_model("competition")


@pytest.fixture(scope="session")
def truth(model):
    return {name: dict(zip(model.parameter_names, row, strict=False)) for name, row in PUBLISHED.items()}


def simulated(model, truth, **options):
    """Virtual patients under a schedule with pauses, at 15 visits."""
    specifications = [
        VirtualPatient(name, parameters, PUBLISHED[name][-1], VISITS.tolist(), PAUSED)
        for name, parameters in truth.items()
    ]
    return simulate_cohort(model, specifications, 20231109, **options).patients


@pytest.fixture(scope="session")
def noise_free(model, truth):
    return simulated(model, truth, noise="none")


@pytest.fixture(scope="session")
def noisy(model, truth):
    return simulated(model, truth, noise="poisson")


@pytest.fixture(scope="session")
def censored(noisy):
    """A patient with a value below a limit, one above a limit, and pauses in the schedule."""
    patient = noisy[0]
    censoring = np.zeros(len(patient), dtype=int)
    censoring[[4, 9]] = -1, 1
    return Patient(patient.patient_id, patient.times, patient.burdens, patient.schedule, "count", censoring)
