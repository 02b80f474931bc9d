"""A patient's posterior, planned on some draws and judged on others."""

import numpy as np
import pytest
from handmade import MODEL, PATIENT_2, make_ensemble

from dosing.ensemble.feedback_family import FeedbackFamily
from dosing.ensemble.member_times import TtpSetting
from dosing.ensemble.patient_comparison import PLANNED, POINT, RULE, compare_for_patient
from dosing.ensemble.schedule_scores import score_schedules
from dosing.policies import PlannedSchedule


def draws(seed, m=60):
    """Parameter sets around patient 2 of Masud 2023, as a posterior could scatter them."""
    spread = np.array([0.15, 0.1, 0.15, 0.15])
    return make_ensemble(PATIENT_2 * np.exp(spread * np.random.default_rng(seed).normal(size=(m, 4))))


@pytest.mark.slow
def test_what_is_planned_on_some_draws_is_judged_on_others():
    setting = TtpSetting(730.0, level=1.0, steps_per_day=4)
    family = FeedbackFamily((0.9, 1.0), (0.5, 0.8), (0.7, 1.0), (0.0,))
    found = compare_for_patient(
        MODEL,
        draws(0),
        draws(1),
        PATIENT_2,
        setting,
        hold_days=73.0,
        family=family,
        knowing_doses=11,
        iterations=15,
    )
    names = [r.name for r in found.scores.rows]
    assert names[:3] == ["MTD", "AT50", "off-on AT"]
    assert {PLANNED, POINT, RULE} <= set(names)
    # the middle of the window 0.5656 to 0.8347
    assert "constant 70.02 %" in names
    # the point estimate promises what the held-out draws do not keep
    assert found.claimed_days == 730
    assert found.scores.row(POINT).expected_days < 700
    # at least as good on the draws that were planned for, and on others but for chance
    plans = {
        name: PlannedSchedule(found_.schedule)
        for name, found_ in ((PLANNED, found.ensemble_optimum), (POINT, found.point_optimum))
    }
    assert score_schedules(MODEL, draws(0), plans, setting).difference(PLANNED, POINT)[0] >= 0
    gain, error = found.scores.difference(PLANNED, POINT)
    assert gain > -2 * error
    assert found.scores.row(PLANNED).expected_days > found.scores.row("MTD").expected_days + 100
    again = score_schedules(MODEL, draws(1), {"x": PlannedSchedule(found.ensemble_optimum.schedule)}, setting)
    assert again.rows[0].expected_days == pytest.approx(found.scores.row(PLANNED).expected_days)
    assert found.knowing.shared_days >= max(r.expected_days for r in found.scores.rows) - 1e-9
    assert "point estimate" in found.sentence
    assert "as if it were true" in found.point_optimum.provenance


def test_a_cohort_is_no_patient():
    cohort = make_ensemble(
        np.tile(PATIENT_2, (2, 1)), constants={"V0": np.array([300.0, 400.0]), "f_R": 0.01}
    )
    with pytest.raises(ValueError, match="V0 differ between the members"):
        compare_for_patient(MODEL, cohort, cohort, PATIENT_2, TtpSetting(100.0))
