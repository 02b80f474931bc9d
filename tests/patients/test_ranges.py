import math

from patients.ranges import breaches


def test_every_breach_of_every_column_at_once():
    found = breaches(
        [2, 5, 9, 12],
        {
            "time_days": [-9.0, math.inf, 0.0, math.nan],
            "burden": [0.0, -0.5, math.inf, math.nan],
            "dose": [0.0, 1.0, 1.2, math.nan],
            "lower_limit": [0.0, -1.0, 0.1, math.nan],
            "upper_limit": [0.0, math.inf, 5.0, math.nan],
        },
    )
    assert {(b.row, b.rule.column, b.rule.key, b.value) for b in found} == {
        (5, "time_days", "finite", math.inf),
        (5, "burden", "not negative", -0.5),
        (9, "burden", "finite", math.inf),
        (9, "dose", "in [0, 1]", 1.2),
        (5, "lower_limit", "not negative", -1.0),
        (2, "upper_limit", "positive", 0.0),
        (5, "upper_limit", "positive", math.inf),
    }


def test_good_values_and_no_rows():
    assert breaches([2], {"burden": [3.0], "dose": [0.5]}) == []
    assert breaches([], {"burden": []}) == []
