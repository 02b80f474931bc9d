import numpy as np
import pytest

from dosing.policies import ConstantDose, MaximumToleratedDose, OffOnAdaptiveTherapy, PlannedSchedule
from dosing.schedule_scores import progression_burden, rival_policies, score_policies, weighted_quantile
from dynamics.catalogue import get_model
from dynamics.ensemble import Ensemble
from dynamics.schedule import DoseSchedule

NAMES = ("r", "K", "delta", "c")
PATIENT_2 = np.array([0.131799194, 580.8725024, 0.089001925, 2.291960323])  # Masud 2023, Table 1
LOST = PATIENT_2 * np.array([1, 1, 0.1, 1])  # a tenth of the kill: no dose holds it


def ensemble(*rows, weights=None):
    rows = np.array(rows)
    weights = np.full(len(rows), 1 / len(rows)) if weights is None else np.array(weights)
    return Ensemble(NAMES, rows, weights, {"V0": 359.0, "f_R": 0.01}, "made for a test")


def test_weighted_quantiles_are_those_of_repeated_values():
    values, counts = np.array([5.0, 1.0, 3.0, 2.0]), np.array([1, 2, 3, 4])
    repeated = np.sort(np.repeat(values, counts))
    for level in (0.05, 0.1, 0.5, 0.77, 1.0):
        expected = np.quantile(repeated, level, method="inverted_cdf")
        assert weighted_quantile(values[:, None], counts / 10, level)[0] == expected


def test_shares_are_weighted_and_times_are_the_horizon_where_nothing_happens():
    schedule = PlannedSchedule(DoseSchedule((0.0, 730.0), (0.62,)), "plan")
    scores, courses, times = score_policies(
        get_model("competition"), ensemble(PATIENT_2, LOST, weights=[0.7, 0.3]), PATIENT_2, schedule,
        [MaximumToleratedDose()], 1.2 * 359, 730.0,
    )  # fmt: skip
    plan, mtd = scores
    assert plan.share == pytest.approx(0.7)
    assert plan.median_days == 730.0
    assert plan.worst_decile_days < 100
    assert plan.total_dose_days == pytest.approx(0.62 * 730)
    assert plan.mean_dose == pytest.approx(0.62)
    assert (plan.point_days, plan.point_progresses) == (730.0, False)
    assert mtd.share == 0.0
    assert mtd.point_progresses
    # under the MTD the burden is back at its start on day 168 (Masud 2023), at 1.2 times it some days later
    assert 168 < mtd.point_days < 190
    assert np.all(courses.low <= courses.high)
    assert courses.low[0] == pytest.approx(359.0)
    assert len(courses.adaptive) == 0
    assert times.names == ("plan", "MTD")
    assert plan.expected_days == pytest.approx(times.weights @ times.days[0])
    assert plan.expected_days == pytest.approx(0.7 * 730 + 0.3 * times.days[0, 1])
    assert times.censored.tolist() == [[True, False], [False, False]]


def test_a_planned_constant_dose_scores_like_the_constant_dose():
    model, members = get_model("competition"), ensemble(PATIENT_2, LOST)
    plan = PlannedSchedule(DoseSchedule((0.0, 100.0, 400.0), (0.7, 0.7)))
    scores, _, _ = score_policies(
        model, members, PATIENT_2, plan, [MaximumToleratedDose(), ConstantDose(0.7)], 430.8, 400.0
    )
    one, _, other = scores
    assert one.share == other.share
    assert one.worst_decile_days == pytest.approx(other.worst_decile_days)


def test_rivals_leave_out_what_cannot_be():
    names = [p.name for p in rival_policies(1.0, 0.6)]
    assert names == ["MTD", "AT50", "off-on AT", "constant 60 %"]
    assert [p.name for p in rival_policies(0.4, None)] == ["MTD", "off-on AT"]


def test_off_on_therapy_begins_before_progression():
    for level in (0.6, 1.0, 1.5):
        (off_on,) = (p for p in rival_policies(level, None) if isinstance(p, OffOnAdaptiveTherapy))
        assert max(1.0, level) < off_on.start_level < progression_burden(1.0, level)


def test_progression_is_told_by_the_larger_burden():
    assert progression_burden(100.0, 80.0) == pytest.approx(120.0)
    assert progression_burden(100.0, 150.0) == pytest.approx(180.0)


def test_the_order_of_the_ensembles_columns_does_not_matter():
    model, plan = get_model("competition"), PlannedSchedule(DoseSchedule((0.0, 200.0), (1.0,)))
    straight = ensemble(PATIENT_2, LOST)
    turned = Ensemble(NAMES[::-1], straight.values[:, ::-1], straight.weights, straight.constants, "turned")
    first, _, _ = score_policies(model, straight, PATIENT_2, plan, [MaximumToleratedDose()], 430.8, 200.0)
    second, _, _ = score_policies(model, turned, PATIENT_2, plan, [MaximumToleratedDose()], 430.8, 200.0)
    assert first == second
