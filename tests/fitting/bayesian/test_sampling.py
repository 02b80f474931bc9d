"""Samplers against importance sampling, and what becomes of a posterior that fails."""

import numpy as np
import pytest

from dynamics import get_model
from fitting.bayesian import PosteriorStatus, SamplingOptions, sample_cohort
from fitting.bayesian import cohort as cohort_module
from fitting.maximum_likelihood import FitFailure
from fitting.posterior_checks.convergence import check_convergence
from patients.cohort import Patient


@pytest.fixture(scope="module")
def model():
    return get_model("competition").fix(c=2.5, K=180.0)


@pytest.mark.slow
def test_nuts_agrees_with_importance_sampling(full, short, model):
    from fitting.approximate import approximate_cohort

    lone = Patient("lone", np.array([0.0]), np.array([50.0]), full.schedule)
    seen = []
    sampled = sample_cohort(
        [full, lone, short], model, likelihood="poisson", options=SamplingOptions(draws=800, tune=500),
        progress=lambda who, shares: seen.append((who, shares)),
    )  # fmt: skip
    assert isinstance(sampled[1], FitFailure)
    assert "one visit" in sampled[1].reason
    weighed = approximate_cohort([full, short], model, likelihood="poisson", draws=4000)
    for nuts, other in zip((sampled[0], sampled[2]), weighed, strict=True):
        assert nuts.status is PosteriorStatus.CONVERGED
        assert check_convergence(nuts.tree).good
        for share in (0.1, 0.5, 0.9):
            apart = np.log(np.quantile(nuts.draws, share, axis=0) / np.quantile(other.draws, share, axis=0))
            assert np.all(np.abs(apart) < 0.15 * np.log(nuts.draws).std(axis=0))
    assert {who for who, _ in seen} == {"full", "short"}
    assert all(len(shares) in (0, 4) for _, shares in seen)


def test_a_posterior_that_fails_twice_is_marked(full, model, monkeypatch):
    seeds = []

    def stuck(problem, priors, data, options, seed, *_):
        from fitting.bayesian.sampling import Sampled

        seeds.append((seed, options.target_accept))
        chains = np.random.default_rng(seed).normal(size=(4, 200, 2)) * 0.01
        chains += np.arange(4)[:, None, None]
        return Sampled(priors.mean + 0.1 * chains, {"diverging": np.zeros((4, 200), bool)})

    monkeypatch.setattr(cohort_module, "_sample", stuck)
    (posterior,) = sample_cohort([full], model, likelihood="poisson")
    assert posterior.status is PosteriorStatus.NOT_CONVERGED
    assert not posterior.usable
    assert len(posterior.warnings) == 2
    assert seeds[1][0] != seeds[0][0]
    assert seeds[1][1] > seeds[0][1]


def test_an_error_of_the_sampler_is_that_patients_alone(full, short, model, monkeypatch):
    def broken(problem, priors, data, options, seed, patient_id, progress):
        from fitting.bayesian.sampling import Sampled

        if patient_id == "full":
            raise RuntimeError("no memory left")
        draws = np.random.default_rng(seed).normal(size=(4, 500, 2)) * 0.05
        return Sampled(priors.mean + draws, {"diverging": np.zeros((4, 500), bool)})

    monkeypatch.setattr(cohort_module, "_sample", broken)
    first, second = sample_cohort([full, short], model, likelihood="poisson")
    assert isinstance(first, FitFailure)
    assert "no memory left" in first.reason
    assert second.status is PosteriorStatus.CONVERGED


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"sampler": "gibbs"}, "nutpie"), ({"draws": 0}, "at least 1"), ({"target_accept": 1.2}, "acceptance")],
)
def test_impossible_settings_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        SamplingOptions(**settings)
