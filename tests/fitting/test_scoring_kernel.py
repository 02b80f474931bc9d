"""The compiled likelihood against the one of arrays: two ways to the same numbers."""

import dataclasses

import numpy as np
import pytest
from scipy import special as scipy_special

from dynamics import get_model
from dynamics.schedule import DoseSchedule
from fitting.kernels import special
from fitting.kernels.run import evaluate_jobs
from fitting.likelihood import LIKELIHOODS
from fitting.optimizer import minimise
from fitting.problem import build_problem
from patients.cohort import Patient

TIMES = np.array([0.0, 20.0, 45.0, 80.0, 120.0, 170.0])
BURDENS = np.array([90.0, 60.0, 12.0, 3.0, 25.0, 70.0])


@pytest.fixture(scope="module")
def patients():
    schedule = DoseSchedule((0.0, 30.0, 100.0, 400.0), (1.0, 0.0, 0.5))
    full = Patient("full", TIMES, BURDENS, schedule)
    below = Patient("below", TIMES, BURDENS, schedule, censoring=np.array([0, 0, 0, -1, 0, 0]))
    above = Patient("above", TIMES[:5], BURDENS[:5], schedule, censoring=np.array([0, 0, 0, -1, 1]))
    return [full, below, above]


@pytest.fixture(scope="module", params=sorted(LIKELIHOODS))
def problem(request, patients):
    return build_problem(patients, get_model("competition"), LIKELIHOODS[request.param])


def points(problem, count=60, seed=3):
    generator = np.random.default_rng(seed)
    who = np.arange(count) % 3
    share = generator.random((count, problem.size))
    return problem.start_lower[who] + share * (problem.start_upper[who] - problem.start_lower[who]), who


def test_value_gradient_and_information_are_those_of_the_arrays(problem):
    q, who = points(problem)
    expected = problem.evaluate(q, who)
    assert np.all(expected[0] < 1e11)
    for name, found, known in zip(
        ("value", "gradient", "information"), evaluate_jobs(problem, q, who), expected, strict=True
    ):
        np.testing.assert_allclose(found, known, rtol=1e-7, atol=1e-9 * np.abs(known).max(), err_msg=name)


def test_far_tails_stay_exact(problem):
    q, who = points(problem, seed=9)
    q[:, 0] = problem.lower[who, 0]
    q[:, 2] = problem.upper[who, 2]
    expected, found = problem.evaluate(q, who), evaluate_jobs(problem, q, who)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-7)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-5, atol=1e-7 * np.abs(expected[1]).max())


def test_the_compiled_optimiser_ends_where_the_batch_one_does(problem):
    q, who = points(problem, 36)
    compiled = problem.minimise(q, who, tolerance=1e-10)
    batch = minimise(problem.evaluate, q, who, problem.lower[who], problem.upper[who], tolerance=1e-10)
    # rounding sends a few jobs into another valley; most end where the other method does
    assert np.mean(np.abs(compiled.value - batch.value) < 1e-3) > 0.7
    for w in range(3):
        assert compiled.value[who == w].min() < batch.value[who == w].min() + 1e-3
    assert compiled.converged.mean() > 0.7
    assert compiled.iterations > 5


def test_held_components_stay_and_bounds_hold(problem):
    q, who = points(problem, 12)
    fixed = np.zeros(q.shape, dtype=bool)
    fixed[:, 1] = True
    found = problem.minimise(q, who, fixed=fixed, max_iterations=30)
    np.testing.assert_array_equal(found.q[:, 1], q[:, 1])
    assert np.all(found.q >= problem.lower[who])
    assert np.all(found.q <= problem.upper[who])


def test_jobs_do_not_depend_on_their_company(problem):
    q, who = points(problem, 9)
    together = problem.minimise(q, who, max_iterations=20)
    for i in range(3):
        alone = problem.minimise(q[[i]], who[[i]], max_iterations=20)
        np.testing.assert_array_equal(alone.q[0], together.q[i])


def test_what_cannot_be_solved_has_no_gradient(patients):
    problem = build_problem(patients, get_model("competition"), LIKELIHOODS["poisson"])
    q, who = points(problem, 3)
    q[0, 0] = np.nan
    value, gradient, information = evaluate_jobs(problem, q, who)
    assert value[0] == 1e12
    assert not gradient[0].any()
    assert not information[0].any()
    assert np.all(value[1:] < 1e11)


def test_another_engine_is_not_compiled(patients):
    problem = build_problem(patients, get_model("competition"), LIKELIHOODS["poisson"])
    assert problem.is_compiled
    assert not dataclasses.replace(problem, engine="diffrax").is_compiled


@pytest.mark.parametrize("x", [1e-3, 0.1, 0.9, 3.0, 11.9, 12.1, 200.0, 1e6])
def test_special_functions_are_scipy_s(x):
    assert special.trigamma(x) == pytest.approx(scipy_special.polygamma(1, x), rel=1e-14)
    assert special.digamma(x) == scipy_special.psi(x)
    assert special.erfcx(x) == scipy_special.erfcx(x)
    assert special.log_ndtr(-x) == scipy_special.log_ndtr(-x)
    assert special.gammainc(2.5, x) == scipy_special.gammainc(2.5, x)
    assert special.gammaincc(2.5, x) == scipy_special.gammaincc(2.5, x)
    assert special.betainc(2.0, 3.0, x / (1 + x)) == scipy_special.betainc(2.0, 3.0, x / (1 + x))
