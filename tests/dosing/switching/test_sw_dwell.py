"""Dwell time: the cheapest rounding, runs that are never too short, and Algorithm 1's sums."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from switching_instances import random_cost, random_model

from dosing.switching.algorithm1 import OptimalPath, algorithm_1
from dosing.switching.durations import durations_of, solve_durations
from dosing.switching.durations_problem import DurationsProblem
from dosing.switching.dwell import dwell_durations, rounded_up
from dosing.switching.model import SwitchingError
from dosing.switching.runs import most_subintervals, saved_up, shortest_run_days, split
from dosing.switching.schedule import SwitchingSchedule


def _enumerated(problem, dwell):
    """Cheapest durations over all sets of drugs in use."""
    best = np.inf
    for used in itertools.product((False, True), repeat=len(problem.drugs)):
        mask = np.array(used)
        case = problem.with_bounds(np.where(mask, dwell, 0.0), np.where(mask, problem.horizon_days, 0.0))
        if case.is_feasible:
            best = min(best, solve_durations(case).cost)
    return best


@pytest.mark.parametrize(("seed", "dwell"), [(0, 8.0), (1, 14.0), (2, 25.0), (3, 40.0), (9, 14.0)])
def test_branch_and_bound_equals_enumeration(seed, dwell):
    problem = DurationsProblem.of(random_model(seed), random_cost(seed), 60.0)
    found = dwell_durations(problem, dwell)
    assert found.cost == pytest.approx(_enumerated(problem, dwell), rel=1e-9)
    assert np.all((found.durations == 0) | (found.durations >= dwell * (1 - 1e-9)))
    assert found.durations.sum() == pytest.approx(60.0, rel=1e-12)
    assert found.free.cost * (1 - 1e-12) <= found.cost <= found.rounded_cost * (1 + 1e-12)
    assert found.lower_bound <= found.cost


def test_dropping_a_drug_can_beat_rounding_it_up():
    seeds = [s for s in range(12) if _saves_by_dropping(s)]
    assert seeds, "no instance in which the paper's rounding is not the cheapest"


def _saves_by_dropping(seed):
    found = dwell_durations(DurationsProblem.of(random_model(seed), random_cost(seed), 60.0), 14.0)
    return found.cost < found.rounded_cost * (1 - 1e-6)


def test_rounding_up_takes_from_the_longest():
    problem = DurationsProblem.of(random_model(0), random_cost(0), 60.0)
    assert rounded_up(problem, np.array([0.4, 0.0, 9.6, 50.0]), 1.0) == pytest.approx([1.0, 0.0, 9.6, 49.4])
    assert rounded_up(problem, np.array([20.0, 20.0, 10.0, 10.0]), 25.0) is None


def test_impossible_dwell_times_are_refused():
    problem = DurationsProblem.of(random_model(0), random_cost(0), 60.0)
    with pytest.raises(SwitchingError, match="does not fit"):
        dwell_durations(problem, 61.0)
    with pytest.raises(SwitchingError, match="negative"):
        dwell_durations(problem, -1.0)
    assert dwell_durations(problem, 60.0).durations.max() == pytest.approx(60.0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("count", [1, 7, 10])
def test_algorithm_1_sums_to_the_optimum(seed, count):
    model, cost = random_model(seed), random_cost(seed)
    best = durations_of(model, cost, 100.0)
    found = algorithm_1(OptimalPath(model, cost, 100.0), best.durations, count)
    assert found.days.shape == (count, 4)
    assert np.all(found.days >= 0)
    assert found.days.sum(axis=0) == pytest.approx(best.durations, abs=1e-9)
    assert found.days.sum(axis=1) == pytest.approx(np.full(count, 100.0 / count), abs=1e-6)
    printed = algorithm_1(OptimalPath(model, cost, 100.0), best.durations, count, truncate=True)
    assert np.all(printed.days >= 0)
    assert printed.days.sum(axis=0) == pytest.approx(best.durations, abs=1e-9)


def test_where_truncation_would_shift_borders_the_bounded_optimum_keeps_them():
    model, cost = random_model(0), random_cost(0)
    path = OptimalPath(model, cost, 100.0)
    printed = algorithm_1(path, path.at(100.0), 10, truncate=True)
    assert printed.largest_shift_days > 1, "this instance was chosen for its negative differences"
    found = algorithm_1(path, path.at(100.0), 10)
    assert found.largest_shift_days < 1e-6
    given = np.cumsum(found.days, axis=0)
    for day, amounts, later in zip(found.nominal_ends_days[:-1], given[:-1], given[1:], strict=True):
        bounded = path.problem.with_horizon(day).with_bounds(np.zeros(4), later)
        assert path.problem.cost(amounts) == pytest.approx(solve_durations(bounded).cost, rel=1e-8)


def test_algorithm_1_is_optimal_at_every_border_where_durations_are_nested():
    model, cost = random_model(2), random_cost(2)
    path = OptimalPath(model, cost, 100.0)
    found = algorithm_1(path, path.at(100.0), 10)
    assert found.largest_shift_days < 1e-6, "this instance was chosen for its nested durations"
    given = np.cumsum(found.days, axis=0)
    for day, amounts in zip(found.nominal_ends_days, given, strict=True):
        assert path.problem.cost(amounts) == pytest.approx(durations_of(model, cost, day).cost, rel=1e-8)


def test_n_max_is_admissible_and_no_larger_number_is():
    model, cost = random_model(2), random_cost(2)
    path = OptimalPath(model, cost, 100.0)
    totals = dwell_durations(path.problem, 4.0).durations
    most = most_subintervals(path, totals, 4.0)
    assert 1 < most <= 25
    assert len(split(algorithm_1(path, totals, most), 4.0)) == most
    for more in range(most + 1, 26):
        assert len(split(algorithm_1(path, totals, more), 4.0)) < more
    assert most_subintervals(path, totals, 4.0, at_most=3) == 3


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.floats(0, 5), min_size=3, max_size=3), min_size=1, max_size=12), st.floats(0.05, 4.0)
)
def test_saved_up_days_keep_sums_and_the_dwell_time(rows, dwell):
    days = np.array(rows)
    days[:, days.sum(axis=0) < dwell] = 0.0
    found = saved_up(days, dwell)
    assert found.sum(axis=0) == pytest.approx(days.sum(axis=0), abs=1e-9)
    assert np.all((found == 0) | (found >= dwell * (1 - 1e-8)))
    behind = np.cumsum(days, axis=0) - np.cumsum(found, axis=0)
    assert np.all(behind < dwell + 1e-9)


def test_totals_below_the_dwell_time_are_refused():
    with pytest.raises(SwitchingError, match="less than the dwell time"):
        saved_up(np.array([[0.4], [0.3]]), 1.0)


def test_shortest_run_joins_neighbours():
    schedule = SwitchingSchedule.of_drugs(np.array([0, 0, 1, 1]), np.array([1.0, 2.0, 2.0, 2.0]), 2)
    assert shortest_run_days(schedule) == 3.0
