"""What a posterior carries: groups, units, files, and the refusal to be used where it failed."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from dynamics import get_model
from fitting.bayesian.assembly import assemble_tree
from fitting.bayesian.draw_burdens import draw_burdens
from fitting.bayesian.penalised_problem import build_penalised
from fitting.bayesian.posterior import Posterior, PosteriorStatus
from fitting.bayesian.prior_set import build_priors
from fitting.kernels.run import evaluate_jobs
from fitting.likelihood import LIKELIHOODS
from fitting.problem import build_problem


@pytest.fixture(scope="module")
def assembled(censored):
    model, likelihood = get_model("competition"), LIKELIHOODS["log_normal"]
    priors = build_priors(model, likelihood)
    problem = build_penalised([censored], model, likelihood, priors)
    coordinates = priors.mean + 0.2 * np.random.default_rng(0).normal(size=(2, 30, 5))
    tree = assemble_tree(
        problem, 0, censored, priors, coordinates, {"diverging": np.zeros((2, 30), bool)}, seed=3
    )
    posterior = Posterior(
        "beyond", model.name, "log_normal", model.parameter_names, {"V0": 90.0, "f_R": 0.01}, tree,
        PosteriorStatus.CONVERGED, "nuts", ("a warning",), {"seed": 3},
    )  # fmt: skip
    return problem, priors, coordinates, posterior


def test_log_likelihood_sums_to_that_of_the_kernels(assembled, censored):
    problem, _, coordinates, posterior = assembled
    plain = build_problem([censored], problem.model, problem.likelihood)
    q = coordinates.reshape(-1, 5) + problem.log_scale[0]
    negative = evaluate_jobs(plain, q, np.zeros(len(q), int))[0]
    found = posterior.tree["log_likelihood"].dataset["burden"].to_numpy().sum(axis=-1).ravel()
    np.testing.assert_allclose(found, -negative, rtol=1e-6)


def test_parameters_carry_the_models_units(assembled):
    _, _, coordinates, posterior = assembled
    group = posterior.tree["posterior"].dataset
    np.testing.assert_allclose(group["K"], 90.0 * np.exp(coordinates[..., 1]))
    np.testing.assert_allclose(group["r"], np.exp(coordinates[..., 0]))
    assert list(group["coordinate"].to_numpy()) == ["r", "K", "delta", "c", "dispersion"]


def test_log_prior_has_a_term_a_coordinate(assembled):
    _, priors, coordinates, posterior = assembled
    group = posterior.tree["log_prior"].dataset
    np.testing.assert_allclose(group["c"], priors.coordinates[3].log_density(coordinates[..., 3]))


def test_a_saved_posterior_comes_back(assembled, tmp_path):
    posterior = assembled[3]
    posterior.save(tmp_path / "p.nc")
    back = Posterior.load(tmp_path / "p.nc")
    for name in ("patient_id", "status", "parameter_names", "constants", "warnings", "provenance", "method"):
        assert getattr(back, name) == getattr(posterior, name)
    np.testing.assert_array_equal(back.draws, posterior.draws)
    assert set(back.tree.children) == set(posterior.tree.children)
    assert not list(tmp_path.glob("*.part"))


def test_a_file_of_something_else_is_refused(tmp_path):
    import xarray

    xarray.DataTree(xarray.Dataset({"a": ("x", [1.0])})).to_netcdf(tmp_path / "p.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="no posterior"):
        Posterior.load(tmp_path / "p.nc")


def test_a_posterior_that_failed_makes_no_ensemble(assembled):
    failed = dataclasses.replace(assembled[3], status=PosteriorStatus.NOT_CONVERGED)
    with pytest.raises(ValueError, match=r"beyond.*Did not converge"):
        failed.ensemble()
    assert "Did not converge" in failed.ensemble(10, allow_unusable=True).provenance
    ensemble = assembled[3].ensemble(20)
    assert len(ensemble) == 20
    assert "nuts" in ensemble.provenance


@pytest.mark.parametrize("name", sorted(LIKELIHOODS))
def test_drawn_burdens_have_the_likelihoods_variance(name):
    likelihood, generator = LIKELIHOODS[name], np.random.default_rng(1)
    phi = {"poisson": 1.0, "negative_binomial": 8.0, "log_normal": 0.3, "normal": 12.0}[name]
    mu = np.full(200_000, 60.0)
    drawn = draw_burdens(likelihood, mu, np.array([phi]), generator)
    variance = {
        "poisson": 60.0, "negative_binomial": 60 + 60**2 / 8, "normal": 144.0,
        "log_normal": stats.lognorm(0.3, scale=60.0).var(),
    }[name]  # fmt: skip
    assert np.var(drawn) == pytest.approx(variance, rel=0.03)
    centre = np.median(drawn) if name == "log_normal" else np.mean(drawn)
    assert centre == pytest.approx(60.0, rel=0.01)


def test_no_solution_draws_nothing():
    drawn = draw_burdens(LIKELIHOODS["poisson"], np.array([np.nan, 5.0]), None, np.random.default_rng(0))
    assert np.isnan(drawn[0])
    assert np.isfinite(drawn[1])
