"""Patients cut in time."""

import numpy as np
import pytest

from dynamics import DoseSchedule
from fitting.forecast import (
    SplitError,
    first_days,
    first_share,
    first_visits,
    last_two_of_at_least,
    split_cohort,
    split_patient,
)
from patients import Exclusion, Patient

DAYS = np.array([3.0, 10.0, 20.0, 40.0, 60.0])


@pytest.fixture
def patient():
    return Patient(
        "P1",
        DAYS,
        [5.0, 4.0, 3.0, 2.0, 6.0],
        DoseSchedule.from_rows([(0, 20, 1.0), (20, 45, 0.0), (45, 55, 0.5)]),
        censoring=[0, 0, 0, -1, 0],
        excluded=(Exclusion(12.0, 9.0, "a cold"), Exclusion(30.0, 99.0, "a fall")),
        notes=("the last dose was not recorded",),
    )


def with_visits(count):
    return Patient(f"N{count}", np.arange(count), np.ones(count), DoseSchedule.constant(1.0))


def test_nothing_of_after_the_cut_is_in_the_training_part(patient):
    split = split_patient(patient, first_visits(3))
    training = split.training
    assert training.times.tolist() == [3.0, 10.0, 20.0]
    assert [e.time_days for e in training.excluded] == [12.0]
    assert "recorded" not in " ".join(training.notes)
    # the pause that began on the day of the cut is known, the dose of day 45 is not
    assert training.schedule == DoseSchedule((0, 20, np.inf), (1.0, 0.0))
    assert split.held_schedule is training.schedule
    assert split.planned_schedule is patient.schedule


def test_held_out_visits_with_their_horizons(patient):
    split = split_patient(patient, first_visits(3))
    assert split.held_out_burdens.tolist() == [2.0, 6.0]
    assert split.held_out_censoring.tolist() == [-1, 0]
    assert split.horizons_days.tolist() == [20.0, 40.0]
    whole = split.complete()
    assert np.array_equal(whole.burdens, patient.burdens)
    assert np.array_equal(whole.censoring, patient.censoring)


@pytest.mark.parametrize(
    ("schedule", "known"),
    [
        (DoseSchedule.constant(1.0, 30.0), DoseSchedule.constant(0.0, 20.0)),
        (DoseSchedule.constant(1.0, 0.0, 15.0), DoseSchedule((0, 15, np.inf), (1.0, 0.0))),
        (DoseSchedule.constant(0.4), DoseSchedule.constant(0.4)),
    ],
)
def test_dose_known_on_the_day_of_the_cut_is_held(schedule, known):
    patient = Patient("P", DAYS, np.ones(5), schedule)
    assert split_patient(patient, first_visits(3)).training.schedule == known


@pytest.mark.parametrize(
    ("rule", "visits", "expected"),
    [
        (first_share(0.6), 5, 3),
        (first_share(0.6), 10, 6),
        (first_share(0.2), 10, 3),
        (first_share(0.9), 6, 4),
        (last_two_of_at_least(6), 9, 7),
        (first_days(4.0), 9, 5),
    ],
)
def test_rules(rule, visits, expected):
    assert rule(with_visits(visits)) == expected


@pytest.mark.parametrize(
    ("rule", "visits"),
    [(first_share(0.6), 4), (last_two_of_at_least(6), 5), (first_days(9.0), 9), (first_visits(3), 3)],
)
def test_too_few_visits_are_refused(rule, visits):
    with pytest.raises(SplitError, match="visits"):
        split_patient(with_visits(visits), rule)


def test_patients_with_too_few_visits_are_skipped_with_the_reason():
    splits, skipped = split_cohort([with_visits(8), with_visits(5)], last_two_of_at_least(6))
    assert [s.patient_id for s in splits] == ["N8"]
    assert skipped[0].patient_id == "N5"
    assert "5 visits: at least 6" in skipped[0].reason


def test_share_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match=r"1\.5"):
        first_share(1.5)
