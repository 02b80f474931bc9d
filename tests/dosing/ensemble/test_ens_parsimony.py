"""The simplest schedule among those that the members cannot tell apart."""

import numpy as np
import pytest

from dosing.ensemble.parsimony import dose_changes, simplest_of
from dosing.ensemble.ttp_objective import TtpObjective

FLAT, BUSY = np.full(4, 0.5), np.array([0.5, 0.8, 0.1, 0.9])
EVEN = np.full(200, 1 / 200)


def test_changes_below_half_a_percent_are_none():
    assert dose_changes(np.array([0.5, 0.503, 0.8, 0.8])) == 1


@pytest.mark.parametrize("objective", list(TtpObjective))
def test_a_gain_beyond_chance_is_taken(objective):
    base = np.random.default_rng(0).uniform(100, 900, 200)
    assert simplest_of([FLAT, BUSY], np.stack([base, base + 50]), EVEN, objective) == 1


@pytest.mark.parametrize("objective", list(TtpObjective))
def test_a_gain_within_chance_is_not(objective):
    generator = np.random.default_rng(1)
    base = generator.uniform(100, 900, 200)
    noise = generator.normal(size=200)
    days = np.stack([base, base + 30 * (noise - noise.mean()) + 0.5])
    if objective is TtpObjective.EXPECTED:
        assert simplest_of([FLAT, BUSY], days, EVEN, objective, errors=0.0) == 1
    assert simplest_of([FLAT, BUSY], days, EVEN, objective) == 0


def test_members_without_weight_do_not_speak():
    days = np.array([[100.0, 200.0, 300.0], [150.0, 250.0, 0.0]])
    assert simplest_of([FLAT, BUSY], days, np.array([0.5, 0.5, 0.0])) == 1


def test_one_member_alone_takes_the_best_and_among_equals_the_simplest():
    assert simplest_of([FLAT, BUSY], np.array([[100.0], [101.0]]), np.ones(1)) == 1
    assert simplest_of([BUSY, FLAT], np.array([[100.0], [100.0]]), np.ones(1)) == 1
