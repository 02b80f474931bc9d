"""The figures of Scagliotti 2026: their numbers, and that the pictures show them."""

from functools import cache

import numpy as np
import pytest

from dosing.ensemble import EnsembleEvaluation
from dosing.ensemble.member_times import TtpSetting
from dosing.ensemble.studies import (
    FIGURE_1,
    FIGURE_5,
    FIGURE_7,
    controls_figure,
    controls_study,
    cost_shapes,
    cost_shapes_figure,
    paper_problem,
    paper_tumour,
    single_tumour_figure,
    single_tumour_study,
    tumour_course,
    worst_tumours_figure,
    worst_tumours_study,
)
from dosing.ensemble.studies.controls import AVERAGED, WORST
from dosing.policies import MaximumToleratedDose
from dynamics import DoseSchedule, get_model


@cache
def small():
    """Few members, few updates with a longer step."""
    return controls_study((0.5,), members=12, updates=25, step=1.0, hold_days=50.0)


def test_single_tumour_progresses_on_the_days_of_figures_1_and_7():
    found = single_tumour_study()
    assert {c.treatment: c.last_below.exact_days for c in found.courses} == {
        "MTD": 370.75, "on-off AT": 424.125, "off-on AT": 459.375
    }  # fmt: skip
    assert not any(c.stands_above for c in found.courses)
    for course in found.courses:
        np.testing.assert_allclose(sum(course.populations.values()), course.burden)
        assert course.burden[0] == pytest.approx(0.5)
        assert course.level == pytest.approx(0.6)
        assert len(course.doses) == len(course.times_days) - 1 == 8000
    assert set(found.of("on-off AT").doses) == {0.0, 1.0}
    assert "MTD: time to progression 370.75 days" in found.statement
    with pytest.raises(KeyError, match="there are MTD, on-off AT, off-on AT"):
        found.of("J1")


def test_a_schedule_that_waits_stands_above_the_level_until_it_treats():
    waits = DoseSchedule((0.0, 40.0, 1000.0), (0.0, 1.0))
    found = single_tumour_study({"waits": waits})
    course = found.of("waits")
    assert course.stands_above
    first, last = course.first_crossing.exact_days, course.last_below.exact_days
    above = course.burden > course.level
    back = course.times_days[np.argmax(~above & (course.times_days > first + 1))]
    assert course.days_above == pytest.approx(back - first, abs=0.25)
    assert last > found.of("MTD").last_below.exact_days
    assert f"stood above the level from day {course.first_crossing.days} for" in course.sentence
    burden = single_tumour_figure(found, ["MTD", "waits"]).axes[1]
    assert [t.get_text() for t in burden.texts] == [
        f"first above: day {course.first_crossing.days}", f"TTP′: day {course.last_below.days}"
    ]  # fmt: skip


def test_figures_of_one_tumour_show_burden_populations_doses_and_days():
    found = single_tumour_study({"J1": DoseSchedule.constant(1.0), "J2": DoseSchedule.constant(0.5)})
    for names in (FIGURE_5, None):
        figure = single_tumour_figure(found, names)
        shown = [axes for axes in figure.axes if axes.get_visible()]
        assert len(shown) == 2 * len(names or found.courses)
    assert {*FIGURE_1, *FIGURE_5, *FIGURE_7} == {c.treatment for c in found.courses}
    figure = single_tumour_figure(found, FIGURE_1)
    burden, other, dose, _ = figure.axes
    np.testing.assert_array_equal(burden.lines[0].get_ydata(), found.of("MTD").burden)
    assert [line.get_label() for line in burden.lines[:4]] == ["burden", "$S$", "$R$", "level of progression"]
    assert [axes.texts[0].get_text() for axes in (burden, other)] == ["TTP: day 370", "TTP: day 424"]
    np.testing.assert_array_equal(dose.patches[-1].get_data().values, 1.0)
    figure.draw_without_rendering()


def test_costs_of_figure_2():
    found = cost_shapes(0.5, points=101)
    d = found.burdens - 0.5
    np.testing.assert_allclose(found.linear, d, atol=1e-15)
    np.testing.assert_allclose(found.hyperbolic, np.sqrt(1 + d**2) - 1 + d, atol=1e-15)
    assert "0.5 above n_0 costs 0.618 and 0.5 below earns 0.382" in found.statement
    axes = cost_shapes_figure(found).axes[0]
    np.testing.assert_array_equal(axes.lines[-1].get_ydata(), found.hyperbolic)
    with pytest.raises(ValueError, match="between 0 and 1"):
        cost_shapes(1.0)


def test_controls_lower_what_they_minimise_and_report_progress():
    seen = []
    again = controls_study((0.5,), kinds=(AVERAGED,), members=12, updates=2, progress=seen.append)
    assert seen == [0.5, 1.0]
    assert not any(key[1] == WORST for key in again.solutions)
    found = small()
    assert found.holds
    for (cost, kind, burden), solution in found.solutions.items():
        problem = paper_problem(burden, cost, members=12)
        full = EnsembleEvaluation(problem, 50.0).outcomes(1.0).costs
        expected = full @ problem.weights if kind == AVERAGED else full.max()
        assert found.full_dose[cost, kind, burden] == pytest.approx(expected, rel=1e-12)
        if kind == AVERAGED:
            # from half the dose down, step by step
            assert np.all(np.diff(solution.history) < 0)
    assert found.solution("hyperbolic", AVERAGED, 0.5).value < found.full_dose["hyperbolic", AVERAGED, 0.5]
    with pytest.raises(KeyError, match="there are linear averaged at"):
        found.solution("linear", AVERAGED, 0.25)


def test_a_dearer_worst_case_is_not_hidden():
    found = small()
    key = ("linear", WORST, 0.5)
    worse = type(found)(
        found.initial_burdens, found.solutions, {**found.full_dose, key: found.full_dose[key] - 0.01}
    )
    assert not worse.holds


def test_figures_3_and_4_show_the_doses():
    found = small()
    for kind in (AVERAGED, WORST):
        figure = controls_figure(found, kind)
        for axes, cost in zip(figure.axes, ("linear", "hyperbolic"), strict=True):
            doses = found.solution(cost, kind, 0.5).doses[:, 0]
            np.testing.assert_array_equal(axes.patches[-1].get_data().values, doses)
            assert axes.get_title("left").startswith(
                f"{cost} cost: {'J' if kind == AVERAGED else 'largest J'}"
            )


def test_the_worst_tumour_has_the_shortest_time_of_all():
    found = small()
    ((worst,),) = [worst_tumours_study(found, (0.5,)).tumours]
    row = found.table().loc[("hyperbolic", AVERAGED, 0.5)]
    assert worst.course.last_below.days == row["min TTP"]
    tumours = found.solution("hyperbolic", AVERAGED, 0.5).problem.ensemble
    assert worst.division_ratio in tumours.column("r_R") / tumours.column("r_S")
    assert 0 < worst.as_early < 1
    falls = int(np.argmax(np.diff(worst.course.burden) < 0))
    assert worst.comes_down_to == pytest.approx(
        worst.course.burden[falls:].min() / worst.course.level, rel=1e-3
    )
    assert (
        worst_tumours_figure(worst_tumours_study(found, (0.5,)))
        .axes[0]
        .get_title("left")
        .startswith("$n_0$ = 0.5")
    )


def test_what_the_paper_does_not_have_is_refused():
    with pytest.raises(ValueError, match="no tumour with r_R = "):
        paper_tumour(0.67)
    with pytest.raises(ValueError, match="the paper has linear and hyperbolic"):
        paper_problem(0.5, "quadratic")
    with pytest.raises(ValueError, match="kind 'median'"):
        controls_study((0.5,), kinds=("median",))
    pair = paper_problem(members=2).ensemble
    with pytest.raises(ValueError, match="no single tumour"):
        tumour_course(get_model("turnover"), pair, MaximumToleratedDose(), TtpSetting.paper())


@pytest.mark.slow
def test_no_worst_case_is_dearer_than_under_the_full_dose():
    found = controls_study(kinds=(WORST,))
    assert len(found.solutions) == 6
    assert found.holds
    for key, solution in found.solutions.items():
        assert solution.value <= found.full_dose[key]
        assert solution.outcomes.costs.max() == pytest.approx(solution.value)


@pytest.mark.slow
def test_figures_3_5_and_6_on_all_tumours():
    found = controls_study((0.25, 0.50), kinds=(AVERAGED,))
    costs = [found.solution("linear", AVERAGED, n).value for n in (0.25, 0.50)]
    assert costs == pytest.approx([8.66035464, 7.98359993], abs=6e-9)
    rows = found.table().loc[("linear", AVERAGED)][["max TTP", "min TTP", "mean TTP"]]
    assert rows.to_numpy().tolist() == [[521, 109, 210], [593, 155, 270]]
    one = single_tumour_study(found.schedules(0.5))
    # Fig. 5: J1 as MTD, J2 above the level first and far longer below it then
    assert one.of("J1").last_below.exact_days == pytest.approx(370.75, abs=0.5)
    assert one.of("J2").stands_above
    assert one.of("J2").last_below.exact_days > 600
    worst = worst_tumours_study(found).tumours
    # Fig. 6: these two are among those that pass the level first, and never come back
    assert [(t.division_ratio, t.resistant_share) for t in worst] == [
        (pytest.approx(0.72), pytest.approx(0.02)), (pytest.approx(0.84), pytest.approx(0.04))
    ]  # fmt: skip
    assert [t.course.last_below.days for t in worst] == [9, 15]
    assert all(t.comes_down_to > 1 for t in worst)
