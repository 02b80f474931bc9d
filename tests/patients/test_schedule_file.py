import math

import pytest

from dynamics.schedule import DoseSchedule
from patients.cohort import CohortError

BASE = "patient_id,time_days,burden,dose"
GOOD = "\nOK,0,5,1\nOK,7,4,1\n"


def only(problems, severity):
    return [p for p in problems if p.severity == severity]


def rejection(cohort, patient_id):
    return next(r.reason for r in cohort.rejected if r.patient_id == patient_id)


SEGMENTS = "patient_id,t_start,t_end,dose"


def test_schedule_file_overrides_the_column(read):
    cohort, problems = read(f"{BASE}\nA,0,9,1\nA,7,8,1\n", f"{SEGMENTS}\nA,0,5,0.5\nA,10,,0.25\n")
    assert cohort["A"].schedule == DoseSchedule((0, 5, 10, math.inf), (0.5, 0, 0.25))
    assert problems == ()


def test_schedule_file_rescues_a_dose_column_in_milligrams(read):
    cohort, problems = read(f"{BASE}\nA,0,9,150\nA,7,8,150\n", f"{SEGMENTS}\nA,0,5,0.5\n")
    assert cohort["A"].schedule == DoseSchedule((0, 5), (0.5,))
    assert only(problems, "error") == []


def test_no_dose_after_the_last_segment(read):
    cohort, _ = read(f"{BASE}\nA,0,9,1\nA,7,8,1\n", f"{SEGMENTS}\nA,0,5,1\n")
    assert cohort["A"].schedule.dose_at(6.0) == 0


@pytest.mark.parametrize(
    ("segments", "words"),
    [
        ("A,0,5,1\nA,4,9,0\n", "overlap"),
        ("A,0,,1\nA,4,9,0\n", "overlap"),
        ("A,5,0,1\n", "ends before it starts"),
        ("A,0,5,80\n", "not between 0 and 1"),
        ("A,0,5,x\n", "cannot be read"),
        ("A,0,5,\n", "cannot be read"),
        ("A,,5,1\n", "cannot be read"),
        ("A,x,5,1\n", "cannot be read"),
        ("A,2024-01-01,5,1\n", "cannot be read"),
        ("A,2024-01-01,2024-01-05,1\n", "in dates"),
    ],
)
def test_broken_segments_reject_their_patient_only(read, segments, words):
    cohort, problems = read(f"{BASE}\nA,0,9,1\nA,7,8,1\n{GOOD}", f"{SEGMENTS}\n{segments}OK,0,9,1\n")
    assert [p.patient_id for p in cohort] == ["OK"]
    assert words in rejection(cohort, "A")
    error = only(problems, "error")[0]
    assert error.file == "doses.csv"
    assert error.patient_id == "A"
    assert error.remedy


def test_empty_and_repeated_segments_are_dropped_with_a_note(read):
    cohort, problems = read(f"{BASE}\nA,0,9,1\nA,7,8,1\n", f"{SEGMENTS}\nA,0,5,1\nA,0,5,1\nA,5,5,0\n")
    assert cohort["A"].schedule == DoseSchedule((0, 5), (1,))
    assert [(p.severity, p.row) for p in problems] == [("note", 3), ("note", 4)]


def test_patients_without_segments_fall_back(read):
    schedule = f"{SEGMENTS}\nA,0,9,1\n"
    cohort, problems = read(f"{BASE}\nA,0,9,0\nA,7,8,0\nB,0,9,0.5\nB,7,8,0.5\n", schedule)
    assert cohort["B"].schedule.doses == (0.5,)
    assert [(p.severity, p.patient_id) for p in problems] == [("note", "B")]
    cohort, problems = read("patient_id,time_days,burden\nA,0,9\nA,7,8\nB,0,9\nB,7,8\n", schedule)
    assert cohort["B"].schedule.doses == (1.0,)
    assert [(p.severity, p.patient_id) for p in problems] == [("warning", "B")]
    assert len(cohort["B"].notes) == 2


def test_segments_of_unknown_patients_are_a_warning(read):
    _, problems = read(BASE + GOOD, f"{SEGMENTS}\nOK,0,9,1\nok ,0,9,1\n")
    assert [(p.severity, p.patient_id) for p in problems] == [("warning", "ok")]


def test_last_days_that_are_inclusive_are_questioned(read):
    _, problems = read(f"{BASE}\nOK,0,9,1\nOK,30,8,1\n", f"{SEGMENTS}\nOK,0,9,1\nOK,10,19,1\nOK,20,29,0\n")
    (warning,) = problems
    assert warning.severity == "warning"
    assert "the day after" in warning.remedy


def test_schedule_that_misses_all_visits_is_questioned(read):
    _, problems = read(BASE + GOOD, f"{SEGMENTS}\nOK,100,200,1\n")
    assert "same day 0" in only(problems, "warning")[0].remedy


def test_schedule_in_dates_counts_from_the_first_visit(read):
    visits = f"{BASE}\nA,2024-01-11,9,1\nA,2024-01-31,8,1\n"
    cohort, _ = read(visits, f"{SEGMENTS}\nA,2024-01-01,2024-01-21,1\nA,2024-01-21,,0.5\n")
    assert cohort["A"].schedule == DoseSchedule((-10, 10, math.inf), (1, 0.5))


@pytest.mark.parametrize(
    "schedule", ["patient_id,start,end,dose\nA,0,5,1\n", f"{SEGMENTS}\n", f"{SEGMENTS}\nA,x,5,1\n", "\n"]
)
def test_unreadable_schedule_is_never_replaced_by_an_assumption(read, schedule):
    with pytest.raises(CohortError, match=r"doses\.csv"):
        read(BASE + GOOD, schedule)
