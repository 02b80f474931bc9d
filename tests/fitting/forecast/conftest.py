"""Patients whose course is written down, for forecasts that can be computed by hand."""

import numpy as np
import pytest

from dynamics import DoseSchedule
from fitting.forecast import CohortContext, first_visits, split_cohort
from patients import Patient


def wavering(count=24, visits=12, seed=1):
    """Decay and regrowth with rates of their own, visits at days of their own, 10 % noise."""
    generator = np.random.default_rng(seed)
    patients = []
    for i in range(count):
        days = np.cumsum(generator.integers(20, 40, visits)).astype(float) - 20.0
        decay, growth = np.exp(generator.normal([-4.0, -5.3], 0.3))
        curve = 50 * (0.8 * np.exp(-decay * (days - days[0])) + 0.2 * np.exp(growth * (days - days[0])))
        burdens = curve * np.exp(0.1 * generator.standard_normal(visits))
        patients.append(Patient(f"W{i:02d}", days, burdens, DoseSchedule.constant(1.0), marker="mm"))
    return tuple(patients)


@pytest.fixture(scope="session")
def cohort():
    return wavering()


@pytest.fixture(scope="session")
def splits(cohort):
    return split_cohort(cohort, first_visits(7))[0]


@pytest.fixture(scope="session")
def context(splits):
    return CohortContext.of(splits)


@pytest.fixture(scope="session")
def straight():
    """Ten patients on exact exponentials, each with its own rate."""
    days = np.arange(10) * 10.0
    rates = np.linspace(-0.02, 0.02, 10)
    return tuple(
        Patient(f"S{i}", days, 5.0 * np.exp(rate * days), DoseSchedule.constant(0.0))
        for i, rate in enumerate(rates)
    )
