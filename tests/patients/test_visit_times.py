import pytest

BASE = "patient_id,time_days,burden,dose"


def only(problems, severity):
    return [p for p in problems if p.severity == severity]


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
