import numpy as np
import pytest

from dynamics import Constant, DoseSchedule, Model, ModelError, Parameter
from fitting.likelihood import LIKELIHOODS, get_likelihood
from fitting.problem import OUT_OF_REACH, build_problem
from patients import Patient

NAMES = tuple(LIKELIHOODS)
PAIR = Model.define(
    "pair",
    states={"N": "g*N"},
    initial={"N": "N0"},
    outputs={"burden": "N", "twice": "2*N"},
    parameters=[Parameter("g", "per day", 1e-3, 1.0)],
    constants=[Constant("N0", "burden", from_data="first_burden")],
)


def some_vectors(problem, count, seed=11):
    generator = np.random.default_rng(seed)
    who = generator.integers(0, len(problem.burdens), count)
    low, high = problem.start_lower[who], problem.start_upper[who]
    return low + generator.random((count, problem.size)) * (high - low), who


@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_that_of_the_value_with_censored_rows_and_pauses(model, noisy, censored, name):
    problem = build_problem([censored, *noisy[1:]], model, get_likelihood(name), rtol=1e-10)
    q, who = some_vectors(problem, 12)
    who[:6] = 0
    value, gradient, _ = problem.evaluate(q, who)
    assert np.all(value < OUT_OF_REACH)
    h = 1e-5
    for i in range(problem.size):
        ends = [problem.evaluate(q + sign * h * np.eye(problem.size)[i], who)[0] for sign in (1, -1)]
        slope = (ends[0] - ends[1]) / (2 * h)
        np.testing.assert_allclose(gradient[:, i], slope, rtol=2e-5, atol=2e-5 * np.abs(value).max())


@pytest.mark.parametrize("name", NAMES)
def test_information_is_the_mean_of_the_squared_gradient_over_simulated_data(model, noise_free, name):
    (patient,) = noise_free[:1]
    likelihood = get_likelihood(name)
    phi = {"poisson": 1.0, "negative_binomial": 30.0, "log_normal": 0.2, "normal": 25.0}[name]
    q = np.log([0.13, 580.0, 0.09, 2.3, *([phi] if likelihood.has_dispersion else [])])
    problem = build_problem([patient], model, likelihood)
    mu = problem.outputs(q[None], np.zeros(1, dtype=int))[0][0]
    generator, n = np.random.default_rng(2), 3000
    draws = {
        "poisson": lambda: generator.poisson(mu, (n, len(mu))),
        "negative_binomial": lambda: generator.negative_binomial(phi, phi / (phi + mu), (n, len(mu))),
        "log_normal": lambda: mu * np.exp(generator.normal(0, phi, (n, len(mu)))),
        "normal": lambda: np.abs(generator.normal(mu, phi, (n, len(mu)))),
    }[name]()
    draws = np.asarray(draws, dtype=float)
    draws[:, 0] = mu[0]  # the models start from the first burden
    copies = [Patient(str(i), patient.times, row, patient.schedule) for i, row in enumerate(draws)]
    problem = build_problem(copies, model, likelihood)
    _, gradient, information = problem.evaluate(np.tile(q, (n, 1)), np.arange(n))
    score = np.einsum("bi,bj->ij", gradient, gradient) / n
    p = problem.n_parameters
    scale = np.sqrt(np.diag(information[0]))[:p]
    np.testing.assert_allclose(
        (score[:p, :p] / np.outer(scale, scale)), information[0][:p, :p] / np.outer(scale, scale), atol=0.1
    )
    assert np.abs(gradient.mean(axis=0)[:p] / scale).max() < 5 / np.sqrt(n)


def test_information_is_symmetric_and_not_negative(model, noisy, censored):
    for name in NAMES:
        problem = build_problem([censored, *noisy[1:]], model, get_likelihood(name))
        q, who = some_vectors(problem, 20)
        information = problem.evaluate(q, who)[2]
        np.testing.assert_allclose(information, np.swapaxes(information, 1, 2))
        assert np.all(np.linalg.eigvalsh(information)[:, 0] > -1e-9 * np.linalg.eigvalsh(information)[:, -1])


@pytest.mark.parametrize("name", NAMES)
def test_padding_does_not_change_values(model, noisy, name):
    short = Patient("short", noisy[0].times[:4], noisy[0].burdens[:4], DoseSchedule.constant(1.0))
    likelihood = get_likelihood(name)
    alone = build_problem([short], model, likelihood)
    padded = build_problem([noisy[1], short, noisy[2]], model, likelihood)
    q, _ = some_vectors(alone, 8)
    for a, b in zip(
        alone.evaluate(q, np.zeros(8, dtype=int)), padded.evaluate(q, np.ones(8, dtype=int)), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * np.abs(a).max())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["poisson", "log_normal"])
def test_engines_agree(model, noisy, censored, name):
    patients = [censored, noisy[1]]
    kernel, library = (
        build_problem(patients, model, get_likelihood(name), engine=engine)
        for engine in ("kernel", "diffrax")
    )
    q, who = some_vectors(kernel, 6)
    ours, theirs = kernel.evaluate(q, who), library.evaluate(q, who)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6)
    for a, b in zip(ours[1:], theirs[1:], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6 * np.abs(a).max())


def test_bounds_scale_with_the_patient(model, noisy):
    problem = build_problem(noisy, model, get_likelihood("normal"))
    index = model.parameter_names.index("K")
    parameter = model.parameters[index]
    for w, patient in enumerate(noisy):
        assert np.exp(problem.lower[w, index]) == pytest.approx(parameter.lower * patient.first_burden)
        assert np.exp(problem.upper[w, index]) == pytest.approx(parameter.upper * patient.first_burden)
        assert np.exp(problem.upper[w, -1]) == pytest.approx(patient.burdens.max())
    assert np.all(problem.lower <= problem.start_lower)
    assert np.all(problem.start_lower < problem.start_upper)
    assert np.all(problem.start_upper <= problem.upper)


def test_what_cannot_be_solved_is_out_of_reach_and_flat():
    blowing_up = Model.define(
        "blowing_up",
        states={"N": "g*N**2"},
        initial={"N": "N0"},
        outputs={"burden": "N"},
        parameters=[Parameter("g", "per day per burden", 1e-6, 10.0)],
        constants=[Constant("N0", "burden", from_data="first_burden")],
    )
    patient = Patient("A", np.array([0.0, 10.0]), np.array([100.0, 120.0]), DoseSchedule.constant(0.0))
    problem = build_problem([patient], blowing_up, get_likelihood("poisson"))
    value, gradient, information = problem.evaluate(np.log([[1e-4], [1.0]]), np.zeros(2, dtype=int))
    assert value[0] < OUT_OF_REACH
    assert value[1] == OUT_OF_REACH
    assert gradient[1, 0] == information[1, 0, 0] == 0.0


def test_models_with_two_outputs_are_refused(noisy):
    with pytest.raises(ModelError, match="'pair' has 2 outputs; a cohort file carries one burden"):
        build_problem(noisy, PAIR, get_likelihood("poisson"))
