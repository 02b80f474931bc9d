"""Approximate posteriors of a cohort against a brute-force grid, and what becomes of patients who fail."""

import numpy as np
import pytest
import scipy.stats
from scipy.special import logsumexp

from dynamics import DoseSchedule, get_model
from dynamics.model import ModelError
from fitting.approximate import approximate_cohort, chunk
from fitting.bayesian.posterior import Posterior, PosteriorStatus
from fitting.maximum_likelihood import FitFailure
from fitting.posterior_checks.convergence import check_convergence
from patients import Patient

DAYS = np.array([0.0, 10, 25, 40, 60, 90, 120])
BURDENS = {
    "P1": [100.0, 141, 223, 296, 371, 398, 402],
    "P2": [80.0, 88, 97, 119, 140, 171, 214],
    "P3": [60.0, 90, 130, 150, 155, 166, 149],
}
MODEL = get_model("logistic").fix(delta=0.0)


def patient(name):
    return Patient(name, DAYS, np.array(BURDENS[name]), DoseSchedule.constant(0.0))


def grid(name):
    """Posterior weights on a fine grid of log r and log K/V0, from the closed solution of the logistic equation."""
    priors = {p.name: p.prior for p in MODEL.parameters}
    burdens = np.array(BURDENS[name])
    log_r, log_k = np.meshgrid(np.linspace(-8, 0, 500), np.linspace(-0.2, 6.5, 500), indexing="ij")
    k = np.exp(log_k)[..., None]
    mu = burdens[0] * k / (1 + (k - 1) * np.exp(-np.exp(log_r)[..., None] * DAYS))
    total = scipy.stats.poisson.logpmf(burdens, mu).sum(axis=-1)
    for q, prior in ((log_r, priors["r"]), (log_k, priors["K"])):
        assert prior is not None
        total += scipy.stats.norm.logpdf(q, np.log(prior.median), prior.sigma)
    total[np.exp(log_r) < 1e-4] = -np.inf
    return log_r, log_k, np.exp(total - logsumexp(total))


@pytest.fixture(scope="module")
def weighed():
    return approximate_cohort([patient(name) for name in BURDENS], MODEL, draws=4000, seed=2)


@pytest.mark.parametrize("place", range(3))
def test_importance_agrees_with_a_grid(weighed, place):
    posterior = weighed[place]
    assert isinstance(posterior, Posterior)
    assert posterior.status == PosteriorStatus.IMPORTANCE
    assert posterior.usable
    assert posterior.warnings == ()
    *axes, weights = grid(posterior.patient_id)
    effective = posterior.provenance["approximation"]["effective_draws"]
    # P2 is far from its carrying capacity: the posterior of K is wide and skewed
    drawn = np.moveaxis(np.asarray(posterior.tree["posterior"]["log_parameters"]), -1, 0)
    for q, values in zip(axes, drawn, strict=True):
        mean = np.sum(weights * q)
        sd = np.sqrt(np.sum(weights * (q - mean) ** 2))
        error = sd * np.sqrt(1 / effective + 1 / 4000)
        assert values.mean() == pytest.approx(mean, abs=4.5 * error)
        assert values.std() == pytest.approx(sd, rel=0.15)
        for share in (0.05, 0.5, 0.95):
            below = np.sum(weights[q <= np.quantile(values, share)])
            assert below == pytest.approx(share, abs=4.5 * np.sqrt(share * (1 - share) / effective) + 0.005)


def test_the_groups_are_those_of_a_sampled_posterior(weighed):
    tree = weighed[0].tree
    assert set(tree.children) == {
        "posterior", "sample_stats", "log_likelihood", "log_prior", "posterior_predictive", "prior",
        "prior_predictive", "observed_data",
    }  # fmt: skip
    assert dict(tree["posterior"].sizes) == {"chain": 4, "draw": 1000, "coordinate": 2}
    assert set(tree["sample_stats"].data_vars) == {"log_weight", "diverging", "pareto_k"}
    burden = np.array(BURDENS["P1"])
    mu = np.asarray(tree["posterior_predictive"]["mu"])
    expected = scipy.stats.poisson.logpmf(burden, mu)
    assert np.asarray(tree["log_likelihood"]["burden"]) == pytest.approx(expected, abs=1e-6)
    assert check_convergence(tree).good  # independent draws in four chains


def test_laplace_says_that_it_is_one(weighed):
    (found,) = approximate_cohort([patient("P1")], MODEL, method="laplace", draws=4000)
    assert isinstance(found, Posterior)
    assert found.status == PosteriorStatus.APPROXIMATE
    assert not found.usable
    assert found.method == "laplace"
    assert found.provenance["approximation"]["curvature"] == "observed"
    log_r, _, weights = grid("P1")
    mean = np.sum(weights * log_r)
    sd = np.sqrt(np.sum(weights * (log_r - mean) ** 2))
    drawn = np.asarray(found.tree["posterior"]["log_parameters"])[..., 0]
    assert drawn.mean() == pytest.approx(mean, abs=0.2 * sd)
    assert drawn.std() == pytest.approx(sd, rel=0.15)


def test_a_posterior_does_not_depend_on_the_cohort(weighed):
    (alone,) = approximate_cohort([patient("P2")], MODEL, draws=4000, seed=2)
    assert isinstance(alone, Posterior)
    assert np.array_equal(alone.draws, weighed[1].draws)


def test_saved_and_loaded(weighed, tmp_path):
    weighed[0].save(tmp_path / "posterior.nc")
    again = Posterior.load(tmp_path / "posterior.nc")
    assert again.status == weighed[0].status
    assert again.provenance["approximation"] == weighed[0].provenance["approximation"]
    assert np.array_equal(again.draws, weighed[0].draws)


def test_weights_that_stay_uneven_are_not_believed(monkeypatch):
    # a normal that is far too narrow, and no further attempts
    real = chunk.laplace_cohort

    def narrow(*arguments, **options):
        import dataclasses

        return [
            dataclasses.replace(one, covariance=1e-3 * one.covariance) for one in real(*arguments, **options)
        ]

    monkeypatch.setattr(chunk, "laplace_cohort", narrow)
    monkeypatch.setattr(chunk, "ADAPTATIONS", ((0, 60),))
    (found,) = approximate_cohort([patient("P2")], MODEL, draws=400)
    assert isinstance(found, Posterior)
    assert found.status == PosteriorStatus.NOT_CONVERGED
    assert not found.usable
    assert found.warnings[0].startswith("importance weights not to be believed: Pareto k")
    assert found.warnings[0].endswith("sample with NUTS")


def test_a_patient_who_fails_takes_nobody_along(monkeypatch):
    one_visit = Patient("P0", DAYS[:1], np.array([5.0]), DoseSchedule.constant(0.0))
    real = chunk._posterior

    def breaks(problem, w, patient, *more):
        if patient.patient_id == "P3":
            raise FloatingPointError("no number")
        return real(problem, w, patient, *more)

    monkeypatch.setattr(chunk, "_posterior", breaks)
    seen = []
    found = approximate_cohort(
        [one_visit, *map(patient, BURDENS)], MODEL, method="laplace", draws=40,
        progress=lambda *counts: seen.append(counts),
    )  # fmt: skip
    assert found[0] == FitFailure("P0", "one visit only: a trend needs at least two")
    assert [type(one) for one in found[1:]] == [Posterior, Posterior, FitFailure]
    assert found[3] == FitFailure("P3", "FloatingPointError: no number")
    assert seen == [(2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"method": "guess"}, "unknown method 'guess'"), ({"draws": 10}, "10 draws cannot be shared by four")],
)
def test_what_cannot_be_asked_for(options, message):
    with pytest.raises(ValueError, match=message):
        approximate_cohort([patient("P1")], MODEL, **options)


def test_a_prior_of_no_parameter():
    with pytest.raises(ModelError, match="prior of x"):
        approximate_cohort([patient("P1")], MODEL, priors={"x": scipy.stats.gamma(2.0)})
