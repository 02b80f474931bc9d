"""Fisher information against differences of the simulated output."""

import numpy as np
import pytest

from dynamics import DoseSchedule, get_model
from dynamics.simulate import simulate
from fitting.likelihood import LIKELIHOODS, get_likelihood
from fitting.problem import build_problem
from identifiability.information.fisher import expected_information, paper_information
from patients import Patient

MODEL = get_model("competition")
PARAMETERS = np.array([0.131799194, 580.8725024, 0.089001925, 2.291960323])  # Masud 2023, patient 2
V0 = 359.0
SCHEDULE = DoseSchedule.from_rows([(0, 60, 1.0), (60, 80, 0.0), (80, 400, 0.7)])
DAYS = np.array([0.0, 20.0, 45.0, 62.0, 71.0, 90.0, 120.0, 150.0])
DISPERSION = {"negative_binomial": 40.0, "log_normal": 0.2, "normal": 30.0}


def output(parameters, days, unit=1.0):
    constants = {"V0": V0 * unit, "f_R": 0.01}
    return simulate(MODEL, parameters, SCHEDULE, days, constants, rtol=1e-11).outputs[:, 0]


def problem_at(days=DAYS, likelihood="poisson", unit=1.0):
    """One patient without noise, and the free vector that fits."""
    days = np.asarray(days, dtype=float)
    parameters = PARAMETERS * np.array([1.0, unit, 1.0, 1.0])
    patient = Patient("P", days, output(parameters, days, unit), SCHEDULE)
    problem = build_problem([patient], MODEL, get_likelihood(likelihood), rtol=1e-10)
    phi = DISPERSION.get(likelihood)
    return problem, np.log([*parameters, *([phi * (unit if likelihood == "normal" else 1)] if phi else [])])


def central_differences(days, epsilon=1e-3):
    """M of Masud 2023, eq. 10, for the output: dy/dp by central differences of 0.1 %."""
    columns = []
    for i, value in enumerate(PARAMETERS):
        up, down = PARAMETERS.copy(), PARAMETERS.copy()
        up[i], down[i] = value * (1 + epsilon), value * (1 - epsilon)
        columns.append((output(up, days) - output(down, days)) / (2 * epsilon * value))
    return np.stack(columns, axis=1)


def test_the_paper_variant_is_the_product_of_the_papers_differences():
    problem, q = problem_at()
    information = paper_information(problem, 0, q)
    M = central_differences(DAYS)
    scale = np.sqrt(np.outer(*[np.sum(M**2, axis=0)] * 2))
    np.testing.assert_allclose(information.matrix / scale, M.T @ M / scale, atol=2e-5)
    assert information.variant == "paper"
    assert information.rank == np.linalg.matrix_rank(M) == 4


@pytest.mark.parametrize("name", list(LIKELIHOODS))
def test_the_expected_variant_weighs_relative_changes_by_the_noise(name):
    problem, q = problem_at(likelihood=name)
    y = output(PARAMETERS, DAYS)
    variance = {
        "poisson": y,
        "negative_binomial": y + y**2 / 40.0,
        "log_normal": (0.2 * y) ** 2,  # of the logarithm, times y²
        "normal": np.full(len(y), 30.0**2),
    }[name]
    relative = central_differences(DAYS, 1e-4) * PARAMETERS
    expected = relative.T @ (relative / variance[:, None])
    information = expected_information(problem, 0, q)
    assert len(q) == (4 if name == "poisson" else 5)
    np.testing.assert_allclose(information.matrix, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_the_expected_variant_is_the_information_that_the_fit_uses():
    problem, q = problem_at(likelihood="log_normal")
    _, _, information = problem.evaluate(q[None, :], np.zeros(1, dtype=int))
    np.testing.assert_allclose(expected_information(problem, 0, q).matrix, information[0, :4, :4], rtol=1e-10)


@pytest.mark.parametrize("make", [expected_information, paper_information])
def test_eigenvalues_and_eigenvectors_make_up_the_matrix(make):
    problem, q = problem_at()
    information = make(problem, 0, q)
    V = information.eigenvectors
    np.testing.assert_allclose(V @ np.diag(information.eigenvalues) @ V.T, information.matrix, rtol=1e-8)
    np.testing.assert_allclose(V.T @ V, np.eye(4), atol=1e-12)
    assert np.all(np.diff(information.eigenvalues) <= 0)
    assert information.condition == pytest.approx(information.eigenvalues[0] / information.eigenvalues[-1])


@pytest.mark.parametrize("make", [expected_information, paper_information])
@pytest.mark.parametrize(("days", "rank"), [((0, 30, 70), 2), ((0, 30, 70, 120), 3), ((0, 40), 1), ((0,), 0)])
def test_the_first_visit_informs_nothing_so_n_visits_give_rank_n_minus_1(make, days, rank):
    problem, q = problem_at(days)
    information = make(problem, 0, q)
    assert information.rank == rank
    assert np.isinf(information.condition)
    assert information.matrix.shape == information.eigenvectors.shape == (4, 4)
    assert information.eigenvalues.shape == (4,)
    assert np.sum(information.eigenvalues > 1e-25 * information.eigenvalues[0]) == rank


def test_without_a_change_of_dose_before_the_relapse_growth_and_kill_are_hard_to_tell_apart():
    schedule = DoseSchedule.constant(1.0)
    days = np.array([0.0, 5.0, 10.0, 15.0, 20.0])
    burdens = simulate(MODEL, PARAMETERS, schedule, days, {"V0": V0, "f_R": 0.01}).outputs[:, 0]
    problem = build_problem([Patient("P", days, burdens, schedule)], MODEL, get_likelihood("poisson"))
    information = expected_information(problem, 0, np.log(PARAMETERS))
    # rank 4, but the weakest direction is known to no better than a factor of exp(30)
    assert information.eigenvalues[-1] < 1e-3
    r, _, delta, _ = np.abs(information.eigenvectors[:, 0])
    assert delta > 0.5
    assert r > 0.1


def test_the_unit_of_the_marker_changes_the_papers_condition_and_not_the_expected_one():
    units = (1.0, 1e-3)
    expected, paper = [], []
    for unit in units:
        problem, q = problem_at(likelihood="log_normal", unit=unit)
        expected.append(expected_information(problem, 0, q))
        paper.append(paper_information(problem, 0, q))
    np.testing.assert_allclose(expected[0].matrix, expected[1].matrix, rtol=1e-6)
    assert paper[0].condition > 100 * paper[1].condition


def test_padding_does_not_count():
    long, short = problem_at()[0], problem_at(DAYS[:5])[0]
    patients = [
        Patient(str(k), DAYS[: problem.measured[0].sum()], output(PARAMETERS, DAYS)[: problem.measured[0].sum()],
                SCHEDULE)
        for k, problem in enumerate((long, short))
    ]  # fmt: skip
    both = build_problem(patients, MODEL, get_likelihood("poisson"), rtol=1e-10)
    alone, q = problem_at(DAYS[:5])
    np.testing.assert_allclose(
        paper_information(both, 1, q).matrix, paper_information(alone, 0, q).matrix, rtol=1e-9
    )
