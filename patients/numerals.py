"""Text to numbers, as laboratories write them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

MISSING = frozenset(
    (
        "", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "null", "none", "nil", "-", "--", "---", "–", "—",
        ".", "?", "missing", "not done", "not available", "unknown",
    )
)  # fmt: skip
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_COMMA_DECIMAL = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]{1,4})?")
_THREES = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,])[0-9]{3}(?:\1[0-9]{3})*")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([,.'’ \u00a0\u202f])[0-9]{3}(?:\1[0-9]{3})*(?:[.,][0-9]+)?")
# A second sign may not follow the first: "<<5" is no number.
_CENSORED = re.compile(r"(<=|>=|=<|=>|<|>|≤|≥|⩽|⩾)\s*([^<>=≤≥⩽⩾]*)")
_WITH_UNIT = re.compile(r"[+-]?[0-9][0-9.,]*\s*([A-Za-zµμ%/^³²*°(].*)")


class DecimalMark(Enum):
    """Which sign a file writes before decimals, as far as its numbers show."""

    UNKNOWN = "unknown"
    POINT = "."
    COMMA = ","
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Numeral:
    """One cell read as a number.

    Parameters
    ----------
    value : float
        NaN where it is missing or cannot be read; may be infinite.
    sign : str
        ``"<"`` or ``">"`` before the number (a censored measurement), else empty.
    missing : bool
        True for a blank or a word such as ``n/a``.
    complaint, remedy : str
        Why it cannot be read, and what to write instead.
    """

    value: float
    sign: str = ""
    missing: bool = False
    complaint: str = ""
    remedy: str = ""


def is_missing(text: str) -> bool:
    """Return True for a blank cell or a word that stands for one."""
    return text.casefold() in MISSING


def decimal_mark(texts: Iterable[str]) -> DecimalMark:
    """Return the decimal sign that the unambiguous numbers of a file show.

    ``12,5`` can only be a decimal comma and ``12.5`` only a decimal point; ``1,234`` and ``1.234`` could be
    either a decimal or a thousands separator, and show nothing.
    """
    comma = point = False
    for text in texts:
        if "," in text:
            bare = text.lstrip("<>=≤≥ ")
            comma = comma or bool(_COMMA_DECIMAL.fullmatch(bare) and not _THREES.fullmatch(bare))
        elif "." in text:
            bare = text.lstrip("<>=≤≥ ")
            point = point or bool(_PLAIN.fullmatch(bare) and not _THREES.fullmatch(bare))
        if comma and point:
            return DecimalMark.BOTH
    return DecimalMark.COMMA if comma else DecimalMark.POINT if point else DecimalMark.UNKNOWN


def read_number(text: str, mark: DecimalMark = DecimalMark.UNKNOWN) -> Numeral:
    """Read one cell as a number, never guessing what could be read in two ways.

    Parameters
    ----------
    text : str
        Trimmed cell.
    mark : DecimalMark
        What the rest of the file writes.
    """
    text = text.replace("−", "-")
    if _PLAIN.fullmatch(text) and not (mark is DecimalMark.COMMA and _THREES.fullmatch(text)):
        return Numeral(float(text))
    if is_missing(text):
        return Numeral(math.nan, missing=True)
    censored = _CENSORED.fullmatch(text)
    if censored:
        inner = read_number(censored[2], mark)
        if inner.complaint or inner.missing or inner.sign:
            return Numeral(
                math.nan,
                complaint=f"no number after {censored[1]!r}",
                remedy="write it as <0.1 or >500, without unit",
            )
        return Numeral(inner.value, sign="<" if censored[1][0] in "<≤⩽" or censored[1] == "=<" else ">")
    if _THREES.fullmatch(text):
        return _threes(text, mark)
    if _COMMA_DECIMAL.fullmatch(text):
        return Numeral(float(text.replace(",", ".")))
    complaint, remedy = _grievance(text)
    return Numeral(math.nan, complaint=complaint, remedy=remedy)


def _threes(text: str, mark: DecimalMark) -> Numeral:
    """Read ``1,234`` or ``1.234``: only where the rest of the file says what the sign means."""
    comma = "," in text and "." not in text
    if comma and mark is DecimalMark.COMMA and text.count(",") == 1:
        return Numeral(float(text.replace(",", ".")))
    whole = re.sub("[.,]", "", text)
    if text.count(",") + text.count(".") > 1 or (comma and mark is DecimalMark.POINT):
        return Numeral(math.nan, complaint="it holds a thousands separator", remedy=f"write {whole}")
    decimal = text.replace(",", ".")
    sign = "comma" if comma else "point"
    return Numeral(
        math.nan,
        complaint=f"it could mean {whole} (thousands separator) or {decimal} (decimal {sign})",
        remedy=f"write {whole} or {decimal}, whichever is meant: a decimal point, no thousands separator",
    )


def _grievance(text: str) -> tuple[str, str]:
    """Say why a text is not a number, and what to write instead."""
    grouped = _GROUPED.fullmatch(text)
    if grouped:
        return "it holds a thousands separator", f"write {text.replace(grouped[1], '').replace(',', '.')}"
    if text.startswith("="):
        return "it is a formula without a stored result", "open the workbook in Excel, save it, and try again"
    if text.startswith("#"):
        return "it is a spreadsheet error", "correct the formula in the spreadsheet, or leave the cell blank"
    if text.casefold().lstrip("+-") in ("inf", "infinity", "∞"):
        return (
            "it is infinite",
            "write the largest value that the assay measures as >500, or leave the cell blank",
        )
    if text.endswith("%"):
        return "it is a percentage", "write it as a plain number"
    if _WITH_UNIT.fullmatch(text):
        return "text follows the number", "write the number alone; the unit belongs into the column marker"
    if text[0] in "<>≤≥⩽⩾":
        return "it is a bound without a number", "write it as <0.1 or >500"
    return "it is not a number", "write a number, or leave the cell blank where nothing was measured"
