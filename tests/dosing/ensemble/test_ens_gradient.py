import dataclasses

import numpy as np
import pytest
from scagliotti import HORIZON, RATES, problem, spread_out

from dosing.ensemble import EnsembleEvaluation, EnsembleProblem, ProblemError
from dosing.ensemble.adjoint_equation import adjoint_gradients
from dosing.ensemble.jax_witness import jax_device, jax_gradient
from dynamics.ensemble import Ensemble
from dynamics.model import Input, Model, Parameter

# more than one block, the last one in part, so that empty lanes would show
MEMBERS = spread_out(150)


def two_drugs(**options):
    """A model with two inputs, an exponential and a power, a time-dependent cost, and numbers of its own."""
    rates = [Parameter(n, "per day", 1e-3, 10.0) for n in ("a", "b", "c")]
    model = Model.define(
        "two drugs",
        states={"x": "a*x*(1 - x) - b*u*x*exp(-x)", "y": "c*x - v*y**2", "z": "a*(y - z)"},
        initial={"x": "0.3", "y": "0.1*a", "z": "b"},
        outputs={"burden": "x + y"},
        parameters=rates,
        inputs=[Input("u"), Input("v", upper=2.0)],
    )
    rng = np.random.default_rng(7)
    ensemble = Ensemble(
        ("c", "a", "b"), rng.uniform(0.2, 0.6, (9, 3)), rng.dirichlet(np.ones(9)), {}, "drawn at random"
    )
    settings = {
        "horizon_days": 12,
        "running": "price*u + v**2*t + x*z + sqrt(y + 1)",
        "terminal": "T*x**2 + share*y",
        "watched": "y/x + share",
        "watch_days": [0.0, 3.0, 12.0],
        "numbers": {"price": 0.3, "share": np.arange(9.0)},
    } | options
    return EnsembleProblem.define(model, ensemble, **settings)


def published(scheme, members, days, **options):
    return problem(members=members, horizon_days=days, scheme=scheme, **options)


@pytest.mark.parametrize("scheme", ["euler", "rk4"])
@pytest.mark.parametrize(
    "posed",
    [
        lambda s: published(s, MEMBERS, 60, watch_days=15, terminal="R**2/V0"),
        lambda s: two_drugs(scheme=s),
    ],
    ids=["published", "two inputs"],
)
def test_gradient_against_finite_differences_and_jax(scheme, posed):
    evaluation = EnsembleEvaluation(posed(scheme), np.array([0.0, 2.0, 3.5, 9.0]))
    rng = np.random.default_rng(3)
    m, w = len(evaluation.problem), len(evaluation.problem.watch_days)
    u, direction = rng.uniform(0.2, 0.8, (2, *evaluation.shape))
    weights, seen = rng.normal(size=m), rng.normal(size=(m, w))
    outcomes, gradient = evaluation.gradient(u, weights, seen)

    def total(step):
        found = evaluation.outcomes(u + step * direction)
        return weights @ found.costs + np.sum(seen * found.watched)

    # central differences of two steps, extrapolated
    e = 1e-3
    difference = (8 * (total(e) - total(-e)) - (total(2 * e) - total(-2 * e))) / (12 * e)
    scale = np.abs(gradient).max()
    assert np.sum(gradient * direction) == pytest.approx(difference, abs=1e-8 * scale)
    costs, watched, slope = jax_gradient(evaluation)(u, weights, seen)
    np.testing.assert_allclose(outcomes.costs, costs, rtol=1e-12)
    np.testing.assert_allclose(outcomes.watched, watched, rtol=1e-12)
    np.testing.assert_allclose(gradient, slope, atol=1e-12 * scale)
    assert ":" in jax_device()


def test_member_gradients_are_the_parts_of_the_whole():
    evaluation = EnsembleEvaluation(problem(members=MEMBERS, horizon_days=40), 10.0)
    weights = np.random.default_rng(0).uniform(size=len(MEMBERS))
    _, whole = evaluation.gradient(0.6, weights)
    outcomes, parts = evaluation.member_gradients(0.6, np.arange(len(MEMBERS)))
    np.testing.assert_allclose(np.tensordot(weights, parts, 1), whole, atol=1e-13)
    assert len(outcomes.costs) == len(MEMBERS)
    _, some = evaluation.member_gradients(0.6, [140, 3])
    np.testing.assert_allclose(some, parts[[140, 3]], atol=1e-15)


@pytest.mark.parametrize(
    ("posed", "day"),
    [
        (lambda: published("rk4", spread_out(4), 120, terminal="R"), 20.0),
        (lambda: two_drugs(scheme="rk4", steps_per_day=64), 4.0),
    ],
    ids=["published", "two inputs"],
)
def test_gradient_against_the_adjoint_equation_integrated_on_its_own(posed, day):
    rng = np.random.default_rng(5)
    evaluation = EnsembleEvaluation(posed(), day)
    u = rng.uniform(0.1, 0.9, evaluation.shape)
    outcomes, gradients = evaluation.member_gradients(u, [0, 3])
    costs, witness = adjoint_gradients(evaluation, u, [0, 3])
    np.testing.assert_allclose(outcomes.costs, costs, rtol=1e-8)
    np.testing.assert_allclose(gradients, witness, atol=1e-8 * np.abs(witness).max())


def test_euler_approaches_the_adjoint_equation_with_the_step():
    errors = []
    for per_day in (8, 16, 32):
        own = dataclasses.replace(problem(members=[700], horizon_days=60), steps_per_day=per_day)
        evaluation = EnsembleEvaluation(own, 20.0)
        _, witness = adjoint_gradients(evaluation, 0.4, [0])
        errors.append(np.abs(evaluation.member_gradients(0.4, [0])[1] - witness).max())
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.02)
    assert errors[1] / errors[2] == pytest.approx(2.0, rel=0.02)


def test_published_costs_under_the_full_dose():
    for cost, expected in (("linear", 7.98145), ("hyperbolic", 10.14439)):
        outcomes = EnsembleEvaluation(problem(cost=cost)).outcomes(1.0)
        assert outcomes.costs.mean() == pytest.approx(expected, abs=5e-6)
    assert len(outcomes.costs) == len(RATES) == 1225
    assert HORIZON[0.5] == 1000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"horizon_days": 10.03}, "not a whole number of steps"),
        ({"running": "S + Z"}, "Z"),
        ({"terminal": "u"}, "u"),
        ({"numbers": {"K": 1.0}}, "number K has the name of something in the model"),
        ({"numbers": {"q": np.nan}}, "number q is not finite"),
        ({"dose_bounds": {"v": (0, 1)}}, "dose bounds of 'v'"),
        ({"dose_bounds": {"u": (1, 1)}}, "need finite lower < upper"),
        ({"dose_bounds": {"u": (0.5, 1)}, "total_dose": {"u": 20.0}}, "not above"),
        ({"watch_days": [1.0, 1.01]}, "same step"),
        ({"watch_days": [1.0, 99.0]}, "lie in"),
        ({"scheme": "heun"}, "neither"),
    ],
)
def test_problems_that_cannot_be_posed(change, message):
    with pytest.raises(ValueError, match=message):
        problem(members=[0, 1], **({"horizon_days": 40} | change))


def test_doses_that_cannot_be_held():
    small = problem(members=[0, 1], horizon_days=40)
    for days in (0.0, 0.3, np.array([1.0, 2.0]), np.array([0.0, 40.0])):
        with pytest.raises(ProblemError, match="doses"):
            EnsembleEvaluation(small, days)
    with pytest.raises(ProblemError, match="doses have shape"):
        EnsembleEvaluation(small, 10.0).outcomes(np.ones(3))
    huge = problem(members=[0, 1], horizon_days=40, terminal="exp(S*a)", numbers={"a": np.array([1, 1e200])})
    with pytest.raises(ProblemError, match="cost of member 1 is not finite"):
        EnsembleEvaluation(huge, 10.0).outcomes(1.0)
