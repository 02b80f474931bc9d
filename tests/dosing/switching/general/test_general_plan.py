from itertools import product

import numpy as np
import pytest
from general_cases import TWO_SIDED_COST, full_cost, random_model, two_sided

from dosing.switching.general import Held, dwell_obeyed, plan_general
from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.general.uncertainty import member_costs
from dosing.switching.model import SwitchingError
from dosing.switching.schedule import SwitchingSchedule, evaluate


@pytest.mark.parametrize(("flow", "dwell", "per_dwell"), [(1e-7, 5.0, 1), (1e-3, 7.0, 2), (0.02, 3.0, 1)])
def test_one_drug_at_a_time_within_its_bound(flow, dwell, per_dwell):
    model = random_model(8, 3, flow)
    cost = full_cost(model)
    plan = plan_general(model, cost, 61.0, dwell, per_dwell=per_dwell)
    assert plan.schedule.is_pure
    assert dwell_obeyed(plan.schedule, dwell)
    assert plan.schedule.horizon_days == pytest.approx(61.0, abs=1e-9)
    assert plan.parts.total == pytest.approx(plan.value, rel=1e-12)
    assert plan.lower_bound <= plan.value
    assert plan.lower_bound <= plan.relaxed.value
    assert plan.relaxed.gap < 1e-6
    assert 0 <= plan.gap < 0.3
    assert plan.value <= min(plan.rounded.values()) * (1 + 1e-10)
    assert "one at a time" in plan.sentence
    assert "bounds every course" in plan.certificate


@pytest.mark.parametrize("flow", [0.0, 1e-3])
def test_bound_holds_for_every_course_and_the_plan_is_near_the_best(flow):
    model = two_sided(flow)
    plan = plan_general(model, TWO_SIDED_COST, 40.0, 4.0)
    courses = [
        SwitchingSchedule.of_drugs(np.array(c), np.full(10, 4.0), 2) for c in product(range(2), repeat=10)
    ]
    best = min(evaluate(model, TWO_SIDED_COST, c).total for c in courses)
    assert plan.lower_bound <= best
    assert best * (1 - 1e-12) <= plan.value <= best * 1.001


def test_gap_shrinks_with_the_dwell_time():
    gaps = [
        plan_general(two_sided(), TWO_SIDED_COST, 96.0, dwell, second_start=False).gap
        for dwell in (12.0, 4.0, 1.0)
    ]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 0.02


def test_what_the_patient_is_on_is_given_on_until_its_dwell_time_is_served():
    free = plan_general(two_sided(), TWO_SIDED_COST, 40.0, 8.0, second_start=False)
    first = int(free.schedule.mixtures[0].argmax())
    held = Held(1 - first, 3.0)
    bound = plan_general(two_sided(), TWO_SIDED_COST, 40.0, 8.0, held=held, second_start=False)
    assert bound.schedule.mixtures[0].argmax() == held.drug
    assert bound.schedule.days[0] >= 5.0 - 1e-9
    assert dwell_obeyed(bound.schedule, 8.0, held=held)
    assert bound.schedule.horizon_days == pytest.approx(40.0)
    assert bound.parts.total == pytest.approx(bound.value, rel=1e-12)
    assert bound.lower_bound <= bound.value
    # courses with the same forced beginning cannot come below its bound
    later = [
        SwitchingSchedule.of_drugs(np.array([held.drug, *c]), np.array([5.0, 8.0, 8.0, 8.0, 11.0]), 2)
        for c in product(range(2), repeat=4)
    ]
    allowed = [c for c in later if dwell_obeyed(c, 8.0, held=held)]
    best = min(evaluate(two_sided(), TWO_SIDED_COST, c).total for c in allowed)
    assert bound.lower_bound <= best
    assert bound.value <= best * 1.02


def test_a_horizon_within_the_dwell_time_leaves_no_choice():
    plan = plan_general(two_sided(), TWO_SIDED_COST, 4.0, 8.0, held=Held(1, 2.0))
    assert plan.schedule.durations == pytest.approx([0.0, 4.0])


@pytest.mark.slow
def test_a_known_course_is_never_beaten_by_the_plan():
    model = two_sided()
    odd = SwitchingSchedule.of_drugs(np.array([0, 1, 0, 1]), np.array([4.7, 9.1, 13.3, 12.9]), 2)
    plan = plan_general(model, TWO_SIDED_COST, 40.0, 4.0, candidates=(odd,))
    assert plan.value <= evaluate(model, TWO_SIDED_COST, odd).total * (1 + 1e-12)
    # a better known course is returned itself, with a bound that holds off the grid, too
    fine = plan_general(model, TWO_SIDED_COST, 40.0, 4.0, per_dwell=4)
    again = plan_general(model, TWO_SIDED_COST, 40.0, 4.0, 10, candidates=(fine.schedule,))
    assert again.value == pytest.approx(min(fine.value, again.value), rel=1e-12)
    assert again.lower_bound <= fine.value
    hasty = SwitchingSchedule.of_drugs(np.array([0, 1, 0]), np.array([1.0, 1.0, 38.0]), 2)
    assert dwell_obeyed(plan_general(model, TWO_SIDED_COST, 40.0, 4.0, candidates=(hasty,)).schedule, 4.0)


@pytest.mark.parametrize("criterion", ["average", "worst"])
def test_an_ensemble_is_given_one_drug_at_a_time_too(criterion):
    ensemble = SwitchingEnsemble(
        (two_sided(), two_sided(factor=0.8), two_sided(1e-2, 1.1)), np.array([3.0, 1.0, 2.0])
    )
    plan = plan_general(ensemble, TWO_SIDED_COST, 40.0, 4.0, criterion=criterion)
    assert dwell_obeyed(plan.schedule, 4.0)
    costs = member_costs(ensemble, TWO_SIDED_COST, plan.schedule)
    expected = costs.max() if criterion == "worst" else costs @ [0.5, 1 / 6, 1 / 3]
    assert plan.value == pytest.approx(expected, rel=1e-12)
    assert plan.lower_bound <= plan.value
    assert plan.gap < 0.1
    assert f"{criterion} cost" in plan.sentence
    with pytest.raises(SwitchingError, match="read member_parts"):
        _ = plan.parts


def test_what_cannot_be_planned_is_refused():
    model = two_sided()
    with pytest.raises(SwitchingError, match="ask for 1 to 10"):
        plan_general(model, TWO_SIDED_COST, 40.0, 4.0, 11)
    with pytest.raises(SwitchingError, match="not one of 2 drugs"):
        plan_general(model, TWO_SIDED_COST, 40.0, 4.0, held=Held(2, 1.0))
    with pytest.raises(SwitchingError, match="shorter than the dwell time"):
        plan_general(model, TWO_SIDED_COST, 3.0, 4.0)
