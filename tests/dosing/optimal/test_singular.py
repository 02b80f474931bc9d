"""Singular controls from the symbols against printed formulas and known orders."""

import dataclasses
import random

import numpy as np
import pytest
import sympy as sp

from dosing.optimal import OptimalControlProblem, ProblemError
from dosing.optimal.arcs import label_arcs
from dosing.optimal.lie_brackets import poisson_bracket
from dosing.optimal.pontryagin import pontryagin
from dosing.optimal.positive_states import staying_positive
from dosing.optimal.singular import singular_control
from dosing.optimal.singular_course import singular_course
from dynamics.model import Input, Model

U_BOTH_WAYS = (Input("u", lower=-1),)


def problem_of(states, inputs=U_BOTH_WAYS, **costs) -> OptimalControlProblem:
    model = Model.define(
        "toy", states=states, initial=dict.fromkeys(states, "1"), outputs={"y": next(iter(states))},
        parameters=[], inputs=inputs,
    )  # fmt: skip
    return OptimalControlProblem.define(model, **{"horizon_days": 1.0} | costs)


def bilinear(A, B, q, s) -> OptimalControlProblem:
    """Ledzewicz 2018, eqs 1 and 2 with one drug."""
    N = sp.Matrix(sp.symbols("N1:4"))
    rates = (A + sp.Symbol("u") * B) * N
    return problem_of(
        {str(n): str(rate) for n, rate in zip(N, rates, strict=True)}, running=f"{(q * N)[0]} + ({s})*u"
    )


def random_rationals(seed):
    draw = random.Random(seed)

    def entry(*_):
        return sp.Rational(draw.randint(-9, 9), draw.randint(1, 5))

    return sp.Matrix(3, 3, entry), sp.Matrix(3, 3, entry), sp.Matrix(1, 3, entry), entry()


def paper_bracket(X, Y):
    """``[X, Y] = YX - XY``, as the paper declares."""
    return Y * X - X * Y


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_equation_11_falls_out_of_the_general_machinery(seed):
    A, B, q, s = random_rationals(seed)
    found = singular_control(bilinear(A, B, q, s))
    N, row = sp.Matrix(sp.symbols("N1:4")), sp.Matrix([found.costates])
    AB = paper_bracket(A, B)
    above = ((row * paper_bracket(A, AB) - q * AB - q * B * A) * N)[0]
    below = ((-row * paper_bracket(B, AB) + q * B * B) * N)[0]
    assert found.order == 1
    assert sp.expand(found.numerator - above) == 0
    assert sp.expand(found.denominator - below) == 0
    assert sp.simplify(found.expression - above / below) == 0
    # eq. 8, and its derivative
    assert sp.expand(found.derivatives[0] - (s + (row * B * N)[0])) == 0
    assert sp.expand(found.derivatives[1] - ((row * AB - q * B) * N)[0]) == 0
    # minimality asks for a positive denominator: eq. 10 lacks the factor (-1)^k
    assert sp.expand(found.legendre_clebsch - below) == 0


def test_brackets_of_fields_agree_with_poisson_brackets_of_hamiltonians():
    A, B, q, s = random_rationals(7)
    problem = bilinear(A, B, q, s)
    found, conditions = singular_control(problem), pontryagin(problem)
    phi = conditions.switching[0]
    for expected in (*found.derivatives[1:], found.drift + sp.Symbol("u") * found.slope):
        phi = poisson_bracket(conditions.hamiltonian, phi, found.states, found.costates)
        assert sp.expand(phi - expected) == 0


def test_turnpike_rests_at_zero():
    found = singular_control(problem_of({"x": "u"}, running="x**2"))
    assert (found.order, found.expression, found.feedback) == (1, 0, 0)
    assert found.legendre_clebsch == 2


def test_second_order_of_the_fuller_problem():
    found = singular_control(problem_of({"x": "v", "v": "u"}, running="x**2"))
    assert found.order == 2
    assert found.feedback == 0
    assert found.legendre_clebsch == 2


def test_feedback_in_the_states_where_they_fix_the_costates():
    found = singular_control(
        problem_of({"x": "x - x*y - 2*x*u/5", "y": "-y + x*y - y*u/5"}, running="(x - 1)**2 + (y - 1)**2")
    )
    assert found.feedback is not None
    assert found.feedback.free_symbols <= set(found.states)
    # at the steady state of the target no dose is needed
    assert found.feedback.subs(dict.fromkeys(found.states, 1)) == 0
    # wherever Φ = Φ' = 0, both formulas say the same
    at = {found.states[0]: sp.Rational(6, 5), found.states[1]: sp.Rational(7, 10)}
    costates = sp.solve([d.subs(at) for d in found.derivatives], found.costates)
    assert sp.simplify(found.expression.subs(at).subs(costates) - found.feedback.subs(at)) == 0


def test_a_conserved_sum_does_not_hide_the_arc():
    # Jackson's reaction: a + b + c is conserved, so equal costates make everything vanish
    found = singular_control(
        problem_of({"a": "-u*(a - 10*b)", "b": "u*(a - 10*b) - (1 - u)*b", "c": "(1 - u)*b"}, terminal="-c")
    )
    assert found.order == 1
    assert found.feedback is None


def test_explicit_time_is_differentiated_too():
    # (x - t)² is followed by u = 1
    found = singular_control(problem_of({"x": "u"}, running="(x - t)**2"))
    assert found.expression == 1


def test_one_of_two_controls():
    inputs = (Input("u"), Input("v"))
    problem = problem_of({"x": "u - v*x"}, inputs, running="(x - 1)**2 + v/10")
    with pytest.raises(ProblemError, match="say which"):
        singular_control(problem)
    found = singular_control(problem, "u")
    # the target x = 1 is held against what the other drug kills there
    assert found.feedback == sp.Symbol("v")


def test_no_singular_arc_is_said():
    # anti-angiogenesis: Φ, Φ' and Φ'' vanish together only with all costates
    problem = problem_of(
        {"p": "-0.084*p*log(p/q)", "q": "q*(5.83 - 0.00873*p**(2/3) - 0.15*u)", "y": "u"}, terminal="p"
    )
    with pytest.raises(ProblemError, match="no arc of u is singular"):
        singular_control(problem)


@pytest.mark.parametrize(
    ("costs", "sentence"),
    [
        ({"running": "x**2 + u**2"}, "not linear in u"),
        ({"running": "u", "terminal": "-x"}, "any control|no arc"),
    ],
)
def test_refusals(costs, sentence):
    with pytest.raises(ProblemError, match=sentence):
        singular_control(problem_of({"x": "u"}, **costs))


@pytest.fixture(scope="module")
def sensitive_to_resistant():
    """Ledzewicz 2018, eqs 3-5, with declared numbers: growth 0.12 > 0.08 > 0.04, kill 0.3 > 0.12 > 0."""
    from dosing.optimal.collocation import solve

    model = Model.define(
        "S/P/R",
        states={
            "S": "(0.12 - 0.02 - 0.002 - 0.3*u)*S + 0.01*P + 0.001*R",
            "P": "0.02*S + (0.08 - 0.01 - 0.01 - 0.12*u)*P + 0.005*R",
            "R": "0.002*S + 0.01*P + (0.04 - 0.001 - 0.005)*R",
        },
        initial={"S": "0.7", "P": "0.2", "R": "0.1"}, outputs={"N": "S + P + R"}, parameters=[], inputs=[Input("u")],
    )  # fmt: skip
    problem = OptimalControlProblem.define(
        model, running="0.02*(S + 2*P + 4*R) + 0.04*u", terminal="S + 2*P + 4*R", horizon_days=60
    )
    return solve(problem, intervals=60)


def test_formula_along_the_arc_of_a_solution(sensitive_to_resistant):
    arcs = label_arcs(sensitive_to_resistant)["u"]
    assert [a.label.value for a in arcs] == ["full", "singular"]
    course = singular_course(sensitive_to_resistant)
    assert len(course.times_days) > 20
    assert course.typical_difference < 1e-3
    assert course.holds_legendre_clebsch
    assert course.order == 1
    assert 0.4 < course.levels.mean() < 0.8


def test_no_arc_no_legendre_clebsch(sensitive_to_resistant):
    full = dataclasses.replace(sensitive_to_resistant, controls=np.ones_like(sensitive_to_resistant.controls))
    course = singular_course(full)
    assert not len(course.times_days)
    assert not course.holds_legendre_clebsch
    assert np.isnan(course.typical_difference)


def test_formula_is_a_number_along_states_and_costates():
    A, B, q, s = random_rationals(5)
    found = singular_control(bilinear(A, B, q, s))
    value = sp.lambdify([found.states, found.costates], found.expression, "numpy")
    assert np.isfinite(value([1.0, 2.0, 3.0], [0.5, -1.0, 2.0]))


def test_states_that_stay_positive():
    populations = problem_of({"N": "-N + 2*M*(1 - u)", "M": "N*(1 + u) - M*log(M)"}, [Input("u")]).model
    assert {str(s) for s in staying_positive(populations)} == {"N", "M"}
    free = problem_of({"x": "v", "v": "u", "y": "y*(1 - x)"}).model
    assert {str(s) for s in staying_positive(free)} == {"y"}


def test_killing_agent_of_the_cell_cycle_is_of_second_order():
    # nothing flows from the first compartment to the third, so B A B = 0 and the control is not in Φ''
    found = singular_control(
        problem_of(
            {"N1": "-N1/5 + (1 - u)*N3/5", "N2": "N1/5 - 2*N2/5", "N3": "2*N2/5 - N3/10"},
            [Input("u")],
            running="N1 + N2 + u",
        )
    )
    assert found.order == 2
