import numpy as np
import pytest
from known_posteriors import gamma_poisson, normal_pairs

from fitting.posterior_checks.reading import (
    PosteriorContentError,
    log_prior_draws,
    measured,
    scalar_draws,
    visit_draws,
)


def test_scalars_are_the_parameters_and_not_the_vector_of_their_logarithms():
    posterior = normal_pairs({"r": (0.0, 1.0), "K": (1.0, 2.0)})
    assert list(scalar_draws(posterior)) == ["r", "K"]
    assert scalar_draws(posterior)["K"].shape == (4, 1000)
    assert set(log_prior_draws(posterior)) == {"r", "K"}


def test_visits_come_last_whatever_the_order_in_the_file():
    posterior = gamma_poisson([5, 7, 6])
    turned = posterior["log_likelihood"].to_dataset().transpose("visit", "draw", "chain")
    straight = visit_draws(posterior, "log_likelihood")
    posterior["log_likelihood"] = turned
    np.testing.assert_array_equal(visit_draws(posterior, "log_likelihood"), straight)


def test_days_and_burdens_are_read_and_no_censoring_means_none():
    data = measured(gamma_poisson([5, 7, 6]))
    np.testing.assert_array_equal(data.times_days, [0, 30, 60])
    np.testing.assert_array_equal(data.burdens, [5, 7, 6])
    np.testing.assert_array_equal(data.censoring, [0, 0, 0])


def test_what_is_missing_is_named_with_the_patient():
    posterior = gamma_poisson([5, 7, 6], patient_id="MEL02", model="logistic")
    del posterior["log_likelihood"]
    with pytest.raises(PosteriorContentError, match=r"patient MEL02, model logistic: .*no group 'log_likeli"):
        visit_draws(posterior, "log_likelihood")
    with pytest.raises(PosteriorContentError, match="no scalar variable"):
        scalar_draws(posterior, "posterior_predictive")
    with pytest.raises(PosteriorContentError, match="no variable 'burden'"):
        visit_draws(posterior, "posterior")
