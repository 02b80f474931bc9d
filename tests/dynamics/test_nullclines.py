"""Nullclines: against published lines, against the equations, explicit against traced."""

import numpy as np
import pytest
import sympy as sp

from dynamics.analysis import nullclines
from dynamics.catalogue import get_model
from dynamics.curve_sampling import level_lines
from dynamics.model import Model, ModelError
from dynamics.substitution import substitute

COMPETITION, IMMUNE = get_model("competition"), get_model("tumor_immune")
# Masud 2023, Fig. 2b.
FIG2 = {"r": 0.02, "K": 1000.0, "c": 3.0, "u": 1.0, "delta": 0.012}
REST = {"u": 0.0, "v": 0.0}
BOX = {"x": (0.0, 900.0), "y": (0.0, 2.5)}


def plane(x, y, box=None):
    model = Model.define(
        "plane", states={"x": x, "y": y}, initial={"x": "1", "y": "1"}, outputs={"size": "x"}, parameters=[],
        inputs=(),
    )  # fmt: skip
    return nullclines(model, {}, box=box or {"x": (0, 2), "y": (0, 2)})


def of(found, state):
    return [n for n in found if n.state == state and not n.absent]


def test_the_lines_of_masud_2023_are_found_with_their_ends():
    found = nullclines(COMPETITION, FIG2, box={"S": (0, 1000), "R": (0, 1000)})
    assert [(n.state, n.absent) for n in found] == [("S", True), ("S", False), ("R", True), ("R", False)]
    # eqs 2 and 3: S + R = K (1 - delta/r), and c S + R = K.
    (s_line,), (r_line,) = (n.curves for n in found if not n.absent)
    np.testing.assert_allclose(s_line[[0, -1]], [[0, 400], [400, 0]], atol=1e-8)
    np.testing.assert_allclose(r_line[[0, -1]], [[0, 1000], [1000 / 3, 0]], atol=1e-8)
    np.testing.assert_allclose(s_line.sum(axis=1), 400, rtol=1e-12)
    K, c, S = sp.symbols("K c S")
    assert sp.simplify(of(found, "R")[0].solutions[0] - (K - c * S)) == 0
    assert np.all(found[0].curves[0][:, 0] == 0)
    assert np.all(found[2].curves[0][:, 1] == 0)


def test_a_sensitive_nullcline_does_not_exist_above_the_growth_rate():
    found = nullclines(COMPETITION, FIG2 | {"delta": 0.03}, box={"S": (0, 1000), "R": (0, 1000)})
    assert of(found, "S")[0].curves == ()


def test_tumour_and_immune_nullclines_are_where_the_rates_vanish():
    found = nullclines(IMMUNE, REST, box=BOX)
    known = {c.name: c.value for c in IMMUNE.constants} | REST
    rhs = sp.lambdify(list(IMMUNE.state_symbols), list(IMMUNE.rhs.subs(known)))
    for place, state in enumerate(("x", "y")):
        (line,) = of(found, state)
        assert line.method == "explicit"
        assert line.solved_for == "y"
        for curve in line.curves:
            rates = np.array([rhs(*p)[place] for p in curve[1:]])
            assert np.max(np.abs(rates)) < 1e-9
            # Fine enough for the eye: no piece is longer than 2 % of the box.
            assert np.max(np.abs(np.diff(curve, axis=0)) / (900, 2.5)) < 0.02
    # alpha/(delta - mu_I (1 - beta x) x) has poles at 98.6 and 263.5: two pieces, both through the top.
    left, right = of(found, "y")[0].curves
    assert left[-1, 1] == pytest.approx(2.5, abs=1e-9)
    assert right[0, 1] == pytest.approx(2.5, abs=1e-9)
    assert left[-1, 0] < 98.7 < 263.4 < right[0, 0]


def test_tracing_finds_the_same_curve_as_solving():
    (line,) = of(nullclines(IMMUNE, REST, box=BOX), "y")
    known = {c.name: c.value or 0.0 for c in IMMUNE.constants} | REST
    x, y = IMMUNE.state_symbols
    f = substitute(IMMUNE.states[1].rhs, {sp.Symbol(n): v for n, v in known.items()})
    value = sp.lambdify([[x, y]], f)
    gradient = sp.lambdify([[x, y]], [f.diff(x), f.diff(y)])
    traced = level_lines(value, gradient, np.array([BOX["x"], BOX["y"]]))
    assert len(traced) == len(line.curves) == 2
    for curve in traced:
        exact = 0.1181 / (0.37451 - 0.00484 * (1 - 0.00264 * curve[:, 0]) * curve[:, 0])
        np.testing.assert_allclose(curve[:, 1], exact, rtol=1e-9, atol=1e-9)


def test_a_circle_is_solved_on_both_sides_of_its_folds():
    found = of(plane("1 - (x - 1)^2 - (y - 1)^2 - 3/4", "y - x"), "x")
    (circle,) = found
    assert circle.method == "explicit"
    points = np.concatenate(circle.curves)
    np.testing.assert_allclose(np.hypot(points[:, 0] - 1, points[:, 1] - 1), 0.5, rtol=1e-9)
    for side in circle.curves:
        np.testing.assert_allclose(side[[0, -1], 0], [0.5, 1.5], atol=1e-9)
    assert points[:, 1].min() == pytest.approx(0.5, abs=1e-4)


def test_what_cannot_be_solved_is_traced():
    (line,) = of(plane("exp(x*y) + x^3*y^3 - 4", "x - y"), "x")
    assert line.method == "traced"
    (curve,) = line.curves
    # exp(q) + q^3 = 4 for q = x y.
    q = np.prod(curve, axis=1)
    np.testing.assert_allclose(np.exp(q) + q**3, 4.0, rtol=1e-10)


def test_factors_are_separate_nullclines():
    found = of(plane("(x - 1)*(y - x/2)", "y - x"), "x")
    assert len(found) == 2
    upright = next(n for n in found if n.solved_for == "x")
    np.testing.assert_allclose(upright.curves[0][:, 0], 1.0, rtol=1e-12)
    assert np.ptp(upright.curves[0][:, 1]) == pytest.approx(2.0)


def test_a_state_that_drops_out_at_these_numbers_leaves_an_upright_line():
    (line,) = of(nullclines(IMMUNE, REST | {"gamma": 0.0}, box=BOX), "x")
    assert line.method == "traced"
    np.testing.assert_allclose(line.curves[0][:, 0], 780.0, rtol=1e-10)


def test_other_numbers_of_states_and_bad_boxes_are_refused():
    chain = Model.define(
        "chain", states={"a": "-a", "b": "a - b", "c": "b - c"}, initial={"a": "1", "b": "0", "c": "0"},
        outputs={"y": "c"}, parameters=[], inputs=(),
    )  # fmt: skip
    with pytest.raises(
        ModelError, match=r"nullclines need a model with 2 states, but 'chain' has 3 \(a, b, c\)"
    ):
        nullclines(chain, {})
    with pytest.raises(ModelError, match="box names z"):
        plane("y", "x", box={"z": (0, 1)})
    with pytest.raises(ModelError, match="box of x is"):
        plane("y", "x", box={"x": (1, 1), "y": (0, 1)})
    with pytest.raises(ModelError, match="no natural size"):
        plane("y", "x", box={"x": (0, 1)})
