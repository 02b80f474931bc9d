"""Choosing the reader of a file by what is in it."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from patients.cohort import CohortError

if TYPE_CHECKING:
    from patients.readers.raw import RawTable

_SAVE_AS = "save it as .xlsx or as CSV (comma or semicolon, UTF-8)"
_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls) or one protected by a password"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a compressed file (gzip): unpack it first, or"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a database"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"RDX", "an R data file"),
)


def read_table(path: str | Path) -> RawTable:
    """Read a table of text from a CSV file or an Excel workbook, whatever its suffix says.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    RawTable
        Cells as text, with the row numbers of the file.

    Raises
    ------
    CohortError
        A file that is missing, a folder, empty, without rows, not readable, or of another format.
    """
    path = Path(path)
    content = _content(path)
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise CohortError(f"{path.name} is empty. Export it again, with a header and one row a visit")
    if content.startswith(b"PK\x03\x04"):
        from patients.readers.excel_file import read_excel

        return read_excel(path.name, content)
    for signature, what in _SIGNATURES:
        if content.startswith(signature):
            raise CohortError(f"{path.name} is {what}, not a table that can be read here; {_SAVE_AS}")
    start = content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")):
        raise CohortError(f"{path.name} is a web page or an XML file, whatever its name says; {_SAVE_AS}")
    if start.startswith((b"{", b"[{")):
        raise CohortError(f"{path.name} is a JSON file; {_SAVE_AS}")
    from patients.readers.csv_file import read_csv

    return read_csv(path.name, content)


def _content(path: Path) -> bytes:
    """Return the bytes of the file, or say why not."""
    if path.is_dir():
        tables = sorted(
            p.name for p in path.iterdir() if p.suffix.lower() in (".csv", ".tsv", ".txt", ".xlsx")
        )
        hint = f"; it holds {', '.join(tables[:5])}" if tables else ""
        raise CohortError(f"{path} is a folder: name one file in it{hint}")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CohortError(f"there is no file {path}{_near(path)}") from None
    except OSError as error:
        raise CohortError(
            f"{path} cannot be read ({error.strerror or error}). Check its permissions"
        ) from None


def _near(path: Path) -> str:
    """Propose a file of a similar name."""
    folder = path.parent
    if not folder.is_dir():
        return f": there is no folder {folder} either. Check the path"
    near = difflib.get_close_matches(
        path.name, [p.name for p in folder.iterdir() if p.is_file()], n=1, cutoff=0.6
    )
    return f"; did you mean {near[0]}?" if near else ". Check the path"
