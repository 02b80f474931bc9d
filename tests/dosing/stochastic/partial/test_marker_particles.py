"""The particle filter agrees with the exact posterior, and steers tumours that only a noisy marker shows."""

import numpy as np
import pytest

from dosing.stochastic.partial.lattice_filter import lattice_filter
from dosing.stochastic.partial.marker_policy import MarkerVisits, simulate_marker
from dosing.stochastic.partial.monitoring_value import monitoring_value
from dosing.stochastic.partial.next_cells import next_cells
from dosing.stochastic.partial.particle_filter import particle_filter, particles_around
from dosing.stochastic.simulation.forward import simulate
from dosing.stochastic.simulation.policies import MaximumDose
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting
from dynamics.drug_resistance import DRUG_RESISTANCE

DOSES = np.array([[0.0], [1.0]])
VALUES = {"gamma": 6.0, "phi_s": 15.0, "phi_r": 15.0, "mu": 1.0}
MARKERS, ROWS = [28.0, 26.0, 21.0, 24.0, 19.0, 20.0], [1, 1, 0, 0, 1]


def make(capacity):
    return SimulationSetting.define(
        DRUG_RESISTANCE, VALUES | {"K": capacity}, driver_rate=1.0, start=(0.6, 0.4)
    )


@pytest.mark.slow
def test_means_and_likelihood_are_those_of_the_exact_filter():
    setting = make(30.0)
    size = setting.edge + 1
    prior = np.zeros((size, size))
    n = np.arange(31)
    prior[n, 30 - n] = 1
    exact = lattice_filter(
        next_cells(setting, DOSES), prior, MARKERS, ROWS, visit_generations=2, sigma_log=0.2
    )
    rng = np.random.default_rng(0)
    means, likelihoods = [], []
    for k in range(16):
        a = rng.integers(0, 31, 2000)
        found = particle_filter(
            setting,
            np.column_stack([a, 30 - a]),
            MARKERS,
            ROWS,
            DOSES,
            visit_generations=2,
            sigma_log=0.2,
            seed=k,
        )
        means.append(found.mean)
        likelihoods.append(np.exp(found.log_likelihood - exact.log_likelihood))
    error = np.std(means, axis=0, ddof=1) / 4
    assert (np.abs(np.mean(means, axis=0) - exact.mean) < 4.5 * error).all()
    # the estimate of the likelihood is unbiased, its logarithm is not
    assert abs(np.mean(likelihoods) - 1) < 4 * np.std(likelihoods, ddof=1) / 4


@pytest.mark.slow
def test_it_finds_the_composition_of_a_large_tumour():
    # a strong drug: the noise of births and deaths does not shrink with K in scaled time, and hides a weak one's effect
    strong = {"gamma": 60.0, "phi_s": 200.0, "phi_r": 200.0, "mu": 1.0, "K": 1e4}
    setting = SimulationSetting.define(
        DRUG_RESISTANCE, strong, driver_rate=1.0, start=(0.3, 0.7), generations=200
    )
    truth = simulate(setting, MaximumDose(), runs=2, marks=10, seed=1).cells[0]
    rng = np.random.default_rng(2)
    markers = truth.sum(axis=1) * np.exp(0.03 * rng.standard_normal(11))
    cloud = particles_around(setting, markers[0], 0.03, 1000)
    readings = [np.nan, *markers[1:]]
    found = particle_filter(
        setting, cloud, readings, [1] * 10, DOSES, visit_generations=20, sigma_log=0.03, seed=1
    )
    before = np.abs(cloud[:, 0] / cloud.sum(axis=1) - 0.3).mean()
    after = found.particles[:, 0] / found.particles.sum(axis=1) - truth[-1, 0] / truth[-1].sum()
    assert np.abs(after).mean() < before / 4
    assert found.majority[-1] < 0.02
    assert found.mean[-1].sum() == pytest.approx(truth[-1].sum(), rel=0.06)
    assert "particles" in found.sentence


@pytest.mark.slow
def test_a_missed_visit_adds_nothing_but_time():
    setting = make(30.0)
    cloud = particles_around(setting, 30.0, 0.1, 500)
    often = particle_filter(
        setting, cloud, [30.0, np.nan, 24.0], [1, 1], DOSES, visit_generations=2, sigma_log=0.2
    )
    seldom = particle_filter(setting, cloud, [30.0, 24.0], [1], DOSES, visit_generations=4, sigma_log=0.2)
    assert often.effective[1] == pytest.approx(often.effective[0])
    assert often.mean[-1] == pytest.approx(seldom.mean[-1], abs=2)
    assert often.log_likelihood == pytest.approx(seldom.log_likelihood, abs=0.3)


@pytest.mark.slow
def test_the_loop_is_the_same_on_any_number_of_threads():
    visits = MarkerVisits(4, 0.2, particles=50)
    one, two = (simulate_marker(make(100.0), visits, runs=30, threads=k) for k in (1, 2))
    assert np.array_equal(one.runs.hazard, two.runs.hazard)
    assert ((one.effective > 0) & (one.effective <= 1)).all()
    assert "particles counted" in one.sentence


@pytest.mark.slow
def test_seldom_and_blurred_looks_cost_survival():
    values = {"gamma": 30.0, "phi_s": 60.0, "phi_r": 60.0, "mu": 1.0, "K": 400.0}
    setting = SimulationSetting.define(DRUG_RESISTANCE, values, driver_rate=2.0, start=(0.6, 0.4))
    told = []
    found = monitoring_value(
        setting, intervals=(0.01, 0.05, 0.2), noises=(0.1, 1.0), particles=100, runs=150, progress=told.append
    )
    table = found.table()
    assert len(table) == 9
    assert told[-1] == 1
    by = {label: [found.loss(runs) for runs in row] for label, row in found.curves()}
    for losses in by.values():
        # visits 0.2 K generations apart lose far more than visits 0.01 K apart
        assert losses[-1][0] - losses[0][0] > 5 * np.hypot(losses[0][1], losses[-1][1])
    (seen, seen_error), (blurred, blurred_error) = by["composition seen"][0], by["size seen, noise 1"][0]
    assert blurred - seen > 3 * np.hypot(seen_error, blurred_error)
    assert "points" in found.sentence


def test_what_cannot_be_filtered_is_refused():
    setting = make(30.0)
    cloud = particles_around(setting, 30.0, 0.1, 20)
    with pytest.raises(SimulationError, match="one dose less"):
        particle_filter(setting, cloud, MARKERS, [1], DOSES, visit_generations=2, sigma_log=0.2)
    with pytest.raises(SimulationError, match="composition_posterior"):
        particle_filter(setting, cloud, MARKERS, ROWS, DOSES, visit_generations=2, sigma_log=0.0)
    with pytest.raises(SimulationError, match="noise above zero"):
        simulate_marker(setting, MarkerVisits(2, 0.0), runs=10)
    with pytest.raises(SimulationError, match="name at least one"):
        monitoring_value(setting, intervals=())
