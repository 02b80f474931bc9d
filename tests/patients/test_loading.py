import math
import re

import numpy as np
import pytest

from dynamics.schedule import DoseSchedule
from patients.cohort import CohortError
from patients.loading import load_cohort, read_cohort
from patients.problems import UnusableCohortError

BASE = "patient_id,time_days,burden,dose"
GOOD = "\nOK,0,5,1\nOK,7,4,1\n"


@pytest.fixture
def read(tmp_path):
    """Read a cohort from text; return it with the problems."""

    def from_text(text, schedule=None, **options):
        path = tmp_path / "visits.csv"
        path.write_text(text, encoding="utf-8")
        if schedule is not None:
            (tmp_path / "doses.csv").write_text(schedule, encoding="utf-8")
            schedule = tmp_path / "doses.csv"
        reading = read_cohort(path, schedule, **options)
        return reading.cohort, reading.problems

    return from_text


def only(problems, severity):
    return [p for p in problems if p.severity == severity]


def rejection(cohort, patient_id):
    return next(r.reason for r in cohort.rejected if r.patient_id == patient_id)


def test_clean_file_has_no_findings(read):
    cohort, problems = read(BASE + ",marker\nA,0,100,1,LDH\nA,14,80,0.5,LDH\nB,0,7,0,LDH\nB,1,6,0,LDH\n")
    assert problems == ()
    assert [p.patient_id for p in cohort] == ["A", "B"]
    assert cohort["A"].times.tolist() == [0, 14]
    assert cohort["A"].burdens.tolist() == [100, 80]
    assert cohort["A"].marker == "LDH"
    assert cohort["A"].schedule == DoseSchedule((0, 14, math.inf), (1.0, 0.5))
    assert cohort.source == "visits.csv"
    assert not cohort.virtual


# Each row: what stands in one cell of row 3, the severity it gets, words of the message, words of the remedy.
# The row is left out with a reason, the patient goes on with the other two.
BAD_BURDENS = [
    ("n/a", "warning", "no burden was recorded", "exclude"),
    ("", "warning", "no burden was recorded", "fill it in"),
    ("-5", "error", "negative", "<0.1"),
    ("inf", "error", "infinite", ">500"),
    ("1e999", "error", "larger than a number", ">500"),
    ("high", "error", "not a number", "leave the cell blank"),
    ('"1,234"', "error", "1234", "write 1234 or 1.234"),
    ('"1,234,567"', "error", "thousands separator", "write 1234567"),
    ("80 U/L", "error", "text follows", "marker"),
    ("<0", "error", "positive", "<0.1"),
]


@pytest.mark.parametrize(("cell", "severity", "message", "remedy"), BAD_BURDENS)
def test_bad_burden_leaves_its_row_out(read, cell, severity, message, remedy):
    cohort, problems = read(f"{BASE}\nA,0,9,1\nA,7,{cell},0\nA,14,7,0\n")
    (problem,) = problems
    assert (problem.severity, problem.file, problem.row, problem.column) == (
        severity,
        "visits.csv",
        3,
        "burden",
    )
    assert (problem.patient_id, problem.value) == ("A", cell.strip('"'))
    assert message in problem.message
    assert remedy in problem.remedy
    patient = cohort["A"]
    assert patient.times.tolist() == [0, 14]
    (exclusion,) = patient.excluded
    assert (exclusion.time_days, exclusion.row) == (7.0, 3)
    assert exclusion.reason
    # The row that no fit uses still says when the dose changed.
    assert patient.schedule == DoseSchedule((0, 7, math.inf), (1.0, 0.0))


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("", "no day"),
        ("week 12", "not a number"),
        ("inf", "not a number|infinite"),
        ("1e999", "larger than a number"),
        ("<7", "a bound, not a day"),
        ("03/04/2024", "3 April or 4 March"),
        ('"1,234"', "1234"),
    ],
)
def test_bad_time_leaves_its_row_out(read, cell, message):
    cohort, problems = read(f"{BASE}\nA,0,9,1\nA,{cell},8,0\nA,14,7,0\n")
    (problem,) = problems
    assert (problem.severity, problem.row, problem.column) == ("error", 3, "time_days")
    assert re.search(message, problem.message)
    assert problem.remedy
    (exclusion,) = cohort["A"].excluded
    assert math.isnan(exclusion.time_days)
    assert exclusion.burden == 8.0


@pytest.mark.parametrize(
    ("rows", "reason", "words"),
    [
        ("A,0,9,75\nA,7,8,75\n", "not between 0 and 1", "divide by it"),
        ("A,0,9,-1\nA,7,8,1\n", "not between 0 and 1", "fractions of the maximum tolerated dose"),
        ("A,0,9,50%\nA,7,8,1\n", "'50%' in row 2 cannot be read", "0.5, not 50%"),
        ("A,0,9,on\nA,7,8,1\n", "'on' in row 2 cannot be read", "0.5, not 50%"),
        ("A,0,9,1\n", "only one usable visit", "other visits"),
        ("A,0,9,1\nA,7,-8,1\n", "only one usable visit", "other visits"),
        ("A,0,x,1\nA,7,y,1\n", "no usable visit: its burden 'x' cannot be read", "these rows"),
        ("A,0,0,1\nA,7,8,1\n", "first burden (day 0) is 0", "detection limit"),
        ("A,2024-01-01,9,1\nA,31,8,1\n", "some in dates", "in the same way"),
    ],
)
def test_a_patient_who_cannot_be_fitted_leaves_the_rest_alone(read, rows, reason, words):
    cohort, problems = read(BASE + "\n" + rows + GOOD.lstrip("\n"))
    assert [p.patient_id for p in cohort] == ["OK"]
    assert reason in rejection(cohort, "A")
    assert any(words in p.remedy and p.patient_id == "A" for p in problems)


def test_rounding_does_not_make_a_dose_invalid(read):
    cohort, problems = read(f"{BASE}\nA,0,9,1.0000000000000002\nA,7,8,-0.0000000000000001\n")
    assert not problems
    assert cohort["A"].schedule.doses == (1.0, 0.0)


def test_same_day_same_burden_is_kept_once(read):
    cohort, problems = read(f"{BASE}\nA,0,9,1\nA,7,8,1\nA,7,8,1\n")
    assert cohort["A"].burdens.tolist() == [9, 8]
    assert [(p.severity, p.row) for p in problems] == [("note", 4)]
    assert "row 3" in cohort["A"].excluded[0].reason


def test_same_day_other_burden_keeps_the_first_and_says_so(read):
    cohort, problems = read(f"{BASE}\nA,0,9,1\nA,7,8,1\nA,7,6,1\nA,7,5,1\n")
    assert cohort["A"].burdens.tolist() == [9, 8]
    assert [(p.severity, p.row, p.column) for p in problems] == [
        ("warning", 4, "burden"),
        ("warning", 5, "burden"),
    ]
    assert "delete the other" in problems[0].remedy
    assert [e.burden for e in cohort["A"].excluded] == [6, 5]


def test_a_row_left_out_does_not_count_as_the_first_of_its_day(read):
    cohort, problems = read(f"{BASE},exclude\nA,0,9,1,\nA,7,80,1,yes\nA,7,8,1,no\n")
    assert cohort["A"].burdens.tolist() == [9, 8]
    assert problems == ()


def test_same_day_other_dose_is_a_warning(read):
    cohort, problems = read(f"{BASE},exclude\nA,0,9,1,\nA,7,80,0,true\nA,7,8,1,\n")
    assert [p.severity for p in problems] == ["warning"]
    assert "different doses" in problems[0].message
    assert cohort["A"].schedule.doses == (1.0, 0.0)


def test_unsorted_rows_are_sorted_with_their_doses(read):
    cohort, problems = read(f"{BASE}\nA,14,7,0\nA,0,9,1\nA,7,8,0.5\n")
    assert cohort["A"].times.tolist() == [0, 7, 14]
    assert cohort["A"].schedule == DoseSchedule((0, 7, 14, math.inf), (1, 0.5, 0))
    assert [(p.severity, p.patient_id) for p in problems] == [("note", "A")]


@pytest.mark.parametrize(
    ("column", "leave", "use"),
    [
        ("exclude", "true", "false"),
        ("exclude", "1", ""),
        ("used_in_fit", "FALSE", "TRUE"),
        ("used_in_fit", "no", ""),
    ],
)
def test_rows_that_the_file_leaves_out(read, column, leave, use):
    text = f"{BASE},{column}\nA,0,9,1,{use}\nA,7,-8,0,{leave}\nA,14,7,0,{use}\n"
    cohort, problems = read(text)
    assert problems == ()  # the negative burden is known already
    assert cohort["A"].times.tolist() == [0, 14]
    assert cohort["A"].excluded[0].reason == "left out by the file"
    assert cohort["A"].schedule == DoseSchedule((0, 7, math.inf), (1, 0))


def test_reason_of_the_file_is_kept(read):
    cohort, _ = read(f"{BASE},exclude,exclusion_reason\nA,0,9,1,,\nA,7,80,1,true,surgery\nA,14,7,1,,\n")
    assert cohort["A"].excluded[0].reason == "surgery"


def test_mark_that_is_neither_true_nor_false(read):
    cohort, problems = read(f"{BASE},exclude\nA,0,9,1,\nA,7,8,1,surgery\nA,14,7,1,\n")
    assert len(cohort["A"]) == 2
    assert (problems[0].severity, problems[0].column, problems[0].value) == ("error", "exclude", "surgery")
    assert "exclusion_reason" in problems[0].remedy


def test_marks_that_contradict_each_other(read):
    cohort, problems = read(
        f"{BASE},exclude,used_in_fit\nA,0,9,1,,\nA,7,8,1,true,true\nA,14,7,1,false,true\n"
    )
    assert cohort["A"].times.tolist() == [0, 14]
    assert [(p.severity, p.row) for p in problems] == [("warning", 3)]


def test_first_visit_left_out_moves_the_start(read):
    cohort, _ = read(f"{BASE},exclude\nA,0,9,1,true\nA,7,8,1,\nA,14,7,1,\n")
    assert cohort["A"].first_burden == 8
    assert any("models start on day 7" in note for note in cohort["A"].notes)


def test_censored_burdens(read):
    text = f"{BASE},lower_limit,upper_limit\nA,0,9,1,0.1,500\nA,7,0.05,1,0.1,500\nA,14,0.1,1,0.1,500\n"
    text += "A,21,500,1,0.1,500\nA,28,900,1,0.1,500\nA,35,<0.2,1,,\nA,42,> 600,1,,\nA,49,<0.01,1,0.1,\n"
    cohort, problems = read(text)
    assert problems == ()
    assert cohort["A"].burdens.tolist() == [9, 0.1, 0.1, 500, 500, 0.2, 600, 0.01]
    assert cohort["A"].censoring.tolist() == [0, -1, -1, 1, 1, -1, 1, -1]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("5,1", "not below the upper"),
        ("-1,", "negative"),
        (",0", "positive"),
        ("x,", "not a number"),
        ("<1,", "plain"),
    ],
)
def test_bad_limits(read, limits, words):
    cohort, problems = read(f"{BASE},lower_limit,upper_limit\nA,0,9,1,,\nA,7,8,1,{limits}\nA,14,7,1,,\n")
    assert cohort["A"].times.tolist() == [0, 14]
    assert problems[0].severity == "error"
    assert words in problems[0].message


def test_censored_first_burden_is_a_warning(read):
    cohort, problems = read(f"{BASE}\nA,0,<0.1,1\nA,7,8,1\n")
    assert cohort["A"].first_burden == 0.1
    assert [p.severity for p in problems] == ["warning"]
    assert any("censored" in note for note in cohort["A"].notes)


def test_zero_burdens_are_used_and_noted(read):
    cohort, problems = read(f"{BASE}\nA,0,9,1\nA,7,0,1\n")
    assert cohort["A"].burdens.tolist() == [9, 0]
    assert [p.severity for p in problems] == ["note"]
    assert "<0.1" in problems[0].remedy


@pytest.mark.parametrize("first", ["2024-01-31", "31/01/2024", "31 Jan 2024"])
def test_dates_become_days_since_the_first_visit(read, first):
    text = f"patient_id,date,burden,dose\nA,2024-02-28,7,0\nA,{first},9,1\n"
    text += "B,2020-01-01,5,1\nB,2020-01-02 12:00,4,1\n"
    cohort, problems = read(text)
    assert cohort["A"].times.tolist() == [0, 28]
    assert cohort["B"].times.tolist() == [0, 1.5]
    assert not only(problems, "error")
    assert any("first visit" in note for note in cohort["A"].notes)


def test_dates_in_time_days_and_day_zero_is_also_an_excluded_visit(read):
    cohort, _ = read(f"{BASE},exclude\nA,2024-01-01,9,1,true\nA,2024-01-11,8,1,\nA,2024-01-21,7,1,\n")
    assert cohort["A"].times.tolist() == [10, 20]


def test_ambiguous_dates_are_refused_with_the_remedy(read):
    cohort, problems = read(
        "patient_id,date,burden\nA,03/04/2024,9\nA,05/06/2024,8\n" + "B,2024-01-01,5\nB,2024-01-02,4\n"
    )
    assert [p.patient_id for p in cohort] == ["B"]
    errors = only(problems, "error")
    assert [p.row for p in errors] == [2, 3]
    assert "year-month-day" in errors[0].remedy


def test_numbers_in_a_column_of_dates(read):
    _, problems = read("patient_id,date,burden\nA,45321,9\nA,45331,8\n")
    assert "rename the column to time_days" in only(problems, "error")[0].remedy


def test_dates_next_to_days_are_not_used(read):
    cohort, problems = read("patient_id,time_days,date,burden,dose\nA,0,2024-01-01,9,1\nA,5,2024-01-09,8,1\n")
    assert cohort["A"].times.tolist() == [0, 5]
    assert [(p.severity, p.column) for p in problems] == [("note", "date")]


def test_dates_are_used_where_days_are_blank(read):
    cohort, _ = read("patient_id,time_days,date,burden,dose\nA,,2024-01-01,9,1\nA,,2024-01-09,8,1\n")
    assert cohort["A"].times.tolist() == [0, 8]


def test_days_beyond_a_life_are_questioned(read):
    _, problems = read(f"{BASE}\nA,45321,9,1\nA,45331,8,1\n")
    assert [p.severity for p in problems] == ["warning"]
    assert "serial numbers" in problems[0].message


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


def test_several_markers_in_one_patient(read):
    text = (
        f"{BASE},marker\nA,0,9,1,PSA\nA,0,300,1,LDH\nA,7,8,1,PSA\nA,7,290,0,LDH\nB,0,5,1,PSA\nB,7,4,1,psa\n"
    )
    cohort, problems = read(text)
    assert [p.patient_id for p in cohort] == ["B"]
    assert "several markers" in rejection(cohort, "A")
    assert "marker='PSA'" in only(problems, "error")[0].remedy

    cohort, problems = read(text, marker="psa")
    assert cohort["A"].burdens.tolist() == [9, 8]
    assert cohort["A"].excluded == ()
    assert any("2 rows of other markers" in p.message for p in problems)

    with pytest.raises(CohortError, match="LDH, PSA"):
        read(text, marker="CEA")


def test_other_marker_in_another_patient_is_a_warning(read):
    _, problems = read(f"{BASE},marker\nA,0,9,1,PSA\nA,7,8,1,PSA\nB,0,9,1,LDH\nB,7,8,1,LDH\n")
    (warning,) = problems
    assert warning.severity == "warning"
    assert "PSA, LDH" in warning.message


def test_marker_can_be_named_for_a_file_without_one(read):
    cohort, _ = read(BASE + GOOD, marker="PSA_ng_per_mL")
    assert cohort["OK"].marker == "PSA_ng_per_mL"


@pytest.mark.parametrize(
    "patient_id",
    ["../../x", "<script>alert(1)</script>", "007", "1e5", "NA", "=cmd()", "Ö-1", "a b", "C:\\x"],
)
def test_identifiers_are_text_and_stay_as_they_are(read, patient_id):
    cohort, problems = read(f"{BASE}\n {patient_id} ,0,9,1\n{patient_id},7,8,1\n")
    assert [p.patient_id for p in cohort] == [patient_id]
    assert problems == ()


def test_row_without_identifier_is_dropped_and_counted(read):
    cohort, problems = read(f"{BASE}{GOOD},14,3,1\nnan,21,3,1\n")
    assert [p.row for p in only(problems, "error")] == [4, 5]
    assert len(cohort["OK"]) == 2
    assert cohort.notes == ("2 rows without patient_id dropped: 4, 5",)


def test_identifiers_that_look_alike_are_questioned(read):
    cohort, problems = read(
        f"{BASE}\np1,0,9,1\np1,7,8,1\nP1,0,9,1\nP1,7,8,1\n07,0,9,1\n07,7,8,1\n7,0,9,1\n7,7,8,1\n"
    )
    assert len(cohort) == 4
    assert [p.patient_id for p in only(problems, "warning")] == ["P1", "7"]


def test_row_whose_cells_have_shifted(read):
    cohort, problems = read(f"{BASE}\nA,0,9,1\nA,7,8,5,0\nA,14,7,1\n")
    (problem,) = problems
    assert (problem.severity, problem.row) == ("error", 3)
    assert "5 cells" in problem.message
    assert len(cohort["A"]) == 2


def test_file_whose_rows_have_all_shifted(read):
    with pytest.raises(UnusableCohortError, match="semicolons"):
        read(f"{BASE}\nA,0,9,5,1\nA,7,8,5,1\n")


def test_decimal_comma(read):
    cohort, problems = read(f"{BASE}\nA,0,9,1\nA,3.5,8.25,0.5\n".replace(",", ";").replace(".", ","))
    assert cohort["A"].times.tolist() == [0, 3.5]
    assert cohort["A"].burdens.tolist() == [9, 8.25]
    assert [p.severity for p in problems] == ["note"]


def test_nothing_left_raises_with_all_findings(tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text(f"{BASE}\nA,0,-9,1\nA,7,x,1\nB,0,5,1\n")
    with pytest.raises(UnusableCohortError) as caught:
        load_cohort(path)
    assert {p.row for p in caught.value.problems} == {2, 3, 4}
    assert "no patient can be fitted" in str(caught.value)
    assert "row 2, column burden, value '-9', patient 'A'" in str(caught.value)


def test_missing_columns_raise_once_and_not_for_every_row(tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text("patient,day,PSA\n" + "A,0,9\n" * 50)
    with pytest.raises(UnusableCohortError) as caught:
        load_cohort(path)
    assert len(caught.value.problems) == 3
    assert "rename it to burden" in str(caught.value)


def test_ten_thousand_rows(read):
    rows = [f"P{i},{14 * k},{100 + (7 * i + k) % 50},1" for i in range(500) for k in range(20)]
    cohort, problems = read(BASE + "\n" + "\n".join(rows) + "\n")
    assert len(cohort) == 500
    assert problems == ()
    assert cohort["P499"].burdens[3] == 100 + (7 * 499 + 3) % 50
    assert np.all(cohort["P0"].times == 14 * np.arange(20))


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


def test_header_in_the_middle_is_skipped(read):
    cohort, problems = read(f"{BASE}{GOOD}{BASE}\nB,0,5,1\nB,7,4,1\n")
    assert len(cohort) == 2
    assert [(p.severity, p.row) for p in problems] == [("note", 4)]


def test_blank_marker_column_is_none(read):
    cohort, _ = read(f"{BASE},marker\nA,0,9,1,\nA,7,8,1,n/a\n", marker="LDH")
    assert cohort["A"].marker == "LDH"
