"""The sampler's coordinates of a cohort: exact gradients, and a posterior that does not depend on them."""

import dataclasses

import numpy as np
import pytest

from fitting.bayesian.curved_map import linear_map
from fitting.bayesian.map_fitting import fit_map
from fitting.bayesian.penalised_problem import build_penalised
from fitting.bayesian.prior_set import build_priors
from fitting.likelihood import get_likelihood
from fitting.population.bend_kernel import bend
from fitting.population.cohort_data import CohortData
from fitting.population.conditional_kernel import conditional, conditional_pullback
from fitting.population.shape import CohortShape
from fitting.population.summary import NormalSummary

W, C = 3, 4


@pytest.fixture
def generator():
    return np.random.default_rng(7)


def positive(generator, *shape):
    root = generator.standard_normal((*shape, C, C))
    return root @ np.swapaxes(root, -1, -2)


@pytest.fixture
def inputs(generator):
    return (
        generator.standard_normal((W, C)), generator.standard_normal((W, C)), positive(generator) + np.eye(C),
        positive(generator, W), generator.standard_normal((W, C)),
    )  # fmt: skip


def test_conditional_is_the_normal_given_population_and_data(inputs):
    z, centre, precision, information, score = inputs
    x, volume = conditional(*inputs)
    expected = 0.0
    for i in range(W):
        total = information[i] + precision
        lower = np.linalg.cholesky(total)
        mean = np.linalg.solve(total, score[i] + precision @ centre[i])
        np.testing.assert_allclose(x[i], mean + np.linalg.solve(lower.T, z[i]), rtol=1e-10)
        expected -= 0.5 * np.linalg.slogdet(total)[1]
    assert volume[0] == pytest.approx(expected, rel=1e-12)


def test_without_data_the_coordinates_are_non_centred(inputs):
    z, centre, *_ = inputs
    omega = np.array([0.3, 1.0, 2.0, 0.5])
    x, volume = conditional(z, centre, np.diag(omega**-2), np.zeros((W, C, C)), np.zeros((W, C)))
    np.testing.assert_allclose(x, centre + omega * z, rtol=1e-12)
    assert volume[0] == pytest.approx(W * np.log(omega).sum())


def test_conditional_says_nan_where_a_matrix_is_not_positive(inputs):
    z, centre, precision, information, score = inputs
    x, volume = conditional(z, centre, -100 * precision, information, score)
    assert np.isnan(volume[0])
    assert np.isnan(x).all()


def test_pullback_agrees_with_finite_differences(inputs, generator):
    x_bar, volume_bar = generator.standard_normal((W, C)), np.array([0.7])

    def value(z, centre, precision):
        x, volume = conditional(z, centre, precision, *inputs[3:])
        return np.sum(x * x_bar) + volume[0] * volume_bar[0]

    found = conditional_pullback(*inputs, x_bar, volume_bar)
    for k in range(3):
        direction = generator.standard_normal(inputs[k].shape)
        if k == 2:
            direction = direction + direction.T  # a precision stays symmetric
        step = 1e-6
        ahead, behind = (
            [a + sign * step * direction if j == k else a for j, a in enumerate(inputs[:3])]
            for sign in (1, -1)
        )
        slope = (value(*ahead) - value(*behind)) / (2 * step)
        assert np.sum(found[k] * direction) == pytest.approx(slope, rel=1e-5)


def curved_shape(generator, w, c):
    """A shape that fits nothing: curved maps of made-up samples."""
    root = generator.standard_normal((w, c, c))
    information = root @ np.swapaxes(root, 1, 2)
    maps = []
    for _ in range(w):
        sample = generator.standard_normal((400, c))
        sample[:, 1] += 0.4 * sample[:, 0] ** 2
        maps.append(fit_map(sample, np.ones(400), degrees=(3, 2)))
    summary = NormalSummary(
        information, generator.standard_normal((w, c)), np.zeros((w, c)), np.zeros(c), np.ones(c), np.nan
    )
    standard = np.swapaxes(np.linalg.cholesky(information + np.eye(c)), 1, 2)
    return CohortShape(summary, generator.standard_normal((w, c)), standard, tuple(maps), np.ones(w))


def plain_shape(w, c):
    """Non-centred coordinates."""
    summary = NormalSummary(
        np.zeros((w, c, c)), np.zeros((w, c)), np.zeros((w, c)), np.zeros(c), np.ones(c), np.nan
    )
    maps = tuple(linear_map(np.zeros(c), np.eye(c)) for _ in range(w))
    return CohortShape(summary, np.zeros((w, c)), np.stack([np.eye(c)] * w), maps, np.ones(w))


def test_bend_differentiates_the_curved_maps(generator):
    arrays = list(curved_shape(generator, W, C).arrays().values())[2:]
    z = generator.standard_normal((W, C))
    _, _, slope, volume_slope = bend(z, *arrays)
    for i in range(W):
        for k in range(C):
            step = np.zeros((W, C))
            step[i, k] = 1e-6
            ahead, behind = bend(z + step, *arrays), bend(z - step, *arrays)
            np.testing.assert_allclose(slope[i, :, k], (ahead[0] - behind[0])[i] / 2e-6, rtol=1e-5, atol=1e-7)
            assert volume_slope[i, k] == pytest.approx(
                (ahead[1][0] - behind[1][0]) / 2e-6, rel=1e-4, abs=1e-6
            )


def compiled(noisy, model, shape_of, **options):
    """Log density, gradient and log parameters of a population model as functions of the sampler's coordinates."""
    import pytensor
    from pytensor.compile.mode import Mode

    from fitting.population.model import PopulationDesign, build_population_model

    likelihood = get_likelihood("log_normal")
    priors = build_priors(model, likelihood)
    problem = build_penalised(noisy, model, likelihood, priors, rtol=1e-8)
    shared = options.get("shared_dispersion", True)
    design = PopulationDesign(model, likelihood, priors, np.ones(len(priors.names) - int(shared)), **options)
    shape = shape_of(len(noisy), design.size)
    pymc_model = build_population_model(
        design, CohortData.of(problem), shape, [p.patient_id for p in noisy], rtol=1e-9
    )
    values = [pymc_model.rvs_to_values[rv] for rv in pymc_model.free_RVs]
    log_density = pymc_model.logp()
    x = pymc_model.replace_rvs_by_values([pymc_model["log_parameters"]])[0]
    gradient = pytensor.grad(log_density, values)
    mode = Mode(linker="py", optimizer="fast_compile")
    run = pytensor.function(values, [log_density, x, *gradient], mode=mode, on_unused_input="ignore")
    return run, [v.name for v in values]


@pytest.fixture(scope="module")
def two_patients(noisy):
    # short courses: the interpreted graph is slow
    return tuple(
        dataclasses.replace(p, times=p.times[:6], burdens=p.burdens[:6], censoring=p.censoring[:6])
        for p in noisy[:2]
    )


@pytest.mark.slow
@pytest.mark.parametrize("correlated", [False, True])
def test_posterior_does_not_depend_on_the_coordinates(two_patients, model, correlated):
    generator = np.random.default_rng(3)
    plain, names = compiled(two_patients, model, plain_shape, correlated=correlated)
    curved, _ = compiled(
        two_patients, model, lambda w, c: curved_shape(np.random.default_rng(4), w, c), correlated=correlated
    )
    at = names.index("log_parameters_given_population__")
    gaps = []
    for _ in range(2):
        point = [0.2 * generator.standard_normal(2) if n == "none" else None for n in names]
        point[names.index("mu")] = np.log([0.1, 2.0, 0.1, 2.0]) + 0.1 * generator.standard_normal(4)
        for i, n in enumerate(names):
            if n == "omega_log__":
                point[i] = 0.2 * generator.standard_normal(4) - 1
            elif n.startswith("between"):
                point[i] = 0.2 * generator.standard_normal(10) - 0.5
            elif n.startswith("log_dispersion"):
                point[i] = np.array(0.1)
        w, c = 2, 4
        z = 0.1 * generator.standard_normal((w, c))

        def x_of(run, flat, point=point, w=w, c=c):
            return run(*[flat.reshape(w, c) if i == at else v for i, v in enumerate(point)])

        def log_det(run, flat, x_of=x_of):
            columns = []
            for k in range(len(flat)):
                step = np.zeros(len(flat))
                step[k] = 1e-5
                columns.append((x_of(run, flat + step)[1] - x_of(run, flat - step)[1]).ravel() / 2e-5)
            return np.linalg.slogdet(np.array(columns))[1], np.array(columns).T

        flat = z.ravel()
        value, x, *gradient = x_of(curved, flat)
        det_curved, _ = log_det(curved, flat)
        # the same log parameters in the plain coordinates, which are affine in them
        x0 = x_of(plain, np.zeros(w * c))[1].ravel()
        det_plain, slope = log_det(plain, np.zeros(w * c))
        other, back, *_ = x_of(plain, np.linalg.solve(slope, x.ravel() - x0))
        np.testing.assert_allclose(back, x, atol=1e-7)
        gaps.append((value - det_curved) - (other - det_plain))
        # the gradient that the sampler sees, by finite differences, in a direction through everything
        direction = [
            generator.standard_normal(np.shape(v)) if i != at else generator.standard_normal((w, c))
            for i, v in enumerate(point)
        ]
        full = [z if i == at else v for i, v in enumerate(point)]
        h = 1e-5
        ahead = curved(*[np.asarray(v + h * d) for v, d in zip(full, direction, strict=True)])[0]
        behind = curved(*[np.asarray(v - h * d) for v, d in zip(full, direction, strict=True)])[0]
        along = sum(float(np.sum(g * d)) for g, d in zip(gradient, direction, strict=True))
        assert along == pytest.approx((ahead - behind) / (2 * h), rel=2e-4, abs=1e-3)
    # equal up to one constant, that of the made-up standardisation
    assert gaps[0] == pytest.approx(gaps[1], abs=1e-4)
