import dataclasses

import numpy as np
import pytest
from general_cases import TWO_SIDED_COST, random_model, two_sided

from dosing.switching.general import Held, dwell_obeyed, noisy_counts, plan_general, receding_horizon
from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.model import SwitchingError
from dosing.switching.schedule import cells_over_time, evaluate


@pytest.mark.parametrize(("visits", "per_dwell"), [(16.0, 1), (7.0, 2), ([5.0, 11.5, 30.0], 1)])
def test_planning_again_never_costs_more_where_the_model_is_right(visits, per_dwell):
    model = two_sided()
    course = receding_horizon(model, TWO_SIDED_COST, 48.0, 4.0, visits, per_dwell=per_dwell)
    first = plan_general(model, TWO_SIDED_COST, 48.0, 4.0, per_dwell=per_dwell)
    assert course.open_loop == pytest.approx(first.value, rel=1e-9)
    assert course.saved is not None
    assert course.saved >= -1e-9
    assert course.value >= first.relaxed.lower_bound * 0.9
    assert course.schedule.is_pure
    assert dwell_obeyed(course.schedule, 4.0)
    assert course.schedule.horizon_days == pytest.approx(48.0)
    assert evaluate(model, TWO_SIDED_COST, course.schedule).total == pytest.approx(course.value)


def test_where_the_first_plan_is_the_best_course_it_is_kept():
    # one switch only is possible: the best course of these steps is found, and found again at the visit
    model = two_sided()
    course = receding_horizon(model, TWO_SIDED_COST, 20.0, 10.0, 10.0)
    assert course.value == pytest.approx(course.open_loop, rel=1e-12)
    assert "the same as keeping to the first plan" in course.sentence


def test_measuring_pays_where_the_model_is_wrong():
    model = two_sided()
    # the drug that holds P does half of what it should
    patient = dataclasses.replace(model, kill=model.kill * np.array([[0.5], [1.0]]))
    course = receding_horizon(model, TWO_SIDED_COST, 48.0, 4.0, 8.0, plant=patient)
    assert course.saved is not None
    assert course.saved > 0
    assert f"{course.saved:.2%} less" in course.sentence
    # what each visit saw is what the patient had
    for visit in course.visits[1:]:
        assert visit.cells == pytest.approx(
            cells_over_time(patient, course.schedule, np.array([visit.day]))[0]
        )
        assert visit.held is not None


def test_dwell_time_holds_across_visits_that_come_more_often():
    course = receding_horizon(
        two_sided(), TWO_SIDED_COST, 40.0, 6.0, 2.5, plant=two_sided(factor=0.8), measure=noisy_counts(0.8, 3)
    )
    assert len(course.visits) == 16
    assert len(course.schedule.days) > 2
    assert dwell_obeyed(course.schedule, 6.0)
    assert any(v.held is not None and v.held.days < 6.0 for v in course.visits)


def test_noise_is_drawn_again_from_its_seed():
    def course(seed):
        return receding_horizon(two_sided(), TWO_SIDED_COST, 24.0, 4.0, 8.0, measure=noisy_counts(0.5, seed))

    one, other = course(1), course(1)
    assert one.value == other.value
    assert not np.array_equal(one.visits[1].measured, one.visits[1].cells)
    assert not np.array_equal(course(2).visits[1].measured, one.visits[1].measured)


def test_a_window_looks_less_far():
    lines = []
    course = receding_horizon(
        two_sided(), TWO_SIDED_COST, 40.0, 4.0, 8.0, window_days=16.0, progress=lines.append
    )
    assert [v.plan.schedule.horizon_days for v in course.visits] == pytest.approx([16, 16, 16, 16, 8])
    assert course.open_loop is None
    assert course.saved is None
    assert course.schedule.horizon_days == pytest.approx(40.0)
    assert dwell_obeyed(course.schedule, 4.0)
    assert len(lines) == 5
    assert "no first plan" in course.sentence


def test_an_ensemble_plans_for_a_patient_of_its_own():
    ensemble = SwitchingEnsemble((two_sided(), two_sided(factor=0.7)))
    course = receding_horizon(
        ensemble, TWO_SIDED_COST, 32.0, 4.0, 16.0, plant=two_sided(factor=0.9), held=Held(0, 1.0), intervals=4
    )
    assert dwell_obeyed(course.schedule, 4.0, held=Held(0, 1.0))
    assert len(course.visits[0].plan.member_parts) == 2


@pytest.mark.parametrize(
    ("visits", "options", "words"),
    [
        (0.0, {}, "days between visits"),
        ([30.0, 20.0], {}, "days of visits must rise"),
        ([50.0], {}, "before the end of the course"),
        (10.0, {"window_days": 2.0}, "shorter than the dwell time"),
        (10.0, {"measure": lambda day, cells: cells[:1]}, "needs the cells of all 2 lines"),
        (10.0, {"plant": random_model(3, 2, 0.0)}, "the simulated patient does not fit"),
    ],
)
def test_courses_that_cannot_be_are_refused(visits, options, words):
    with pytest.raises(SwitchingError, match=words):
        receding_horizon(two_sided(), TWO_SIDED_COST, 40.0, 4.0, visits, **options)
