"""Noisy visits: the closed loop they must agree with, a toy with a closed form, what is refused."""

import numpy as np
import pytest
from scipy import stats

from dosing.ensemble.feedback_family import AdaptiveRule
from dosing.ensemble.member_times import TtpSetting, member_times
from dosing.monitoring import (
    MarkerNoise,
    MonitoringError,
    ParticlePolicy,
    filtered_times,
    noisy_times,
    split_ensemble,
    visit_shocks,
)
from dosing.policies import ConstantDose, OnOffAdaptiveTherapy, PlannedSchedule
from dosing.progression import ProgressionRule
from dynamics import get_model
from dynamics.ensemble import Ensemble
from dynamics.schedule import DoseSchedule
from fitting.likelihood import LOG_NORMAL, NEGATIVE_BINOMIAL, NORMAL, POISSON

EXACT = MarkerNoise.none()
G, D = 0.0213, 0.0507  # no reading then falls on a level


@pytest.fixture(scope="module")
def tumours():
    """Sixty tumours around those of Masud 2023, Table 1."""
    rng = np.random.default_rng(5)
    values = np.array([0.13, 580.0, 0.11, 2.3]) * np.exp(0.15 * rng.standard_normal((60, 4)))
    names = ("r", "K", "delta", "c")
    return Ensemble(names, values, np.full(60, 1 / 60), {"V0": 359.0, "f_R": 0.01}, "drawn around Table 1")


@pytest.fixture(scope="module")
def toy():
    """Sensitive cells alone, far from their limit: growth at g, and shrinking at d - g under the drug."""
    values = np.array([[G, 1e15, D, 1.0]])
    one = Ensemble(("r", "K", "delta", "c"), values, np.ones(1), {"V0": 100.0, "f_R": 0.0}, "toy")
    return get_model("competition"), one


def exact_toy(days_between, horizon, shocks=None, log_sd=0.0, g=G, d=D, pause=0.5, resume=1.0, level=1.2):
    """Follow the logarithm of the burden, which is a straight line between visits."""
    log_n, on, t = 0.0, True, 0.0
    while t < horizon:
        seen = log_n + (0.0 if shocks is None or t == 0 else log_sd * shocks[int(t)])
        if (on and seen <= np.log(pause)) or (not on and seen >= np.log(resume)):
            on = not on
        slope = g - d if on else g
        if slope > 0 and log_n <= np.log(level) < log_n + slope * days_between:
            return min(t + (np.log(level) - log_n) / slope, horizon)
        log_n, t = log_n + slope * days_between, t + days_between
    return horizon


@pytest.mark.parametrize("visit_days", [1.0, 14.0, 84.0])
@pytest.mark.parametrize("rule", list(ProgressionRule))
def test_without_noise_the_closed_loop_is_reproduced_to_the_last_digit(tumours, visit_days, rule):
    model = get_model("competition")
    setting = TtpSetting(700.0, rule, steps_per_day=2)
    rules = [AdaptiveRule(1.0, 0.5), AdaptiveRule(0.9, 0.7, 0.8)]
    own = {r.name: AdaptiveRule(r.start_level, r.stop_level, r.dose, visit_days) for r in rules}
    known = member_times(model, tumours, own, setting)
    found = noisy_times(model, tumours, rules, setting, visit_days, EXACT, visit_shocks(0, 0, 60, 700))
    assert np.array_equal(found.days, known.days)
    assert np.array_equal(found.censored, known.censored)


def test_a_visit_every_step_is_watching_at_every_step(tumours):
    model = get_model("competition")
    setting = TtpSetting(500.0, ProgressionRule.LAST_BELOW, method="euler", decisions="step")
    known = member_times(model, tumours, {"AT50": OnOffAdaptiveTherapy()}, setting)
    shocks = visit_shocks(0, 0, 60, 500)
    found = noisy_times(model, tumours, [OnOffAdaptiveTherapy()], setting, 1 / 8, EXACT, shocks)
    assert np.array_equal(found.days, known.days)


@pytest.mark.parametrize("visit_days", [5.0, 11.0, 20.0, 42.0])
def test_the_toy_progresses_when_its_straight_lines_say(toy, visit_days):
    model, one = toy
    setting = TtpSetting(1000.0)
    shocks = visit_shocks(3, 0, 1, 1000)
    for log_sd in (0.0, 0.15):
        noise = MarkerNoise.log_normal(log_sd)
        found = noisy_times(model, one, [OnOffAdaptiveTherapy()], setting, visit_days, noise, shocks)
        expected = exact_toy(visit_days, 1000.0, shocks[0], log_sd)
        assert found.days[0, 0] == pytest.approx(expected, abs=1e-4)


def test_visits_rarer_than_the_tumour_needs_cost_what_the_formula_says(toy):
    """Off at the first visit below one half, past 1.2 before the next: log 1.2 plus what was lost, over g."""
    model, one = toy
    visit_days = 100.0
    found = noisy_times(
        model, one, [OnOffAdaptiveTherapy()], TtpSetting(1000.0), visit_days, EXACT,
        visit_shocks(0, 0, 1, 1000),
    )  # fmt: skip
    # day 100: exp(-2.94) of the first; the visit on day 200 sees exp(-0.81), and the next comes too late
    expected = 100 + (np.log(1.2) + (D - G) * 100) / G
    assert 200 < expected < 300
    assert found.days[0, 0] == pytest.approx(expected, abs=1e-4)
    assert found.doses[0, 0] == pytest.approx(100 / expected, rel=0.01)


def test_shocks_belong_to_draw_and_day():
    few, many = visit_shocks(1, 0, 2, 50), visit_shocks(1, 0, 5, 400)
    assert np.array_equal(few, many[:2, :51])
    assert not np.array_equal(few, visit_shocks(2, 0, 2, 50))
    assert not np.array_equal(few, visit_shocks(1, 1, 2, 50))


@pytest.mark.parametrize("mean", [3.0, 359.0])
def test_the_noise_of_a_likelihood_has_its_variation(mean):
    def relative(distribution):
        return distribution.var() / distribution.mean() ** 2

    def of(likelihood, dispersion):
        return np.expm1(MarkerNoise.of_likelihood(likelihood, dispersion).log_sd(mean) ** 2)

    assert of(POISSON, None) == pytest.approx(relative(stats.poisson(mean)))
    assert of(NEGATIVE_BINOMIAL, 30.0) == pytest.approx(relative(stats.nbinom(30.0, 30.0 / (30.0 + mean))))
    assert of(NORMAL, 20.0) == pytest.approx(relative(stats.norm(mean, 20.0)))
    assert MarkerNoise.of_likelihood(LOG_NORMAL, 0.2).log_sd(mean) == pytest.approx(0.2)


@pytest.mark.slow
def test_the_filter_holds_what_can_be_held_where_it_is_told_to(tumours):
    """Particles a hair from the truths: resistant cells grow wherever the burden is held below K/c."""
    model = get_model("competition")
    truths = tumours.take(np.arange(12))
    near = Ensemble(
        tumours.parameter_names, np.tile(truths.values, (10, 1)) * (1 + 1e-9 * np.arange(1, 121))[:, None],
        np.full(120, 1 / 120), truths.constants, "near",
    )  # fmt: skip
    setting, shocks = TtpSetting(600.0, steps_per_day=1), visit_shocks(0, 0, 12, 600)

    def ask(level):
        policy = ParticlePolicy(particles=120, hold_level=level)
        return filtered_times(model, truths, near, policy, setting, 7.0, EXACT, shocks, seed=2)

    found = ask(1.0)
    assert np.array_equal(found.days, ask(1.0).days)
    holdable = truths.column("K") / truths.column("c") < 359.0
    assert 0 < holdable.sum() < 12
    assert np.array_equal(found.censored[0], holdable)
    assert np.all(ask(1.1).days >= found.days)
    mtd = member_times(model, truths, {"MTD": ConstantDose(1.0)}, setting)
    assert np.all(found.days[0] >= mtd.days[0])
    assert np.mean(found.days[0]) > 2 * np.mean(mtd.days[0])


def test_a_split_shares_no_tumour_even_where_draws_repeat(tumours):
    twice = tumours.take(np.repeat(np.arange(60), 3))
    planned, held_out = split_ensemble(twice, 200, 60, seed=1)
    seen = {tuple(r) for r in held_out.values.tolist()}
    assert not any(tuple(r) in seen for r in planned.values.tolist())
    assert planned.weights.sum() == pytest.approx(1.0)


def test_what_cannot_be_asked_is_refused_with_a_sentence(tumours):
    model, setting = get_model("competition"), TtpSetting(100.0, steps_per_day=2)
    shocks, rule = visit_shocks(0, 0, 60, 100), [AdaptiveRule(1.0, 0.5)]

    def ask(rules=rule, days=7.0, noise=EXACT, given=shocks):
        return noisy_times(model, tumours, rules, setting, days, noise, given)

    with pytest.raises(MonitoringError, match="not a whole number of steps"):
        ask(days=0.3)
    with pytest.raises(MonitoringError, match="beyond the horizon of 100 days"):
        ask(days=101.0)
    with pytest.raises(MonitoringError, match="at least one day"):
        ask(days=0.5, noise=MarkerNoise.log_normal(0.1))
    with pytest.raises(MonitoringError, match="needs no visits"):
        ask(rules=[PlannedSchedule(DoseSchedule.constant(1.0))])
    with pytest.raises(MonitoringError, match="make it with `visit_shocks`"):
        ask(given=shocks[:, :50])
    with pytest.raises(MonitoringError, match="from 0 \\(exact\\) to 3"):
        MarkerNoise.log_normal(-0.1)
    with pytest.raises(MonitoringError, match="needs its fitted dispersion"):
        MarkerNoise.of_likelihood(NEGATIVE_BINOMIAL, None)
    with pytest.raises(MonitoringError, match=r"share 1\.5"):
        ParticlePolicy(share=1.5)
    with pytest.raises(MonitoringError, match="are among the draws of the filter"):
        filtered_times(model, tumours, tumours, ParticlePolicy(), setting, 7.0, EXACT, shocks)
    with pytest.raises(MonitoringError, match="at least 10"):
        split_ensemble(tumours, 5, 60)
