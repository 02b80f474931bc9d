"""Scores, the value of knowing, one schedule for a cohort; each against a plain calculation."""

import numpy as np
import pytest

from dosing.ensemble.candidates import candidate_grid, usual_candidates
from dosing.ensemble.cohort_schedules import cohort_schedules, members_as_patients
from dosing.ensemble.feedback_family import AdaptiveRule
from dosing.ensemble.member_times import TtpSetting
from dosing.ensemble.reduction import thin_ensemble
from dosing.ensemble.schedule_scores import mean_error, score_schedules
from dosing.ensemble.sources import paper_grid, published_ensemble
from dosing.ensemble.ttp_objective import TtpObjective
from dosing.ensemble.value_of_knowing import value_of_knowing
from dosing.policies import ConstantDose, MaximumToleratedDose, run_policy
from dosing.progression import ProgressionRule, progression
from dynamics import DoseSchedule, get_model

TURNOVER, COMPETITION = get_model("turnover"), get_model("competition")
PAPER = TtpSetting.paper(0.5)
# r, K, delta, c, V0: Masud 2023, Table 1
PATIENTS = {
    "2": (0.131799194, 580.8725024, 0.089001925, 2.291960323, 359.0),
    "6": (0.181471087, 798.688266, 0.137568333, 3.182914523, 677.0),
    "7": (0.18287846, 663.0487189, 0.128324461, 2.362809094, 286.0),
}


@pytest.fixture(scope="module")
def few():
    return thin_ensemble(paper_grid(0.5), 30).ensemble


@pytest.fixture(scope="module")
def cohort():
    rows = [dict(zip(("r", "K", "delta", "c", "V0"), row, strict=True)) for row in PATIENTS.values()]
    return published_ensemble(COMPETITION, rows, "Masud 2023, Table 1")


def test_scores_are_those_of_single_runs(few):
    found = score_schedules(TURNOVER, few, {"MTD": MaximumToleratedDose(), "0.8": ConstantDose(0.8)}, PAPER)
    course = run_policy(TURNOVER, few.rows(TURNOVER), few.constants, ConstantDose(0.8), 1000).course
    days = progression(course, ProgressionRule.LAST_BELOW).exact_days
    row = found.row("0.8")
    assert row.expected_days == pytest.approx(few.weights @ days)
    assert row.total_dose_days == pytest.approx(800)
    assert row.not_progressing == 0
    table = found.table()
    assert list(table.index) == ["MTD", "0.8"]
    assert table.loc["0.8", "expected_days"] == row.expected_days
    gain, error = found.difference("MTD", "0.8")
    assert gain == pytest.approx(found.row("MTD").expected_days - row.expected_days)
    assert 0 < error < found.row("MTD").expected_error_days * 5
    with pytest.raises(KeyError, match="no treatment 'AT'"):
        found.row("AT")


def test_the_error_of_a_mean_is_the_textbooks_for_equal_weights():
    values = np.random.default_rng(0).normal(size=50)
    assert mean_error(values, np.full(50, 0.02)) == pytest.approx(values.std(ddof=1) / np.sqrt(50))
    assert np.isnan(mean_error(np.ones(1), np.ones(1)))


def test_censored_members_are_counted_as_such(cohort):
    found = score_schedules(COMPETITION, cohort, usual_candidates(window_dose=0.6), TtpSetting(400.0))
    # 0.6 lies in the window of patients 2 and 6, not of patient 7
    assert found.row("constant 60 %").not_progressing == pytest.approx(2 / 3)
    assert found.row("MTD").not_progressing == pytest.approx(1 / 3)


def test_candidates_carry_their_names():
    plan = DoseSchedule((0.0, 50.0, 100.0), (0.5, 1.0))
    rule = AdaptiveRule(1.1, 0.7)
    found = usual_candidates(window_dose=0.7, schedules={"ensemble": plan}, rules={"rule": rule})
    assert list(found) == ["MTD", "AT50", "off-on AT", "constant 70 %", "ensemble", "rule"]
    assert found["rule"] is rule
    grid = candidate_grid(5)
    assert {"constant 0 %", "constant 100 %", "on 100 %, off 50 %"} <= set(grid)
    assert len(grid) == 5 + 3 * sum(b < a for a in (0.7, 0.85, 1.0, 1.1, 1.2) for b in (0.3, 0.5, 0.7, 0.9))


def test_the_value_of_knowing_by_hand(few):
    policies = {f"{d:g}": ConstantDose(d) for d in (0.5, 0.7, 0.85, 1.0)}
    found = value_of_knowing(TURNOVER, few, policies, PAPER)
    days = np.array(
        [score_schedules(TURNOVER, few, {n: p}, PAPER).times.days[0] for n, p in policies.items()]
    )
    expected = days @ few.weights
    assert found.shared == list(policies)[int(np.argmax(expected))]
    assert found.gain_days == pytest.approx(few.weights @ days.max(axis=0) - expected.max())
    assert found.gain_days == pytest.approx(found.known_days - found.shared_days)
    assert found.gain_days > 5
    assert 0 < found.error_days < found.gain_days
    assert np.all(found.gains >= 0)
    for i, name in enumerate(found.own):
        assert days[list(policies).index(name), i] == days[:, i].max()
    with pytest.raises(ValueError, match="nothing to choose"):
        value_of_knowing(TURNOVER, few, {"MTD": MaximumToleratedDose()}, PAPER)


def test_knowing_is_worth_nothing_where_all_members_are_alike(few):
    one = few.take(np.array([3]))
    found = value_of_knowing(TURNOVER, one, {f"{d:g}": ConstantDose(d) for d in (0.5, 1.0)}, PAPER)
    assert found.gain_days == 0
    assert set(found.own) == {found.shared}


def test_a_shared_treatment_against_one_for_each(cohort):
    doses = {f"{d:.3f}": ConstantDose(d) for d in np.linspace(0, 1, 41)}
    setting = TtpSetting(1460.0, level=1.0)
    patients = members_as_patients(cohort, list(PATIENTS))
    found = cohort_schedules(COMPETITION, patients, doses, setting)
    assert [p.patient_id for p in found.patients] == list(PATIENTS)
    assert found.shared_days == pytest.approx(found.values.mean(axis=1).max())
    assert found.own_days == pytest.approx(found.values.max(axis=0).mean())
    # windows at K_tol = V0: 0.566-0.835, 0.201-0.905, 0.810-0.822: the one dose in all three is 0.81 to 0.822
    assert all(p.own_censored == 1 for p in found.patients[:2])
    assert 0.8 <= float(found.shared) <= 0.85
    assert found.own_days >= found.shared_days
    assert list(found.table().columns)[-1] == "gain_days"


def test_patients_with_posteriors_are_scored_by_the_objective(few):
    patients = {"a": few.take(np.arange(15)), "b": few.take(np.arange(15, 30))}
    doses = {f"{d:g}": ConstantDose(d) for d in (0.6, 0.8, 1.0)}
    found = cohort_schedules(TURNOVER, patients, doses, PAPER, TtpObjective.WORST_DECILE)
    scores = score_schedules(TURNOVER, patients["b"], doses, PAPER)
    np.testing.assert_allclose(found.values[:, 1], [r.worst_decile_days for r in scores.rows])


def test_a_tumour_that_cannot_be_simulated_is_named(cohort):
    wild = published_ensemble(
        COMPETITION, [{"r": 60.0, "K": 400.0, "delta": 5.0, "c": 60.0, "V0": 359.0}], "made up to fail"
    )
    setting = TtpSetting(100.0, method="euler", decisions="step", steps_per_day=1)
    with pytest.raises(ValueError, match=r"patient X: parameter set 0 under MTD cannot be simulated"):
        cohort_schedules(COMPETITION, {"X": wild}, {"MTD": MaximumToleratedDose()}, setting)
    with pytest.raises(ValueError, match="no patient"):
        cohort_schedules(COMPETITION, {}, {"MTD": MaximumToleratedDose()}, setting)
    with pytest.raises(ValueError, match="2 patients for 3 members"):
        members_as_patients(cohort, ["a", "b"])
