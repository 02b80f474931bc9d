"""The S/P/R study: full dose, then the singular control of eq. 11."""

from functools import cache

import numpy as np
import pytest

from dosing.optimal.arcs import ArcLabel
from dosing.optimal.studies import proportions_figure, proportions_study
from dynamics.catalogue.bilinear import bilinear_matrices

# a second set: the resistant cells answer a little to the drug, which then rests for the last third
SECOND = {"alpha1": 0.2, "alpha2": 0.12, "alpha3": 0.06, "phi2": 0.4, "phi3": 0.1}


@cache
def study(second=False):
    """A study, solved once."""
    if second:
        return proportions_study(along=(1, 2, 4), at_end=(1, 2, 4), drug=0.3, values=SECOND)
    return proportions_study()


def matrices(problem):
    """A and B of eq. 1 in numbers."""
    a, b = bilinear_matrices(problem.model)
    return tuple(np.array(m.xreplace(problem.numbers).tolist(), dtype=float) for m in (a, b["u"]))


def bracket(x, y):
    """[X, Y] = YX - XY, the paper's convention."""
    return y @ x - x @ y


def test_full_dose_is_followed_by_a_singular_one():
    found = study()
    assert found.holds
    assert [a.label for a in found.arcs["u"]] == [ArcLabel.FULL, ArcLabel.SINGULAR, ArcLabel.ZERO]
    # an optimisation with another program found 3.28334, full dose to about day 6, then 0.33 falling to 0.25
    assert found.solution.defect.cost == pytest.approx(3.28334, abs=2e-5)
    assert found.arcs["u"][0].end_days == pytest.approx(5.84, abs=0.1)
    inside = found.course.formula[2:-2]
    assert (inside[0], inside[-1]) == pytest.approx((0.33, 0.25), abs=0.005)
    # what theory does not ask for, but the paper saw: all three populations grow at the singular dose
    assert found.growing == ("S", "P", "R")


@pytest.mark.parametrize("second", [False, True])
def test_eq_11_in_matrices_is_the_control_on_the_singular_arc(second):
    found = study(second)
    solution, weights = found.solution, (1, 2, 4) if second else (0.1, 0.2, 0.3)
    A, B = matrices(solution.problem)
    q, AB = np.array(weights, dtype=float), bracket(A, B)
    times = found.course.times_days
    middle = np.abs(times - times.mean()) <= np.ptp(times) / 4
    assert middle.sum() > 10
    at = [
        np.array([np.interp(times[middle], solution.times_days, c) for c in rows.T])
        for rows in (solution.states, solution.costates)
    ]
    for N, costate, level in zip(at[0].T, at[1].T, found.course.levels[middle], strict=True):
        above = (costate @ bracket(A, AB) - q @ AB - q @ B @ A) @ N
        below = (-costate @ bracket(B, AB) + q @ B @ B) @ N
        assert below > 0  # the strengthened Legendre-Clebsch condition of Proposition 1
        assert level == pytest.approx(above / below, rel=0.02)
    assert found.largest_difference < 0.02
    assert found.course.holds_legendre_clebsch
    assert found.course.order == 1


def test_weights_decide_whether_the_drug_rests_at_the_end():
    last = study(second=True).arcs["u"]
    assert [a.label for a in last] == [ArcLabel.FULL, ArcLabel.SINGULAR, ArcLabel.ZERO]
    assert last[-1].duration_days > 5 > 1 > study().arcs["u"][-1].duration_days


def test_the_start_is_at_the_steady_proportions_of_the_given_rates():
    for second in (False, True):
        problem = study(second).solution.problem
        A, start = matrices(problem)[0], np.array(problem.initial_state)
        assert start.sum() == pytest.approx(1)
        rates = A @ start / start
        np.testing.assert_allclose(rates, rates[0], rtol=1e-9)


def test_a_homogeneous_effect_leaves_no_singular_arc():
    # all cells alike: the drug that kills them all is given at once and then not
    same = {"phi2": 1.0, "phi3": 1.0, "alpha1": 0.06, "alpha3": 0.06}
    found = proportions_study(along=(1, 1, 1), at_end=(1, 1, 1), drug=2.0, values=same, intervals=60)
    assert not found.holds
    assert "No singular arc" in found.statement
    assert all(a.label.on_bound for a in found.arcs["u"])


def test_the_figure_shows_eq_11_over_the_solution():
    figure = proportions_figure(study())
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    np.testing.assert_allclose(
        np.asarray(lines["eq. 11"].get_ydata(), dtype=float), study().course.formula[1:-1]
    )
    assert figure.axes[2].get_ylabel() == "proportions"
