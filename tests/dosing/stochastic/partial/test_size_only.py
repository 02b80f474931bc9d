"""Seeing the size alone: exact filters agree, and cost what they should against perfect information."""

import numpy as np
import pytest
from scipy.stats import kstest

from dosing.stochastic.birth_death import BirthDeathProblem, solve_exact
from dosing.stochastic.partial.lattice_filter import lattice_filter
from dosing.stochastic.partial.majority_filter import composition_posterior
from dosing.stochastic.partial.next_cells import next_cells
from dosing.stochastic.partial.observed import FilterVote, LastTwoSizes, simulate_observed
from dosing.stochastic.partial.size_only import compare_size_only, size_policy
from dosing.stochastic.simulation.forward import simulate
from dosing.stochastic.simulation.policies import MajorityRule, MaximumDose
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting
from dynamics.drug_resistance import DRUG_RESISTANCE

DOSES = np.array([[0.0], [1.0]])
VALUES = {"gamma": 6.0, "phi_s": 15.0, "phi_r": 15.0, "mu": 3.0}


def make(capacity, start=(0.6, 0.4)):
    return SimulationSetting.define(DRUG_RESISTANCE, VALUES | {"K": capacity}, driver_rate=1.0, start=start)


@pytest.fixture(scope="module")
def setting():
    return make(30.0)


@pytest.fixture(scope="module")
def policy(setting):
    return size_policy(setting, DOSES)


def test_the_filter_is_that_of_the_whole_lattice(setting):
    sizes, rows = [30, 27, 25, 22, 24, 23], [1, 1, 0, 0, 1]
    found = composition_posterior(setting, np.array(sizes), np.array(rows), DOSES)
    n = np.arange(31)
    prior = np.zeros((setting.edge + 1, setting.edge + 1))
    prior[n, 30 - n] = 1
    # so little noise that only one size is possible
    whole = lattice_filter(
        next_cells(setting, DOSES), prior, sizes, rows, visit_generations=1, sigma_log=1e-3
    )
    assert found.mean == pytest.approx(whole.mean[:, 0], abs=1e-10)
    density = len(sizes) * (-np.log(1e-3) - 0.5 * np.log(2 * np.pi))
    assert found.log_likelihood == pytest.approx(whole.log_likelihood - density, abs=1e-8)


def test_the_posterior_is_calibrated(setting):
    rng = np.random.default_rng(0)
    sure = []
    for k in range(400):
        # the true start is one of the compositions that the prior holds equally likely
        a = int(rng.integers(0, 31))
        course = simulate(setting.starting_at(a, 30 - a), MaximumDose(), runs=2, marks=30, seed=k).cells[
            0, :5
        ]
        sizes = course.sum(axis=1).astype(int)
        found = composition_posterior(setting, sizes, np.ones(4, int), DOSES)
        cells = np.arange(setting.edge + 1)
        below = found.probability[-1] @ (cells < course[-1, 0])
        at = found.probability[-1][int(course[-1, 0])]
        sure.append(below + rng.uniform() * at)
    assert kstest(sure, "uniform").pvalue > 1e-3


def test_the_course_of_doses_is_the_one_that_was_given(setting, policy):
    runs = simulate_observed(setting, LastTwoSizes(policy), runs=60, marks=setting.generations)
    for k in range(60):
        end = int(runs.extinct_generation[k])
        sizes = runs.cells[k].sum(axis=1).astype(int)[: end if end >= 0 else -1]
        assert np.array_equal(np.bincount(policy.course(sizes), minlength=2), runs.generations_under[k])
    assert "promises" in policy.sentence


def test_one_type_alone_is_steered_as_with_perfect_information():
    # without mutation, and with one type only, a first size says nothing but the next ones do; with the prior on the
    # truth the filter's vote must be the majority rule: all cells sensitive, so always the drug
    setting = SimulationSetting.define(
        DRUG_RESISTANCE, VALUES | {"mu": 0.0, "K": 30.0}, driver_rate=1.0, start=(1.0, 0.0)
    )
    seen = simulate(setting, MajorityRule(), runs=200)
    assert seen.generations_under[:, 0].sum() == 0
    hidden = simulate_observed(setting, FilterVote(), runs=200)
    assert hidden.generations_under[:, 0].sum() > 0
    assert hidden.value < seen.value


def test_threads_change_nothing(setting):
    one, two = (simulate_observed(setting, FilterVote(), runs=60, threads=k) for k in (1, 2))
    assert np.array_equal(one.hazard, two.hazard)


@pytest.mark.slow
def test_each_way_of_looking_is_better_than_the_one_before():
    values = {"gamma": 10.0, "phi_s": 30.0, "phi_r": 30.0, "mu": 10.0, "K": 60.0}
    setting = SimulationSetting.define(DRUG_RESISTANCE, values, driver_rate=1.0, start=(0.6, 0.4))
    table = solve_exact(BirthDeathProblem.define(DRUG_RESISTANCE, values, driver_rate=1.0))
    found = compare_size_only(setting, table, size_policy(setting, DOSES), runs=1500)
    by = {runs.policy: runs for runs in found.runs}
    blind, two, filtered, perfect = (
        by[k] for k in ("MTD", "last two sizes", "filter, majority", "perfect information")
    )
    assert found.step(blind, two).separated
    # all sizes are no worse than the last two
    step = found.step(two, filtered)
    assert step.gain > -3 * step.error
    assert found.step(filtered, perfect).separated
    assert abs(perfect.value - table.value_at(36, 24)) < 4 * perfect.value_error + 1e-3


def test_a_policy_of_another_tumour_is_refused(policy):
    with pytest.raises(SimulationError, match="compute the policy for this setting"):
        simulate_observed(make(40.0), LastTwoSizes(policy), runs=10)
    with pytest.raises(SimulationError, match="particle filter"):
        simulate_observed(make(1000.0), FilterVote(), runs=10)
    with pytest.raises(SimulationError, match="one dose less"):
        composition_posterior(make(30.0), np.array([3, 4]), np.array([1, 1]), DOSES)
