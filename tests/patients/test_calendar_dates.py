import datetime as dt

import pytest

from patients.calendar_dates import DateError, DateOrder, date_order, looks_like_date, read_date

JANUARY_31 = dt.datetime(2024, 1, 31)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-31", JANUARY_31),
        ("2024/1/31", JANUARY_31),
        ("2024-01-31 12:00", JANUARY_31 + dt.timedelta(hours=12)),
        ("2024-01-31T06:00:00Z", JANUARY_31 + dt.timedelta(hours=6)),
        ("31 Jan 2024", JANUARY_31),
        ("31-January-2024", JANUARY_31),
        ("Jan 31, 2024", JANUARY_31),
        ("Wed, 31 Jan 2024", JANUARY_31),
        ("1st Sept 2024", dt.datetime(2024, 9, 1)),
        ("31/01/2024", JANUARY_31),
        ("01/31/2024", JANUARY_31),
        ("31.01.2024", JANUARY_31),
        ("05/05/2024", dt.datetime(2024, 5, 5)),
        ("31/01/2024 3:30 pm", JANUARY_31 + dt.timedelta(hours=15, minutes=30)),
    ],
)
def test_dates_with_one_reading(text, expected):
    assert looks_like_date(text)
    assert read_date(text) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("03/04/2024", "3 April or 4 March"),
        ("2024-02-30", "no such day"),
        ("32/01/2024", "no such day"),
        ("31/01/24", "two digits"),
        ("31-Jan-24", "two digits"),
        ("2024-01-31 25:00", "no such day or hour"),
        ("next Monday", "not a date"),
    ],
)
def test_dates_that_are_refused(text, complaint):
    with pytest.raises(DateError) as caught:
        read_date(text)
    assert complaint in caught.value.complaint
    assert "2024-01-31" in caught.value.remedy


@pytest.mark.parametrize("text", ["28", "28.5", "1,5", "week 12", "C2D1", "Day 5", "20240131", "", "3-4"])
def test_days_are_no_dates(text):
    assert not looks_like_date(text)


def test_one_unambiguous_date_settles_the_order_of_all():
    assert date_order(["03/04/2024", "31/01/2024"]) is DateOrder.DAY_FIRST
    assert date_order(["03/04/2024", "01/31/2024"]) is DateOrder.MONTH_FIRST
    assert date_order(["13/01/2024", "01/13/2024"]) is DateOrder.BOTH
    assert date_order(["03/04/2024", "2024-01-31"]) is DateOrder.UNKNOWN
    assert read_date("03/04/2024", DateOrder.DAY_FIRST) == dt.datetime(2024, 4, 3)
    assert read_date("03/04/2024", DateOrder.MONTH_FIRST) == dt.datetime(2024, 3, 4)
    with pytest.raises(DateError, match="both orders"):
        read_date("03/04/2024", DateOrder.BOTH)
