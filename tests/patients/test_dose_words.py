import math

import pytest

from dynamics.schedule import DoseSchedule
from patients.dose_words import describe_doses


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (DoseSchedule.constant(1.0), "MTD throughout"),
        (DoseSchedule.constant(0.5), "50 % of MTD throughout"),
        (DoseSchedule.constant(0.0), "no dose"),
        (DoseSchedule.constant(1.0, 200.0), "no dose"),
        (DoseSchedule.constant(1.0, 0.0, 30.0), "MTD until day 30, then no dose"),
        (DoseSchedule.constant(0.25, 30.0), "no dose until day 30, then 25 % of MTD"),
        (DoseSchedule((0, 20, 40, 60, 80), (1, 0, 1, 0)), "on-off, 3 switches"),
        (DoseSchedule((0, 20, 40, 60, 80), (0, 0.5, 0, 0.5)), "off-on at 50 % of MTD, 4 switches"),
        (DoseSchedule((0, 20, 40, math.inf), (1, 0.25, 0.5)), "between 25 % of MTD and MTD, 2 switches"),
        (DoseSchedule((0, 20, 40, math.inf), (0, 0.25, 1)), "between no dose and MTD, 2 switches"),
    ],
)
def test_words(schedule, words):
    assert describe_doses(schedule, 0.0, 100.0) == words


def test_what_begins_on_the_last_day_is_not_told():
    assert describe_doses(DoseSchedule((0, 100, math.inf), (1, 0)), 0.0, 100.0) == "MTD throughout"
