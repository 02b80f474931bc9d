"""Dose schedules: doses between switches, gaps, round trips, refusals."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamics.schedule import DoseSchedule, ScheduleError


def test_a_dose_holds_from_its_switch_on():
    schedule = DoseSchedule((0.0, 10.0, 20.0), (1.0, 0.5))
    assert schedule.dose_at([-1, 0, 9.99, 10, 19.99, 20, 99]).tolist() == [0, 1, 1, 0.5, 0.5, 0, 0]


def test_constant_never_ends_unless_told():
    assert DoseSchedule.constant(0.7).dose_at(1e9) == 0.7
    assert DoseSchedule.constant(0.7, start=2, end=4).dose_at([1, 2, 4]).tolist() == [0, 0.7, 0]


def test_held_forward_merges_equal_doses_and_holds_the_last():
    schedule = DoseSchedule.held_forward([0, 28, 56, 84], [1, 1, 0, 0.5])
    assert schedule.edges == (0.0, 56.0, 84.0, np.inf)
    assert schedule.doses == (1.0, 0.0, 0.5)


def test_cycles_alternate():
    schedule = DoseSchedule.cycles(0.8, on_days=14, off_days=7, count=2, start=3)
    assert schedule.edges == (3.0, 17.0, 24.0, 38.0, 45.0)
    assert schedule.doses == (0.8, 0.0, 0.8, 0.0)


def test_rows_may_come_in_any_order_and_leave_gaps():
    schedule = DoseSchedule.from_rows([(20, 30, 0.5), (0, 10, 1.0)])
    assert schedule == DoseSchedule((0, 10, 20, 30), (1.0, 0.0, 0.5))


def test_total_dose_counts_only_the_interval_asked_for():
    schedule = DoseSchedule((0, 10, 20, np.inf), (1.0, 0.0, 0.5))
    assert schedule.total_dose(0, 30) == pytest.approx(15.0)
    assert schedule.total_dose(5, 15) == pytest.approx(5.0)
    assert schedule.total_dose(0, np.inf) == np.inf


def test_an_endless_pause_adds_no_dose():
    assert DoseSchedule((0, 10, np.inf), (1.0, 0.0)).total_dose(0, np.inf) == 10.0


def test_switches_are_the_days_on_which_the_dose_changes():
    schedule = DoseSchedule((0, 10, 20, 30, np.inf), (1.0, 1.0, 0.0, 0.5))
    assert schedule.switches_within(0, 100).tolist() == [20.0, 30.0]
    assert schedule.switches_within(-1, 25).tolist() == [0.0, 20.0]
    assert schedule.switches_within(20, 30).tolist() == []


@pytest.mark.parametrize(
    ("edges", "doses", "says"),
    [
        ((0, 1), (1.2,), r"dose 1.2 from day 0 is outside \[0, 1\].*divide"),
        ((0, 1), (-0.1,), "outside"),
        ((0, 1), (float("nan"),), "outside"),
        ((0, 1, 1), (1, 0), "segment 1 ends on day 1, not after"),
        ((0, -1), (1,), "not after its start"),
        ((0, 1), (1, 0), "2 doses need 3 edges"),
        ((0,), (), "0 doses need"),
        ((float("nan"), 1), (1,), "finite"),
        ((0, float("nan")), (1,), "finite"),
        ((-np.inf, 1), (1,), "finite"),
        ((0, np.inf, np.inf), (1, 1), "finite"),
    ],
)
def test_impossible_schedules_are_refused(edges, doses, says):
    with pytest.raises(ScheduleError, match=says):
        DoseSchedule(edges, doses)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "at least one row"),
        ([(0, 10, 1), (5, 15, 1)], "from day 5 to 15 overlaps the one before, which ends on day 10"),
        ([(0, np.inf, 1), (5, 15, 1)], "overlaps"),
        ([(0, 10, 1), (20, 20, 1)], "row from day 20 to 20"),
        ([(0, 10, 1), (30, 20, 1)], "row from day 30 to 20"),
        ([(0, 10, 1), (float("nan"), 20, 1)], "row from day nan"),
        ([(0, 10, 1), (15, float("nan"), 1)], "row from day 15 to nan"),
        ([(0, 10, 50)], "divide by it"),
    ],
)
def test_impossible_rows_are_refused(rows, says):
    with pytest.raises(ScheduleError, match=says):
        DoseSchedule.from_rows(rows)


@pytest.mark.parametrize(
    ("times", "doses", "says"),
    [
        ([], [], "one dose a visit"),
        ([0, 1], [1], "1 doses for 2 visits"),
        ([0, 5, 5], [1, 1, 0], "day 5 follows day 5"),
        ([0, 5, 3], [1, 1, 1], "day 3 follows day 5"),
    ],
)
def test_impossible_visits_are_refused(times, doses, says):
    with pytest.raises(ScheduleError, match=says):
        DoseSchedule.held_forward(times, doses)


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(ScheduleError, match="no column t_end"):
        DoseSchedule.from_table(pd.DataFrame({"t_start": [0], "dose": [1]}))


@st.composite
def schedules(draw):
    lengths = draw(st.lists(st.floats(0.01, 500), min_size=1, max_size=8))
    start = draw(st.floats(-100, 1000))
    edges = start + np.concatenate([[0.0], np.cumsum(lengths)])
    if draw(st.booleans()):
        edges[-1] = np.inf
    return DoseSchedule(tuple(edges), tuple(draw(st.floats(0, 1)) for _ in lengths))


@given(schedules())
def test_a_schedule_survives_its_table(schedule):
    assert DoseSchedule.from_table(schedule.to_table()) == schedule


@given(schedules(), st.floats(-200, 3000), st.floats(0, 2000), st.floats(0, 1))
def test_total_dose_adds_up_over_parts(schedule, start, length, share):
    middle, end = start + share * length, start + length
    parts = schedule.total_dose(start, middle) + schedule.total_dose(middle, end)
    assert parts == pytest.approx(schedule.total_dose(start, end), rel=1e-9, abs=1e-9)


@given(schedules(), st.floats(-200, 3000), st.floats(0.01, 2000))
def test_the_dose_is_constant_between_its_switches(schedule, start, length):
    edges = [start, *schedule.switches_within(start, start + length), start + length]
    for a, b in pairwise(edges):
        inside = a + (b - a) * np.array([0.01, 0.5, 0.99])
        assert len(set(schedule.dose_at(inside))) == 1
