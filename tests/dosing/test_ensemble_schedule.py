"""A schedule planned for half of the evidence, judged on the other half."""

from types import SimpleNamespace

import numpy as np
import pytest

from dosing.ensemble_schedule import RULE, ensemble_schedule, halves
from dosing.objectives import LONGEST_CONTROL, Objective, ObjectiveError
from dosing.patient_schedule import patient_schedule
from dosing.schedule_result import POSTERIOR
from dynamics import get_model
from dynamics.ensemble import Ensemble
from dynamics.schedule import DoseSchedule
from patients.cohort import Patient

NAMES = ("r", "K", "delta", "c")
PATIENT_2 = np.array([0.131799194, 580.8725024, 0.089001925, 2.291960323])  # Masud 2023, Table 1
MODEL = get_model("competition")
FIT = SimpleNamespace(
    parameter_names=NAMES, estimates=PATIENT_2, constants={"V0": 359.0, "f_R": 0.01}, likelihood="poisson"
)
PATIENT = Patient(
    "P2", np.array([0.0, 28, 56, 84, 126]), np.full(5, 359.0), DoseSchedule.constant(1.0), "LDH_U_per_L"
)
LONGEST = Objective(LONGEST_CONTROL)


def draws(m, seed=0):
    rows = PATIENT_2 * np.exp(
        np.array([0.15, 0.1, 0.15, 0.15]) * np.random.default_rng(seed).normal(size=(m, 4))
    )
    return Ensemble(NAMES, rows, np.full(m, 1 / m), {"V0": 359.0, "f_R": 0.01}, "made for a test")


def test_halves_share_no_member_and_lose_none():
    whole = draws(41)
    first, second = halves(whole, seed=3)
    assert {len(first), len(second)} == {20, 21}
    both = np.vstack([first.values, second.values])
    assert np.array_equal(np.sort(both[:, 0]), np.sort(whole.values[:, 0]))
    assert first.weights.sum() == pytest.approx(1) == second.weights.sum()


@pytest.mark.parametrize(
    ("ensemble", "there"), [(None, "only the point estimate"), (draws(8), "only 8 parameter")]
)
def test_without_evidence_there_is_no_schedule_but_a_way_to_get_one(ensemble, there):
    found = ensemble_schedule(PATIENT, FIT, MODEL, LONGEST, ensemble, POSTERIOR, horizon_days=100)
    assert not found.found
    assert not found.failed
    assert there in found.reason
    assert "evodose fit RUN --bayes" in found.reason


def test_doses_that_fall_between_steps_are_this_patients_reason():
    found = ensemble_schedule(
        PATIENT, FIT, MODEL, LONGEST, draws(40), POSTERIOR, horizon_days=100, every_days=10.3
    )
    assert "No schedule" in found.reason
    assert "10.3" in found.reason


def test_it_is_no_control_problem_of_one_tumour():
    with pytest.raises(ObjectiveError, match="planned for many tumours"):
        LONGEST.problem(MODEL, {}, 1.0, 1.0, 100.0)


@pytest.mark.slow
def test_the_schedule_is_planned_for_one_half_and_judged_on_the_other():
    found = patient_schedule(
        PATIENT, FIT, MODEL, LONGEST, draws(80), POSTERIOR, horizon_days=392, every_days=56.0
    )
    assert found.found
    assert found.members == 40
    assert "planned for 40 draws of the posterior" in found.rests_on
    assert "judged on 40 others" in found.rests_on
    by_name = {s.name: s for s in found.scores}
    assert {"MTD", "AT50", RULE} <= set(by_name)
    own = by_name["optimal schedule"]
    assert own.expected_days > by_name["MTD"].expected_days + 50
    assert own.expected_days == pytest.approx(found.times.weights @ found.times.days[0])
    assert found.times.days.shape == (len(found.scores), 40)
    # two integrators, one answer
    assert float(found.witness.split("within ")[1].split(" ")[0]) < 0.3
    assert found.edges_days[-1] == 392
