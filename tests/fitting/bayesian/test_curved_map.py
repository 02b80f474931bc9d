"""The sampler's coordinates: invertible, differentiable, and round where they were fitted."""

import numpy as np
import pytest
from scipy import stats

from fitting.bayesian.curved_map import linear_map
from fitting.bayesian.map_fitting import best_map, fit_map
from fitting.bayesian.soft_box import SoftBox
from fitting.kernels.curved_map import curve


def banana(count, seed=0):
    """A curved, fanning-out sample of three coordinates."""
    z = np.random.default_rng(seed).normal(size=(count, 3))
    a = 2.0 * z[:, 0]
    b = 0.3 * a**2 - 1 + 0.2 * z[:, 1]
    c = a - b + np.exp(0.4 * a - 2) * z[:, 2]
    return np.stack([b, a, c], axis=1)


@pytest.fixture(scope="module")
def bent():
    return fit_map(banana(4000), np.ones(4000), degrees=(4, 2), order=np.array([1, 0, 2]))


def test_inverse_undoes_the_map_and_the_volumes_agree(bent):
    z = np.random.default_rng(1).normal(size=(200, 3))
    x, volume = bent.forward(z)
    back, same = bent.inverse(x)
    np.testing.assert_allclose(back, z, atol=1e-9)
    np.testing.assert_allclose(same, volume)


def test_compiled_map_is_the_same_with_exact_derivatives(bent):
    arrays = list(bent.arrays().values())
    for z in np.random.default_rng(2).normal(size=(5, 3)):
        x, volume, slope, volume_slope = curve(z, *arrays)
        expected, log_volume = bent.forward(z[None])
        np.testing.assert_allclose(x, expected[0])
        assert volume[0] == pytest.approx(log_volume[0])
        assert volume[0] == pytest.approx(np.linalg.slogdet(slope)[1])
        for n in range(3):
            step = np.eye(3)[n] * 1e-6
            up, down = curve(z + step, *arrays), curve(z - step, *arrays)
            np.testing.assert_allclose((up[0] - down[0]) / 2e-6, slope[:, n], rtol=1e-5, atol=1e-7)
            assert (up[1][0] - down[1][0]) / 2e-6 == pytest.approx(volume_slope[n], rel=1e-4, abs=1e-7)


def test_a_curved_sample_becomes_round(bent):
    z, _ = bent.inverse(banana(4000, seed=5))
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=0.08)
    np.testing.assert_allclose(np.cov(z.T), np.eye(3), atol=0.12)
    straight, _ = fit_map(banana(4000), np.ones(4000), degrees=(1, 0)).inverse(banana(4000, seed=5))
    apart = [stats.kstest(columns, "norm").statistic for columns in (straight.T[2], z.T[2])]
    assert apart[0] > 0.1 > 0.03 > apart[1]


def test_linear_map_has_the_moments_it_was_given():
    covariance = np.array([[0.5, 0.2, -0.1], [0.2, 2.0, 0.3], [-0.1, 0.3, 1.0]])
    x, _ = linear_map(np.array([1.0, -2.0, 0.0]), covariance).forward(
        np.random.default_rng(0).normal(size=(100_000, 3))
    )
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=0.03)
    np.testing.assert_allclose(x.mean(axis=0), [1, -2, 0], atol=0.03)


def test_the_search_finds_an_order_in_which_the_sample_fits():
    points = banana(6000)
    found = best_map(points, np.ones(len(points)), np.random.default_rng(0))
    fresh = banana(6000, seed=9)

    def cost(candidate):
        z, volume = candidate.inverse(fresh)
        return np.mean(volume + 0.5 * (z**2).sum(axis=1))

    against = fit_map(points, np.ones(len(points)), degrees=(2, 1), order=np.array([2, 0, 1]))
    assert cost(found) < cost(against) - 0.1


def test_soft_box_is_invertible_and_keeps_within_its_bounds():
    box = SoftBox(np.array([-np.inf, -1.0, -np.inf, 0.0]), np.array([np.inf, np.inf, 2.0, 3.0]))
    line = np.random.default_rng(0).normal(scale=4.0, size=(500, 4))
    q = box.to_box(line)
    assert np.all(q >= box.lower)
    assert np.all(q <= box.upper)
    inner = np.abs(line).max(axis=1) < 6
    np.testing.assert_allclose(box.to_line(q[inner]), line[inner], atol=1e-6)
    step = 1e-6
    slope = (box.to_box(line + step) - box.to_box(line - step)) / (2 * step)
    np.testing.assert_allclose(np.exp(box.log_slope(line[inner])), slope[inner], rtol=1e-4, atol=1e-8)
    np.testing.assert_array_equal(q[:, 0], line[:, 0])
