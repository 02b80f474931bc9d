"""Text to dates, refusing those that can be read in two ways."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from enum import Enum

_CLOCK = (
    r"(?:[T ]\s*(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_ISO = re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + _CLOCK)
_NUMERIC = re.compile(r"(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y>\d{4})" + _CLOCK)
_SHORT_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}" + _CLOCK)
_NAMED = re.compile(
    r"(?:[A-Za-z]+,?\s+)??(?:(?P<d>\d{1,2})(?:st|nd|rd|th)?[-\s/.]*(?P<mon>[A-Za-z]{3,9})\.?|"
    r"(?P<mon2>[A-Za-z]{3,9})\.?[-\s/.]*(?P<d2>\d{1,2})(?:st|nd|rd|th)?),?[-\s/.,]*(?P<y>\d{4}|\d{2})"
    + _CLOCK
)
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip

_YEAR_FIRST = "write dates as year-month-day, such as 2024-01-31"


class DateOrder(Enum):
    """Which comes first in dates such as 03/04/2024, as far as the file's dates show."""

    UNKNOWN = "unknown"
    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    BOTH = "both"


class DateError(ValueError):
    """A text that looks like a date and is none, or two; ``args`` are the complaint and the remedy."""

    @property
    def complaint(self) -> str:
        """Why it cannot be read."""
        return self.args[0]

    @property
    def remedy(self) -> str:
        """What to write instead."""
        return self.args[1]


def looks_like_date(text: str) -> bool:
    """Return True for a text in the shape of a date, valid or not."""
    if _ISO.fullmatch(text) or _NUMERIC.fullmatch(text) or _SHORT_YEAR.fullmatch(text):
        return True
    named = _NAMED.fullmatch(text)
    return bool(named and _month(named["mon"] or named["mon2"]))


def needs_order(text: str) -> bool:
    """Return True for numbers with the year last, which have to be known day-first or month-first."""
    return bool(_NUMERIC.fullmatch(text))


def date_order(texts: Iterable[str]) -> DateOrder:
    """Return the order that the dates of one file show: 31/01/2024 can only be day-first."""
    day = month = False
    for text in texts:
        found = _NUMERIC.fullmatch(text)
        if found:
            day = day or int(found["a"]) > 12
            month = month or int(found["b"]) > 12
    if day and month:
        return DateOrder.BOTH
    return DateOrder.DAY_FIRST if day else DateOrder.MONTH_FIRST if month else DateOrder.UNKNOWN


def read_date(text: str, order: DateOrder = DateOrder.UNKNOWN) -> dt.datetime:
    """Read one date, with its time of day where it has one.

    Parameters
    ----------
    text : str
        ISO (2024-01-31), with a month's name (31 Jan 2024), or 31/01/2024 where the order is known.
    order : DateOrder
        What the other dates of the file show.

    Raises
    ------
    DateError
        No such day in the calendar, a year of two digits, or an order that is not known.
    """
    for pattern in (_ISO, _NUMERIC, _NAMED):
        found = pattern.fullmatch(text)
        if found is None:
            continue
        if pattern is _ISO:
            year, month, day = int(found["y"]), int(found["m"]), int(found["d"])
        elif pattern is _NAMED:
            month = _month(found["mon"] or found["mon2"])
            if not month:
                break
            day, year = int(found["d"] or found["d2"]), int(found["y"])
            if len(found["y"]) == 2:
                raise DateError(
                    "its year has two digits", "write the year with four digits, such as 2024-01-31"
                )
        else:
            day, month, year = _ordered(int(found["a"]), int(found["b"]), int(found["y"]), order)
        try:
            return dt.datetime(year, month, day) + _clock(found)
        except ValueError as error:
            raise DateError(f"there is no such day or hour ({error})", _YEAR_FIRST) from None
    if _SHORT_YEAR.fullmatch(text):
        raise DateError("its year has two digits", "write the year with four digits, such as 2024-01-31")
    raise DateError("it is not a date", _YEAR_FIRST)


def _ordered(a: int, b: int, year: int, order: DateOrder) -> tuple[int, int, int]:
    """Return day, month, year of ``a/b/year``."""
    if a > 12 or b > 12 or a == b:
        # Only one reading exists, whatever the other dates say.
        return (b, a, year) if b > 12 >= a else (a, b, year)
    if order is DateOrder.DAY_FIRST:
        return a, b, year
    if order is DateOrder.MONTH_FIRST:
        return b, a, year
    months = _MONTHS[b - 1].capitalize(), _MONTHS[a - 1].capitalize()
    why = (
        "the file holds dates of both orders"
        if order is DateOrder.BOTH
        else "nothing in the file says which is meant"
    )
    raise DateError(
        f"it could be {a} {months[0]} or {b} {months[1]}, and {why}",
        _YEAR_FIRST,
    )


def _month(word: str) -> int:
    """Return the number of a month's English name or its first letters, 0 for another word."""
    word = word.casefold()
    return next(
        (
            i
            for i, name in enumerate(_MONTHS, start=1)
            if name.startswith(word) or (word == "sept" and i == 9)
        ),
        0,
    )


def _clock(found: re.Match[str]) -> dt.timedelta:
    """Return the time of day as written; a zone is left aside, because a series is kept in one zone."""
    if not found["clock"]:
        return dt.timedelta(0)
    hour, minute, *second = found["clock"].split(":")
    hours = int(hour)
    if found["half"]:
        hours = hours % 12 + (12 if found["half"][0] in "Pp" else 0)
    if hours > 23 or int(minute) > 59:
        raise ValueError("the clock is wrong")
    return dt.timedelta(hours=hours, minutes=int(minute), seconds=float(second[0]) if second else 0.0)
