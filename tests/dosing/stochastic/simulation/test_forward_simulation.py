"""Forward simulations agree with NumPy, with dynamic programming, and with themselves on any number of threads."""

import numpy as np
import pytest

from dosing.stochastic.birth_death import BirthDeathProblem, solve_exact
from dosing.stochastic.edge_rule import EdgeRule
from dosing.stochastic.process_kernel import rates_at
from dosing.stochastic.simulation.compare import predictions
from dosing.stochastic.simulation.forward import simulate
from dosing.stochastic.simulation.policies import Adaptive, MajorityRule, MaximumDose, Metronomic, NoDrug
from dosing.stochastic.simulation.runs import wilson_band
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting
from dynamics.drug_resistance import DRUG_RESISTANCE

VALUES = {"gamma": 10.0, "phi_s": 30.0, "phi_r": 30.0, "mu": 1.0, "K": 60.0}


@pytest.fixture
def setting():
    return SimulationSetting.define(DRUG_RESISTANCE, VALUES, driver_rate=1.0, start=(0.6, 0.4))


@pytest.fixture(scope="module")
def table():
    problem = BirthDeathProblem.define(DRUG_RESISTANCE, VALUES | {"K": 30.0}, driver_rate=1.0)
    return solve_exact(problem, keep_stages=True)


def by_numpy(setting, dose_at, runs=2000):
    """Simulate with NumPy's own generator, all runs side by side."""
    rng = np.random.default_rng(5)
    cells = np.tile(np.array(setting.start, dtype=float), (runs, 1))
    hazard = np.zeros(runs)
    for t in range(setting.generations):
        hazard += setting.driver_chance_per_cell * cells.sum(axis=1)
        births, deaths = rates_at(setting.process, cells, np.array([dose_at(t)]), setting.constants)
        cells = np.clip(cells + rng.poisson(births) - rng.poisson(deaths), 0, setting.edge)
    values = np.exp(-hazard)
    return values.mean(), values.std() / np.sqrt(runs), (cells.sum(axis=1) == 0).mean()


@pytest.mark.parametrize(
    ("policy", "dose_at"),
    [
        (NoDrug(), lambda t: 0.0),
        (MaximumDose(), lambda t: 1.0),
        (Metronomic(4, 7, starts_on=False), lambda t: float(t % 11 >= 7)),
    ],
)
def test_values_are_those_of_numpy(setting, policy, dose_at):
    mean, error, extinct = by_numpy(setting, dose_at)
    found = simulate(setting, policy, runs=4000)
    assert abs(found.value - mean) < 4 * np.hypot(error, found.value_error)
    assert abs(found.extinct - extinct) < 4 * np.sqrt(0.5 / 4000)
    low, high = wilson_band(round(found.without_event * 4000), 4000, level=0.9999)
    assert low < found.value < high


def test_the_number_of_threads_changes_nothing(setting):
    one, two = (simulate(setting, MajorityRule(), runs=120, seed=4, threads=k) for k in (1, 2))
    assert np.array_equal(one.hazard, two.hazard)
    assert np.array_equal(one.cells, two.cells)
    assert np.array_equal(one.driver_generation, two.driver_generation)


def test_common_random_numbers_make_a_difference_small(setting):
    a = simulate(setting, Metronomic(6, 6), runs=2000, seed=1).values
    b = simulate(setting, Metronomic(6, 7), runs=2000, seed=1).values
    c = simulate(setting, Metronomic(6, 7), runs=2000, seed=2).values
    assert np.std(b - a) < 0.8 * np.std(c - a)


def test_predictions_are_exact_at_the_tables_own_capacity(table):
    found = predictions(table, runs=8000)
    assert len(found) == 6
    assert max(abs(p.deviation) for p in found) < 4


@pytest.mark.parametrize("rule", list(EdgeRule))
def test_predictions_hold_with_visits_costs_and_either_edge(rule):
    problem = BirthDeathProblem.define(
        DRUG_RESISTANCE, VALUES | {"K": 24.0}, driver_rate=1.0, visit_generations=3, drug_cost=0.01, edge_rule=rule,
        edge=1.25,
    )  # fmt: skip
    found = predictions(solve_exact(problem, keep_stages=True), starts=((0.6, 0.4), (0.2, 0.8)), runs=8000)
    assert max(abs(p.deviation) for p in found) < 4
    assert any(np.isinf(p.runs.hazard).any() for p in found) == (rule is EdgeRule.LOST)


def test_a_table_steers_a_larger_tumour_like_the_majority_where_that_is_best(table):
    # symmetric rates: the control of the table is the majority rule but for states near the diagonal
    setting = SimulationSetting.of_table(table, start=(0.3, 0.6), capacity=300)
    assert (setting.generations, setting.edge) == (300, 450)
    adaptive, majority = simulate(setting, Adaptive(table)), simulate(setting, MajorityRule())
    assert adaptive.value == pytest.approx(majority.value, abs=0.01)
    assert adaptive.value > simulate(setting, MaximumDose()).value + 0.1


def test_the_record_is_consistent(setting):
    runs = simulate(setting, MaximumDose(), runs=300, marks=setting.generations)
    total = runs.cells[:, :-1].sum(axis=2).sum(axis=1) * setting.driver_chance_per_cell
    assert np.allclose(runs.hazard[:, -1], total)
    died = runs.extinct_generation >= 0
    assert 0 < died.sum() < 300
    gone = runs.cells[np.flatnonzero(died), runs.extinct_generation[died]]
    before = runs.cells[np.flatnonzero(died), runs.extinct_generation[died] - 1]
    assert gone.sum() == 0 < before.sum(axis=1).min()
    treated = np.where(died, runs.extinct_generation, setting.generations)
    assert np.array_equal(runs.generations_under[:, 1], treated)
    share, low, high = runs.survival()
    assert share[-1] == runs.without_event
    assert (low <= share).all()
    assert (share <= high).all()
    assert str(runs.runs) in runs.sentence


def test_the_band_is_wilsons():
    from scipy.stats import norm

    low, high = wilson_band(np.array([0, 7, 50]), 50)
    z = norm.ppf(0.975)
    # the band's ends are the chances from which the share is z standard deviations away
    for share, ends in zip((0, 0.14, 1), zip(low, high, strict=True), strict=True):
        for p in ends:
            assert (share - p) ** 2 == pytest.approx(z**2 * p * (1 - p) / 50, abs=1e-12)


def test_what_cannot_be_simulated_is_refused(setting, table):
    with pytest.raises(SimulationError, match="outside 0 to 90"):
        setting.starting_at(100, 0)
    with pytest.raises(SimulationError, match="give generations"):
        SimulationSetting.define(DRUG_RESISTANCE, VALUES, driver_rate=0.0, start=(0.5, 0.5))
    with pytest.raises(SimulationError, match="at least two runs"):
        simulate(setting, NoDrug(), runs=1)
    with pytest.raises(SimulationError, match="one of them longer"):
        Metronomic(0, 0)
    with pytest.raises(SimulationError, match="at least one"):
        simulate(setting, MajorityRule(visit_generations=0))
