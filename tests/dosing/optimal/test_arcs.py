"""Labels, switching functions and their signs along solutions whose structure is known."""

import dataclasses

import numpy as np
import pytest

from dosing.optimal import Defect, OptimalControlProblem, OptimalSolution, SolutionStatus
from dosing.optimal.arcs import ArcLabel, label_arcs, sentence
from dosing.optimal.plots_structure import structure_figure
from dosing.optimal.sign_consistency import sign_consistency
from dosing.optimal.switching_function import switching_course
from dynamics import get_model
from dynamics.model import Input, Model

U_BOTH_WAYS = (Input("u", lower=-1),)


def one_state(rate="u", inputs=U_BOTH_WAYS, **costs) -> OptimalControlProblem:
    model = Model.define(
        "toy", states={"x": rate}, initial={"x": "1"}, outputs={"x": "x"}, parameters=[], inputs=inputs
    )
    return OptimalControlProblem.define(model, **{"running": "x**2", "horizon_days": 2.0} | costs)


def solution_of(problem, edges, controls, times, states, costates) -> OptimalSolution:
    rows = [np.asarray(a, dtype=float).reshape(len(a), -1) for a in (controls, states, costates)]
    return OptimalSolution(
        problem, SolutionStatus.OPTIMAL, "collocation", 0.375, np.asarray(edges, dtype=float), rows[0],
        np.asarray(times, dtype=float), rows[1], rows[2], {}, Defect(0, 0, 0.375, {}), 0,
    )  # fmt: skip


def turnpike(intervals=40) -> OptimalSolution:
    """x = 1 - t, then 0, then t - 1.5; the costate vanishes with x on the middle arc."""
    edges, t = np.linspace(0, 2, intervals + 1), np.linspace(0, 2, 401)
    middle = (edges[1:] + edges[:-1]) / 2
    u = np.where(middle < 1, -1.0, np.where(middle < 1.5, 0.0, 1.0))
    x = np.maximum(1 - t, 0) + np.maximum(t - 1.5, 0)
    costate = np.maximum(1 - t, 0) ** 2 - np.maximum(t - 1.5, 0) ** 2
    return solution_of(one_state(subject_to=["x(T) == 0.5"]), edges, u, t, x, costate)


def labels(arcs):
    return [a.label.value for a in arcs]


def test_turnpike_has_three_arcs():
    arcs = label_arcs(turnpike())["u"]
    assert labels(arcs) == ["lower", "singular", "full"]
    assert [a.start_days for a in arcs] == pytest.approx([0, 1, 1.5])
    assert arcs[-1].end_days == 2
    assert arcs[1].largest_switching < 1e-4 < arcs[0].largest_switching
    assert arcs[1].mean_level == 0
    assert sentence(arcs) == "u: lower to day 1, singular (about 0) to day 1.5, full to day 2"


def test_switching_function_is_the_costate_here():
    course = switching_course(turnpike())
    t = course.times_days
    np.testing.assert_allclose(
        course.values[:, 0], np.maximum(1 - t, 0) ** 2 - np.maximum(t - 1.5, 0) ** 2, atol=1e-12
    )
    # average of (1 - t)² over [0, 0.05]
    assert course.means[0, 0] == pytest.approx((1 - 0.95**3) / 3 / 0.05, rel=1e-4)
    assert course.scales[0] == 1


def test_switch_within_an_interval_is_placed_by_its_dose():
    found = turnpike(40)
    u = found.controls.copy()
    # the first switch moved to day 1.02, the second to day 1.47
    u[20] = -0.02 / 0.05
    u[29] = 0.03 / 0.05
    arcs = label_arcs(dataclasses.replace(found, controls=u))["u"]
    assert labels(arcs) == ["lower", "singular", "full"]
    assert [a.start_days for a in arcs[1:]] == pytest.approx([1.02, 1.47])
    assert arcs[1].mean_level == 0


def test_passage_from_bound_to_bound_is_no_arc():
    problem = one_state(inputs=(Input("u"),), running="x")
    t = np.linspace(0, 2, 201)
    u = [1, 1, 1, 0.3, 0, 0, 0, 0]
    arcs = label_arcs(solution_of(problem, np.linspace(0, 2, 9), u, t, 1 + t, t - 0.825))["u"]
    assert labels(arcs) == ["full", "zero"]
    assert arcs[1].start_days == pytest.approx(0.75 + 0.3 * 0.25)


def test_chattering_counts_as_a_singular_arc_and_is_counted():
    found = turnpike(40)
    u = found.controls.copy()
    u[22:28, 0] = [1, -1, 1, -1, 1, -1]
    chattering = dataclasses.replace(found, controls=u)
    arcs = label_arcs(chattering)["u"]
    assert labels(arcs) == ["lower", "singular", "full"]
    assert arcs[1].reversals >= 4
    assert label_arcs(found)["u"][1].reversals == 0


def test_a_bang_arc_with_a_switching_function_stays_one():
    found = turnpike(40)
    u = found.controls.copy()
    u[5] = 1  # where the costate is far from zero
    arcs = label_arcs(dataclasses.replace(found, controls=u))["u"]
    assert labels(arcs) == ["lower", "full", "lower", "singular", "full"]


def test_regular_control_is_interior_between_its_bounds():
    problem = OptimalControlProblem.define(
        get_model("competition"),
        {"r": 0.13, "K": 581, "delta": 0.089, "c": 2.29, "V0": 359, "B": 690},
        running="S + R + B*u**2/2",
        horizon_days=10,
    )
    t = np.linspace(0, 10, 51)
    ones = np.ones((51, 2))
    arcs = label_arcs(solution_of(problem, np.linspace(0, 10, 6), [1, 0.8, 0.4, 0, 0], t, ones, ones))["u"]
    assert labels(arcs) == ["full", "interior", "zero"]
    assert ArcLabel.INTERIOR.on_bound is False


def test_every_control_has_its_own_arcs():
    problem = one_state("-u*x + v", (Input("u"), Input("v")), running="x + u/4 + v")
    t = np.linspace(0, 2, 101)
    u = np.array([[1, 0], [1, 0], [0, 1], [0, 1]])
    arcs = label_arcs(solution_of(problem, [0, 0.5, 1, 1.5, 2], u, t, np.ones(101), np.ones(101)))
    assert labels(arcs["u"]) == ["full", "zero"]
    assert labels(arcs["v"]) == ["zero", "full"]


def test_signs_agree_along_the_turnpike_and_not_against_it():
    good = sign_consistency(turnpike())["u"]
    assert good.holds
    assert good.share == 1
    found = turnpike(40)
    wrong = sign_consistency(dataclasses.replace(found, controls=-found.controls))["u"]
    assert not wrong.holds
    # right only where the switching function is as good as zero
    assert wrong.share == pytest.approx(0.25, abs=0.1)
    assert wrong.worst == pytest.approx(0.95, abs=0.01)
    assert wrong.worst_time_days == pytest.approx(0.025)


def test_figure_shows_arcs_and_switching_function():
    figure = structure_figure(turnpike())
    control, switching = figure.axes
    assert [t.get_text() for t in control.texts] == ["lower", "singular", "full"]
    assert "∂H/∂u" in switching.get_ylabel()
    assert switching.get_xlabel() == "days"
    (line,) = [drawn for drawn in switching.lines if len(drawn.get_xdata()) == 40]
    np.testing.assert_allclose(line.get_ydata(), switching_course(turnpike()).relative[:, 0])
    figure.draw_without_rendering()


def test_structure_of_a_collocated_solution():
    from dosing.optimal.collocation import solve

    found = solve(one_state(subject_to=["x(T) == 0.5"]), intervals=60)
    arcs = label_arcs(found)["u"]
    assert labels(arcs) == ["lower", "singular", "full"]
    assert [a.start_days for a in arcs[1:]] == pytest.approx([1, 1.5], abs=0.02)
    assert sign_consistency(found)["u"].share == 1
