"""The population with its patients summed out is the population sampled with them."""

import numpy as np
import pytest
from scipy.special import logsumexp

from dynamics import DoseSchedule
from fitting.likelihood import get_likelihood
from fitting.population import fit_population
from fitting.population.conditional_draws import ConditionalDraws
from fitting.population.two_stage import build_marginal_model, draw_patients, too_few
from patients import VirtualPatient, simulate_cohort


@pytest.fixture(scope="module")
def draws():
    generator = np.random.default_rng(0)
    return ConditionalDraws(generator.normal(size=(3, 50, 5)), -generator.exponential(size=(3, 50)))


@pytest.fixture(scope="module")
def design(model):
    from fitting.bayesian.prior_set import build_priors
    from fitting.population.model import PopulationDesign

    member = get_likelihood("log_normal")
    return PopulationDesign(model, member, build_priors(model, member), np.ones(5), shared_dispersion=False)


def test_the_sum_over_draws(design, draws):
    pymc_model = build_marginal_model(design, draws)
    evaluate = pymc_model.compile_logp(vars=pymc_model.potentials)
    mu, omega = np.linspace(-0.5, 0.5, 5), np.linspace(0.4, 1.2, 5)

    def direct():
        away = (draws.points - mu) / omega
        each = draws.log_weights - 0.5 * (away**2).sum(axis=2) - np.log(omega).sum()
        return logsumexp(each, axis=1).sum()

    first = float(evaluate({"mu": mu, "omega_log__": np.log(omega)})) - direct()
    mu, omega = mu[::-1] + 0.3, 2 * omega[::-1]
    second = float(evaluate({"mu": mu, "omega_log__": np.log(omega)})) - direct()
    assert first == pytest.approx(second, abs=1e-9)  # equal up to the constant that the weights do not know


def test_patients_are_drawn_in_proportion_to_their_weights(draws):
    import xarray

    count = 4000
    mu, omega = np.zeros((2, count, 5)), np.ones((2, count, 5))
    dims = ("chain", "draw", "coordinate")
    tree = xarray.DataTree.from_dict(
        {"/posterior": xarray.Dataset({"mu": (dims, mu), "omega": (dims, omega)})}
    )
    x, effective = draw_patients(tree, draws, None, seed=3)
    weights = draws.conditional(np.zeros((3, 5)), np.eye(5))
    wanted = np.einsum("wm,wmc->wc", weights, draws.points)
    sd = np.sqrt(np.einsum("wm,wmc->wc", weights, draws.points**2) - wanted**2)
    assert np.abs(x.mean(axis=(0, 1)) - wanted).max() < 4.5 * (sd / np.sqrt(2 * count)).max()
    assert effective == pytest.approx(1 / np.sum(weights**2, axis=1))


def test_patients_with_few_draws_are_named():
    assert too_few({"a": 500.0}) == ""
    assert "P1 (12)" in too_few({"P1": 12.0, "P2": 300.0})
    assert "P2" not in too_few({"P1": 12.0, "P2": 300.0})


def test_a_shared_dispersion_needs_the_joint_method(known_patients, model):
    with pytest.raises(ValueError, match='method="joint"'):
        fit_population(
            known_patients, model, likelihood="log_normal", shared_dispersion=True, method="two-stage"
        )


@pytest.mark.slow
def test_both_methods_reach_the_same_population(model):
    # counts in the hundreds: each patient's data say far more than the population does
    generator = np.random.default_rng(4)
    mu, omega = np.log([0.12, 2.0, 0.1, 2.2]), np.array([0.5, 0.4, 0.5, 0.3])
    schedule = DoseSchedule.from_rows([(0, 45, 1.0), (45, 75, 0.0), (75, 130, 1.0), (130, 400, 0.0)])
    days = [0.0, 12, 25, 40, 55, 70, 90, 110, 130, 150]
    patients = simulate_cohort(
        model,
        [
            VirtualPatient(
                f"W{i}",
                dict(zip(model.parameter_names, np.exp(x) * np.array([1, 800.0, 1, 1]), strict=True)),
                800.0,
                days,
                schedule,
            )
            for i, x in enumerate(mu + omega * generator.standard_normal((8, 4)))
        ],
        6,
        noise="poisson",
    ).patients
    found = {
        method: fit_population(
            patients, model, likelihood="poisson", draws=400, tune=400, chains=2, seed=1, method=method
        )
        for method in ("two-stage", "joint")
    }
    assert "Too few" not in found["two-stage"].status
    for name in ("mu", "omega"):
        a, b = (found[m].draws(name) for m in ("two-stage", "joint"))
        assert np.abs((a.mean(axis=0) - b.mean(axis=0)) / b.std(axis=0)).max() < 0.35
        assert np.abs(np.log(a.std(axis=0) / b.std(axis=0))).max() < 0.35
    a, b = (found[m].draws("log_parameters") for m in ("two-stage", "joint"))
    assert np.abs((a.mean(axis=0) - b.mean(axis=0)) / b.std(axis=0)).max() < 0.35
