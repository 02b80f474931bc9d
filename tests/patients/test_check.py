import openpyxl
import pytest

from patients.check import check

TEXT = """patient_id,time_days,burden,dose,marker
A,0,100,1,LDH
A,14,<80,0,LDH
A,28,x,1,LDH
A,42,70,0,LDH
A,56,90.5,0,LDH
B,0,5,1,LDH
"""


@pytest.fixture
def report(tmp_path):
    """Report on a file with one good and one lost patient."""
    path = tmp_path / "visits.csv"
    path.write_text(TEXT)
    return check(path)


def test_summary_of_what_would_be_fitted(report):
    good, lost = report.patients
    assert (good.patient_id, good.usable, good.marker) == ("A", True, "LDH")
    assert (good.n_used, good.n_excluded, good.n_censored) == (4, 1, 1)
    assert (good.first_day, good.last_day) == (0.0, 56.0)
    assert (good.burden_min, good.burden_max, good.integer_burdens) == (70.0, 100.0, False)
    assert good.doses == "on-off, 3 switches"
    assert (lost.patient_id, lost.usable, lost.n_used) == ("B", False, 0)
    assert "one usable visit" in lost.reason
    assert report.ok


def test_counts_and_tables(report):
    assert (report.count("error"), report.count("warning"), report.count("note")) == (1, 1, 0)
    problems = report.problems_table()
    assert list(problems.columns) == [
        "severity", "file", "row", "column", "value", "patient_id", "message", "remedy",
    ]  # fmt: skip
    assert problems["row"].tolist() == [4, 7]
    assert problems["file"].tolist() == ["visits.csv", "visits.csv"]
    patients = report.patients_table()
    assert patients["patient_id"].tolist() == ["A", "B"]
    assert patients["n_used"].tolist() == [4, 0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("patient,day,PSA\nA,0,5\n", "rename it to patient_id"),
        ("patient_id,time_days,burden,dose\nA,0,-5,1\n", "negative"),
    ],
)
def test_never_raises_and_is_not_ok_where_nothing_can_be_fitted(tmp_path, text, words):
    path = tmp_path / "visits.csv"
    path.write_text(text)
    report = check(path)
    assert not report.ok
    assert words in " ".join(map(str, report.problems))
    assert len(report.problems_table()) == len(report.problems)
    assert len(report.patients_table()) == len(report.patients)


def test_missing_file_is_a_problem_too(tmp_path):
    report = check(tmp_path / "none.csv")
    assert not report.ok
    assert "there is no file" in report.problems[0].message


def test_problems_of_both_files(tmp_path):
    (tmp_path / "visits.csv").write_text(TEXT)
    (tmp_path / "doses.csv").write_text("patient_id,t_start,t_end,dose\nA,5,0,1\n")
    report = check(tmp_path / "visits.csv", tmp_path / "doses.csv")
    assert {p.file for p in report.problems} == {"visits.csv", "doses.csv"}
    assert [p.file for p in report.problems if p.severity == "error"] == ["visits.csv", "doses.csv"]
    assert not report.ok


def test_unusable_schedule_still_shows_the_visits(tmp_path):
    (tmp_path / "visits.csv").write_text(TEXT)
    (tmp_path / "doses.csv").write_text("patient_id,from,to,dose\nA,5,0,1\n")
    report = check(tmp_path / "visits.csv", tmp_path / "doses.csv")
    assert not report.ok
    assert {p.file for p in report.problems} == {"visits.csv", "doses.csv"}


def test_workbook_end_to_end(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Export of 2024"], [], ["Patient ID", "Time (days)", "Burden", "Dose"]):
        sheet.append(row)
    for row in ([7, 0, 366, 1], [7, 14, -2, 1], [7, 28, 181.5, 0.5], [7, 40, 170, 0]):
        sheet.append(row)
    sheet["A4"].number_format = sheet["A5"].number_format = sheet["A6"].number_format = "000"
    sheet["A7"].number_format = "000"
    book.save(tmp_path / "visits.xlsx")
    report = check(tmp_path / "visits.xlsx")
    (summary,) = report.patients
    assert (summary.patient_id, summary.n_used, summary.doses) == (
        "007",
        3,
        "MTD until day 28, then 50 % of MTD",
    )
    (error,) = [p for p in report.problems if p.severity == "error"]
    assert (error.row, error.column, error.value) == (5, "Burden", "-2")
