"""Whatever a file holds, reading it ends in a cohort or in a sentence."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from patients.check import check

TEXTS = (
    "", "A", "B", "0", "7", "-3", "1e400", "n/a", "<0.1", ">", "<<1", "1,234", "1.234,5", "12,5", "50%",
    "inf", "2024-01-31", "31/01/2024", "03/04/2024", "2024-02-30", "99:99", "1 Jan 24", "true", "x", '"', "'",
    "=A1", "#REF!", "1" * 400, "Ω", "\u200b", "١",
)  # fmt: skip
COLUMNS = (
    "patient_id", "time_days", "date", "burden", "dose", "marker", "exclude", "used_in_fit",
    "exclusion_reason", "lower_limit", "upper_limit", "virtual", "t_start", "t_end", "day", "PSA", "",
)  # fmt: skip
CELLS = st.one_of(st.sampled_from(TEXTS), st.floats().map(repr), st.text(max_size=5))
NAMES = st.lists(st.sampled_from(COLUMNS), max_size=12).map(
    lambda extra: ["patient_id", "time_days", "burden", *extra]
)
QUIET = [HealthCheck.function_scoped_fixture]


def checked(path, schedule=None):
    report = check(path, schedule)
    assert report.ok or any(p.severity in ("error", "warning") for p in report.problems)
    assert all(p.message and str(p) for p in report.problems)
    assert all(p.usable or p.reason for p in report.patients)
    assert len(report.problems_table()) == len(report.problems)
    return report


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(st.binary(max_size=300))
@example(b"PK\x03\x04")
@example(b"\xff\xfe\x00")
@example(b"\xff\xfea\x00,\x00\n\xd8")
@example(b"patient_id,time_days,burden\n\x85\x81,0,1\n")
def test_bytes(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    checked(path)


@settings(max_examples=100, deadline=None, suppress_health_check=QUIET)
@given(NAMES, st.lists(st.lists(CELLS, max_size=14), min_size=1, max_size=8), st.sampled_from(",;\t"))
def test_cells(tmp_path, names, rows, delimiter):
    path = tmp_path / "a.csv"
    lines = [delimiter.join(cells) for cells in (names, *rows)]
    path.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    checked(path)


@settings(max_examples=100, deadline=None, suppress_health_check=QUIET)
@given(st.lists(st.tuples(st.sampled_from(["A", "B", "C", ""]), CELLS, CELLS, CELLS), min_size=1, max_size=6))
def test_schedules(tmp_path, rows):
    visits, schedule = tmp_path / "a.csv", tmp_path / "b.csv"
    visits.write_text("patient_id,time_days,burden\nA,0,5\nA,7,4\nB,2024-01-01,5\nB,2024-01-09,4\n")
    lines = [";".join(cells) for cells in (("patient_id", "t_start", "t_end", "dose"), *rows)]
    schedule.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    checked(visits, schedule)
