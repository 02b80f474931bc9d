import math

from dynamics.schedule import DoseSchedule

BASE = "patient_id,time_days,burden,dose"
GOOD = "\nOK,0,5,1\nOK,7,4,1\n"


def only(problems, severity):
    return [p for p in problems if p.severity == severity]


def test_rounding_does_not_make_a_dose_invalid(read):
    cohort, problems = read(f"{BASE}\nA,0,9,1.0000000000000002\nA,7,8,-0.0000000000000001\n")
    assert not problems
    assert cohort["A"].schedule.doses == (1.0, 0.0)


def test_same_day_other_dose_is_a_warning(read):
    cohort, problems = read(f"{BASE},exclude\nA,0,9,1,\nA,7,80,0,true\nA,7,8,1,\n")
    assert [p.severity for p in problems] == ["warning"]
    assert "different doses" in problems[0].message
    assert cohort["A"].schedule.doses == (1.0, 0.0)


def test_missing_dose_column_is_an_assumption_everywhere(read):
    cohort, problems = read("patient_id,time_days,burden\nA,3,9\nA,7,8\nB,-5,9\nB,7,8\nC,-9,4\nC,-2,4\n")
    assert cohort["A"].schedule == DoseSchedule.constant(1.0, 3.0)
    assert cohort["B"].schedule == DoseSchedule.constant(1.0, 0.0)
    assert cohort["C"].schedule == DoseSchedule.constant(1.0, -9.0)
    assert all("maximum tolerated dose is assumed" in p.notes[0] for p in cohort)
    assert "maximum tolerated dose is assumed" in cohort.notes[0]
    assert "column dose" in only(problems, "warning")[0].message


def test_blank_doses_are_held_forward(read):
    cohort, problems = read(f"{BASE}\nA,0,9,\nA,7,8,1\nA,14,7,\nA,21,7,0.5\nA,28,6,n/a\n")
    assert cohort["A"].schedule == DoseSchedule((0, 7, 21, math.inf), (0, 1, 0.5))
    assert [p.severity for p in problems] == ["note"]
    assert "first row names no dose" in cohort["A"].notes[0]


def test_no_dose_in_any_row_is_a_warning(read):
    cohort, problems = read(f"{BASE}\nA,0,9,\nA,7,8,\n{GOOD}")
    assert cohort["A"].schedule.doses == (0.0,)
    assert [p.patient_id for p in only(problems, "warning")] == ["A"]


def test_visits_before_day_zero_keep_their_doses(read):
    cohort, problems = read(f"{BASE}\nA,-9,9,0\nA,0,9,1\nA,7,8,1\n")
    assert cohort["A"].times.tolist() == [-9, 0, 7]
    assert cohort["A"].schedule == DoseSchedule((-9, 0, math.inf), (0, 1))
    assert [p.severity for p in problems] == ["note"]


def test_dose_that_starts_only_at_the_first_visit_after_day_zero_is_questioned(read):
    cohort, problems = read(f"{BASE}\nA,-9,9,0\nA,39,8,1\n")
    assert cohort["A"].schedule == DoseSchedule((-9, 39, math.inf), (0, 1))
    assert "not on day 0" in only(problems, "warning")[0].message
    fixed, problems = read(f"{BASE},used_in_fit\nA,-9,9,0,\nA,0,,1,false\nA,39,8,1,\n")
    assert fixed["A"].schedule == DoseSchedule((-9, 0, math.inf), (0, 1))
    assert not only(problems, "warning")
    assert fixed["A"].excluded == ()
