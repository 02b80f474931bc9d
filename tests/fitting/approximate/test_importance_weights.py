"""Smoothed weights, their verdict, resampling."""

import numpy as np
import pytest
import scipy.stats
from scipy.special import logsumexp

from fitting.approximate.importance import resample, smooth
from fitting.bayesian.curved_map import linear_map
from fitting.bayesian.importance import Mixture


def weights_of_normal(proposal_sd, count=4000):
    """Log weights of a standard normal from a normal of another width."""
    x = np.random.default_rng(7).normal(0, proposal_sd, count)
    return scipy.stats.norm.logpdf(x) - scipy.stats.norm.logpdf(x, 0, proposal_sd)


def test_a_wide_proposal_is_good():
    found = smooth(weights_of_normal(1.3))
    assert found.usable
    assert found.pareto_k < 0.5
    assert found.verdict.startswith("good")
    assert found.effective > 3000
    assert logsumexp(found.log_weights) == pytest.approx(0, abs=1e-12)


def test_a_narrow_proposal_is_not_to_be_believed():
    # the tail of these weights has the shape 1 - 0.3^2 = 0.91
    found = smooth(weights_of_normal(0.3))
    assert found.pareto_k > 0.7
    assert not found.usable
    assert found.verdict.startswith("not to be believed: Pareto k")
    assert found.verdict.endswith("sample with NUTS")


def test_between_the_limits():
    found = smooth(weights_of_normal(0.6))  # shape 1 - 0.6^2 = 0.64
    assert found.verdict.startswith("usable")


def test_too_few_effective_draws():
    found = smooth(weights_of_normal(1.3, 300))
    assert found.pareto_k < 0.5
    assert not found.usable
    assert "of which 400 are needed" in found.verdict


def test_even_weights():
    found = smooth(np.full(1000, 3.0))
    assert found.effective == pytest.approx(1000)
    assert found.usable


def test_draws_without_density_get_no_weight():
    log_weights = weights_of_normal(1.3)
    log_weights[::7] = -np.inf
    found = smooth(log_weights)
    assert np.all(np.isneginf(found.log_weights[::7]))
    assert np.isfinite(np.delete(found.log_weights, np.s_[::7])).all()
    assert logsumexp(found.log_weights) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("bad", [[np.nan, 0.0], [-np.inf, -np.inf], [np.inf, 0.0]])
def test_weights_that_are_none(bad):
    with pytest.raises(ValueError, match="must be numbers"):
        smooth(np.array(bad))


def test_resampling_keeps_the_shares():
    weights = np.array([0.5, 0.0, 0.3, 0.2])
    with np.errstate(divide="ignore"):
        chosen = resample(np.log(weights), 1001, np.random.default_rng(3))
    assert np.abs(np.bincount(chosen, minlength=4) - 1001 * weights).max() < 1
    assert not np.all(np.diff(chosen) >= 0)  # in random order


def test_the_mixture_counts_every_proposal_at_every_point():
    generator = np.random.default_rng(2)
    parts = [
        (linear_map(np.zeros(2), np.diag([1.0, 4.0])), 50),
        (linear_map(np.array([3.0, 0.0]), np.array([[1.0, 0.5], [0.5, 1.0]])), 70),
        (linear_map(np.array([0.0, -1.0]), np.eye(2)), 30),
    ]
    mixture = Mixture(None)
    for part, count in parts:
        mixture.add(part, part.forward(generator.standard_t(5, size=(count, 2)))[0])
    direct = []
    for part, count in parts:
        z, volume = part.inverse(mixture.points)
        narrow = np.log(0.75) + scipy.stats.t(5).logpdf(z).sum(axis=1)
        wide = np.log(0.25) + scipy.stats.t(5, scale=2.5).logpdf(z).sum(axis=1)
        direct.append(np.log(count) + np.logaddexp(narrow, wide) - volume)
    assert mixture.log_density == pytest.approx(logsumexp(direct, axis=0), abs=1e-10)
    assert len(mixture.points) == 150
