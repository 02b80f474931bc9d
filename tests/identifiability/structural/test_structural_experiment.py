from fractions import Fraction

import numpy as np
import pytest

from dynamics.schedule import DoseSchedule
from identifiability.structural.experiment import (
    ConstantDose,
    ExperimentError,
    Experiments,
    GenericInput,
    Phases,
    experiment_of,
)


def test_words():
    assert GenericInput().words == "generic input"
    assert ConstantDose(0.5).words == "dose 0.5 throughout"
    assert ConstantDose(0).words == "no dose throughout"
    assert ConstantDose((1, 0)).words == "dose (1, 0) throughout"
    assert Phases([1, 0, 1]).words == "3 phases: 1, 0, 1 of MTD"
    assert Phases([1, 1]).words == "dose 1 throughout"
    assert Phases([1, 0] * 6).words == "12 phases: 1, 0, 1, 0, 1, 0, 1, 0, … of MTD"
    both = Experiments([ConstantDose(1), ConstantDose(0)], "shared")
    assert both.words == "2 experiments with the same initial state: dose 1 throughout; no dose throughout"


def test_levels_are_the_decimal_numbers_that_were_written():
    assert ConstantDose(0.1).levels == (Fraction(1, 10),)
    assert ConstantDose(np.float64(0.3)).levels == (Fraction(3, 10),)
    assert ConstantDose(Fraction(1, 3)).levels == (Fraction(1, 3),)


def test_equal_neighbours_are_one_phase():
    merged = Phases([1, 1, 0, 0, 1], [3, 4, 5, 6, float("inf")])
    assert merged.levels == ((1,), (0,), (1,))
    assert merged.lengths_days == (7, 11, float("inf"))


def test_a_schedule_up_to_the_last_visit():
    cycles = DoseSchedule.cycles(1.0, 30, 20, 5)
    assert experiment_of(cycles, 85) == Phases([1, 0, 1, 0], [30, 20, 30, 5])
    assert experiment_of(cycles, 30) == ConstantDose(1)
    assert experiment_of(DoseSchedule.constant(0.5, start=10), 40) == Phases([0, 0.5], [10, 30])
    assert experiment_of(DoseSchedule.constant(0.5, start=-10), 40) == ConstantDose(0.5)
    assert experiment_of(cycles, 85, first_day=35) == Phases([0, 1, 0], [15, 30, 5])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Phases([]), "at least one dose level"),
        (lambda: Phases([1, 0], [1]), "2 dose levels need as many lengths"),
        (lambda: Phases([1, 0], [0, 1]), "phase 1 lasts 0 days"),
        (lambda: Phases([1, 0], [float("inf"), 1]), "only the last may be without end"),
        (lambda: ConstantDose(float("nan")), "must be a finite number"),
        (lambda: ConstantDose(float("inf")), "must be a finite number"),
        (lambda: Experiments([]), "at least one experiment"),
        (lambda: Experiments([GenericInput()], "common"), "'own' or 'shared'"),  # pyright: ignore[reportArgumentType]
        (lambda: experiment_of(DoseSchedule.constant(1.0), 0), "nothing is seen between them"),
    ],
)
def test_refused(make, message):
    with pytest.raises(ExperimentError, match=message):
        make()
