from types import SimpleNamespace

import numpy as np
import pytest

from dosing.objectives import CUSTOM, Objective, ObjectiveError
from dosing.optimal.arcs import ArcLabel
from dosing.patient_schedule import no_schedule, patient_schedule
from dosing.schedule_result import POINT, POSTERIOR, PROFILES
from dosing.schedule_solution import visit_edges, visit_spacing
from dynamics.catalogue import get_model
from dynamics.ensemble import Ensemble
from dynamics.schedule import DoseSchedule
from patients.cohort import Patient

NAMES = ("r", "K", "delta", "c")
PATIENT_2 = np.array([0.131799194, 580.8725024, 0.089001925, 2.291960323])  # Masud 2023, Table 1


@pytest.fixture(scope="module")
def competition():
    return get_model("competition")


@pytest.fixture(scope="module")
def patient():
    times = np.array([0.0, 28, 56, 84, 126])
    return Patient("P2", times, np.full(5, 359.0), DoseSchedule.constant(1.0), "LDH_U_per_L")


@pytest.fixture(scope="module")
def fit():
    return SimpleNamespace(
        parameter_names=NAMES, estimates=PATIENT_2, constants={"V0": 359.0, "f_R": 0.01}, likelihood="poisson"
    )


@pytest.fixture(scope="module")
def members():
    rows = PATIENT_2 * np.array([[1, 1, 1, 1], [1, 1, 0.2, 1]])
    return Ensemble(NAMES, rows, np.array([0.8, 0.2]), {"V0": 359.0, "f_R": 0.01}, "made for a test")


@pytest.fixture(scope="module")
def contained(patient, fit, competition, members):
    return patient_schedule(patient, fit, competition, Objective(), members, PROFILES, horizon_days=730)


def burdens(schedule):
    assert schedule.courses is not None
    return schedule.courses.schedule


def test_containment_holds_the_dose_between_visits_at_the_windows_edge(contained):
    assert contained.every_days == 28
    assert contained.edges_days[0] == 0
    assert contained.edges_days[-1] == 730
    assert np.allclose(np.diff(contained.edges_days)[:-1], 28)
    middle = contained.doses[len(contained.doses) // 2]
    assert middle == pytest.approx(0.565635, abs=1e-4)  # Masud 2023: lower edge of the window of patient 2


def test_it_is_checked_by_resimulation_and_by_the_sweep(contained):
    assert contained.defect <= 1e-3
    assert contained.agreement <= 1e-5
    assert "agrees" in contained.witness
    assert contained.violations == pytest.approx({"S(T) == K_tol": 0.0}, abs=0.5)
    assert contained.status.startswith("The solution satisfies")


def test_it_is_judged_on_the_members_and_says_so(contained):
    assert contained.share == pytest.approx(0.8)
    assert [s.name for s in contained.scores][:4] == ["optimal schedule", "MTD", "AT50", "off-on AT"]
    assert contained.scores[4].name.startswith("constant 6")  # a fifth into the window, 56.6 to 83.5 %
    assert "computed at the point estimate" in contained.rests_on
    assert "2 parameter sets that the profile likelihoods admit" in contained.rests_on
    assert contained.members == 2
    assert contained.progressed_at == pytest.approx(1.2 * 359)
    assert contained.total_dose_days == pytest.approx(contained.scores[0].total_dose_days)


def test_without_evidence_the_sentence_says_that_it_rests_on_the_point_estimate(patient, fit, competition):
    found = patient_schedule(patient, fit, competition, Objective(), None, POSTERIOR, horizon_days=90)
    assert found.evidence == POINT
    assert "the point estimate ALONE" in found.rests_on


def test_least_dose_holds_the_burden_at_the_tolerable_one_and_spares_drug(
    patient, fit, competition, members, contained
):
    found = patient_schedule(
        patient, fit, competition, Objective("least-dose"), members, PROFILES, horizon_days=730
    )
    assert found.found
    assert found.total_dose_days <= contained.total_dose_days + 0.5
    assert found.violations["R(T) <= R_start"] == pytest.approx(0, abs=1e-3)
    assert burdens(found).max() <= 359 * 1.002
    assert any("R + S <= K_tol acts on" in text for text in found.structure)
    # the condition, not a singular control, holds the dose between its bounds
    assert {a.label for a in found.arcs} == {ArcLabel.INTERIOR}
    assert len(found.switching) == 0
    assert "costates jump" in found.witness


def test_least_burden_keeps_resistant_cells_from_growing(patient, fit, competition, members, contained):
    found = patient_schedule(
        patient, fit, competition, Objective("least-burden"), members, PROFILES, horizon_days=730
    )
    assert found.found
    assert burdens(found).mean() < 0.9 * burdens(contained).mean()
    # no lower burden than K/c holds the resistant cells back (Masud 2023: 0.70596 of the first burden for patient 2)
    assert burdens(found).min() / 359 == pytest.approx(0.70596, abs=0.01)


def test_a_linear_cost_of_ones_own_has_a_switching_function_and_bang_arcs(patient, fit, competition, members):
    own = Objective(CUSTOM, running="S + 1000*u")
    found = patient_schedule(patient, fit, competition, own, members, PROFILES, horizon_days=56, every_days=7)
    assert found.switching_linear
    assert {a.label for a in found.arcs} == {ArcLabel.ZERO}
    assert found.switching.min() > 0
    assert "stands where the sign" in found.witness
    assert np.isnan(found.agreement)


def test_what_cannot_be_held_is_the_reason_and_no_failure(patient, fit, competition, members):
    found = patient_schedule(
        patient,
        fit,
        competition,
        Objective("least-dose"),
        members,
        PROFILES,
        k_tol_ratio=0.5,
        horizon_days=90,
    )
    assert not found.found
    assert not found.failed
    assert found.reason.startswith("No schedule: No control within its bounds meets all conditions")
    assert "R + S <= K_tol is missed by" in found.reason
    easy = patient_schedule(
        patient, fit, competition, Objective(), members, PROFILES, k_tol_ratio=1.9, horizon_days=90
    )
    assert "there is nothing to optimise" in easy.reason
    assert not easy.failed


def test_a_taken_name_is_the_users_matter(patient, fit, competition, members):
    own = Objective(CUSTOM, running="u", values=(("r", 1.0),))
    with pytest.raises(ObjectiveError, match="take another name"):
        patient_schedule(patient, fit, competition, own, members, PROFILES)


def test_no_schedule_is_a_failure_unless_told_otherwise(patient):
    found = no_schedule(patient, Objective(), "no fit", k_tol_ratio=1.5)
    assert found.failed
    assert not found.found
    assert found.k_tol == pytest.approx(538.5)
    assert np.isnan(found.share)


@pytest.mark.parametrize(
    ("days", "spacing"),
    [([0, 14, 28, 49], 14), ([0, 2, 4], 7), ([0, 100, 200], 56), ([5], 28), ([0, 20.4, 41], 20)],
)
def test_doses_are_held_as_long_as_visits_lie_apart(days, spacing):
    assert visit_spacing(np.array(days, dtype=float)) == spacing


@pytest.mark.parametrize(
    ("horizon", "every", "edges"),
    [
        (100, 30, [0, 30, 60, 100]),
        (110, 30, [0, 30, 60, 90, 110]),
        (90, 30, [0, 30, 60, 90]),
        (40, 40, [0, 40]),
        (40, 30, [0, 40]),
    ],
)
def test_the_last_interval_is_not_too_short(horizon, every, edges):
    assert visit_edges(horizon, every).tolist() == edges


def test_intervals_longer_than_the_horizon_are_refused():
    with pytest.raises(ValueError, match="do not fit into a horizon of 30 days"):
        visit_edges(30, 31)
