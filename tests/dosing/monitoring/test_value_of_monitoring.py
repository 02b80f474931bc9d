"""The value of monitoring: table, differences, sentences, picture."""

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure

from dosing.ensemble.feedback_family import FeedbackFamily
from dosing.ensemble.member_times import TtpSetting
from dosing.ensemble.schedule_scores import mean_error
from dosing.monitoring import (
    AS_WRITTEN,
    FILTER,
    RETUNED,
    MarkerNoise,
    MonitoringError,
    ParticlePolicy,
    noisy_times,
    value_of_monitoring,
    visit_shocks,
)
from dosing.monitoring.tuned_filter import hold_levels, tuned_filter
from dosing.plots.monitoring import plot_value_of_monitoring
from dosing.policies import OnOffAdaptiveTherapy
from dynamics import get_model
from dynamics.ensemble import Ensemble

NOISES = (MarkerNoise.none(), MarkerNoise.log_normal(0.2))


def drawn(seed, count):
    rng = np.random.default_rng(seed)
    values = np.array([0.13, 580.0, 0.11, 2.3]) * np.exp(0.15 * rng.standard_normal((count, 4)))
    return Ensemble(
        ("r", "K", "delta", "c"), values, np.full(count, 1 / count), {"V0": 359.0, "f_R": 0.01}, f"{count} draws"
    )  # fmt: skip


@pytest.fixture(scope="module")
def small():
    """AT50 and a rule from a family of three, on thirty tumours."""
    calls = []
    value = value_of_monitoring(
        get_model("competition"), drawn(1, 30), drawn(2, 30), TtpSetting(500.0, steps_per_day=1),
        visit_days=(7, 28, 42), noises=NOISES, policies=(AS_WRITTEN, RETUNED), own_visit_days=28.0,
        family=FeedbackFamily((0.8, 1.0), (0.5, 0.7), (0.8, 1.0)), members_in_search=20, seed=4,
        progress=lambda done, text: calls.append((done, text)),
    )  # fmt: skip
    return value, calls


@pytest.fixture(scope="module")
def filtered():
    return value_of_monitoring(
        get_model("competition"), drawn(1, 80), drawn(2, 40), TtpSetting(700.0, steps_per_day=1),
        visit_days=(7, 28, 84), noises=(*NOISES, MarkerNoise.log_normal(0.5)), policies=(FILTER,), seed=1,
    )  # fmt: skip


def test_every_policy_noise_and_interval_has_a_cell(small):
    value, calls = small
    assert len(value.cells) == 2 * 2 * 3
    assert value.days.shape == (12, 30)
    assert value.references[0].name == "MTD"
    assert list(value.table()["policy"].unique()) == [AS_WRITTEN, RETUNED]
    done = [d for d, _ in calls]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0.0, 1.0)


def test_differences_are_paired_and_against_the_densest(small):
    value, _ = small
    cell = value.cell(AS_WRITTEN, "20 %", 42)
    lost = value.days[value.index(AS_WRITTEN, "20 %", 7)] - value.days[value.index(AS_WRITTEN, "20 %", 42)]
    assert cell.loss_days == pytest.approx(lost.mean())
    assert cell.loss_error_days == pytest.approx(mean_error(lost, value.weights))
    assert value.cell(AS_WRITTEN, "20 %", 7).loss_days == 0
    assert value.noise_loss(AS_WRITTEN, 42, "20 %", "20 %") == (0, 0)


def test_held_out_tumours_are_treated_with_the_noise_of_the_seed(small):
    value, _ = small
    setting, shocks = TtpSetting(500.0, steps_per_day=1), visit_shocks(4, 1, 30, 500)
    rule = OnOffAdaptiveTherapy.below_tolerable(1.0, 0.5, 1.0)
    alone = noisy_times(get_model("competition"), drawn(2, 30), [rule], setting, 28.0, NOISES[1], shocks)
    assert np.array_equal(alone.days[0], value.days[value.index(AS_WRITTEN, "20 %", 28)])


def test_sentences_name_intervals_errors_and_the_horizon(small):
    value, _ = small
    lost, error = value.loss(RETUNED, "20 %", 42, 7)
    line = next(s for s in value.sentences if s.startswith("Visits every 42 days") and "re-tuned" in s)
    assert f"{abs(lost):.0f} days (SE {error:.2g})" in line
    assert ("lose nothing" in line) == (abs(lost) <= 2 * error)
    assert any("the patient's own spacing" in s for s in value.sentences)
    assert any("restricted means up to that day" in s for s in value.sentences) == any(
        c.censored > 0 for c in value.cells
    )


def test_a_loss_within_the_error_is_called_none_and_a_sure_one_a_cost(small):
    value, _ = small
    row = value.index(AS_WRITTEN, "20 %", 42)
    days = value.days.copy()
    days[row] = days[value.index(AS_WRITTEN, "20 %", 7)] - 40.0 + 0.1 * np.arange(30)
    sure = dataclasses.replace(value, days=days)
    assert any(
        s.startswith("Visits every 42 days instead of every 7 cost 39 days (SE 0.16)") for s in sure.sentences
    )
    days[row] += 39.0
    days[row, 0] += 100.0
    unsure = dataclasses.replace(value, days=days)
    assert any(
        "Visits every 42 days instead of every 7 lose nothing that 30 tumours" in s for s in unsure.sentences
    )


def test_the_picture_has_a_panel_a_policy_with_the_cost_written_on_it(small):
    value, _ = small
    figure = plot_value_of_monitoring(Figure(figsize=(9, 3.4)), value)
    assert len(figure.axes) == 2
    for axes in figure.axes:
        assert len([line for line in axes.lines if np.size(line.get_xdata()) == 3]) == 2
        texts = " ".join(t.get_text() for t in axes.texts)
        assert "visits every 6 weeks" in texts
        assert "own spacing, 28 d" in texts


def test_bad_questions_are_refused_with_sentences():
    def ask(**options):
        return value_of_monitoring(
            get_model("competition"),
            drawn(1, 12),
            drawn(2, 12),
            TtpSetting(200.0, steps_per_day=1),
            **options,
        )

    with pytest.raises(MonitoringError, match="must be increasing days"):
        ask(visit_days=(28, 7))
    with pytest.raises(MonitoringError, match="give at least one, and each once"):
        ask(noises=(NOISES[0], NOISES[0]))
    with pytest.raises(MonitoringError, match="unknown policy 'AT60'"):
        ask(policies=("AT60",))
    with pytest.raises(MonitoringError, match=r"progression begins at 1\.2"):
        ask(tolerable_level=1.5)
    with pytest.raises(MonitoringError, match="beyond the horizon"):
        ask(visit_days=(7, 201))


@pytest.mark.slow
def test_noise_and_rarer_visits_never_clearly_help_the_filter(filtered):
    for days in filtered.visit_days:
        for noise in ("20 %", "50 %"):
            lost, error = filtered.noise_loss(FILTER, days, noise, "none")
            assert lost > -3 * error - 1e-9
    for noise in filtered.noises:
        for days in (28, 84):
            lost, error = filtered.loss(FILTER, noise.name, days, 7)
            assert lost > -3 * error - 1e-9
    # and what the theory says must be lost is lost
    lost, error = filtered.noise_loss(FILTER, 84, "50 %", "none")
    assert lost > 2 * error


def test_the_level_to_hold_lies_below_progression_and_few_draws_leave_the_usual_one():
    levels = hold_levels(1.0, 1.2)
    assert levels == pytest.approx((1.0, 1.1, 1.15))
    ask = (
        get_model("competition"), drawn(1, 20), ParticlePolicy(), levels, TtpSetting(100.0, steps_per_day=1), 7.0,
        NOISES[0], visit_shocks(0, 0, 20, 100),
    )  # fmt: skip
    assert tuned_filter(*ask).hold_level == levels[1]
    assert tuned_filter(*ask, prefer=levels[2]).hold_level == levels[2]


@pytest.mark.slow
def test_a_filter_that_may_choose_its_level_lasts_no_less_than_one_that_may_not(filtered):
    fixed = value_of_monitoring(
        get_model("competition"), drawn(1, 80), drawn(2, 40), TtpSetting(700.0, steps_per_day=1),
        visit_days=(28,), noises=(NOISES[0],), policies=(FILTER,), particle=ParticlePolicy(hold_level=1.0), seed=1,
    )  # fmt: skip
    assert "at or below 100 % of the first" in fixed.cells[0].rule
    gain = filtered.days[filtered.index(FILTER, "none", 28)] - fixed.days[0]
    assert gain.mean() > -3 * mean_error(gain, fixed.weights)


@pytest.mark.slow
def test_the_filter_with_weekly_visits_holds_longer_than_what_needs_none(filtered):
    best = max(filtered.references, key=lambda r: r.mean_days)
    gain, error = filtered.gain_over(best.name, FILTER, "none", 7)
    assert gain > 2 * error
