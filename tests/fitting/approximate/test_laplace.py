"""The normal approximation: exact where the posterior is normal, and its derivatives against differences."""

import numpy as np
import pytest
import scipy.stats

from dynamics import DoseSchedule, get_model
from dynamics.model import Constant, Model, Parameter
from dynamics.prior import Prior
from fitting.approximate.laplace import laplace_cohort
from fitting.approximate.line_curvature import LineCurvature
from fitting.bayesian.penalised_problem import build_penalised
from fitting.bayesian.prior_set import build_priors
from fitting.bayesian.soft_box import SoftBox
from fitting.likelihood import LOG_NORMAL, POISSON
from patients import Patient

DAYS = np.array([0.0, 10, 25, 40, 60, 90, 120])
NO_DRUG = DoseSchedule.constant(0.0)
NOISE = 0.2

# log y = log b + log V0 - t/100, so with a known noise the posterior of log b is normal
DECAY = Model.define(
    "known_decay",
    states={"V": "-0.01*V"},
    initial={"V": "b*V0"},
    outputs={"burden": "V"},
    parameters=[Parameter("b", "1", 1e-6, 1e6, start=(0.1, 10.0), prior=Prior(2.0, 3.0))],
    constants=[Constant("V0", "burden", "first burden", from_data="first_burden")],
)


def decaying():
    noise = np.array([0.0, 0.31, -0.12, 0.05, 0.22, -0.3, 0.17])
    return Patient("P1", DAYS, 50 * np.exp(-DAYS / 100 + noise), NO_DRUG)


@pytest.mark.slow  # compiles a model of its own
def test_exact_where_the_posterior_is_normal():
    patient, known = decaying(), {"dispersion": Prior(NOISE, 1.0001)}
    priors = build_priors(DECAY, LOG_NORMAL, known)
    problem = build_penalised([patient], DECAY, LOG_NORMAL, priors)
    (found,) = laplace_cohort(problem, [patient], priors)
    assert found is not None
    # conjugate normal with known variance
    offsets = np.log(patient.burdens / patient.first_burden) + DAYS / 100
    tau = Prior(2.0, 3.0).sigma
    precision = len(DAYS) / NOISE**2 + 1 / tau**2
    mean = (offsets.sum() / NOISE**2 + np.log(2.0) / tau**2) / precision
    assert found.converged
    assert found.curvature == "observed"
    assert found.other_modes == 0
    assert found.mode[0] == pytest.approx(mean, abs=1e-5)
    assert found.covariance[0, 0] == pytest.approx(1 / precision, rel=1e-4)
    drawn = found.draw(np.random.default_rng(1), 20_000)[:, 0]
    assert drawn.mean() == pytest.approx(mean, abs=5 / np.sqrt(20_000 * precision))
    assert drawn.std() == pytest.approx(1 / np.sqrt(precision), rel=0.03)


def growing():
    burdens = np.array([100.0, 141, 223, 296, 371, 398, 402])
    return Patient("P2", DAYS, burdens, NO_DRUG)


def logistic(given=None):
    """Problem, priors and patient of a logistic model whose drug effect is known."""
    model, patient = get_model("logistic").fix(delta=0.0), growing()
    priors = build_priors(model, POISSON, given)
    return build_penalised([patient], model, POISSON, priors), priors, patient


@pytest.mark.parametrize(
    "given",
    [
        None,
        {"r": scipy.stats.gamma(2.0, scale=0.05)},
        {"r": scipy.stats.uniform(0.02, 0.05), "K": Prior(2.0, 50.0)},
    ],
    ids=["log-normal", "gamma", "uniform-and-cut-off"],
)
def test_derivatives_on_the_line(given):
    problem, priors, _ = logistic(given)
    box = SoftBox(priors.lower, priors.upper)
    curvature = LineCurvature(problem, 0, priors, box)
    line = box.to_line(np.log([0.034, 3.8]))
    wide = np.diag([1e-3, 1e-3])
    slope = [(curvature.value(line + h) - curvature.value(line - h)) / 2e-3 for h in wide]
    assert curvature.gradient(line) == pytest.approx(np.array(slope), rel=1e-4, abs=1e-3)
    step = 5e-3 * np.eye(2)
    second = [
        [
            (
                curvature.value(line + a + b) - curvature.value(line + a - b)
                - curvature.value(line - a + b) + curvature.value(line - a - b)
            ) / 1e-4
            for b in step
        ]
        for a in step
    ]  # fmt: skip
    hessian, kind = curvature.curvature(line)
    assert kind == "observed"
    assert hessian == pytest.approx(np.array(second), rel=5e-3, abs=0.5)


def test_the_mode_is_that_of_the_given_prior():
    # the compiled objective knows the closest normal only; the mode must be stationary under the gamma itself
    problem, priors, patient = logistic({"r": scipy.stats.gamma(2.0, scale=0.05)})
    (found,) = laplace_cohort(problem, [patient], priors)
    assert found is not None
    at = LineCurvature(problem, 0, priors, found.box)
    here = at.value(found.mode)
    sd = np.sqrt(np.diag(found.covariance))
    for direction in (*np.diag(sd), *-np.diag(sd)):
        assert at.value(found.mode + 0.1 * direction) > here


def test_what_is_not_positive_definite_gives_way_to_the_expected_information():
    problem, priors, _ = logistic()
    curvature = LineCurvature(problem, 0, priors, SoftBox(priors.lower, priors.upper))
    curvature.observed = lambda line, sd: np.array([[1.0, 2.0], [2.0, 1.0]])
    hessian, kind = curvature.curvature(np.log([0.034, 3.8]))
    assert kind == "expected"
    assert np.linalg.eigvalsh(hessian)[0] > 0


def test_most_probable_parameters_in_the_models_units():
    from fitting.approximate import MostProbable, maximise_cohort
    from fitting.maximum_likelihood import FitFailure

    model, patient = get_model("logistic").fix(delta=0.0), growing()
    one_visit = Patient("P0", DAYS[:1], np.array([5.0]), NO_DRUG)
    refused, found = maximise_cohort([one_visit, patient], model)
    assert refused == FitFailure("P0", "one visit only: a trend needs at least two")
    assert isinstance(found, MostProbable)
    assert found.names == ("r", "K")
    assert found.converged
    problem, priors, _ = logistic()
    (normal,) = laplace_cohort(problem, [patient], priors)
    assert normal is not None
    scaled = found.estimates / np.array([1.0, patient.first_burden])
    assert np.log(scaled) == pytest.approx(normal.box.to_box(normal.mode), abs=1e-4)
    h = 1e-5
    slope = (normal.box.to_box(normal.mode + h) - normal.box.to_box(normal.mode - h)) / (2 * h)
    assert found.log_covariance == pytest.approx(normal.covariance * np.outer(slope, slope), rel=1e-3)
