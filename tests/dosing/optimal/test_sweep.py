"""The forward-backward sweep against closed solutions and published plateaus."""

import math

import numpy as np
import pytest

from dosing.optimal import OptimalControlProblem, ProblemError, SolutionStatus
from dosing.optimal.sweep import sweep
from dosing.optimal.sweep_passes import Passes
from dosing.optimal.sweep_secant import bracketed_secant
from dynamics import get_model
from dynamics.model import Input, Model

UNBOUNDED = (Input("u", lower=-math.inf, upper=math.inf),)

# Masud 2023, Table 1: r, K, delta, c, V0; then B and the plateau it gives, as the window's edge δK/(rB)
PATIENTS = {
    2: (0.131799194, 580.8725024, 0.089001925, 2.291960323, 359.0, 691.9),
    6: (0.181471087, 798.688266, 0.137568333, 3.182914523, 677.0, 3010.3),
    7: (0.18287846, 663.0487189, 0.128324461, 2.362809094, 286.0, 574.1),
    8: (0.165457451, 544.2613509, 0.096811545, 1.734836965, 541.0, 31095.0),
}


def masud(patient: int, horizon: float = 1460.0) -> OptimalControlProblem:
    names = ("r", "K", "delta", "c", "V0", "B")
    return OptimalControlProblem.define(
        get_model("competition"),
        dict(zip(names, PATIENTS[patient], strict=True)),
        running="S + R + B*u**2/2",
        subject_to=["S(T) == V0"],
        horizon_days=horizon,
    )


def toy(states, inputs=UNBOUNDED, initial=None) -> Model:
    return Model.define(
        "toy", states=states, initial=initial or dict.fromkeys(states, "0"), outputs={"y": next(iter(states))},
        parameters=[], inputs=inputs,
    )  # fmt: skip


@pytest.mark.parametrize("patient", PATIENTS)
def test_four_years_of_a_patient(patient):
    problem = masud(patient)
    r, K, delta, _, V0, B = PATIENTS[patient]
    found = sweep(problem, intervals=400)
    assert found.status is SolutionStatus.OPTIMAL
    assert found.method == "sweep"
    assert found.defect.worst < 1e-7
    assert found.defect.violations["S(T) == V0"] < 1e-4
    assert found.states[-1, 0] == pytest.approx(V0, rel=1e-7)
    # on the plateau S λ = K / r, so that u = δK / (rB)
    assert found.control_at(900.0)[0] == pytest.approx(delta * K / (r * B), rel=1e-3)


@pytest.mark.parametrize("patient", PATIENTS)
def test_agrees_with_the_collocation(patient):
    from dosing.optimal.collocation import solve

    problem = masud(patient)
    direct, indirect = solve(problem, intervals=146), sweep(problem, intervals=146)
    assert indirect.cost == pytest.approx(direct.defect.cost, rel=1e-6)
    late = slice(30, 120)  # the plateau
    np.testing.assert_allclose(indirect.controls[late], direct.controls[late], rtol=1e-3)
    np.testing.assert_allclose(indirect.controls, direct.controls, atol=1e-3)
    assert indirect.end_multipliers["S(T) == V0"] == pytest.approx(
        direct.end_multipliers["S(T) == V0"], rel=1e-3
    )
    # the costate of R is nearly zero on the plateau, so one scale for both
    scale = np.abs(indirect.costates).max()
    for k in range(2):
        there = np.interp(direct.times_days, indirect.times_days, indirect.costates[:, k])
        np.testing.assert_allclose(there, direct.costates[:, k], atol=2e-3 * scale)


def test_published_plateaus():
    assert sweep(masud(2)).control_at(730.0)[0] == pytest.approx(0.56689, rel=1e-3)
    assert sweep(masud(6)).control_at(730.0)[0] == pytest.approx(0.201132, rel=1e-3)


def test_multiplier_is_the_price_of_the_condition():
    problem = masud(2, 200.0)
    here, there = (sweep(problem.with_values(V0=v), intervals=100, tolerance=1e-10) for v in (359.0, 359.2))
    # V0 also sets the start; the costate at time 0 is the price of that
    start = (here.costates[0] + there.costates[0]) / 2 @ np.array([0.99, 0.01])
    end = np.mean([s.end_multipliers["S(T) == V0"] for s in (here, there)])
    # two prices of about 12 that nearly cancel
    assert there.cost - here.cost == pytest.approx(0.2 * (start + end), abs=2e-6)


def test_least_energy_with_two_conditions():
    problem = OptimalControlProblem.define(
        toy({"x": "v", "v": "u"}), running="u**2", horizon_days=2.0, subject_to=["x(T) == 1", "v(T) == 0"]
    )
    found = sweep(problem, intervals=200)
    assert found.status is SolutionStatus.OPTIMAL
    # 12 / T**3, and a little for holding the control
    assert found.cost == pytest.approx(1.5, rel=1e-4)
    assert found.end_multipliers["x(T) == 1"] == pytest.approx(3.0, rel=1e-3)
    assert found.control_at(0.005)[0] == pytest.approx(1.5 * 0.995, rel=1e-3)


def test_linear_quadratic_with_a_terminal_cost():
    problem = OptimalControlProblem.define(
        toy({"x": "u"}, initial={"x": "1"}), running="u**2/2", terminal="3*x**2/2", horizon_days=1.0
    )
    found = sweep(problem, intervals=50)
    # a constant control: u = -3 x(1), x(1) = 1 + u
    np.testing.assert_allclose(found.controls, -0.75, atol=1e-7)
    np.testing.assert_allclose(found.costates, 0.75, atol=1e-7)


def test_convex_but_not_quadratic_and_bounded():
    problem = OptimalControlProblem.define(
        toy({"x": "-x - u"}, (Input("u", lower=0, upper=1),), {"x": "1"}),
        {"b": 0.01, "t_end": 2.0},
        running="u**4/4 + b*u**2",
        terminal="-x*(t_end - T) + 2*x",
        horizon_days=2.0,
    )
    found = sweep(problem, intervals=200)
    assert found.status is SolutionStatus.OPTIMAL
    costate = 2 * np.exp(found.edges_days[:-1] + 0.005 - 2)
    np.testing.assert_allclose(np.interp(found.edges_days[:-1] + 0.005, found.times_days, found.costates[:, 0]),
                               costate, rtol=1e-4)  # fmt: skip
    inside = costate < 1
    np.testing.assert_allclose(
        (found.controls**3 + found.controls / 50)[inside, 0], costate[inside], rtol=1e-3
    )
    assert np.all(found.controls[costate > 1.03] == 1)


def test_inequality_at_the_end_binds_only_where_it_must():
    def solve(limit):
        problem = OptimalControlProblem.define(
            toy({"x": "u"}, initial={"x": "1"}), {"limit": limit}, running="u**2/2", horizon_days=1.0,
            subject_to=["x(T) >= limit"],
        )  # fmt: skip
        return sweep(problem, intervals=20)

    assert solve(0.5).cost == pytest.approx(0, abs=1e-12)
    bound = solve(2.0)
    assert bound.cost == pytest.approx(0.5)
    assert bound.end_multipliers["x(T) >= limit"] == pytest.approx(1.0)


def test_two_controls_each_with_its_own_minimiser():
    model = toy({"x": "-x + u + 2*v"}, (Input("u", lower=-5, upper=5), Input("v", lower=-5, upper=5)))
    problem = OptimalControlProblem.define(
        model, running="u**2 + v**2", subject_to=["x(T) == 1"], horizon_days=1
    )
    found = sweep(problem, intervals=40)
    assert found.status.usable
    np.testing.assert_allclose(found.controls[:, 1], 2 * found.controls[:, 0], rtol=1e-6)


def test_start_from_a_solution_saves_sweeps():
    first = sweep(masud(7))
    again = sweep(masud(7), start=first)
    assert again.iterations < first.iterations / 10
    np.testing.assert_allclose(again.controls, first.controls, atol=1e-6)


def test_gradient_against_differences():
    passes = Passes(masud(2, 120.0), np.linspace(0, 120, 13))
    controls, nu = np.linspace(0.2, 0.9, 12)[:, None], np.array([3.0])
    passes.choose_steps(controls)
    found = passes.run(controls, nu)
    for k in (0, 5, 11):
        step = np.zeros_like(controls)
        step[k] = 1e-4
        ahead, behind = passes.run(controls + step, nu).merit, passes.run(controls - step, nu).merit
        assert found.slope[k, 0] == pytest.approx((ahead - behind) / 2e-4, rel=1e-6)


def test_out_of_reach_is_said():
    problem = OptimalControlProblem.define(
        toy({"x": "u"}, (Input("u", lower=0, upper=1),)),
        running="u**2/2",
        subject_to=["x(T) == 5"],
        horizon_days=1,
    )
    lost = sweep(problem, intervals=10)
    assert lost.status is SolutionStatus.INFEASIBLE
    assert "no multiplier" in lost.message
    assert lost.defect.violations["x(T) == 5"] == pytest.approx(4)


def test_too_few_sweeps_are_never_called_optimal():
    found = sweep(masud(7), max_iterations=2)
    assert not found.status.usable


def test_a_hamiltonian_that_is_not_convex_is_said():
    problem = OptimalControlProblem.define(
        toy({"x": "-x - u"}, (Input("u", lower=-1, upper=1),)),
        {"b": -1.0, "t_end": 2.0},
        running="u**4/4 + b*u**2",
        horizon_days=1,
    )
    found = sweep(problem, intervals=10)
    assert not found.status.usable
    assert "not convex" in found.message


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"running": "S + R + 3*u"}, "linear in u.*chatters.*collocation"),
        ({"running": "S + u**2", "subject_to": ["S + R <= 500"]}, "along the path.*collocation"),
        ({"running": "S + u**2", "horizon_days": (10, 20)}, "final time is free.*collocation"),
        ({"state_bounds": {"S": (355, 356)}}, "does not impose bounds"),
    ],
)
def test_refusals_name_the_remedy(changes, sentence):
    values = dict(zip(("r", "K", "delta", "c", "V0", "B"), PATIENTS[2], strict=True))
    given = {"running": "S + R + B*u**2/2", "horizon_days": 30} | changes
    problem = OptimalControlProblem.define(get_model("competition"), values, **given)
    with pytest.raises(ProblemError, match=sentence):
        sweep(problem, intervals=30)


def test_secant_finds_the_root_of_a_falling_function():
    root, message = bracketed_secant(lambda x: 5 - x**3, 0.0, 0.1, 1e-12)
    assert (root, message) == (pytest.approx(5 ** (1 / 3)), "")
    _, message = bracketed_secant(lambda x: math.exp(-x) + 1, 0.0, 0.1, 1e-9)
    assert "no multiplier" in message
    _, message = bracketed_secant(lambda x: 1.0 if x < 2 else -1.0, 0.0, 0.1, 1e-9)
    assert "jumps" in message
