"""Time to progression as an objective: the smoothed time, its gradient, the search."""

import dataclasses

import numpy as np
import pytest
import sympy as sp
from handmade import PATIENT_2, make_ensemble

from dosing.ensemble.member_times import TtpSetting, member_times
from dosing.ensemble.progression_search import maximise_progression
from dosing.ensemble.progression_starts import held_schedule, usual_starts
from dosing.ensemble.reduction import thin_ensemble
from dosing.ensemble.search_stages import search_stages
from dosing.ensemble.smoothed_progression import SmoothedProgression, smoothed_model
from dosing.ensemble.sources import paper_grid, published_ensemble
from dosing.ensemble.ttp_objective import TtpObjective, objective_value
from dosing.policies import (
    ConstantDose,
    MaximumToleratedDose,
    OffOnAdaptiveTherapy,
    OnOffAdaptiveTherapy,
    PlannedSchedule,
)
from dosing.progression import ProgressionRule
from dynamics import DoseSchedule, get_model

TURNOVER = get_model("turnover")
PAPER = TtpSetting.paper(0.5)
OPEN_LOOP = dataclasses.replace(PAPER, rule=ProgressionRule.ABOVE_TOLERABLE)
RULES = [ProgressionRule.FIRST_CROSSING, ProgressionRule.LAST_BELOW]


@pytest.fixture(scope="module")
def few():
    return thin_ensemble(paper_grid(0.5), 25).ensemble


@pytest.mark.parametrize(
    ("initial_burden", "expected"), [(0.25, (210, 213)), (0.50, (270, 285)), (0.75, (410, 462))]
)
def test_means_of_tables_4_and_7(initial_burden, expected):
    # printed 217, 306 and 589 with off-on therapy
    off_on = {0.25: 217, 0.50: 306, 0.75: 589}[initial_burden]
    policies = {
        "MTD": MaximumToleratedDose(),
        "on-off": OnOffAdaptiveTherapy(),
        "off-on": OffOnAdaptiveTherapy(),
    }
    grid = paper_grid(initial_burden)
    times = member_times(TURNOVER, grid, policies, TtpSetting.paper(initial_burden))
    assert [int(v) for v in objective_value(times.days, grid.weights)] == [*expected, off_on]


def test_the_added_states_are_the_declared_equations():
    first, last = (smoothed_model(TURNOVER, rule) for rule in RULES)
    S, R, V0, w, L, a = sp.symbols("S R V0 ttp_width ttp_level ttp_rate")
    A, Q = sp.symbols("ttp_surviving ttp_waited")
    above = 1 / (1 + sp.exp(-((S + R) / V0 - L) / w))
    assert sp.simplify((first.rhs[2] + a * above * A).rewrite(sp.exp)) == 0
    assert first.rhs[3] == A
    assert sp.simplify((last.rhs[2] - 1 + a * (1 - above) * Q).rewrite(sp.exp)) == 0
    assert list(first.initial.flat())[2:] == [1, 0]
    assert first.rhs[:2, :] == TURNOVER.rhs


@pytest.mark.parametrize("rule", RULES)
def test_smoothed_times_approach_the_exact_ones(few, rule):
    setting = dataclasses.replace(PAPER, rule=rule)
    exact = member_times(TURNOVER, few, {"MTD": MaximumToleratedDose()}, setting).days[0]
    errors = [
        np.max(np.abs(SmoothedProgression(TURNOVER, few, setting, 10.0, w).days(np.ones(100)) - exact))
        for w in (0.05, 0.02, 0.005)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1.0


@pytest.mark.parametrize("rule", RULES)
def test_the_gradient_is_that_of_finite_differences(few, rule):
    setting = TtpSetting(240.0, rule, method="euler")
    smooth = SmoothedProgression(TURNOVER, few, setting, 60.0, 0.03, 2)
    doses, weights = np.array([0.5, 0.9, 0.7, 0.3]), few.weights
    days, slopes = smooth.gradient(doses, weights)
    np.testing.assert_allclose(days, smooth.days(doses))
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-5
        difference = weights @ (smooth.days(doses + step) - smooth.days(doses - step)) / 2e-5
        assert slopes[i] == pytest.approx(difference, rel=1e-6, abs=1e-7)


def test_a_held_schedule_gives_each_stretch_its_dose():
    edges = np.array([0.0, 10.0, 20.0, 30.0])
    plan = held_schedule(edges, np.array([0.5, 0.5, 1.0]))
    assert plan == DoseSchedule((0.0, 20.0, 30.0), (0.5, 1.0))


def test_starts_hold_the_mean_doses_of_adaptive_therapy(few):
    edges = np.arange(0, 1001, 10.0)
    found = usual_starts(TURNOVER, few, PAPER, edges)
    assert np.all(found["constant 1"] == 1)
    doses = {f"{d:.2f}": ConstantDose(d) for d in np.linspace(0, 1, 51)}
    values = objective_value(member_times(TURNOVER, few, doses, PAPER).days, few.weights)
    best = float(list(doses)[int(np.argmax(values))])
    assert best < 1
    assert np.allclose(found[f"constant {best:g}"], best)
    off_on = found["mean doses of off-on adaptive therapy"]
    assert off_on[0] == 0
    assert np.all((off_on >= 0) & (off_on <= 1))
    times = member_times(TURNOVER, few, {"off-on": OffOnAdaptiveTherapy()}, PAPER)
    assert 10 * off_on.sum() == pytest.approx(times.total_doses[0] @ few.weights, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("objective", TtpObjective)
def test_one_schedule_for_the_grid_of_the_paper_beats_mtd(objective):
    grid = paper_grid(0.5)
    found = maximise_progression(TURNOVER, grid, OPEN_LOOP, objective=objective)
    # the value is exact: simulated again from the schedule alone
    again = member_times(TURNOVER, grid, {"again": PlannedSchedule(found.schedule)}, OPEN_LOOP)
    assert found.value == objective_value(again.days, grid.weights, objective)[0]
    assert found.value > found.value_of_mtd + 5
    if objective is TtpObjective.EXPECTED:
        adaptive = member_times(TURNOVER, grid, {"AT50": OnOffAdaptiveTherapy()}, OPEN_LOOP)
        assert found.value > objective_value(adaptive.days, grid.weights)[0] + 20
        assert int(found.value_of_mtd) == 270


@pytest.mark.slow
def test_the_search_never_ends_below_its_starts(few):
    short = dataclasses.replace(OPEN_LOOP, horizon_days=500.0)
    found = maximise_progression(
        TURNOVER, few, short, hold_days=50.0, members_in_search=25, widths=(0.1, 0.02), iterations=15,
        starts={"mine": DoseSchedule.constant(0.9)},
    )  # fmt: skip
    assert {"mine", "constant 1"} <= {s.name for s in found.starts}
    assert all(s.value >= s.value_at_start for s in found.starts)
    assert found.value > found.value_of_mtd
    assert found.policy.schedule == found.schedule
    assert "exact times" in found.sentence
    assert np.all((found.doses >= 0) & (found.doses <= 1))


def test_the_search_finds_the_narrow_window_of_one_patient():
    # patient 7 of Masud 2023: constant doses from 0.810 to 0.822 hold the first burden, MTD does for 90 days
    row = {"r": 0.18287846, "K": 663.0487189, "delta": 0.128324461, "c": 2.362809094, "V0": 286.0}
    one = published_ensemble(get_model("competition"), [row], "Masud 2023, Table 1")
    setting = TtpSetting(600.0, level=1.05)
    found = maximise_progression(get_model("competition"), one, setting, hold_days=30.0)
    assert found.times.censored[0, 0]
    assert not found.times.censored[1, 0]
    np.testing.assert_allclose(found.doses[:12], 0.816, atol=0.02)


def test_what_cannot_be_searched_is_refused(few):
    with pytest.raises(ValueError, match="decrease"):
        maximise_progression(TURNOVER, few, PAPER, widths=(0.01, 0.1))
    with pytest.raises(ValueError, match="Table 5"):
        TtpSetting.paper(0.4)
    with pytest.raises(ValueError, match="positive number of days"):
        TtpSetting(0.0)
    with pytest.raises(ValueError, match="at least one policy"):
        member_times(TURNOVER, few, {}, PAPER)


@pytest.mark.slow
def test_a_member_that_grows_fast_gets_shorter_steps():
    fast = np.tile(PATIENT_2, (2, 1))
    fast[1, 0] = 3.9  # per day
    fast[1, 3] = 9.0
    ensemble = make_ensemble(fast)
    setting = TtpSetting(112.0, steps_per_day=16)
    stages = search_stages(get_model("competition"), ensemble, setting, 28.0, (0.1, 0.01), 1)
    days, slopes = stages[-1].gradient(np.full(4, 0.6), ensemble.weights)
    assert np.all(np.isfinite(days))
    assert np.all(np.isfinite(slopes))
    assert stages[0].evaluation.problem.steps_per_day > 1
