"""Scores against closed forms."""

import numpy as np
import pytest
from scipy import stats

from dynamics import DoseSchedule
from fitting.forecast import Prediction, above_first, above_highest, first_crossing
from fitting.forecast.progression import score_progression
from fitting.forecast.scores import as_assayed, crps, quantiles, score_visits
from fitting.forecast.split import Split
from patients import Patient


def crps_of_normal(mean, sd, y):
    """Gneiting and Raftery 2007, eq. 22, negated."""
    z = (y - mean) / sd
    return sd * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))


def split_of(training, held_out, censoring=None, days=None):
    n = len(training)
    days = np.arange(n + len(held_out), dtype=float) * 10 if days is None else np.asarray(days, dtype=float)
    censoring = np.zeros(len(held_out), dtype=int) if censoring is None else np.array(censoring)
    schedule = DoseSchedule.constant(1.0)
    patient = Patient("P1", days[:n], training, schedule)
    return Split(patient, days[n:], np.asarray(held_out, dtype=float), censoring, schedule)


def prediction_of(split, draws):
    n = len(split.held_out_days)
    return Prediction("P1", "m", split.held_out_days, draws, np.zeros(n), np.median(draws, axis=0))


def test_crps_of_a_normal():
    levels = (np.arange(40000) + 0.5) / 40000
    draws = 2.0 + 3.0 * stats.norm.ppf(levels)[:, None] * np.ones(3)
    y = np.array([2.0, -4.0, 11.0])
    assert crps(draws, y) == pytest.approx(crps_of_normal(2.0, 3.0, y), rel=2e-4)


def test_crps_is_unbiased_for_few_draws():
    generator = np.random.default_rng(0)
    draws = generator.standard_normal((4, 60000))
    estimate = crps(draws, np.full(60000, 0.7))
    error = estimate.std() / np.sqrt(60000)
    assert abs(estimate.mean() - crps_of_normal(0, 1, 0.7)) < 4 * error


def test_crps_by_the_definition_with_weights():
    x, w, y = np.array([1.0, 4.0, 2.0]), np.array([0.5, 0.2, 0.3]), 3.0
    apart = np.sum(w * np.abs(x - y))
    pairs = np.sum(np.outer(w, w) * np.abs(x[:, None] - x)) / (1 - np.sum(w**2))
    assert crps(x[:, None], np.array([y]), w)[0] == pytest.approx(apart - 0.5 * pairs)


def test_weighted_quantiles_are_those_of_repeated_draws():
    x = np.array([[3.0], [1.0], [2.0]])
    repeated = np.array([1.0] * 20 + [2.0] * 30 + [3.0] * 50)
    levels = np.array([0.05, 0.25, 0.4, 0.9])
    got = quantiles(x, levels, np.array([0.5, 0.2, 0.3]))[:, 0]
    assert got.tolist() == np.quantile(repeated, levels, method="inverted_cdf").tolist()


def test_scores_are_best_for_the_true_distribution():
    generator = np.random.default_rng(3)
    y = np.exp(generator.standard_normal(4000) * 0.5)
    score = {sd: crps(np.exp(sd * generator.standard_normal((400, 1))), y).mean() for sd in (0.2, 0.5, 1.2)}
    assert score[0.5] < min(score[0.2], score[1.2])


def test_coverage_is_nominal_for_the_true_distribution():
    generator = np.random.default_rng(5)
    split = split_of([1.0, 1.0, 1.0], np.exp(generator.standard_normal(1500)))
    scored = score_visits(split, prediction_of(split, np.exp(generator.standard_normal((1000, 1500)))))
    assert scored["covered50"].mean() == pytest.approx(0.5, abs=0.04)
    assert scored["covered90"].mean() == pytest.approx(0.9, abs=0.02)


def test_columns_of_a_visit():
    split = split_of([4.0, 4.0, 4.0], [2.0])
    scored = score_visits(split, prediction_of(split, np.array([[1.0], [2.0], [4.0], [8.0], [16.0]])))
    row = scored.iloc[0]
    assert (row["visit"], row["day"], row["horizon"], row["median"]) == (3, 30.0, 10.0, 4.0)
    assert row["absolute_error"] == 2.0
    assert row["absolute_log_error"] == pytest.approx(np.log(2))
    assert row["crps_log"] == pytest.approx(np.log(2) * crps(np.arange(5.0)[:, None], np.array([1.0]))[0])


def test_a_forecast_below_the_limit_is_right_about_a_censored_value():
    split = split_of([4.0, 4.0, 4.0], [0.5, 0.5], censoring=[-1, 0])
    scored = score_visits(split, prediction_of(split, np.full((10, 2), 0.1)))
    assert scored["absolute_error"].tolist() == [0.0, 0.4]
    assert scored["crps_log"].tolist() == [pytest.approx(0.0), pytest.approx(np.log(5))]
    assert scored["covered90"].tolist() == [True, False]


def test_draws_beyond_an_upper_limit_move_onto_it():
    moved = as_assayed(np.array([[1.0, 9.0]]), np.array([5.0, 5.0]), np.array([1, 1]))
    assert moved.tolist() == [[1.0, 5.0]]


def test_first_crossing_between_visits_is_exponential():
    days = np.array([0.0, 10.0, 20.0])
    assert first_crossing(days, np.array([1.0, 1.0, 4.0]), 2.0) == pytest.approx(15.0)
    assert first_crossing(days, np.array([[1.0, 2.0, 1.0], [1.0, 1.0, 1.9]]), 2.0).tolist() == [10.0, np.inf]


def test_progression_follows_the_dosing_room():
    from dosing.progression import ProgressionRule, progression_of_series

    days, burdens = np.array([0.0, 10.0, 30.0, 50.0]), np.array([10.0, 7.0, 12.0, 20.0])
    theirs = progression_of_series(days, burdens, ProgressionRule.FIRST_CROSSING)
    patient = Patient("P", days[:2], burdens[:2], DoseSchedule.constant(1.0))
    assert first_crossing(days, burdens, above_first()(patient)) == pytest.approx(theirs.exact_days)


def test_error_of_the_time_to_progression():
    split = split_of([10.0, 6.0, 6.0], [6.0, 24.0, 30.0])
    draws = np.array([[6.0, 6.0, 6.0], [24.0, 30.0, 40.0], [6.0, 24.0, 24.0]])
    row = score_progression(split, prediction_of(split, draws), "first burden", above_first())
    # 12 on the way from 6 to 24 is half of it on the log scale
    assert row is not None
    assert (row["time"], row["progressed"]) == (pytest.approx(15.0), True)
    # draws: never (30 days, the last visit), day 5, day 15
    assert row["median"] == pytest.approx(15.0)
    assert row["error"] == pytest.approx(0.0, abs=1e-12)
    assert row["probability"] == pytest.approx(2 / 3)
    assert row["crps"] == pytest.approx(crps(np.array([[30.0], [5.0], [15.0]]), np.array([15.0]))[0])


def test_no_time_to_progression_after_progression():
    split = split_of([10.0, 20.0, 15.0], [15.0, 15.0])
    prediction = prediction_of(split, np.full((5, 2), 15.0))
    assert score_progression(split, prediction, "first burden", above_first()) is None
    row = score_progression(split, prediction, "highest so far", above_highest())
    assert row is not None
    assert (row["progressed"], row["time"], row["error"], row["brier"]) == (False, 20.0, 0.0, 0.0)
