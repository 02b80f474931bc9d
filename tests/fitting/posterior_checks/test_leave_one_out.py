import dataclasses
import math

import numpy as np
import pytest
from known_posteriors import exact_left_out, gamma_poisson
from scipy import stats

from fitting.posterior_checks.leave_one_out import LooStatus, good_k, leave_one_out

CALM = [101, 96, 110, 92, 104, 99]
JUMP = [100, 98, 103, 200]


def refit(counts, shape=2.0, rate=0.02, draws=20000):
    """Log-likelihoods of a visit under draws from the posterior without it."""
    y = np.asarray(counts, float)

    def without(visit):
        rng = np.random.default_rng(100 + visit)
        others = np.delete(y, visit)
        r = rng.gamma(shape + others.sum(), 1 / (rate + others.size), size=draws)
        return stats.poisson.logpmf(y[visit], r)

    return without


def test_densities_are_those_in_closed_form():
    loo = leave_one_out(gamma_poisson(CALM))
    np.testing.assert_allclose(loo.elpd_visits, exact_left_out(CALM), atol=0.03)
    assert loo.elpd == pytest.approx(exact_left_out(CALM).sum(), abs=0.05)
    assert loo.se == pytest.approx(math.sqrt(6) * np.std(exact_left_out(CALM), ddof=1), abs=0.02)
    assert loo.status is LooStatus.GOOD
    assert loo.warnings == ()
    # one parameter is estimated; the counts scatter less than Poisson counts do, so it costs less than one
    assert 0 < loo.effective_parameters < 1


def test_the_numbers_are_those_of_arviz():
    from arviz_stats import loo as arviz_loo

    posterior = gamma_poisson(CALM)
    ours, theirs = leave_one_out(posterior), arviz_loo(posterior, pointwise=True, reff=1.0)
    np.testing.assert_allclose(ours.elpd_visits, theirs.elpd_i.values, atol=1e-3)
    np.testing.assert_allclose(ours.pareto_k, theirs.pareto_k.values, atol=0.1)
    assert ours.k_limit == theirs.good_k
    assert ours.effective_parameters == pytest.approx(theirs.p, abs=2e-3)


def test_weights_are_those_of_the_posterior_without_the_visit():
    posterior = gamma_poisson(CALM)
    loo = leave_one_out(posterior)
    r = posterior["posterior"]["r"].values
    mean = np.sum(np.exp(loo.log_weights[2]) * r)
    assert np.exp(loo.log_weights).sum(axis=(1, 2)) == pytest.approx(np.ones(6))
    assert mean == pytest.approx((2 + sum(CALM) - 110) / (0.02 + 5), rel=2e-3)


def test_a_visit_that_alone_decides_is_named_and_a_refit_answers_exactly():
    posterior = gamma_poisson(JUMP)
    loo = leave_one_out(posterior)
    assert loo.doubtful[3]
    assert loo.status in (LooStatus.DOUBTFUL, LooStatus.MOSTLY_DOUBTFUL)
    assert any(w.startswith("day 90: Pareto k") for w in loo.warnings)
    # without the visit it is predicted far worse than importance sampling admits
    exact = exact_left_out(JUMP)
    assert loo.elpd_visits[3] > exact[3] + 1
    asked = []

    def counted(visit):
        asked.append(visit)
        return refit(JUMP)(visit)

    mended = leave_one_out(posterior, counted)
    assert asked == list(np.flatnonzero(loo.pareto_k > loo.k_limit))
    assert mended.status is LooStatus.REFITTED
    assert mended.warnings == ()
    # the density lies far in a tail of these draws: Monte Carlo error, not bias
    np.testing.assert_allclose(mended.elpd_visits, exact, atol=1.2)
    assert list(mended.to_table().refitted) == list(mended.refitted)


def test_a_visit_that_no_parameter_bears_on_is_left_alone():
    posterior = gamma_poisson(CALM)
    log_likelihood = posterior["log_likelihood"].to_dataset()
    log_likelihood["burden"][:, :, 0] = -2.5
    posterior["log_likelihood"] = log_likelihood
    loo = leave_one_out(posterior)
    assert loo.elpd_visits[0] == pytest.approx(-2.5)
    assert loo.pareto_k[0] == -math.inf
    assert not loo.doubtful.any()


def test_visits_without_a_measurement_are_not_among_them():
    posterior = gamma_poisson(CALM)
    data = posterior["observed_data"].to_dataset()
    data["burden"][1] = np.nan
    posterior["observed_data"] = data
    loo = leave_one_out(posterior, refit(CALM))
    np.testing.assert_array_equal(loo.times_days, [0, 60, 90, 120, 150])
    data["burden"][:] = np.nan
    posterior["observed_data"] = data
    with pytest.raises(ValueError, match=r"patient A.*no visit has a measurement"):
        leave_one_out(posterior)


def test_log_likelihoods_that_are_not_numbers_are_refused_and_impossible_draws_are_not():
    posterior = gamma_poisson(CALM)
    log_likelihood = posterior["log_likelihood"].to_dataset()
    log_likelihood["burden"][0, 0, 1] = -np.inf
    posterior["log_likelihood"] = log_likelihood
    assert math.isfinite(leave_one_out(posterior).elpd)
    log_likelihood["burden"][0, 0, 1] = np.nan
    posterior["log_likelihood"] = log_likelihood
    with pytest.raises(ValueError, match="not numbers"):
        leave_one_out(posterior)


@pytest.mark.parametrize(("draws", "limit"), [(100, 0.5), (1000, 2 / 3), (4000, 0.7), (1, 0.0)])
def test_few_draws_lower_the_limit(draws, limit):
    assert good_k(draws) == pytest.approx(limit)


def test_most_visits_in_doubt_is_another_status():
    loo = leave_one_out(gamma_poisson(CALM))
    k = np.array([0.9, 1.2, 0.8, 0.9, 0.1, 0.2])
    assert dataclasses.replace(loo, pareto_k=k).status is LooStatus.MOSTLY_DOUBTFUL
    assert "is a different one" in dataclasses.replace(loo, pareto_k=k).warnings[1]
