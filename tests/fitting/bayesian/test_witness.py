"""A few divergences are forgiven only where importance draws say the same."""

from types import SimpleNamespace

import numpy as np
import pytest

from fitting.bayesian.sampling import Sampled
from fitting.bayesian.witness import agrees


def case(*, shift=0.0, diverging=3, rhat=1.002, ess=900.0, effective=2000.0):
    generator = np.random.default_rng(0)
    flags = np.zeros((4, 1000), bool)
    flags[0, :diverging] = True
    sampled = Sampled(generator.normal(size=(4, 1000, 2)), {"diverging": flags})
    points = np.random.default_rng(1).normal(scale=2.0, size=(20_000, 2))
    weights = np.exp(-0.375 * (points**2).sum(axis=1))
    weights /= weights.sum()
    explored = SimpleNamespace(
        draws=SimpleNamespace(weights=weights, effective=effective),
        coordinates=lambda: points + np.array([0.0, shift]),
    )
    return SimpleNamespace(worst_rhat=rhat, least_ess=ess), sampled, explored


def test_few_divergences_with_equal_quantiles_are_confirmed():
    assert agrees(*case())


@pytest.mark.parametrize(
    "wrong", [{"shift": 0.5}, {"diverging": 40}, {"rhat": 1.05}, {"ess": 200.0}, {"effective": 100.0}]
)
def test_anything_else_is_not(wrong):
    assert not agrees(*case(**wrong))
