import numpy as np
import pytest

from dosing.policies import ConstantDose, OffOnAdaptiveTherapy, OnOffAdaptiveTherapy, run_policy
from dosing.progression import ProgressionRule, progression, progression_of_series
from dynamics import get_model
from dynamics.simulate import simulate

FIRST, LAST, TOLERABLE = (
    ProgressionRule.FIRST_CROSSING,
    ProgressionRule.LAST_BELOW,
    ProgressionRule.ABOVE_TOLERABLE,
)
DAYS = np.arange(9.0)
SERIES = {
    # up through the threshold, down again, up for good
    "twice": [100, 110, 125, 130, 110, 90, 115, 140, 150],
    "falls": [100, 90, 80, 70, 60, 50, 40, 30, 20],
    "grows": [100, 130, 160, 190, 220, 250, 280, 310, 340],
    "returns": [100, 80, 60, 70, 90, 99, 101, 110, 119],
}


@pytest.mark.parametrize(
    ("name", "rule", "level", "days", "censored"),
    [
        ("twice", FIRST, 1.2, 2, False),
        ("twice", LAST, 1.2, 6, False),
        ("twice", TOLERABLE, 1.0, 1, False),
        ("twice", TOLERABLE, 1.2, 2, False),
        ("falls", FIRST, 1.2, 8, True),
        ("falls", LAST, 1.2, 8, True),
        ("falls", TOLERABLE, 1.0, 8, True),
        ("falls", TOLERABLE, 0.1, 1, False),
        ("grows", FIRST, 1.2, 1, False),
        ("grows", LAST, 1.2, 0, False),
        ("grows", TOLERABLE, 1.0, 1, False),
        ("grows", TOLERABLE, 0.9, 1, False),
        ("grows", LAST, 0.9, 0, False),
        ("returns", FIRST, 1.2, 8, True),
        ("returns", FIRST, 1.0, 6, False),
        ("returns", TOLERABLE, 1.0, 6, False),
        ("returns", TOLERABLE, 0.7, 4, False),
    ],
)
def test_definitions_on_series_read_by_eye(name, rule, level, days, censored):
    found = progression_of_series(DAYS, np.array(SERIES[name]), rule, level)
    assert (found.days, found.censored) == (days, censored)
    assert found.horizon_days == 8
    assert ("censored" in found.sentence) == censored
    assert (f"Day {days}:" in found.sentence) == (not censored)


def test_days_are_cut_down():
    found = progression_of_series(np.array([0.0, 1.9, 3.99, 4.0]), np.array([100, 90, 130, 140]), FIRST)
    assert found.days == 3
    assert found.exact_days == 3.99


def test_no_turn_before_the_first_day():
    # a first visit within the first day counts as day 1 in Masud's sense
    found = progression_of_series(
        np.array([0.0, 0.2, 0.4, 2.0]), np.array([100, 90, 130, 140]), TOLERABLE, 1.0
    )
    assert found.days == 1


def test_kernel_and_series_agree_on_a_mixed_ensemble():
    rng = np.random.default_rng(3)
    model = get_model("competition")
    rows = np.array([0.131799194, 580.8725024, 0.089001925, 2.291960323]) * rng.uniform(0.6, 1.5, (60, 4))
    policies = [ConstantDose(0.8), OnOffAdaptiveTherapy(0.9, 0.7, 1.0), OffOnAdaptiveTherapy()] * 20
    levels = (1.2, 1.0, 0.8)
    run = run_policy(model, rows, {"V0": 359.0}, policies, 500, every=1, levels=levels).course
    for watched, level in enumerate(levels):
        for rule in ProgressionRule:
            times = progression(run, rule, watched)
            each = [progression_of_series(run.times, y, rule, level) for y in run.burdens]
            np.testing.assert_array_equal(times.days, [p.days for p in each])
            np.testing.assert_array_equal(times.exact_days, [p.exact_days for p in each])
            np.testing.assert_array_equal(times.censored, [p.censored for p in each])
            assert times.of(3) == each[3]
    # the ensemble exercises both endings
    assert 0 < progression(run, FIRST).censored.sum() < 60


def test_time_to_progression_of_an_adaptive_solution():
    # patient 2 of Masud 2023 under MTD, by the adaptive solver: back at V0 on day 168.04
    model, times = get_model("competition"), np.arange(0, 17_500) / 100
    parameters = [0.131799194, 580.8725024, 0.089001925, 2.291960323]
    run = run_policy(model, parameters, {"V0": 359.0}, ConstantDose(1.0), 400, 8, "rk4", keep_switches=1)
    burdens = simulate(model, parameters, run.course.schedule(), times, {"V0": 359.0}).outputs[:, 0]
    found = progression_of_series(times, burdens, TOLERABLE, 1.0)
    assert found.exact_days == 168.04
    assert found.days == 168


def test_a_failed_simulation_has_no_time_to_progression():
    rows = np.array([[2.0, 400.0, 5.0, 60.0], [0.131799194, 580.8725024, 0.089001925, 2.291960323]])
    run = run_policy(get_model("competition"), rows, {"V0": 359.0}, ConstantDose(1.0), 30, 1).course
    times = progression(run, LAST)
    assert np.isnan(times.days[0])
    assert not times.censored[0]
    assert times.of(1).days == 30
    with pytest.raises(ValueError, match="tumour 0 has no time to progression"):
        times.of(0)


@pytest.mark.parametrize(
    ("times", "burdens", "message"),
    [
        ([0.0], [1.0], "at least two times"),
        ([0.0, 1.0], [1.0], "one burden each"),
        ([3.0, 4.0], [1.0, 2.0], "subtract the first visit"),
        ([0.0, 0.0], [1.0, 2.0], "must increase"),
        ([0.0, 5.0], [1.0, np.nan], "burden nan on day 5"),
    ],
)
def test_series_without_a_time_to_progression_are_refused(times, burdens, message):
    with pytest.raises(ValueError, match=message):
        progression_of_series(np.array(times), np.array(burdens), FIRST)
