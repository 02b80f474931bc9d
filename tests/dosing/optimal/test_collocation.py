"""Collocation: order, costates, warm starts, visit grids, refinement, bounds."""

import dataclasses

import numpy as np
import pytest
from problems import UNIT, anti_angiogenesis, fishing, jackson, least_energy, model, turnpike

from dosing.optimal import OptimalControlProblem, SolutionStatus
from dosing.optimal.automatic_bounds import state_bounds
from dosing.optimal.collocation import solve
from dosing.optimal.grid import Grid
from dosing.optimal.radau import NODES, SLOPES, WEIGHTS
from dosing.optimal.transcription import transcription
from dynamics import get_model

# Masud 2023, Table 1, patient 2
PATIENT = {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323, "V0": 359.0}


def endpoint(horizon=1460.0, **changed):
    """Masud 2023, eqs 12 to 16."""
    return OptimalControlProblem.define(
        get_model("competition"),
        PATIENT | {"B": 691.9, "K_tol": 359.0} | changed,
        running="S + R + B*u**2/2",
        subject_to=["S(T) == K_tol"],
        horizon_days=horizon,
    )


def test_nodes_integrate_polynomials_exactly():
    for power in range(5):
        assert NODES**power @ WEIGHTS == pytest.approx(1 / (power + 1), rel=1e-13)
    at_all = np.concatenate([[0.0], NODES])
    for power in range(1, 4):
        assert at_all**power @ SLOPES == pytest.approx(power * NODES ** (power - 1), abs=1e-12)


# ---- accuracy -------------------------------------------------------------------------------------------


def test_cost_converges_with_order_two_in_the_control():
    errors = [solve(least_energy(), intervals=m).cost - 1.5 for m in (10, 20, 40)]
    # exactly 1.5 / (m² - 1) for this problem
    assert errors == pytest.approx([1.5 / (m**2 - 1) for m in (10, 20, 40)], rel=1e-6)


def test_states_converge_with_order_five():
    # without dose x' = -2 x + sin(3 t): x = (2 sin 3t - 3 cos 3t + 16 exp(-2t)) / 13 from x(0) = 1
    problem = OptimalControlProblem.define(
        model("driven", {"x": "-2*x + sin(3*t) + u"}, {"x": 1}, UNIT),
        running="u",
        terminal="x",
        horizon_days=2,
    )
    exact = (2 * np.sin(6.0) - 3 * np.cos(6.0) + 16 * np.exp(-4.0)) / 13
    misses = []
    for elements in (2, 4, 8):
        solution = solve(problem, intervals=1, elements=elements, tolerance=1e-11)
        assert solution.controls[0, 0] == pytest.approx(0.0, abs=1e-7)
        misses.append(abs(solution.states[-1, 0] - exact))
    orders = np.log2(np.array(misses[:-1]) / np.array(misses[1:]))
    assert np.all((orders > 4.7) & (orders < 6.0))


def test_defect_is_the_difference_to_the_integrator():
    coarse = solve(fishing(), intervals=6)
    fine = solve(fishing(), intervals=6, elements=16)
    assert coarse.defect.worst > 1e-3
    assert fine.defect.worst < 1e-6
    assert fine.defect.cost == pytest.approx(fine.cost, rel=1e-7)


# ---- costates -------------------------------------------------------------------------------------------


def test_costates_of_the_double_integrator():
    solution = solve(least_energy(), intervals=100)
    times = solution.times_days
    # J = 12 d²/T³ - 12 d v/T² + 4 v²/T with d the way to go: costates -24/T³ and -12/T² + 24 t/T³
    assert solution.costates[:, 0] == pytest.approx(-3.0, abs=1e-3)
    edges = slice(None, None, 3)
    assert solution.costates[edges, 1] == pytest.approx(-3.0 + 3.0 * times[edges], abs=1e-3)
    assert solution.end_multipliers["x(T) == 1"] == pytest.approx(3.0, abs=1e-3)


def test_costate_of_the_turnpike():
    # x(0)³/3 + … is the optimal cost, so its derivative at 1 is 1; under maximisation the sign is the other one
    solution = solve(turnpike(), intervals=40)
    assert solution.costates[0, 0] == pytest.approx(1.0, abs=1e-4)
    assert solution.costates[-1, 0] == pytest.approx(-0.25, abs=1e-4)


@pytest.mark.parametrize("state", [0, 1])
def test_costates_are_derivatives_of_the_cost(state):
    sizes = {"S": 250.0, "R": 80.0}
    problem = dataclasses.replace(endpoint(horizon=60.0), initial=sizes)
    grid = {"intervals": 20, "elements": 2, "tolerance": 1e-11}
    base = solve(problem, **grid)
    name = problem.model.state_names[state]
    up, down = (
        solve(
            dataclasses.replace(problem, initial=sizes | {name: sizes[name] + step}), start=base, **grid
        ).cost
        for step in (0.1, -0.1)
    )
    assert base.costates[0, state] == pytest.approx((up - down) / 0.2, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "k_tol"), [("S(T) == K_tol", 500.0), ("S(T) >= K_tol", 560.0), ("S(T) <= K_tol", 400.0)]
)
def test_end_multipliers_are_derivatives_of_the_cost(text, k_tol):
    def posed(k):
        return OptimalControlProblem.define(
            get_model("competition"), PATIENT | {"K_tol": k}, running="S + R + 300*u**2", subject_to=[text],
            horizon_days=60,
        )  # fmt: skip

    grid = {"intervals": 20, "tolerance": 1e-11}
    base = solve(posed(k_tol), **grid)
    up, down = (solve(posed(k_tol + step), start=base, **grid).cost for step in (0.5, -0.5))
    assert abs(up - down) > 0.1
    assert base.end_multipliers[text] == pytest.approx(up - down, rel=1e-4)


# ---- warm starts and reuse ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "change"),
    [(endpoint(), {"B": 720.0}), (anti_angiogenesis(), {"A": 15.5})],
    ids=["endpoint", "anti-angiogenesis"],
)
def test_warm_starts_take_fewer_iterations(problem, change):
    cold = solve(problem, intervals=25)
    changed = problem.with_values(**change)
    warm, anew = solve(changed, intervals=25, start=cold), solve(changed, intervals=25)
    assert warm.status is SolutionStatus.OPTIMAL
    assert warm.iterations <= anew.iterations / 2
    assert warm.cost == pytest.approx(anew.cost, rel=1e-6)
    again = solve(changed, intervals=25, start=warm)
    assert again.iterations <= 1


def test_scan_reuses_what_was_built():
    problem = endpoint(horizon=100.0)
    first = solve(problem, intervals=12)
    other = problem.with_values(K_tol=300.0, r=0.12)
    assert transcription(problem, Grid.even(12)) is transcription(other, Grid.even(12))
    second = solve(other, intervals=12)
    assert first.seconds["build"] > 0
    assert second.seconds["build"] == 0
    assert second.states[-1, 0] == pytest.approx(300.0, rel=1e-7)


# ---- grids ----------------------------------------------------------------------------------------------


def test_controls_are_held_between_visits():
    visits = [0.0, 14.0, 35.0, 77.0, 120.0]
    problem = endpoint(horizon=120.0)
    solution = solve(problem, edges_days=visits, refine=4)
    assert solution.edges_days == pytest.approx(visits)
    assert solution.controls.shape == (4, 1)
    steps = solution.history
    assert len(steps) > 1
    assert all(step.intervals == 4 for step in steps)
    assert steps[-1].elements > steps[0].elements
    assert steps[-1].defect < 1e-6 < steps[0].defect


def test_refinement_finds_the_switch():
    solution = solve(jackson(), intervals=20, refine=6)
    costs = [step.cost for step in solution.history]
    assert len(costs) > 2
    assert abs(costs[-1] - -0.1918143) < 0.1 * abs(costs[0] - -0.1918143)
    widths = np.diff(solution.edges_days)
    jump = int(np.argmax(np.abs(np.diff(solution.controls[:, 0]))))
    assert widths[jump] < 0.3 * widths.max()


def test_switching_cost_calms_the_control():
    free = solve(fishing(), intervals=60)
    calm = solve(fishing(), intervals=60, switching_cost=0.01)
    changes = [float(np.sum(np.diff(s.controls[:, 0]) ** 2)) for s in (free, calm)]
    assert changes[1] < 0.8 * changes[0]
    assert calm.switching_cost == 0.01
    assert free.cost < calm.cost < free.cost + 0.01 * changes[0]
    assert calm.defect.cost == pytest.approx(calm.cost, rel=1e-5)


def test_several_controls_and_conditions_along_the_path():
    problem = OptimalControlProblem.define(
        model("two_drugs", {"x": "0.2*x - 0.5*x*u - 0.4*x*v"}, {"x": 1.0}, {"u": (0, 1), "v": (0, 1)}),
        {"most": 1.2},
        running="x + 0.1*u + 0.3*v",
        subject_to=["u + v <= 0.8", "x <= most"],
        horizon_days=10,
    )
    solution = solve(problem, intervals=20)
    assert solution.status.usable
    assert np.all(solution.controls.sum(axis=1) < 0.8 + 1e-6)
    assert solution.controls[0] == pytest.approx([0.8, 0.0], abs=1e-4)
    assert solution.path_multipliers is not None
    assert solution.path_multipliers.shape == (len(solution.times_days), 2)
    assert solution.path_multipliers[3, 0] > 0.1
    assert max(solution.defect.violations.values()) < 1e-7


# ---- bounds of states -----------------------------------------------------------------------------------


def test_bounds_follow_from_the_equations():
    largest = PATIENT["K"] * 1.2
    assert state_bounds(endpoint()) == [pytest.approx((-0.01 * largest, largest))] * 2
    # logarithms: no room below zero
    assert [low for low, _ in state_bounds(anti_angiogenesis())][:2] == [0.0, 0.0]
    assert state_bounds(least_energy()) == [(-np.inf, np.inf)] * 2


def test_own_bounds_come_first():
    problem = dataclasses.replace(endpoint(horizon=100.0), state_bounds={"S": (50.0, 400.0)})
    assert state_bounds(problem)[0] == (50.0, 400.0)


# ---- a patient ------------------------------------------------------------------------------------------


def test_plateau_is_the_lower_edge_of_the_window():
    # Masud 2023: S(T) = K_tol = V0, B = 691.9; the window of patient 2 begins at 0.565635
    solution = solve(endpoint(), intervals=400)
    assert solution.status is SolutionStatus.OPTIMAL
    plateau = float(solution.control_at(730.0)[0])
    assert plateau == pytest.approx(0.56689, abs=1e-3)
    assert plateau == pytest.approx(0.565635, rel=5e-3)
    assert solution.defect.worst < 1e-5
    assert solution.defect.violations["S(T) == K_tol"] < 1e-5
