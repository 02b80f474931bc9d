"""Collocation where there is no solution, or no problem."""

import numpy as np
import pytest
from problems import FREE, UNIT, anti_angiogenesis, fishing, model, turnpike

from dosing.optimal import OptimalControlProblem, ProblemError, SolutionStatus
from dosing.optimal.collocation import solve


def test_infeasible_problem_says_what_is_missed(capfd):
    problem = OptimalControlProblem.define(
        model("push", {"x": "v", "v": "u"}, {"x": 0, "v": 0}, {"u": (-1, 1)}),
        running="u**2",
        subject_to=["x(T) == 10", "v(T) == 0"],
        horizon_days=2,
    )
    solution = solve(problem, intervals=20)
    assert solution.status is SolutionStatus.INFEASIBLE
    assert not solution.status.usable
    # the farthest that can be reached at rest is 1
    assert solution.defect.violations["x(T) == 10"] > 8.9
    assert "Infeasible_Problem_Detected" in solution.message
    assert capfd.readouterr() == ("", "")


def test_too_few_iterations_give_the_last_iterate():
    solution = solve(fishing(), intervals=20, max_iterations=2)
    assert solution.status is SolutionStatus.NOT_CONVERGED
    assert solution.iterations == 2
    assert np.all(np.isfinite(solution.states))


def test_cost_without_lower_limit():
    problem = OptimalControlProblem.define(
        model("drift", {"x": "u"}, {"x": 0}, FREE), running="x", horizon_days=1
    )
    assert solve(problem, intervals=10).status is SolutionStatus.DIVERGED


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"intervals": 3, "edges_days": [0, 1]}, "either"),
        ({"edges_days": [0, 5, 11]}, "horizon ends on day 12"),
        ({"edges_days": [0, 5, 5, 12]}, "increase"),
        ({"intervals": 0}, "at least one interval"),
        ({"intervals": 2, "elements": [1, 2, 3]}, "3 numbers of elements"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"max_iterations": 0}, "max_iterations"),
        ({"switching_cost": -1.0}, "switching_cost"),
    ],
)
def test_impossible_requests_are_refused(arguments, says):
    with pytest.raises(ProblemError, match=says):
        solve(fishing(), **arguments)


def test_start_of_another_model_is_refused():
    start = solve(turnpike(), intervals=5)
    with pytest.raises(ProblemError, match="this problem has"):
        solve(fishing(), intervals=5, start=start)


def test_visit_days_with_free_final_time_are_refused():
    with pytest.raises(ProblemError, match="final time is free"):
        solve(anti_angiogenesis(), edges_days=[0, 1])


def test_equation_along_the_path_that_no_held_control_meets():
    problem = OptimalControlProblem.define(
        model("pair", {"x": "u", "y": "-x + u**2"}, {"x": 0, "y": 1}, UNIT),
        subject_to=["x + y == 1"],
        horizon_days=1,
    )
    with pytest.raises(ProblemError, match="x \\+ y == 1"):
        solve(problem, intervals=5)
