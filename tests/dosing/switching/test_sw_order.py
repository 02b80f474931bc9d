"""Order of drugs: dynamic programming against all permutations, and the search for longer courses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from switching_instances import from_net_growth, random_model

from dosing.switching.cost import SwitchingCost
from dosing.switching.drug_order import best_order, course_order
from dosing.switching.model import SwitchingError
from dosing.switching.order_lattice import best_path
from dosing.switching.order_search import local_search, walk
from dosing.switching.schedule import SwitchingSchedule, cells_over_time, evaluate


def _by_simulation(model, drugs, days):
    schedule = SwitchingSchedule.of_drugs(np.array(drugs), np.array(days), len(model.drugs))
    times = np.linspace(0, schedule.horizon_days, 50)
    times = np.union1d(times, np.concatenate([[0.0], np.cumsum(days)]))
    peak = cells_over_time(model, schedule, times).sum(axis=1).max()
    area = SwitchingCost(np.zeros(len(model.drugs)), burden=np.ones(len(model.lines)))
    return peak, evaluate(model, area, schedule).transient


def _instance():
    rates = np.array([[0.20, -0.30, 0.05], [-0.25, 0.15, 0.02], [0.05, 0.04, -0.40]])
    return from_net_growth(rates, np.array([1e4, 2e4, 3e4]))


@pytest.mark.parametrize("criterion", ["peak", "area"])
def test_order_is_the_best_of_all_permutations(criterion):
    # an instance in which the two criteria contradict each other by a fifth
    rates = np.array([[-0.32, 0.26, 0.25], [0.28, -0.11, -0.3], [0.07, -0.14, -0.08]])
    model = from_net_growth(rates, np.array([1800.0, 1800.0, 2100.0]))
    drugs, days = [0, 1, 2, 0], [9.0, 12.0, 5.0, 4.0]
    values = {}
    for order in itertools.permutations(range(4)):
        values[order] = _by_simulation(model, [drugs[i] for i in order], [days[i] for i in order])
    index = 0 if criterion == "peak" else 1
    least = min(v[index] for v in values.values())
    found = best_order(model, drugs, days, criterion=criterion)
    assert found.is_proven
    assert sorted(zip(found.drugs, found.days, strict=True)) == sorted(zip(drugs, days, strict=True))
    peak, area = _by_simulation(model, found.drugs, found.days)
    assert (peak, area) == pytest.approx((found.peak, found.area), rel=1e-9)
    assert (found.peak, found.area)[index] == pytest.approx(least, rel=1e-9)
    assert max(v[index] for v in values.values()) > 1.05 * least
    if criterion == "peak":  # of equal peaks, the least area
        tied = min(v[1] for v in values.values() if v[0] <= least * (1 + 1e-9))
        assert found.area == pytest.approx(tied, rel=1e-9)


def test_days_given_before_move_the_start():
    model, before = _instance(), np.array([3.0, 0.0, 2.0])
    moved = model.with_cells(model.cells * np.exp(before @ model.net_growth))
    found = best_order(model, [0, 1, 2], [5.0, 5.0, 5.0], given_days=before)
    assert found.peak == pytest.approx(best_order(moved, [0, 1, 2], [5.0, 5.0, 5.0]).peak)


def test_course_of_many_runs_is_better_than_one_run_a_drug():
    model = _instance()
    totals = np.array([13.0, 18.0, 5.0])
    whole = best_order(model, [0, 1, 2], totals)
    course = course_order(model, totals, 1.0)
    assert course.is_proven
    assert course.peak < whole.peak
    assert np.all(course.days >= 1.0 - 1e-12)
    given = np.bincount(course.drugs, weights=course.days, minlength=3)
    assert given == pytest.approx(totals)


def test_search_comes_close_to_the_proven_order():
    rates = _instance().net_growth
    log_start = np.log(_instance().cells)
    days, counts = np.array([2.0, 2.5, 1.0]), (5, 6, 4)
    for criterion, index in (("peak", 0), ("area", 1)):
        path, *exact = best_path(log_start, rates, days, counts, criterion)
        other, *near = local_search(log_start, rates, days, counts, criterion)
        assert sorted(other) == sorted(path)
        assert exact[index] <= near[index] * (1 + 1e-12)
        assert near[index] < 1.02 * exact[index]
        assert walk(log_start, rates, days, path) == pytest.approx(tuple(exact), rel=1e-10)


def test_long_lists_of_runs_are_searched_and_say_so():
    model = random_model(0, lines=4, drugs=3)
    days = np.linspace(1.0, 2.0, 17)  # all different: 2^17 points
    found = best_order(model, [k % 3 for k in range(17)], days)
    assert not found.is_proven
    assert sorted(found.days) == pytest.approx(days)


def test_unknown_criterion_and_lengths_are_refused():
    with pytest.raises(SwitchingError, match="criterion"):
        best_order(_instance(), [0], [1.0], criterion="height")  # type: ignore[arg-type]
    with pytest.raises(SwitchingError, match="durations"):
        best_order(_instance(), [0], [1.0, 2.0])
    with pytest.raises(SwitchingError, match="dwell"):
        course_order(_instance(), np.ones(3), 0.0)
