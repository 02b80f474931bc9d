"""Curves of times to progression on the page of schedules."""

import numpy as np

from dosing.schedule_result import PatientSchedule
from dosing.schedule_scores import ScheduleTimes
from workbench.report.plots.schedule_times import schedule_times_figure


def test_every_strategy_has_its_curve():
    times = ScheduleTimes(
        ("optimal schedule", "MTD <b>"), np.array([[10.0, 60.0], [5.0, 20.0]]),
        np.array([[False, True], [False, False]]), np.array([0.5, 0.5]),
    )  # fmt: skip
    schedule = PatientSchedule("P", "custom", "", 1.0, 1.0, 1.2, 60.0, 20.0, times=times)
    svg = schedule_times_figure(schedule)
    for text in ("not progressed", "optimal schedule", "MTD &lt;b&gt;", "50 %"):
        assert text in svg


def test_a_schedule_without_arcs_is_drawn():
    from dosing.schedule_scores import ScheduleCourses
    from workbench.report.plots.schedule import schedule_figure

    days = np.linspace(0, 60, 7)
    courses = ScheduleCourses(days, days + 1, days, days + 2, days + 3, np.zeros(0))
    schedule = PatientSchedule(
        "P", "longest-control", "", 50.0, 50.0, 60.0, 60.0, 20.0, edges_days=np.array([0.0, 60.0]),
        doses=np.array([0.5]), members=3, courses=courses,
    )  # fmt: skip
    assert "<svg" in schedule_figure(schedule, "LDH_U_per_L")
