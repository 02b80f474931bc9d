"""The PyMC model against the workbench's own likelihood, prior and kernels: two ways to one density."""

import numpy as np
import preliz as pz
import pymc as pm
import pytensor
import pytest

from dynamics import get_model
from dynamics.prior import Prior
from fitting.bayesian.course_data import CourseData
from fitting.bayesian.curved_map import linear_map
from fitting.bayesian.output_op import ModelOutputs
from fitting.bayesian.penalised_problem import build_penalised
from fitting.bayesian.prior_set import build_priors
from fitting.bayesian.pymc_model import build_pymc_model
from fitting.bayesian.soft_box import SoftBox
from fitting.kernels.run import evaluate_jobs
from fitting.likelihood import LIKELIHOODS
from fitting.problem import build_problem

CASES = [
    *[(name, "full", None) for name in sorted(LIKELIHOODS)],
    *[(name, "beyond", None) for name in ("poisson", "log_normal", "normal")],
    ("log_normal", "full", {"r": pz.Gamma(2, 10), "dispersion": Prior(0.3, 2.0)}),
]


def one(name, who, given, patients):
    model, likelihood = get_model("competition"), LIKELIHOODS[name]
    priors = build_priors(model, likelihood, given)
    problem = build_penalised([patients[who]], model, likelihood, priors, rtol=1e-9)
    centre = priors.normal_mean
    data = CourseData.of(problem, 0, priors, linear_map(centre, 0.04 * np.eye(len(centre))))
    return problem, priors, data, build_pymc_model(model, likelihood, priors, data, rtol=1e-9)


@pytest.fixture(scope="module")
def patients(full, censored):
    return {"full": full, "beyond": censored}


@pytest.mark.parametrize(("name", "who", "given"), CASES)
def test_density_is_likelihood_plus_prior_plus_volume(name, who, given, patients):
    problem, priors, data, pymc_model = one(name, who, given, patients)
    log_density = pymc_model.compile_logp(mode="FAST_COMPILE")
    plain = build_problem([patients[who]], problem.model, problem.likelihood, rtol=1e-9)
    box = SoftBox(priors.lower, priors.upper)
    for z in np.random.default_rng(0).normal(size=(4, len(priors.names))):
        line, volume = data.map.forward(z[None])
        q = box.to_box(line)[0]
        negative = evaluate_jobs(plain, (q + problem.log_scale[0])[None], np.zeros(1, int))[0][0]
        expected = -negative + priors.log_density(q).sum() + volume[0] + box.log_slope(line).sum()
        assert log_density({"log_parameters_whitened__": z}) == pytest.approx(expected, rel=1e-8)


def test_gradient_is_that_of_finite_differences(patients):
    _, priors, _, pymc_model = one("log_normal", "beyond", None, patients)
    value, gradient = (
        make(mode="FAST_COMPILE") for make in (pymc_model.compile_logp, pymc_model.compile_dlogp)
    )
    z = np.random.default_rng(1).normal(size=len(priors.names))
    found = gradient({"log_parameters_whitened__": z})
    for n in range(len(z)):
        step = np.eye(len(z))[n] * 1e-5
        up, down = (value({"log_parameters_whitened__": z + s}) for s in (step, -step))
        assert found[n] == pytest.approx((up - down) / 2e-5, rel=1e-5, abs=1e-5)


def test_the_op_gives_the_same_compiled_as_interpreted(full):
    model = get_model("competition")
    problem = build_problem([full, full], model, LIKELIHOODS["poisson"])
    c = problem.courses
    n, m = int(c.n_times[0]), int(c.n_switches[0])
    q = np.log(np.array([[0.05, 150.0, 0.1, 2.0], [0.1, 200.0, 0.2, 1.5]]))
    inputs = [
        q, c.constants, np.tile(c.times[0, :n], 2), c.n_times, np.tile(c.switches[0, :m], 2),
        np.tile(c.doses[0, :m], (2, 1)), c.n_switches,
    ]  # fmt: skip
    graph = ModelOutputs(model, 1e-9)(*inputs)
    compiled = pytensor.function([], list(graph), mode="NUMBA")()
    interpreted = pytensor.function([], list(graph), mode="FAST_COMPILE")()
    mu, dy, _ = build_problem([full, full], model, LIKELIHOODS["poisson"], rtol=1e-9).outputs(
        q, np.arange(2), sensitive=True
    )
    for found in (compiled, interpreted):
        np.testing.assert_allclose(found[0], mu.ravel(), rtol=1e-9)
        np.testing.assert_allclose(found[1], dy.reshape(-1, 4), rtol=1e-6, atol=1e-9)


def test_a_user_may_extend_the_model(patients):
    _, _, _, pymc_model = one("poisson", "full", None, patients)
    before = pymc_model.compile_logp(mode="FAST_COMPILE")
    point = {"log_parameters_whitened__": np.full(4, 0.3)}
    plain = before(point)
    with pymc_model:
        drawn = pm.sample_prior_predictive(
            20, random_seed=1, var_names=["r", "burden"], compile_kwargs={"mode": "FAST_COMPILE"}
        )
        pm.Potential("c_near_three", -0.5 * (pymc_model["c"] - 3.0) ** 2)
    c = np.exp(build_priors(get_model("competition"), LIKELIHOODS["poisson"]).mean[3] + 0.2 * 0.3)
    assert pymc_model.compile_logp(mode="FAST_COMPILE")(point) - plain == pytest.approx(-0.5 * (c - 3.0) ** 2)
    assert np.all(drawn["prior"].dataset["r"] > 0)
    assert drawn["prior_predictive"].dataset["burden"].shape == (1, 20, 6)


@pytest.mark.slow
def test_jax_gives_the_same_density_and_gradient(patients):
    import jax
    from pymc.sampling.jax import get_jaxified_logp

    import fitting.bayesian.jax_ops  # noqa: F401  registers the operations

    _, priors, _, pymc_model = one("log_normal", "full", None, patients)
    z = np.random.default_rng(2).normal(size=len(priors.names))
    point = {"log_parameters_whitened__": z}
    density = get_jaxified_logp(pymc_model)
    assert float(density([z])) == pytest.approx(
        float(pymc_model.compile_logp(mode="FAST_COMPILE")(point)), rel=1e-9
    )
    gradient = jax.grad(lambda x: density([x]))(z)
    known = pymc_model.compile_dlogp(mode="FAST_COMPILE")(point)
    np.testing.assert_allclose(gradient, known, rtol=1e-6, atol=1e-8)
