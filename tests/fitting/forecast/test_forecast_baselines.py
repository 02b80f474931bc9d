"""Baselines against curves known by hand, and blind to what comes later."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

from dynamics import DoseSchedule
from fitting.forecast import CohortContext, first_visits, split_cohort
from fitting.forecast.baselines import (
    ALONE,
    DecayRegrowth,
    GeneralBertalanffy,
    LastValue,
    LogLinear,
    PopulationCurve,
    Shrinkage,
    standard_baselines,
)
from fitting.forecast.baselines.least_squares import least_squares
from fitting.forecast.baselines.series import rehearse, series_of
from fitting.forecast.baselines.spread import Spread, fit_spread
from patients import Patient

EXACT = (Shrinkage(1e-9),)


# the longest of them
LONG = ("general Bertalanffy", "decay-regrowth", "log-linear trend")


@pytest.fixture(scope="module")
def straight_splits(straight):
    return split_cohort(straight, first_visits(6))[0]


def forecasts(splits, baseline, context=None):
    context = CohortContext.of(splits) if context is None else context
    return [baseline(split, context) for split in splits]


def test_last_value(straight_splits):
    for split, prediction in zip(straight_splits, forecasts(straight_splits, LastValue()), strict=True):
        assert prediction.point == pytest.approx(np.full(4, split.training.burdens[-1]))


def test_log_linear_trend_continues_an_exponential(straight_splits):
    for split, prediction in zip(straight_splits, forecasts(straight_splits, LogLinear(EXACT)), strict=True):
        assert prediction.point == pytest.approx(split.held_out_burdens, rel=1e-6)


def test_log_linear_trend_is_least_squares(splits, context):
    baseline = LogLinear(EXACT, pooled=False)
    for split in splits[:5]:
        t, y = split.training.times, np.log(split.training.burdens)
        slope, level = np.polyfit(t, y, 1)
        expected = np.exp(level + slope * split.held_out_days)
        assert baseline(split, context).point == pytest.approx(expected, rel=1e-5)


def test_shrinkage_pulls_towards_the_cohort(splits, context):
    strong, weak = LogLinear((Shrinkage(1e8),)), LogLinear((Shrinkage(1e-8),))

    def slopes(baseline):
        return np.array(
            [np.diff(np.log(baseline(s, context).point))[0] / np.diff(s.held_out_days)[0] for s in splits]
        )

    assert np.ptp(slopes(strong)) < 1e-6
    assert np.ptp(slopes(weak)) > 1e-3


def test_decay_and_regrowth_of_a_noise_free_curve():
    days = np.arange(0.0, 200.0, 10.0)
    curves = [
        8 * (0.9 * np.exp(-d * days) + 0.1 * np.exp(g * days)) for d, g in ((0.04, 0.01), (0.06, 0.015))
    ]
    patients = [Patient(f"D{i}", days, c, DoseSchedule.constant(1.0)) for i, c in enumerate(curves)]
    splits, _ = split_cohort(patients, first_visits(14))
    for split, prediction in zip(splits, forecasts(splits, DecayRegrowth(EXACT, pooled=False)), strict=True):
        assert prediction.point == pytest.approx(split.held_out_burdens, rel=1e-3)


@pytest.mark.parametrize("power", [-1.0, 0.0, 1 / 3, 1.3])
def test_general_bertalanffy_solves_its_equation(power):
    omega, v0, limit, days = 0.8, 2.0, 7.0, np.linspace(0.0, 5.0, 9)

    def growth(_, v):
        x = limit / v
        return omega * v * (np.log(x) if power == 0 else (x**power - 1) / power)

    exact = integrate.solve_ivp(growth, (0, 5), [v0], t_eval=days, rtol=1e-10, atol=1e-12).y[0]
    theta = np.array([[np.log(v0), np.log(v0 / limit), np.log(omega), power]])
    assert np.exp(GeneralBertalanffy.logarithm(theta, days[None, :]))[0] == pytest.approx(exact, rel=1e-7)


@pytest.mark.parametrize("options", [{}, {"power": 3.0}])
def test_general_bertalanffy_recovers_saturation(options):
    days = np.arange(0.0, 120.0, 10.0)
    theta = np.array(
        [[np.log(3.0), np.log(3 / 9), np.log(4.0), 1 / 3], [np.log(9.0), np.log(9 / 4), np.log(3.0), 1 / 3]]
    )
    # 70 days is the length of each training part
    curves = np.exp(GeneralBertalanffy.logarithm(theta, np.tile(days / 70, (2, 1))))
    patients = [Patient(f"B{i}", days, c, DoseSchedule.constant(1.0)) for i, c in enumerate(curves)]
    splits, _ = split_cohort(patients, first_visits(8))
    baseline = GeneralBertalanffy(ALONE, pooled=False, **options)
    for split, prediction in zip(splits, forecasts(splits, baseline), strict=True):
        assert prediction.point == pytest.approx(split.held_out_burdens, rel=0.02)


def test_population_curve_is_the_median_of_the_others():
    days = np.arange(8) * 10.0
    heights = np.array([1.0, 2.0, 3.0, 10.0, 50.0])
    shape = np.ones((5, 8))
    shape[1, 1:], shape[1, 2:] = 2, 4
    shape[2, 1:], shape[2, 2:], shape[2, 7] = 2, 3, 5
    shape[3, 1:] = 9
    shape[4, 2:], shape[4, 7] = 2, 7
    patients = [
        Patient(f"C{i}", days, h * s, DoseSchedule.constant(1.0))
        for i, (h, s) in enumerate(zip(heights, shape, strict=True))
    ]
    splits, _ = split_cohort(patients, first_visits(6))
    context = CohortContext.of(splits)
    pure = PopulationCurve(whole=True, settings=(0.0,))
    kept = PopulationCurve(whole=True, settings=(np.inf,))
    for i, split in enumerate(splits):
        others = np.delete(np.log(shape), i, axis=0)
        curve = np.median(others, axis=0)
        assert np.log(pure(split, context).point / heights[i]) == pytest.approx(curve[6:])
        change = np.log(shape[i, 5]) + curve[6:] - curve[5]
        assert np.log(kept(split, context).point / heights[i]) == pytest.approx(change)


def test_population_curve_needs_other_patients(straight_splits):
    two = straight_splits[:2]
    with pytest.raises(ValueError, match="3 other patients"):
        PopulationCurve()(two[0], CohortContext.of(two))


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n in LONG else ()) for n in standard_baselines()]
)
def test_later_burdens_never_change_a_forecast(cohort, splits, name):
    """All patients' later burdens change, but for the method that is told the others' ends."""
    told = "to their end" in name
    changed = [
        replace(
            s,
            held_out_burdens=s.held_out_burdens if told and i else 7.0 * s.held_out_burdens[::-1],
            planned_schedule=DoseSchedule.constant(0.0),
        )
        for i, s in enumerate(splits)
    ]
    before = standard_baselines()[name](splits[0], CohortContext.of(splits))
    after = standard_baselines()[name](changed[0], CohortContext.of(changed))
    assert np.array_equal(before.draws, after.draws)
    assert np.array_equal(before.point, after.point)
    assert before.note == after.note
    assert not np.array_equal(before.log_density, after.log_density)


def test_draws_and_density_agree(splits, context):
    prediction = LastValue()(splits[0], context)
    spread = LastValue().learned(context)[1]
    h = splits[0].horizons_days
    inside = np.quantile(prediction.draws, [0.05, 0.95], axis=0)
    errors = np.log(inside / prediction.point)
    for j in range(len(h)):
        grid = np.linspace(errors[0, j], errors[1, j], 4001)
        density = np.exp(spread.log_density(grid, np.full(4001, h[j]), np.zeros(4001, dtype=int)))
        assert integrate.trapezoid(density, grid) == pytest.approx(0.9, abs=2e-3)


def test_intervals_cover_on_a_cohort_that_stays_as_it_was():
    generator = np.random.default_rng(8)
    days = np.arange(14) * 10.0
    patients = [
        Patient(
            f"R{i}", days, np.exp(np.cumsum(0.3 * generator.standard_normal(14))), DoseSchedule.constant(1.0)
        )
        for i in range(150)
    ]
    splits, _ = split_cohort(patients, first_visits(9))
    context, baseline = CohortContext.of(splits), LastValue()
    inside = []
    for split in splits:
        q = np.quantile(baseline(split, context).draws, [0.05, 0.95], axis=0)
        inside.append((q[0] <= split.held_out_burdens) & (split.held_out_burdens <= q[1]))
    assert np.mean(inside) == pytest.approx(0.9, abs=0.035)


def test_zero_without_a_limit_is_refused_with_a_remedy(splits):
    training = replace(splits[0].training, burdens=np.array([5.0, 0, 1, 1, 1, 1, 1]))
    with pytest.raises(ValueError, match=r"W00.*censor_zeros"):
        series_of([training])
    held_out = replace(splits[0], held_out_burdens=np.zeros(5))
    with pytest.raises(ValueError, match=r"W00.*censor_zeros"):
        LastValue()(held_out, CohortContext.of(splits))


def test_a_censored_value_is_scored_by_its_tail(splits, context):
    split = replace(splits[0], held_out_censoring=np.full(5, -1))
    baseline = LastValue()
    prediction = baseline(split, context)
    share = np.mean(prediction.draws <= split.held_out_burdens, axis=0)
    assert np.exp(prediction.log_density) == pytest.approx(share, abs=2e-3)


@pytest.mark.slow
def test_a_patient_new_to_the_cohort_is_forecast(splits):
    context = CohortContext.of(splits[1:])
    for baseline in standard_baselines().values():
        assert np.all(np.isfinite(baseline(splits[0], context).log_density))


def test_spread_is_recovered():
    generator = np.random.default_rng(6)
    h = np.tile(np.array([5.0, 20.0, 60.0, 150.0]), (3000, 1))
    truth = Spread(0.2, 0.6, 40.0, 1.0, 3.0, 0.1, 0.0)
    wide = np.where(generator.random(h.shape) < truth.share, truth.ratio, 1.0)
    errors = truth.scale(h) * wide * generator.standard_normal(h.shape)
    found, _ = fit_spread(errors, h, np.zeros(h.shape, dtype=int), np.ones(h.shape), 100.0)
    assert found.scale(h[0]) == pytest.approx(truth.scale(h[0]), rel=0.06)
    assert (found.ratio, found.share) == (pytest.approx(3.0, rel=0.15), pytest.approx(0.1, abs=0.03))
    assert found.neighbours < 0.05


def test_spread_without_a_wide_part_is_normal():
    spread = Spread(0.5, 1e-9, 1.0, 1.0, 1.5, 1e-12, 0.0)
    z = np.array([-1.0, 0.3])
    zero = np.zeros(2, dtype=int)
    assert spread.log_density(z, np.zeros(2), zero) == pytest.approx(stats.norm.logpdf(z, 0, 0.5))
    assert spread.log_density(z, np.zeros(2), zero + 1) == pytest.approx(stats.norm.logsf(z, 0, 0.5))
    assert spread.quantiles(np.array([0.05, 0.5, 0.9])) == pytest.approx(
        stats.norm.ppf([0.05, 0.5, 0.9]), abs=2e-3
    )


def test_rehearsal_cuts_training_parts_only(straight_splits):
    trial = rehearse(series_of([s.training for s in straight_splits]), fewest=3, earliest=0.0)
    # six training visits: origins after 3, 4 and 5 of them
    assert len(trial.series) == 3 * len(straight_splits)
    assert trial.series.counted.sum(axis=1)[:3].tolist() == [3, 4, 5]
    assert (trial.target_weights > 0).sum(axis=1)[:3].tolist() == [3, 2, 1]
    assert trial.target_days.max() == 50.0
    assert trial.target_weights[:3].sum() == pytest.approx(1.0)
    assert trial.horizons_days[0, 3:].tolist() == [10.0, 20.0, 30.0]


def test_rehearsal_needs_visits():
    short = Patient("P", [0.0, 1.0], [1.0, 1.0], DoseSchedule.constant(1.0))
    with pytest.raises(ValueError, match="train on more visits"):
        rehearse(series_of([short]))


def test_least_squares_inside_bounds():
    """Rosenbrock's valley, free and with a bound across it."""

    def residuals(theta, _):
        return np.stack([10 * (theta[:, 1] - theta[:, 0] ** 2), 1 - theta[:, 0]], axis=1)

    start = np.array([[-1.2, 1.0], [2.0, -2.0]])
    free, cost = least_squares(residuals, start, np.full(2, -5.0), np.full(2, 5.0), iterations=200)
    assert free == pytest.approx(np.ones((2, 2)), abs=1e-3)
    assert cost == pytest.approx(np.zeros(2), abs=1e-6)
    bound, _ = least_squares(residuals, start, np.full(2, -5.0), np.array([0.5, 5.0]), iterations=200)
    assert bound == pytest.approx(np.array([[0.5, 0.25]] * 2), abs=1e-3)
