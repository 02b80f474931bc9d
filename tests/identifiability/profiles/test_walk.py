"""Walkers compiled with the model against the same text run as plain Python."""

import dataclasses

import numpy as np
import pytest

from dynamics import get_model
from dynamics.schedule import DoseSchedule
from fitting.likelihood import get_likelihood
from fitting.maximum_likelihood import fit_cohort
from fitting.problem import CohortProblem, build_problem
from identifiability.profiles.profile_settings import ProfileSettings
from identifiability.profiles.search import ProfileSearch
from patients.virtual import VirtualPatient, simulate_cohort


class Uncompiled(CohortProblem):
    """The same problem, told to run as Python."""


@pytest.fixture(scope="module")
def setting():
    model = get_model("competition")
    schedule = DoseSchedule((0.0, 60.0, 120.0, 400.0), (1.0, 0.0, 0.7))
    virtual = VirtualPatient(
        "walked",
        {"r": 0.12, "K": 900.0, "delta": 0.1, "c": 2.2},
        400.0,
        (0, 30, 60, 90, 130, 180),
        schedule,
    )
    cohort = simulate_cohort(model, [virtual], seed=4)
    patients = list(cohort.patients)
    fits = fit_cohort(patients, model, likelihood="poisson")
    problem = build_problem(patients, model, get_likelihood("poisson"), rtol=1e-7)
    fields = {f.name: getattr(problem, f.name) for f in dataclasses.fields(CohortProblem)}
    return problem, Uncompiled(**fields), fits


def test_compiled_walkers_find_the_profiles_of_plain_ones(setting):
    compiled, plain, fits = setting
    assert compiled.is_compiled
    assert not plain.is_compiled
    searches = [ProfileSearch(p, fits, ProfileSettings(points=21, near_points=4)) for p in (compiled, plain)]
    for search in searches:
        search.exchange()
    for fast, slow in zip(searches[0].lines, searches[1].lines, strict=True):
        limit = searches[0].best_nll[0] + searches[0].settings.threshold
        inside = slow.grid[slow.nll < limit]
        assert len(inside) > 2
        common = np.isin(np.round(slow.grid, 9), np.round(fast.grid, 9)) & (slow.nll < limit)
        there = np.isin(np.round(fast.grid, 9), np.round(slow.grid[common], 9))
        # where a floor is flat, rounding decides how far down it a walker gets before it goes on
        difference = np.abs(fast.nll[there] - slow.nll[common])
        assert np.median(difference) < 1e-3
        assert difference.max() < 0.1
