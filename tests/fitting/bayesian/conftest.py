"""Patients that the tests of the posterior share."""

import numpy as np
import pytest

from dynamics.schedule import DoseSchedule
from patients.cohort import Patient

TIMES = np.array([0.0, 20.0, 45.0, 80.0, 120.0, 170.0])
BURDENS = np.array([90.0, 60.0, 12.0, 3.0, 25.0, 70.0])
SCHEDULE = DoseSchedule((0.0, 30.0, 100.0, 400.0), (1.0, 0.0, 0.5))


@pytest.fixture(scope="session")
def full() -> Patient:
    return Patient("full", TIMES, BURDENS, SCHEDULE)


@pytest.fixture(scope="session")
def censored() -> Patient:
    return Patient("beyond", TIMES, BURDENS, SCHEDULE, censoring=np.array([0, 0, 0, -1, 0, 1]))


@pytest.fixture(scope="session")
def short() -> Patient:
    return Patient("short", TIMES[:4], BURDENS[:4], SCHEDULE)
