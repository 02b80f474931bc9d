import math
import re

import numpy as np
import pytest

from dynamics.schedule import DoseSchedule
from patients.cohort import CohortError
from patients.loading import load_cohort
from patients.problems import UnusableCohortError

BASE = "patient_id,time_days,burden,dose"
GOOD = "\nOK,0,5,1\nOK,7,4,1\n"


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


def test_header_in_the_middle_is_skipped(read):
    cohort, problems = read(f"{BASE}{GOOD}{BASE}\nB,0,5,1\nB,7,4,1\n")
    assert len(cohort) == 2
    assert [(p.severity, p.row) for p in problems] == [("note", 4)]


def test_blank_marker_column_is_none(read):
    cohort, _ = read(f"{BASE},marker\nA,0,9,1,\nA,7,8,1,n/a\n", marker="LDH")
    assert cohort["A"].marker == "LDH"
