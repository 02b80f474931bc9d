"""Random numbers by address have the laws they claim."""

import numpy as np
import pytest
from numba import njit
from scipy import stats

from dosing.stochastic.simulation.streams import normal, open_stream, poisson, run_keys, uniform


@njit(cache=True)
def _draw(keys, mean, counts, uniforms, normals):
    state = np.empty(1, np.uint64)
    for i in range(len(counts)):
        open_stream(state, keys[i % len(keys)], i)
        counts[i] = poisson(state, mean)
        uniforms[i] = uniform(state)
        normals[i] = normal(state)


def draws(mean, count=200_000):
    out = np.empty((3, count))
    _draw(run_keys(7, 50), mean, *out)
    return out


@pytest.mark.parametrize("mean", [0.3, 8.0, 10.0, 14.0, 150.0, 9000.0])
def test_poisson_numbers_have_their_distribution(mean):
    counts = draws(mean)[0]
    values, seen = np.unique(counts, return_counts=True)
    expected = np.asarray(stats.poisson.pmf(values, mean)) * len(counts)
    often = expected > 20
    observed = np.append(seen[often], len(counts) - seen[often].sum())
    wanted = np.append(expected[often], len(counts) - expected[often].sum())
    assert stats.chisquare(observed, wanted).pvalue > 1e-3


def test_no_mean_gives_no_number():
    assert draws(0.0, 10)[0].max() == 0
    assert draws(-1.0, 10)[0].max() == 0


def test_uniform_and_normal_numbers_after_them():
    _, uniforms, normals = draws(20.0)
    assert stats.kstest(uniforms, "uniform").pvalue > 1e-3
    assert stats.kstest(normals, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(uniforms[:-1], uniforms[1:])[0, 1]) < 4 / np.sqrt(len(uniforms))


def test_a_run_keeps_its_key_when_more_runs_are_asked_for():
    assert np.array_equal(run_keys(3, 10), run_keys(3, 1000)[:10])
    assert len(np.unique(run_keys(3, 5000))) == 10_000
    generator = np.random.default_rng(3)
    assert not np.array_equal(run_keys(generator, 4), run_keys(generator, 4))
