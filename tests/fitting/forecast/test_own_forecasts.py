"""The workbench's own forecasters: no leakage, calibrated where the law is right, honest about the horizon."""

import dataclasses

import numpy as np
import pytest
from scipy.special import log_ndtr

from dynamics import DoseSchedule
from fitting.forecast import (
    CohortContext,
    RevertingForecaster,
    Stack,
    evaluate,
    first_visits,
    forecast_cohort,
    forecast_patient,
    split_cohort,
    summarise,
)
from fitting.forecast.baselines import LastValue, LogLinear
from fitting.forecast.population_prior import PatientDraws, fit_population
from fitting.forecast.reverting_course import _log_tail, filtered, way_of
from fitting.forecast.stacking import stacking_weights
from patients import Patient

SPAN = 200.0
TRUTH = np.array([np.log(3.0), np.log(8.0), 0.5, -2.0, 0.0, np.log(0.5), np.log(0.1)])


def cycling(count=16, visits=16, seed=3):
    """Simulate the stochastic Gompertz law itself, three visits off and three on the drug, by small steps."""
    generator = np.random.default_rng(seed)
    patients = []
    for i in range(count):
        q = TRUTH + generator.normal(0, [0.3, 0.3, 0.3, 0.3, 0.0, 0.2, 0.1])
        days = np.arange(visits) * 20.0
        schedule = _cycles()
        x, logs = generator.normal(0, 0.3), []
        for day in days:
            logs.append(x + np.exp(q[6]) * generator.standard_normal())
            for step in np.arange(day + 0.1, day + 20, 0.2):
                u = float(schedule.dose_at(step))
                pull = (1 - u) * np.exp(q[0]) * (q[2] - x) + u * np.exp(q[1]) * (q[3] - x)
                x += pull * 0.2 / SPAN + np.exp(q[5]) * np.sqrt(0.2 / SPAN) * generator.standard_normal()
        patients.append(Patient(f"C{i:02d}", days, 30 * np.exp(np.array(logs)), schedule))
    return tuple(patients)


def _cycles():
    edges = np.arange(0.0, 361.0, 60.0)
    return DoseSchedule(tuple(edges), tuple(float(i % 2) for i in range(len(edges) - 1)))


@pytest.fixture(scope="module")
def cycling_splits():
    return split_cohort(cycling(), first_visits(10))[0]


@pytest.fixture(scope="module")
def cycling_context(cycling_splits):
    return CohortContext.of(cycling_splits)


@pytest.fixture(scope="module")
def forecaster():
    return RevertingForecaster(drift=False)


def test_filter_agrees_with_the_joint_normal_distribution():
    days = np.array([0.0, 13.0, 40.0, 75.0])
    way = way_of(days, DoseSchedule((-1.0, 30.0, 60.0), (1.0, 0.25)))
    logs = np.array([0.1, -0.4, -0.2, 0.3])
    q = TRUTH[None, :].copy()
    q[0, 4] = 0.4
    total, mean, variance = filtered(q, logs[:3], np.zeros(3, int), way, SPAN)
    # the same law as one normal vector, built from its transition: mean and covariance of states at all visits
    a0, a1, g = np.exp(q[0, 0]) / SPAN, np.exp(q[0, 1]) / SPAN, 0.4 / SPAN
    s2, e2 = np.exp(2 * q[0, 5]) / SPAN, np.exp(2 * q[0, 6])
    m, phi, state, covariance = [0.0], [1.0], 0.0, np.zeros((4, 4))
    covariance[0, 0] = spread = 1.0
    h = 0.01  # divides the days of the visits and of the doses
    for j in range(1, 4):
        left = 1.0
        for t in np.arange(days[j - 1] + 0.5 * h, days[j], h):
            u = 1.0 if t < 30 else 0.25 if t < 60 else 0.0
            rate = (1 - u) * a0 + u * a1
            goal = ((1 - u) * a0 * (0.5 + g * t) + u * a1 * (-2.0 + g * t)) / rate
            kept = np.exp(-rate * h)
            state = goal + (state - goal) * kept
            spread = spread * kept**2 + s2 * h * kept
            left *= kept
        m.append(state)
        phi.append(left)
        covariance[j, j] = spread
    for i in range(4):
        for j in range(i + 1, 4):
            covariance[i, j] = covariance[j, i] = covariance[i, i] * np.prod(phi[i + 1 : j + 1])
    seen = covariance + e2 * np.eye(4)
    away = logs[:3] - m[:3]
    inverse = np.linalg.inv(seen[:3, :3])
    expected = -0.5 * (away @ inverse @ away + np.linalg.slogdet(2 * np.pi * seen[:3, :3])[1])
    assert total[0] == pytest.approx(expected, abs=2e-3)
    assert mean[0, 0] == pytest.approx(m[3] + seen[3, :3] @ inverse @ away, abs=1e-3)
    assert variance[0, 0] == pytest.approx(seen[3, 3] - seen[3, :3] @ inverse @ seen[:3, 3], rel=1e-3)


def test_a_censored_first_visit_counts_by_its_tail():
    way = way_of(np.array([0.0]), DoseSchedule.constant(1.0))
    value, _, _ = filtered(TRUTH[None, :], np.array([-0.7]), np.array([-1]), way, SPAN)
    assert value[0] == pytest.approx(log_ndtr(-0.7 / np.sqrt(1 + 0.01)), rel=1e-9)
    for z in (-30.0, -8.1, -7.9, 0.0, 3.0):
        assert _log_tail(z) == pytest.approx(log_ndtr(z), rel=1e-4)


@pytest.mark.slow
def test_later_burdens_never_change_a_forecast(cycling_splits, forecaster):
    few = cycling_splits[:5]
    changed = [dataclasses.replace(s, held_out_burdens=s.held_out_burdens * 7.0) for s in few]
    one = forecaster(few[2], CohortContext.of(few))
    other = forecaster(changed[2], CohortContext.of(changed))
    np.testing.assert_array_equal(one.draws, other.draws)
    assert np.all(one.log_density != other.log_density)


@pytest.mark.slow
def test_covers_where_the_law_is_right(cycling_splits, cycling_context, forecaster):
    found = evaluate(
        cycling_splits, {"law": forecaster, "last": LastValue(), "line": LogLinear()}, context=cycling_context
    )
    assert found.failures.empty
    scores = summarise(found)
    assert 0.8 <= scores["covered90"]["law"] <= 0.98
    assert scores["log_density"]["law"] > scores["log_density"].drop("law").max() + 0.3
    assert scores["absolute_error"]["law"] < scores["absolute_error"].drop("law").min()


def test_intervals_widen_with_the_horizon(cycling_splits, cycling_context, forecaster):
    off = dataclasses.replace(
        cycling_splits[0],
        held_out_days=np.array([181.0, 190.0, 240.0]),
        held_out_burdens=np.ones(3),
        held_out_censoring=np.zeros(3, int),
        planned_schedule=DoseSchedule(cycling_splits[0].planned_schedule.edges[:4], (0.0, 1.0, 0.0)),
    )
    low, high = np.quantile(np.log(forecaster(off, cycling_context).draws), [0.05, 0.95], axis=0)
    widths = high - low
    assert widths[1] > 1.05 * widths[0]
    assert widths[2] > 1.05 * widths[1]


@pytest.mark.slow
def test_held_doses_do_not_read_the_plan(cycling_splits):
    few = cycling_splits[:4]
    other_plan = [dataclasses.replace(s, planned_schedule=DoseSchedule.constant(0.3)) for s in few]
    held = RevertingForecaster(drift=False, doses="held")
    one = held(few[0], CohortContext.of(few))
    np.testing.assert_array_equal(one.draws, held(other_plan[0], CohortContext.of(other_plan)).draws)


def test_the_population_is_the_declared_prior_for_one_patient(cycling_context, forecaster):
    declared = forecaster.declared(cycling_context)
    draws = PatientDraws(declared.draw(np.random.default_rng(0), 500), np.full(500, -np.log(500)))
    population = fit_population([draws], declared, declared)
    assert population.priors is declared
    assert population.without(0) is declared


def test_the_population_finds_a_common_mean(cycling_context, forecaster):
    learned = forecaster.learned(cycling_context)
    found = dict(zip(learned.population.priors.names, learned.population.priors.normal_mean, strict=True))
    assert found["level_on"] == pytest.approx(-2.0, abs=0.5)
    assert found["level_off"] == pytest.approx(0.5, abs=0.5)
    # process noise is per root of the typical training length, here 180 days, not SPAN
    assert found["process_noise"] == pytest.approx(np.log(0.5 * np.sqrt(180 / SPAN)), abs=0.4)


def test_stacking_weights_are_those_of_the_better_member():
    good, poor = np.full(50, -1.0), np.full(50, -3.0)
    weights = stacking_weights(np.stack([poor, good]), np.ones(50))
    assert weights[1] > 0.95
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(stacking_weights(np.stack([good, good]), np.ones(50)), 0.5)


def test_a_stack_mixes_densities(cycling_splits, cycling_context, forecaster):
    stack = Stack([forecaster, LastValue()])
    weights, split = stack.weights(cycling_context), cycling_splits[0]
    parts = [m(split, cycling_context).log_density for m in stack.members]
    expected = np.log(weights @ np.exp(parts))
    np.testing.assert_allclose(stack(split, cycling_context).log_density, expected, atol=2e-3)
    assert np.nanmean(stack.rehearsed(cycling_context)) > np.nanmean(LastValue().rehearsed(cycling_context))


def test_forecasts_one_patient_alone():
    patient = cycling(1)[0]
    found = forecast_patient(patient, [320.0, 400.0])
    assert found.draws.shape[1] == 2
    assert np.all(found.point > 0)
    with pytest.raises(ValueError, match="after the last visit on day 300"):
        forecast_patient(patient, [10.0])


@pytest.mark.slow
def test_forecasts_a_cohort():
    found = forecast_cohort(cycling(8), rule=first_visits(10))
    assert not found.failures
    assert all(p is not None and p.draws.shape[1] == 6 for p in found.predictions)
    assert sum(found.weights.values()) == pytest.approx(1)
    assert found.weights["stochastic Gompertz with drift"] > 0.5
