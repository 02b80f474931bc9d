"""Exploration of a posterior against a grid, and its parts against each other."""

import numpy as np
import pytest
from scipy.special import logsumexp

from dynamics import get_model
from fitting.bayesian.explore import explore_cohort, line_density
from fitting.bayesian.penalised_problem import build_penalised
from fitting.bayesian.prior_set import build_priors
from fitting.kernels.run import evaluate_jobs
from fitting.likelihood import LIKELIHOODS


@pytest.mark.parametrize("name", ["poisson", "log_normal"])
def test_compiled_posterior_is_that_of_the_arrays(name, full, censored):
    model, likelihood = get_model("competition"), LIKELIHOODS[name]
    problem = build_penalised([full, censored], model, likelihood, build_priors(model, likelihood))
    generator = np.random.default_rng(0)
    q = problem.prior_mean[[0, 1, 0, 1]] + 0.5 * generator.normal(size=(4, problem.size))
    who = np.array([0, 1, 0, 1])
    for found, known in zip(evaluate_jobs(problem, q, who), problem.evaluate(q, who), strict=True):
        np.testing.assert_allclose(found, known, rtol=1e-7, atol=1e-8 * np.abs(known).max())


def test_importance_draws_agree_with_a_grid(full):
    model = get_model("competition").fix(c=2.5, K=180.0)
    likelihood = LIKELIHOODS["poisson"]
    priors = build_priors(model, likelihood)
    problem = build_penalised([full], model, likelihood, priors)
    (found,) = explore_cohort(problem, [full], priors, rounds=6, draws=1500)
    assert found is not None
    density = line_density(problem, 0, priors, found.box)
    draws, weights = found.draws.points, found.draws.weights
    low, high = (np.quantile(draws[weights > 1e-9], q, axis=0) for q in (0.0, 1.0))
    axes = [np.linspace(a, b, 201) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    log_density = density(grid)
    share = np.exp(log_density - logsumexp(log_density))
    mean, expected = weights @ draws, share @ grid
    sd = np.sqrt(share @ (grid - expected) ** 2)
    np.testing.assert_allclose(mean, expected, atol=0.05 * sd.max())
    np.testing.assert_allclose(np.sqrt(weights @ (draws - mean) ** 2), sd, rtol=0.05)
    assert found.draws.effective > 2000


def test_a_given_distribution_takes_the_place_of_its_stand_in(full):
    from scipy import stats

    model, likelihood = get_model("competition"), LIKELIHOODS["poisson"]
    given = build_priors(model, likelihood, {"r": stats.gamma(2, scale=0.1)})
    plain = build_priors(model, likelihood)
    points = plain.mean + 0.2 * np.random.default_rng(0).normal(size=(5, 4))
    rest = []
    for priors in (given, plain):
        problem = build_penalised([full], model, likelihood, priors)
        from fitting.bayesian.soft_box import SoftBox

        box = SoftBox(np.full(4, -np.inf), np.full(4, np.inf))
        density = line_density(problem, 0, priors, box)(points)
        rest.append(density - priors.log_density(points).sum(axis=1))
    # what is left of both is the likelihood, up to the constants of the priors
    np.testing.assert_allclose(np.diff(rest[0] - rest[1]), 0, atol=1e-8)


def test_draws_depend_on_the_patient_not_on_the_cohort(full, censored):
    model, likelihood = get_model("competition"), LIKELIHOODS["log_normal"]
    priors = build_priors(model, likelihood)
    alone, together = (
        explore_cohort(
            build_penalised(patients, model, likelihood, priors), patients, priors, rounds=2, draws=300
        )
        for patients in ([censored], [full, censored])
    )
    np.testing.assert_allclose(alone[0].draws.points[:50], together[1].draws.points[:50], rtol=1e-6)
