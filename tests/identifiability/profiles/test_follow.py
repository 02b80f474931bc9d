"""Predicting where a valley goes, against solutions optimised again."""

import numpy as np
import pytest
from analytic import make_problem, optimise

from identifiability.profiles.follow import profile_curvature, tangent, tangent_in_parameters

TIMES = np.array([0.0, 3.0, 7.0, 12.0, 20.0, 30.0, 45.0])
LOGISTIC = "V0*K/(V0 + (K - V0)*exp(-g*t))"
WIDE = {"g": (1e-3, 1.0), "K": (50.0, 5000.0)}


def logistic(bounds=WIDE, **options):
    truth = 100 * 800 / (100 + 700 * np.exp(-0.12 * TIMES))
    return make_problem("g*(1 - x/K)", bounds, TIMES, truth, solution=LOGISTIC, **options)


def one(problem, q, index, shift=None):
    """Tangent (or the prediction) at one solution."""
    _, _, information = problem.evaluate(q[None, :], np.zeros(1, dtype=int))
    arguments = (q, information[0], index)
    low, high = problem.lower[0], problem.upper[0]
    if shift is None:
        return tangent(*arguments, low, high)
    moved = np.empty(len(q))
    made = tangent_in_parameters(*arguments, shift, low, high, moved)
    return moved, made


@pytest.mark.parametrize("likelihood", ["poisson", "log_normal"])
@pytest.mark.parametrize("index", [0, 1])
def test_the_tangent_is_the_slope_of_optima_found_again(likelihood, index):
    problem = logistic(likelihood=likelihood)
    start = [0.12, 800.0] + ([0.1] if likelihood == "log_normal" else [])
    q = np.log(start)
    h = 1e-3
    ends = []
    for sign in (1, -1):
        moved = q.copy()
        moved[index] += sign * h
        fixed = [index] + ([2] if likelihood == "log_normal" else [])
        ends.append(optimise(problem, np.exp(moved), fixed).q[0])
    slope = (ends[0] - ends[1]) / (2 * h)
    slope[index] = 0.0  # the moving component itself is not part of the answer
    np.testing.assert_allclose(one(problem, q, index), slope, rtol=2e-3, atol=1e-6)
    assert abs(slope[1 - index]) > 0.05, "the other parameter does move"


def test_what_is_on_a_bound_stays_there():
    problem = logistic(bounds={"g": (1e-3, 1.0), "K": (50.0, 800.0)})
    q = np.array([np.log(0.1), problem.upper[0, 1], np.log(0.1)])
    assert one(problem, q, 0)[1] == 0.0
    q[1] -= 0.1
    assert one(problem, q, 0)[1] != 0.0


def test_the_moving_component_does_not_appear():
    problem = logistic()
    q = np.log([0.12, 800.0, 0.1])
    assert one(problem, q, 0)[0] == 0.0
    assert one(problem, q, 1)[1] == 0.0


def difference():
    """Only r - d shows: the valley is straight in the parameters, not in their logarithms."""
    y = 100 * np.exp(0.02 * TIMES)
    return make_problem("r - d", {"r": (1e-3, 0.5), "d": (1e-3, 0.3)}, TIMES, y, likelihood="poisson")


@pytest.mark.parametrize("shift", [0.5, -0.5, 1.0])
def test_a_straight_valley_is_followed_exactly(shift):
    moved, made = one(difference(), np.log([0.07, 0.05]), 0, shift)
    assert made == pytest.approx(shift, rel=1e-12)
    r, d = np.exp(moved)
    assert r == pytest.approx(0.07 * np.exp(shift), rel=1e-12)
    assert r - d == pytest.approx(0.02, rel=1e-6)


def test_the_step_ends_exactly_where_another_parameter_meets_its_bound():
    problem = difference()
    moved, made = one(problem, np.log([0.22, 0.2]), 0, 1.0)
    assert moved[1] == problem.upper[0, 1], "exactly on the bound"
    assert np.exp(moved[0]) == pytest.approx(0.32, rel=1e-6)
    assert made == pytest.approx(np.log(0.32 / 0.22), rel=1e-6)
    moved, made = one(problem, np.log([0.024, 0.004]), 0, -1.0)
    assert moved[1] == problem.lower[0, 1]
    assert np.exp(moved[0]) == pytest.approx(0.021, rel=1e-5)
    assert -1.0 < made < 0.0


def test_from_the_bound_on_the_valley_turns():
    problem = difference()
    start = np.array([np.log(0.4), problem.upper[0, 1]])
    moved, made = one(problem, start, 0, 0.2)
    assert moved[1] == problem.upper[0, 1]
    assert made == pytest.approx(0.2)
    # so near to the bound counts as on it
    start[1] -= 5e-5
    moved, _ = one(problem, start, 0, 0.2)
    assert moved[1] == problem.upper[0, 1]


def test_a_prediction_stays_within_bounds_and_finite_however_far_it_goes():
    problem = difference()
    generator = np.random.default_rng(4)
    low, high = problem.lower[0], problem.upper[0]
    q = low + generator.random((200, 2)) * (high - low)
    _, _, information = problem.evaluate(q, np.zeros(200, dtype=int))
    index = generator.integers(0, 2, 200)
    here = q[np.arange(200), index]
    shift = np.clip(here + generator.normal(0, 2, 200), low[index], high[index]) - here
    moved, made = np.empty((200, 2)), np.empty(200)
    for b in range(200):
        made[b] = tangent_in_parameters(q[b], information[b], int(index[b]), shift[b], low, high, moved[b])
    assert np.all(np.isfinite(moved))
    assert np.all((moved >= low - 1e-12) & (moved <= high + 1e-12))
    assert np.all(np.abs(made) <= np.abs(shift) + 1e-12)
    assert np.all(made * shift >= 0)
    np.testing.assert_allclose(moved[np.arange(200), index], here + made, atol=1e-9)


def test_without_information_nothing_moves():
    q, low, high = np.zeros(2), np.full(2, -5.0), np.full(2, 5.0)
    assert tangent(q, np.zeros((2, 2)), 0, low, high).tolist() == [0.0, 0.0]


def test_the_curvature_is_that_of_the_reduced_information():
    information = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
    low, high = np.full(3, -5.0), np.full(3, 5.0)
    for i in range(3):
        expected = 1.0 / np.linalg.inv(information)[i, i]
        assert profile_curvature(np.zeros(3), information, i, low, high) == pytest.approx(expected, rel=1e-4)
