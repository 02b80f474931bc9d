import pytest

from patients.cohort import CohortError
from patients.problems import Problem, ProblemLog, UnusableCohortError, quoted


def test_line_names_place_value_and_remedy():
    problem = Problem(
        severity="error",
        file="lesions.csv",
        row=12,
        column="burden",
        value="-5",
        patient_id="P3",
        message="the burden is negative",
        remedy="correct it",
    )
    assert str(problem) == (
        "error: lesions.csv, row 12, column burden, value '-5', patient 'P3': the burden is negative. "
        "Remedy: correct it."
    )


def test_line_without_place_or_remedy():
    assert str(Problem(severity="note", message="all is well")) == "note: all is well."


def test_strange_text_cannot_write_on_a_terminal():
    assert "\x1b" not in quoted("\x1b[31mred")
    assert len(quoted("x" * 1000)) < 70


def test_errors_come_first_and_then_rows():
    log = ProblemLog("a.csv")
    log.add("note", "n", row=1)
    log.add("error", "late", row=9)
    log.add("warning", "w", row=2)
    log.add("error", "early", row=3)
    assert [p.message for p in log.problems()] == ["early", "late", "w", "n"]


@pytest.mark.parametrize(("patients", "lines"), [(1, 1), (3, 3), (4, 1), (600, 1)])
def test_what_many_patients_share_is_listed_once(patients, lines):
    log = ProblemLog("a.csv")
    for i in range(patients):
        log.add_for_patient("note", "rows were sorted", patient_id=f"P{i}", row=i + 2)
    problems = log.problems()
    assert len(problems) == lines
    if lines == 1 and patients > 1:
        assert problems[0].message.startswith(f"{patients} patients ('P0', 'P1', 'P2', …)")
    else:
        assert {p.patient_id for p in problems} == {f"P{i}" for i in range(patients)}


def test_unusable_cohort_shows_errors_and_counts_the_rest():
    problems = [Problem(severity="error", message=f"m{i}", row=i) for i in range(25)]
    error = UnusableCohortError(
        "a.csv cannot be used", [*problems, Problem(severity="note", message="quiet")]
    )
    assert isinstance(error, CohortError)
    assert "m9" in str(error)
    assert "m10" not in str(error)
    assert "15 more" in str(error)
    assert "quiet" not in str(error)
    assert len(error.problems) == 26
