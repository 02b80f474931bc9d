"""Times to progression as functions of the parameters: values, derivatives, ends of their confidence sets."""

import numpy as np
import pytest

from dosing.policies import (
    ConstantDose,
    MaximumToleratedDose,
    OffOnAdaptiveTherapy,
    OnOffAdaptiveTherapy,
    PlannedSchedule,
)
from dosing.policy import run_policy
from dosing.progression import ProgressionRule, progression
from dosing.progression_quantity import time_to_progression
from dynamics.catalogue import get_model
from dynamics.model import Constant, Model, Parameter
from dynamics.schedule import DoseSchedule
from fitting.likelihood import get_likelihood
from fitting.maximum_likelihood import fit_cohort
from fitting.problem import build_problem
from identifiability.functions.endpoints import find_end_points
from identifiability.functions.function_profile import profile_quantities
from identifiability.functions.function_search import FunctionSettings
from identifiability.result import SideStatus
from patients.virtual import VirtualPatient, simulate_cohort

MODEL = get_model("competition")
V0 = 300.0
CYCLES = PlannedSchedule(DoseSchedule.cycles(1.0, 30, 20, 60))
FIXED = [MaximumToleratedDose(), ConstantDose(0.7), CYCLES]
ADAPTIVE = [OnOffAdaptiveTherapy(), OffOnAdaptiveTherapy()]


def sets(count=40, seed=2):
    rng = np.random.default_rng(seed)
    return np.array([0.13, 580.0, 0.09, 2.3]) * np.exp(0.5 * rng.standard_normal((count, 4)))


def differences(value, x, h=1e-5):
    shift = np.exp(h * np.eye(x.shape[1]))
    with np.errstate(invalid="ignore"):
        return np.stack([(value(x * s) - value(x / s)) / (2 * h) for s in shift], axis=1)


@pytest.mark.parametrize("level", [0.9, 1.2])
@pytest.mark.parametrize("rule", list(ProgressionRule))
@pytest.mark.parametrize("policy", [*FIXED, *ADAPTIVE], ids=lambda p: p.name)
def test_a_time_to_progression_is_that_of_fine_steps(policy, rule, level):
    x = sets()
    found = time_to_progression(MODEL, {"V0": V0}, policy, rule=rule, level=level).value(x)
    fine = run_policy(
        MODEL, x, {"V0": V0}, policy, 1460.0, 16, "rk4", decisions="crossing", levels=(level,), every=0
    )
    expected = progression(fine.course, rule)
    np.testing.assert_array_equal(np.isinf(found), expected.censored)
    late = ~expected.censored
    assert late.sum() > 10
    # what starts above the level has progressed at once; steps see it at their end
    at_once = 0.5 if level < 1 and rule is ProgressionRule.FIRST_CROSSING else 1e-3
    np.testing.assert_allclose(found[late], expected.exact_days[late], atol=at_once)


@pytest.mark.parametrize("policy", FIXED, ids=lambda p: p.name)
def test_derivatives_under_known_doses_are_exact(policy):
    quantity, x = time_to_progression(MODEL, {"V0": V0}, policy), sets()
    expected, found = differences(quantity.value, x), quantity.gradient(x)
    good = np.all(np.isfinite(expected), axis=1)
    assert good.sum() > 20
    np.testing.assert_allclose(found[good], expected[good], rtol=1e-4, atol=1e-3)


def test_derivatives_under_adaptive_therapy_do_not_mix_numbers_of_cycles():
    quantity, x = time_to_progression(MODEL, {"V0": V0}, OnOffAdaptiveTherapy()), sets()
    found, values = quantity.gradient(x), quantity.value(x)
    good = np.isfinite(values)
    expected = differences(quantity.value, x, 1e-5)
    close = np.abs(found - expected) <= 0.01 * np.maximum(1.0, np.abs(expected).max(axis=1, keepdims=True))
    assert np.mean(np.all(close, axis=1)[good]) > 0.85
    # a cycle more or less shifts the time by weeks: a difference across it means nothing
    across = differences(quantity.value, x, 1e-3)
    wrong = np.abs(across - expected).max(axis=1)
    jumps = good & (wrong > 5000)
    assert jumps.any()
    assert np.all(np.abs(found - expected).max(axis=1)[jumps] < 0.25 * wrong[jumps])


def test_exponential_regrowth_is_a_logarithm():
    # x0 = a V0 grows at the rate r: 1.2 times the first burden after log(1.2)/r days, whatever a
    model = Model.define(
        "regrowth", states={"x": "r*x - kill*u*x"}, initial={"x": "a*V0"}, outputs={"burden": "x"},
        parameters=[Parameter(n, "1", 1e-5, 10.0) for n in ("r", "kill", "a")],
        constants=[Constant("V0", "burden", from_data="first_burden")],
    )  # fmt: skip
    x = np.array([[0.01, 0.05, 1.0], [0.002, 0.04, 3.0], [0.0001, 0.05, 0.5]])
    r, kill, _ = x.T
    free = time_to_progression(model, {"V0": V0}, ConstantDose(0.0))
    expected = np.where(np.log(1.2) / r < 1460, np.log(1.2) / r, np.inf)
    np.testing.assert_allclose(free.value(x), expected, rtol=1e-9)
    np.testing.assert_allclose(
        free.gradient(x)[:2], np.log(1.2) / r[:2, None] * [-1, 0, 0], rtol=1e-6, atol=1e-6
    )
    # thirty days of drug first: kill*30 more to make good
    treated = time_to_progression(model, {"V0": V0}, PlannedSchedule(DoseSchedule.constant(1.0, 0.0, 30.0)))
    back = (np.log(1.2) + 30 * kill) / r
    np.testing.assert_allclose(treated.value(x)[:2], back[:2], rtol=1e-8)
    slopes = np.column_stack([-back, 30 * kill / r, 0 * r])
    np.testing.assert_allclose(treated.gradient(x)[:2], slopes[:2], rtol=1e-6, atol=1e-6)


def test_a_short_peak_between_two_looks_is_the_first_crossing():
    # off for ten days, on for good: the burden peaks above the level where the drug comes back
    x = np.array([[0.04, 1e6, 0.3, 50.0]])
    schedule = DoseSchedule((0.0, 5.0, np.inf), (0.0, 1.0))
    found = time_to_progression(MODEL, {"V0": V0}, PlannedSchedule(schedule)).value(x)
    assert 4.0 < found[0] < 5.0


def test_a_smooth_peak_between_two_looks_is_the_first_crossing():
    # growth at the rate a - b t: the burden is above the level for four of 1460 days, with no switch to mark it
    model = Model.define(
        "pulse", states={"y": "(a - b*t)*y"}, initial={"y": "V0"},
        outputs={"burden": "y"}, inputs=(), constants=[Constant("V0", "burden", from_data="first_burden")],
        parameters=[Parameter("a", "1/day", 1e-3, 1.0), Parameter("b", "1/day^2", 1e-4, 1.0)],
    )  # fmt: skip
    a, b = 0.1, 0.0235
    x = np.array([[a, b], [a, 0.03]])
    root = (a - np.sqrt(a**2 - 2 * b * np.log(1.2))) / b
    found = time_to_progression(model, {"V0": V0}, ConstantDose(0.0), horizon_days=700.0).value(x)
    np.testing.assert_allclose(found, [root, np.inf], rtol=1e-7)


def test_levels_and_horizons_must_be_positive():
    with pytest.raises(ValueError, match="level of a time to progression"):
        time_to_progression(MODEL, {"V0": V0}, CYCLES, level=0.0)
    with pytest.raises(ValueError, match="horizon of a time to progression"):
        time_to_progression(MODEL, {"V0": V0}, CYCLES, horizon_days=np.inf)


class Case:
    """A well-measured virtual patient, with a sample of the confidence region."""

    def __init__(self):
        schedule = DoseSchedule.cycles(1.0, 40, 25, 6)
        truth = {"r": 0.12, "K": 9000.0, "delta": 0.16, "c": 2.6}
        who = VirtualPatient("V1", truth, 4200.0, tuple(np.arange(0.0, 361.0, 12.0)), schedule)
        patient = simulate_cohort(MODEL, [who], 4).patients[0]
        (self.fit,) = fit_cohort([patient], MODEL, likelihood="poisson", starts=6)
        self.problem = build_problem([patient], MODEL, get_likelihood("poisson"))
        rng = np.random.default_rng(8)
        q = np.log(self.fit.estimates)
        _, _, information = self.problem.evaluate(q[None], np.zeros(1, dtype=int))
        root = np.linalg.inv(np.linalg.cholesky(information[0])).T
        around = rng.standard_normal((8000, 4))
        around /= np.linalg.norm(around, axis=1, keepdims=True)
        self.q = q + (around * 2.2 * rng.uniform(0, 1, (8000, 1)) ** 0.1) @ root.T
        nll, _, _ = self.problem.evaluate(self.q, np.zeros(len(self.q), dtype=int))
        self.rise = nll - self.fit.nll


@pytest.fixture(scope="module")
def case():
    return Case()


@pytest.mark.parametrize("policy", [MaximumToleratedDose(), ConstantDose(0.9)], ids=lambda p: p.name)
def test_the_ends_are_those_of_a_dense_sample_and_do_not_move_with_settings(case, policy):
    quantity = time_to_progression(MODEL, case.fit.constants, policy)
    values = quantity.value(np.exp(case.q[case.rise <= 1.9207]))
    assert len(values) > 500
    (ends,) = find_end_points(case.problem, 0, case.fit, [quantity])
    width = ends.upper - ends.lower
    assert ends.lower - 1e-3 * width <= values.min() <= ends.lower + 0.1 * width
    assert ends.upper - 0.1 * width <= values.max() <= ends.upper + 1e-3 * width
    assert (ends.lower_status, ends.upper_status) == (SideStatus.CLOSED, SideStatus.CLOSED)
    for settings in (
        FunctionSettings(points=12, fresh_starts=0),
        FunctionSettings(points=19, fresh_starts=2, seed=3),
    ):
        (found,) = profile_quantities(case.problem, 0, case.fit, [quantity], settings)
        np.testing.assert_allclose(found.ci, ends.ci, atol=2e-3 * width)
        assert (found.lower_status, found.upper_status) == (SideStatus.CLOSED, SideStatus.CLOSED)


def test_no_progression_within_the_horizon_is_said_to_be_admitted(case):
    sample = time_to_progression(MODEL, case.fit.constants, MaximumToleratedDose())
    values = sample.value(np.exp(case.q[case.rise <= 1.9207]))
    horizon = float(np.round(np.median(values)))
    quantity = time_to_progression(MODEL, case.fit.constants, MaximumToleratedDose(), horizon_days=horizon)
    (found,) = profile_quantities(
        case.problem, 0, case.fit, [quantity], FunctionSettings(points=12, fresh_starts=0)
    )
    assert found.ci[1] == pytest.approx(horizon)
    assert (found.lower_status, found.upper_status) == (SideStatus.CLOSED, SideStatus.OPEN)
    assert f"open upwards: no progression within {horizon:g} days is admitted" in found.sentence


@pytest.mark.cohorts
@pytest.mark.slow
def test_melanoma_patient_2_under_the_full_dose(melanoma):
    patient, fit, diagnosis = melanoma["MEL02"]
    problem = build_problem([patient], MODEL, get_likelihood("poisson"), rtol=1e-7)
    quantity = time_to_progression(MODEL, fit.constants, MaximumToleratedDose())
    (ends,) = find_end_points(problem, 0, fit, [quantity], profiles=diagnosis.profiles)
    values = quantity.value(diagnosis.ensemble.values)
    # every known admitted set lies within, some of them never progress
    assert ends.lower <= values.min()
    assert np.any(np.isinf(values))
    assert (ends.lower_status, ends.upper_status) == (SideStatus.CLOSED, SideStatus.OPEN)
    assert ends.upper == pytest.approx(1460.0)
    assert ends.lower == pytest.approx(169.2, abs=0.5)
    assert quantity.value(fit.estimates[None])[0] == pytest.approx(179.4, abs=0.5)
