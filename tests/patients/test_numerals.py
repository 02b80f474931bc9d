import math

import pytest

from patients.numerals import DecimalMark, decimal_mark, read_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12.0),
        ("12.5", 12.5),
        ("12,5", 12.5),
        ("0,191", 0.191),
        (",5", 0.5),
        (".5", 0.5),
        ("3.", 3.0),
        ("-3.5", -3.5),
        ("−3", -3.0),
        ("+4", 4.0),
        ("1.2e3", 1200.0),
        ("1e-3", 0.001),
        ("1.234", 1.234),
        ("1234,5", 1234.5),
        ("1e999", math.inf),
    ],
)
def test_numbers(text, value):
    number = read_number(text)
    assert (number.value, number.complaint, number.missing) == (value, "", False)


@pytest.mark.parametrize("text", ["", "n/a", "NA", "NaN", "null", "-", "Missing", "#N/A", "?"])
def test_words_for_nothing(text):
    number = read_number(text)
    assert number.missing
    assert math.isnan(number.value)
    assert not number.complaint


@pytest.mark.parametrize(
    ("text", "sign", "value"),
    [
        ("<0.1", "<", 0.1),
        ("< 0,1", "<", 0.1),
        ("<=0.1", "<", 0.1),
        ("≤ 5", "<", 5.0),
        (">500", ">", 500.0),
        ("≥500", ">", 500.0),
    ],
)
def test_censored_numbers(text, sign, value):
    number = read_number(text)
    assert (number.sign, number.value, number.complaint) == (sign, value, "")


@pytest.mark.parametrize(
    ("text", "complaint", "remedy"),
    [
        ("1,234", "could mean 1234", "write 1234 or 1.234"),
        ("1,234,567", "thousands separator", "write 1234567"),
        ("1,234.5", "thousands separator", "write 1234.5"),
        ("1.234,5", "thousands separator", "write 1234.5"),
        ("1 234", "thousands separator", "write 1234"),
        ("1'234.50", "thousands separator", "write 1234.50"),
        ("50%", "percentage", "plain number"),
        ("12 ng/mL", "text follows the number", "column marker"),
        ("12*", "text follows the number", "number alone"),
        ("inf", "infinite", ">500"),
        ("#DIV/0!", "spreadsheet error", "formula"),
        ("=A1*2", "formula without a stored result", "save it"),
        ("<LOD", "no number after '<'", "<0.1"),
        ("<<5", "bound without a number", "<0.1"),
        ("<" * 10_000, "bound without a number", "<0.1"),
        ("undetectable", "not a number", "write a number"),
        ("1_000", "not a number", "write a number"),
        ("١٢", "not a number", "write a number"),
        ("0x10", "text follows the number", "number alone"),
    ],
)
def test_what_is_refused_says_why_and_what_to_write(text, complaint, remedy):
    number = read_number(text)
    assert math.isnan(number.value)
    assert complaint in number.complaint
    assert remedy in number.remedy


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1", "2"], DecimalMark.UNKNOWN),
        (["1,234", "2.345"], DecimalMark.UNKNOWN),
        (["12,5", "1,234"], DecimalMark.COMMA),
        (["<0,1"], DecimalMark.COMMA),
        (["12.5", "1,234"], DecimalMark.POINT),
        (["12.5", "12,5"], DecimalMark.BOTH),
        (["Smith, J.", "n.a."], DecimalMark.UNKNOWN),
    ],
)
def test_decimal_sign_of_a_file(texts, mark):
    assert decimal_mark(texts) is mark


def test_rest_of_the_file_decides_what_one_number_leaves_open():
    assert read_number("1,234", DecimalMark.COMMA).value == 1.234
    assert read_number("1,234", DecimalMark.POINT).remedy == "write 1234"
    assert read_number("1,234", DecimalMark.BOTH).complaint
    assert read_number("1.234", DecimalMark.POINT).value == 1.234
    assert "1234 or 1.234" in read_number("1.234", DecimalMark.COMMA).remedy
