import datetime as dt
import zipfile

import openpyxl
import pytest

from patients.cohort import CohortError
from patients.readers import read_table

HEADER = ("patient_id", "time_days", "burden")


def rows_of(path):
    table = read_table(path)
    assert table.columns == HEADER
    return table.rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_encodings_line_ends(tmp_path, delimiter, encoding, newline):
    lines = [delimiter.join(cells) for cells in (HEADER, ("Ö1", "0", "5"), ("Ö1", "7", "4"))]
    path = tmp_path / "a.csv"
    path.write_bytes((newline.join(lines) + newline).encode(encoding))
    assert rows_of(path) == ((2, ("Ö1", "0", "5")), (3, ("Ö1", "7", "4")))


def test_utf16_without_a_mark(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("patient_id\ttime_days\tburden\nA\t0\t5\n".encode("utf-16-le"))
    assert rows_of(path) == ((2, ("A", "0", "5")),)


def test_rows_count_as_in_a_spreadsheet(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('patient_id,time_days,burden\n\n"A\nB",0,5\n,,\nC, 1 ,"4"\n\n')
    assert rows_of(path) == ((3, ("A\nB", "0", "5")), (5, ("C", "1", "4")))


def test_excel_separator_line_is_no_row(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sep=;\npatient_id;time_days;burden\nA;0;1,5\n")
    assert rows_of(path) == ((2, ("A", "0", "1,5")),)


def test_invisible_signs_are_trimmed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("patient_id\u00a0,time_days,burden\n\u200bA\u00a0,0,5\n", encoding="utf-8")
    assert rows_of(path) == ((2, ("A", "0", "5")),)


def test_other_encoding_is_a_warning_with_its_row(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("patient_id,time_days,burden\nA,0,5\nMüller,0,5\n".encode("latin-1"))
    (remark,) = read_table(path).remarks
    assert (remark.severity, remark.row) == ("warning", 3)
    assert "UTF-8" in remark.remedy


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\xef\xbb\xbf \n\n", "is empty"),
        ("a.csv", b",,\n,,\n", "empty"),
        ("a.csv", b"patient_id,time_days,burden\n\n", "no rows below"),
        ("a.csv", bytes(range(256)) * 20, "not a table of text"),
        ("a.csv", b"%PDF-1.7 ...", "PDF"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old Excel file"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table></html>", "web page"),
        ("a.csv", b'[{"patient_id": 1}]', "JSON"),
        ("a.xlsx", b"PK\x03\x04 and then nothing", "broken"),
        ("a.csv", b'patient_id,time_days,burden\nA,0,"5\nA,1,4\n', "row 2: broken quotes"),
        ("a.csv", b'patient_id,time_days,burden\nA,0,5\n"A" x,1,4\n', "row 3: broken quotes"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CohortError) as caught:
        read_table(path)
    assert words in str(caught.value)
    assert name in str(caught.value)


def test_missing_file_proposes_a_near_name(tmp_path):
    (tmp_path / "melanoma.csv").write_text("x")
    with pytest.raises(CohortError, match=r"did you mean melanoma\.csv"):
        read_table(tmp_path / "melanom.csv")
    with pytest.raises(CohortError, match="no folder"):
        read_table(tmp_path / "nowhere" / "melanoma.csv")


def test_folder_lists_its_tables(tmp_path):
    (tmp_path / "lesions.csv").write_text("x")
    with pytest.raises(CohortError, match=r"is a folder.*lesions\.csv"):
        read_table(tmp_path)


def test_archive_of_another_kind(tmp_path):
    for inside, words in (("content.xml", "OpenDocument"), ("data.csv", "unpack")):
        path = tmp_path / "a.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(inside, "x")
        with pytest.raises(CohortError, match=words):
            read_table(path)


@pytest.fixture
def workbook(tmp_path):
    """Workbook with the traps of a spreadsheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Visits"
    sheet.append(list(HEADER))
    sheet.append([7, dt.datetime(2024, 1, 31), 366.0])
    sheet["A2"].number_format = "000"
    sheet.append([])
    sheet.append([1001, dt.datetime(2024, 2, 1, 12, 30), 0.1])
    sheet.append(["x", 3, "=C2*2"])
    sheet.append([True, 4, "12,5"])
    book.create_sheet("Comments").append(["nothing here"])
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


def test_workbook_cells_as_the_spreadsheet_shows_them(workbook):
    assert rows_of(workbook) == (
        (2, ("007", "2024-01-31", "366")),
        (4, ("1001", "2024-02-01 12:30:00", "0.1")),
        (5, ("x", "3", "=C2*2")),
        (6, ("true", "4", "12,5")),
    )


def test_workbook_names_the_sheets_that_are_not_read(workbook):
    (remark,) = read_table(workbook).remarks
    assert "'Visits'" in remark.message
    assert "'Comments'" in remark.message


def test_content_decides_not_the_suffix(workbook):
    path = workbook.rename(workbook.with_suffix(".csv"))
    assert len(rows_of(path)) == 4
