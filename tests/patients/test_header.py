import pytest

from patients.header import match_columns, resembles
from patients.problems import ProblemLog
from patients.readers.raw import build_table
from patients.schema import COHORT_COLUMNS, SCHEDULE_COLUMNS

COLUMNS = {c.name: c for c in COHORT_COLUMNS}
INSTEAD = {"time_days": "date"}


def match(header, *rows, columns=COHORT_COLUMNS):
    log = ProblemLog("a.csv")
    records = enumerate([header, *(rows or [["x"] * len(header)])], start=1)
    table, found = match_columns(build_table("a.csv", records, (), ","), columns, log, instead=INSTEAD)
    return table, found, log.problems()


@pytest.mark.parametrize(
    "header",
    [
        ["patient_id", "time_days", "burden"],
        ["Patient ID", "Time (days)", "BURDEN"],
        ["PatientID", "time-days", " Burden "],
        ["patient_id", "Date", "burden"],
    ],
)
def test_exact_names_in_any_spelling(header):
    _, found, problems = match(header)
    assert sorted(found.values()) == [0, 1, 2]
    assert not problems


@pytest.mark.parametrize(
    ("header", "column", "written"),
    [
        (["patient", "time_days", "burden"], "patient_id", "patient"),
        (["id", "time_days", "burden"], "patient_id", "id"),
        (["USUBJID", "time_days", "burden"], "patient_id", "USUBJID"),
        (["patent_id", "time_days", "burden"], "patient_id", "patent_id"),
        (["patient_id", "day", "burden"], "time_days", "day"),
        (["patient_id", "time", "burden"], "time_days", "time"),
        (["patient_id", "time_days", "volume"], "burden", "volume"),
        (["patient_id", "time_days", "PSA (ng/mL)"], "burden", "PSA (ng/mL)"),
        (["patient_id", "time_days", "tumor_volume_mm3"], "burden", "tumor_volume_mm3"),
        (["patient_id", "time_days", "burdn"], "burden", "burdn"),
    ],
)
def test_missing_column_proposes_the_likely_one(header, column, written):
    _, found, problems = match(header)
    assert column not in found
    errors = [p for p in problems if p.severity == "error"]
    assert len(errors) == 1
    assert column in errors[0].message
    assert repr(written) in errors[0].remedy
    assert f"rename it to {column}" in errors[0].remedy


@pytest.mark.parametrize(
    ("name", "factor"), [("week", "multiply its values by 7,"), ("Months", "30.4375"), ("time_hours", "24")]
)
def test_other_units_of_time_are_told_how_to_convert(name, factor):
    _, _, problems = match(["patient_id", name, "burden"])
    assert factor in problems[0].remedy


def test_nothing_like_it_says_what_the_column_is():
    _, _, problems = match(["patient_id", "time_days", "colour"])
    assert "tumour burden measured" in problems[0].remedy


def test_unknown_columns_are_named():
    _, _, problems = match(["patient_id", "time_days", "burden", "arm", "site"])
    assert [(p.severity, p.message) for p in problems] == [("note", "2 unknown columns ignored: arm, site")]


def test_near_miss_of_an_optional_column_is_a_warning():
    _, _, problems = match(["patient_id", "time_days", "burden", "dose_mg"])
    assert (problems[0].severity, problems[0].column) == ("warning", "dose_mg")
    assert "rename it to dose" in problems[0].remedy


def test_percent_of_dose_is_not_taken_for_dose():
    _, found, _ = match(["patient_id", "time_days", "burden", "Dose (%)"])
    assert "dose" not in found
    assert resembles("Dose (%)", COLUMNS["dose"])


def test_a_column_twice_is_an_error():
    _, _, problems = match(["patient_id", "time_days", "burden", "Burden"])
    assert [p.severity for p in problems] == ["error"]
    assert "2 times" in problems[0].message


def test_header_below_a_title():
    table, found, problems = match(["Study X"], ["patient_id", "time_days", "burden"], ["A", "0", "5"])
    assert (table.header_row, table.rows) == (2, ((3, ("A", "0", "5")),))
    assert len(found) == 3
    assert problems[0].severity == "note"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (["patient_id time_days burden"], "one column only"),
        (["A", "0", "12.5"], "looks like data"),
        (["patient_id", "0", "14", "28"], "looks like data"),
        (["patient_id", "t_start", "t_end", "dose"], "dose schedule"),
    ],
)
def test_layouts_that_are_no_cohort_are_recognised(header, words):
    _, _, problems = match(header)
    assert len(problems) == 1
    assert words in problems[0].message


def test_dose_events_are_not_taken_for_segments():
    _, _, problems = match(["patient_id", "time_days", "dose_mg"], columns=SCHEDULE_COLUMNS)
    text = " ".join(map(str, problems))
    assert "t_end is missing" in text
    assert "fraction of the maximum tolerated dose" in text
