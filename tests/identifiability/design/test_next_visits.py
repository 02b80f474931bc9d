"""What to measure next, where theory knows it."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from analytic import make_problem

from dynamics import DoseSchedule, get_model
from dynamics.simulate import simulate
from fitting.maximum_likelihood import fit_cohort
from identifiability.design.design_result import Candidate, DesignAnswer
from identifiability.design.next_visits import distinct, next_visits, spread_sets
from identifiability.design.plan_simulation import simulate_plan
from identifiability.design.visit_plan import VisitPlan, feasible_days, schedule_with, with_visits
from identifiability.design.visit_ranking import RankedVisits, rank_visits, visit_information, weak_prior
from identifiability.functions.formula import formula_quantity
from identifiability.resampling.held import hold, target_of
from identifiability.resampling.reach import reach, widened
from patients import Patient

MODEL = get_model("competition")
PARAMETERS = np.array([0.131799194, 580.8725024, 0.089001925, 2.291960323])  # Masud 2023, patient 2
GRID = np.arange(0.0, 40.5, 0.5)


def decay(times=GRID, likelihood="normal", bounds=None, k=0.1, sd=1.0, amount=1.0):
    bounds = bounds or {"k": (1e-3, 10.0)}
    burdens = 100 * amount * np.exp(-k * np.asarray(times))
    problem = make_problem("-k", bounds, times, burdens, likelihood)
    return problem, np.log([*([amount] * ("a" in bounds)), k, *([sd] * (likelihood != "poisson"))])[None, :]


# ---- ranking, against textbooks ------------------------------------------------------------------------------
@pytest.mark.parametrize("k", [0.05, 0.1, 0.4])
def test_a_decay_with_constant_noise_is_best_measured_at_one_time_constant(k):
    problem, sets = decay(k=k)
    best = rank_visits(problem, sets, range(1, len(GRID)), target_of(problem, "k"))[0]
    assert GRID[best.visits[0]] == pytest.approx(1 / k, abs=0.25)


def test_a_decay_with_counts_is_best_measured_at_two_time_constants():
    # information of log k: (k t)² mu, largest at k t = 2
    problem, sets = decay(likelihood="poisson")
    best = rank_visits(problem, sets, range(1, len(GRID)), target_of(problem, "k"))[0]
    assert GRID[best.visits[0]] == pytest.approx(20.0, abs=0.25)
    assert best.gain == pytest.approx(best.before / best.after)
    assert best.after == pytest.approx((4 * 100 * np.exp(-2) + weak_prior(problem)[0, 0]) ** -0.5, rel=1e-6)


def test_amount_and_rate_are_best_measured_at_the_start_and_one_time_constant_later():
    # D-optimal design of a exp(-k t) with constant noise: Box and Lucas, Biometrika 46:77 (1959)
    problem, sets = decay(bounds={"a": (1e-2, 1e2), "k": (1e-3, 10.0)})
    best = rank_visits(problem, sets, range(len(GRID)), None, number=2)[0]
    assert GRID[list(best.visits)] == pytest.approx([0.0, 10.0], abs=0.5)


def test_with_a_proportional_error_both_ends_are_best():
    problem, sets = decay(likelihood="log_normal", bounds={"a": (1e-2, 1e2), "k": (1e-3, 10.0)}, sd=0.1)
    best = rank_visits(problem, sets, range(len(GRID)), None, number=2)[0]
    assert best.visits == (0, len(GRID) - 1)


def test_a_visit_below_the_limit_of_the_assay_is_worth_little():
    # a proportional error asks for the last day, unless nothing is seen there: 100 exp(-4) = 1.8
    problem, sets = decay(likelihood="log_normal", sd=0.3)
    target = target_of(problem, "k")
    free = rank_visits(problem, sets, range(1, len(GRID)), target)[0]
    limited = rank_visits(problem, sets, range(1, len(GRID)), target, limits=(10.0, np.nan))[0]
    assert GRID[free.visits[0]] == 40.0
    assert 15.0 < GRID[limited.visits[0]] < 25.0  # the median crosses 10 on day 23
    assert limited.after > free.after


def test_several_sets_are_averaged_and_the_worst_is_named():
    problem, low = decay(k=0.05)
    _, high = decay(k=0.2)
    sets = np.concatenate([low, high])
    target = target_of(problem, "k")
    ranked = rank_visits(problem, sets, range(1, len(GRID)), target)
    best = ranked[0]
    own = [rank_visits(problem, s[None, :], range(1, len(GRID)), target) for s in sets]
    at_best = [next(r.after for r in rows if r.visits == best.visits) for rows in own]
    assert best.after == pytest.approx(np.sqrt(at_best[0] * at_best[1]))
    assert best.worst == pytest.approx(max(at_best))
    assert 5.0 < GRID[best.visits[0]] < 20.0
    assert all(a.after <= b.after for a, b in pairwise(ranked))


def test_the_information_of_all_visits_is_that_of_the_fit():
    problem, sets = decay(likelihood="poisson")
    total = visit_information(problem, sets)[0, 0].sum(axis=0)
    np.testing.assert_allclose(total, problem.evaluate(sets, np.zeros(1, dtype=int))[2][0], rtol=1e-10)


def test_a_target_that_exists_nowhere_is_refused():
    problem, sets = decay()
    nothing = formula_quantity("log(-k)", ["k"])
    with pytest.raises(ValueError, match="exists at none"):
        rank_visits(problem, sets, range(1, 5), target_of(problem, nothing))


# ---- holding, reaching ------------------------------------------------------------------------------------------
def test_a_quantity_is_held_where_the_same_parameter_would_be():
    times = np.linspace(0, 20, 9)
    problem = make_problem(
        "g", {"a": (0.1, 10.0), "g": (1e-3, 1.0)}, times, np.round(30 * np.exp(0.1 * times)), "poisson"
    )
    start, who = np.log([[1.0, 0.1]] * 3), np.zeros(3, dtype=int)
    doubling = formula_quantity("log(2)/g", ["a", "g"], lower=0.0, upper=700.0, positive=True)
    rates = np.array([0.09, 0.1, 0.115])
    direct = hold(problem, who, start, target_of(problem, "g"), np.log(rates), tolerance=1e-9)
    bent = hold(
        problem,
        who,
        start,
        target_of(problem, doubling),
        np.log(np.log(2) / rates),
        scale=0.1,
        tolerance=1e-9,
    )
    assert np.all(bent.met)
    np.testing.assert_allclose(bent.nll, direct.nll, atol=1e-4)
    np.testing.assert_allclose(bent.q, direct.q, atol=2e-3)


def test_a_value_that_cannot_be_met_is_infinitely_unlikely():
    problem, sets = decay()
    never = formula_quantity("k + 1", ["k"])
    found = hold(problem, np.zeros(1, dtype=int), sets, target_of(problem, never), np.array([0.5]))
    assert not found.met[0]
    assert np.isinf(found.nll[0])


def test_ends_are_those_of_a_parabola_and_open_sides_end_at_the_bound():
    # log y is linear in g: the profile over g with a known start is a parabola in g
    times = np.linspace(0, 10, 6)
    problem = make_problem("g", {"g": (1e-3, 1.0)}, times, 10 * np.exp(0.2 * times), "log_normal")
    lower, upper = problem.lower.copy(), problem.upper.copy()
    lower[:, 1] = upper[:, 1] = np.log(0.5)  # a known standard deviation
    problem = dataclasses.replace(problem, lower=lower, upper=upper)
    best = np.log([[0.2, 0.5]])
    half = 1.95996 * 0.5 / np.sqrt(np.sum(times**2))
    found = reach(problem, best, target_of(problem, "g"))
    rate = reach(
        problem, best, target_of(problem, formula_quantity("g", ["g"], name="rate", lower=-1.0, upper=1.0))
    )
    for ends in (found, rate):
        assert ends.lower[0] == pytest.approx(0.2 - half, rel=2e-3)
        assert ends.upper[0] == pytest.approx(0.2 + half, rel=2e-3)
    narrow = dataclasses.replace(target_of(problem, "g"), lower=np.array([np.log(0.195)]))
    open_side = reach(problem, best, narrow)
    assert open_side.lower[0] == pytest.approx(0.195)
    assert not open_side.lower_closed[0]
    assert not open_side.closed[0]


def test_an_admitted_set_beyond_the_ends_widens_the_interval():
    problem, sets = decay(times=np.array([0.0, 1.0, 2.0]))
    target = target_of(problem, "k")
    found = reach(problem, sets, target)
    inside = dataclasses.replace(found, upper=found.estimate * 1.001)
    beyond = sets.copy()
    beyond[0, 0] = np.log(found.upper[0]) - 0.001
    again = widened(problem, inside, target, beyond)
    assert again.upper[0] == pytest.approx(np.exp(beyond[0, 0]))
    clipped = dataclasses.replace(target, upper=np.log(found.upper) - 0.01)
    ended = widened(problem, inside, clipped, beyond)
    assert ended.upper[0] == pytest.approx(found.upper[0] * np.exp(-0.01))
    assert not ended.upper_closed[0]
    excluded = sets.copy()
    excluded[0, 0] = np.log(9.0)
    assert widened(problem, found, target, excluded).upper[0] == found.upper[0]


# ---- plans -----------------------------------------------------------------------------------------------------------
def patient(days, schedule=None, noise=None, name="P"):
    schedule = schedule or DoseSchedule.from_rows([(0, 60, 1.0), (60, 400, 0.0)])
    burdens = simulate(MODEL, PARAMETERS, schedule, np.asarray(days, dtype=float), {"V0": 359.0, "f_R": 0.01})
    return Patient(name, np.asarray(days, dtype=float), np.round(burdens.outputs[:, 0]), schedule)


def test_a_plan_changes_the_dose_from_the_last_visit_on():
    seen = patient([0, 30, 60, 75])
    schedule = schedule_with(seen, 0.6)
    np.testing.assert_array_equal(
        schedule.dose_at(np.array([0.0, 59.0, 61.0, 74.9, 75.0, 500.0])), [1, 1, 0, 0, 0.6, 0.6]
    )
    later = with_visits(seen, VisitPlan((90.0, 100.0), 0.6))
    np.testing.assert_array_equal(later.times, [0, 30, 60, 75, 90, 100])
    np.testing.assert_array_equal(later.burdens[:4], seen.burdens)
    assert VisitPlan((214.0, 270.0), 0.6).words == "days 214 and 270 under 60 % dose"
    assert VisitPlan((10.0,), 0.0).words == "day 10 without a dose"


def test_only_days_to_come_can_be_visited():
    seen = patient([0, 30, 60, 75])
    np.testing.assert_array_equal(feasible_days(seen)[[0, -1]], [82.0, 439.0])
    np.testing.assert_array_equal(feasible_days(seen, [100, 90, 100]), [90.0, 100.0])
    for bad in ([60.0], [], [np.nan]):
        with pytest.raises(ValueError, match="'P'"):
            feasible_days(seen, bad)


def test_sets_are_spread_and_proposals_differ():
    best = np.zeros(2)
    sets = spread_sets(best, np.array([[0.1, 0.0], [3.0, 0.0], [0.0, 2.0], [2.9, 0.0]]), 3)
    np.testing.assert_array_equal(sets, [[0, 0], [3, 0], [0, 2]])
    assert len(spread_sets(best, np.zeros((4, 2)), 3)) == 1
    days = np.arange(0.0, 100.0, 5.0)
    ranked = [
        RankedVisits(c, (v,), 1.0, 0.1 * i, 1.0)
        for i, (c, v) in enumerate([(0, 4), (0, 5), (0, 15), (0, 9), (1, 4)])
    ]
    assert [(r.course, r.visits) for r in distinct(ranked, days, 0, 3)] == [(0, (4,)), (0, (15,)), (1, (4,))]


# ---- simulation ----------------------------------------------------------------------------------------------------
def test_simulated_widths_are_those_the_information_promises():
    times = np.array([0.0, 5.0, 10.0])
    problem, sets = decay(times, likelihood="poisson")
    target = target_of(problem, "k")
    ranked = rank_visits(problem, sets, [2], target)[0]
    candidate = Candidate(VisitPlan((10.0,), 0.0), ranked.before, ranked.after, ranked.worst)
    found = simulate_plan(
        problem, candidate, target, sets[0], sets, sets, (np.nan, np.nan), 200, 0.95, np.random.default_rng(0)
    )
    assert np.log(found.width_after) == pytest.approx(2 * 1.96 * ranked.after, rel=0.1)
    assert found.closed == found.lower_closed == found.upper_closed == 1.0
    assert np.isnan(found.closed_elsewhere)


@pytest.fixture(scope="module")
def shrinking():
    """A patient who has only ever been seen under full dose, long before any relapse."""
    seen = patient([0, 10, 20, 30, 40], DoseSchedule.constant(1.0))
    return seen, fit_cohort([seen], MODEL, likelihood="poisson")[0]


@pytest.mark.slow
def test_a_pause_of_the_drug_is_what_tells_growth_from_kill(shrinking):
    seen, fit = shrinking
    answer = next_visits(
        seen,
        fit,
        MODEL,
        "delta",
        days=np.arange(47, 130, 14),
        doses=[0.0, 1.0],
        proposals=2,
        simulations=16,
        members=4,
    )
    assert not answer.closed
    singles = [c for c in answer.candidates if len(c.plan.days) == 1]
    by_information = min(singles, key=lambda c: c.se_after)
    assert by_information.plan.dose == 0.0
    assert all(c.se_after <= c.se_now for c in answer.candidates)
    best = answer.best(2)
    assert best is not None
    assert best.width_after < answer.width
    assert {c.simulations for c in answer.candidates} == {16}
    assert "delta" in answer.sentence
    assert any("weak prior" in text for text in answer.assumptions)
    again = next_visits(
        seen,
        fit,
        MODEL,
        "delta",
        days=np.arange(47, 130, 14),
        doses=[0.0, 1.0],
        proposals=2,
        simulations=16,
        members=4,
    )
    assert again.sentence == answer.sentence


def test_a_number_of_visits_out_of_range_is_refused(shrinking):
    with pytest.raises(ValueError, match="most_visits"):
        next_visits(*shrinking, MODEL, "c", most_visits=4)


# ---- the sentence ----------------------------------------------------------------------------------------------------
def answer_of(*candidates, closed=False):
    return DesignAnswer("P", "c", 1.5, 100.0, True, closed, 66.7, True, candidates, 500.0, ())


def candidate(days, closed, elsewhere=0.3, width=20.0):
    return Candidate(VisitPlan(days, 0.6), 1.0, 0.5, 0.9, 40, closed, elsewhere, 1.0, closed, width)


def test_sentences():
    one, two = candidate((214.0,), 0.4), candidate((214.0, 270.0), 0.83, 0.5, 3.0)
    assert answer_of(one, two).sentence == (
        "No single further visit closes c (best: day 214 under 60 % dose, in 40 % of the simulations from the fit and "
        "30 % of those from other sets that the data admit); two visits on days 214 and 270 under 60 % dose do, if the "
        "fit is right (in 83 % of the simulations from the fit and 50 % of those from other sets that the data admit, "
        "the interval spanning a factor of 3 instead of 66.7)."
    )
    assert answer_of(candidate((90.0,), 0.9)).sentence.startswith(
        "One further visit closes c, if the fit is right: day 90"
    )
    assert answer_of(one, candidate((9.0, 10.0), 0.5)).sentence.startswith(
        "Neither one nor two further visits close c"
    )
    assert answer_of(one).sentence.startswith(
        "No single further visit closes c up to day 500; best is day 214"
    )
    assert "narrows it most" in answer_of(one, closed=True).sentence
    assert (
        "no single further visit narrows it"
        in answer_of(candidate((9.0,), 1.0, width=70.0), closed=True).sentence
    )
    assert answer_of().sentence == "No further visit was simulated for c."
