"""The grid's chain is the diffusion, and the diffusion is the limit of binomial sampling."""

import numpy as np
import pytest
import sympy as sp
from scipy.linalg import solve_banded

from dosing.stochastic.wright_fisher import (
    ControlledSelection,
    WrightFisherError,
    diffusion_regimes,
    mean_survival_time,
    population_regimes,
)
from dosing.stochastic.wright_fisher.generator import (
    DRIFT,
    SAMPLING,
    VARIANCE,
    N,
    S,
    X,
    grid_generator,
    grid_points,
)
from dosing.stochastic.wright_fisher.population import loss_probability, resampling_matrix

PAPER = ControlledSelection(10.0, -30.0)


def test_sampling_has_the_drift_and_variance_of_the_diffusion():
    # N generations: N times the mean change, N times p (1 - p) / N
    epsilon = sp.symbols("epsilon", positive=True)
    small = SAMPLING.subs(N, 1 / epsilon)
    assert sp.simplify(sp.limit((small - X) / epsilon, epsilon, 0) - DRIFT) == 0
    assert sp.simplify(sp.limit(small * (1 - small), epsilon, 0) - VARIANCE) == 0
    mirrored = SAMPLING.subs({X: 1 - X, S: -S}, simultaneous=True)
    assert sp.simplify(mirrored + SAMPLING - 1) == 0


@pytest.mark.parametrize("s", [10.0, -20.0])
def test_mean_times_on_the_grid_are_exact(s):
    x = grid_points(41)
    chain = grid_generator(x, s)
    assert (chain.up > 0).all()
    assert (chain.down > 0).all()
    times = solve_banded((1, 1), chain.banded(), -np.ones(len(x)))
    constant = 1.0 if s > 0 else 0.0
    expected = [mean_survival_time(float(y), constant, PAPER) for y in x]
    np.testing.assert_allclose(times, expected, rtol=1e-9)
    np.testing.assert_allclose(chain.apply(times), -1.0, rtol=1e-8)
    np.testing.assert_allclose(chain.dense() @ times, -1.0, rtol=1e-8)


def test_binomial_matrix_keeps_its_mean_and_loses_at_the_edges():
    matrix = resampling_matrix(40, -20.0)
    loss = loss_probability(40, -20.0)
    np.testing.assert_allclose(matrix.sum(axis=1) + loss, 1.0, rtol=1e-12)
    neutral = resampling_matrix(40, 0.0)
    x = np.arange(1, 40) / 40
    np.testing.assert_allclose(neutral @ x + x**40, x, rtol=1e-12)  # the mean, with those fixed at 1
    with pytest.raises(WrightFisherError, match="use the diffusion"):
        resampling_matrix(10_000, 0.0)


def test_steps_compose_and_count_the_time_kept():
    exact = population_regimes(PAPER, 50, 1)
    six = population_regimes(PAPER, 50, 6)
    one = exact.opposed
    by_hand, kept = np.eye(49), np.zeros(49)
    for _ in range(6):
        kept += by_hand @ one.kept
        by_hand = by_hand @ one.matrix
    np.testing.assert_allclose(six.opposed.matrix, by_hand, atol=1e-14)
    np.testing.assert_allclose(six.opposed.kept, kept, rtol=1e-12)
    # in continuous time: after a very long step all time is kept time
    long = diffusion_regimes(PAPER, 20.0, 61)
    assert long.free.matrix.sum() < 1e-6
    expected = [mean_survival_time(float(y), 1.0, PAPER) for y in long.x]
    np.testing.assert_allclose(long.free.kept, expected, rtol=1e-6)
    assert diffusion_regimes(ControlledSelection(10, -5), 0.1, 21).neutral is None


def test_the_cell_of_the_threshold_is_shared():
    regimes = diffusion_regimes(PAPER, 0.1, 9)
    share = regimes.share_above(0.5 + 1e-9)
    assert share[4] == pytest.approx(0.5, abs=1e-6)
    assert share[:4].max() == 0.0
    assert share[5:].min() == 1.0
