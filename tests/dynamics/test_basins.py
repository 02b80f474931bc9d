"""Basins of attraction: against the separatrix, symmetry and another integrator."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

from dynamics.analysis import (
    attractor_of,
    basins,
    courses_from,
    equilibria,
    only_separatrix,
    saddle_manifolds,
)
from dynamics.capture import Capture
from dynamics.catalogue import get_model
from dynamics.model import Model, ModelError
from dynamics.numeric_field import numeric_field
from dynamics.substitution import substitute

COMPETITION, IMMUNE = get_model("competition"), get_model("tumor_immune")
FIG2 = {"r": 0.02, "K": 1000.0, "c": 3.0, "u": 1.0, "delta": 0.012}
REST = {"u": 0.0, "v": 0.0}
SQUARE, IMMUNE_BOX = {"S": (0.0, 1000.0), "R": (0.0, 1000.0)}, {"x": (0.0, 900.0), "y": (0.0, 2.5)}


@pytest.mark.parametrize(
    ("model", "values", "box"),
    [(COMPETITION, FIG2, SQUARE), (IMMUNE, REST, IMMUNE_BOX)],
    ids=["Masud", "immune"],
)
def test_basins_meet_at_the_separatrix(model, values, box):
    found = equilibria(model, values, box=box, time_limit_s=0.5)
    result = basins(model, values, box=box, shape=(60, 50), found=found)
    border = only_separatrix(saddle_manifolds(model, values, box=box, found=found))
    sides = border.side(np.stack(np.meshgrid(result.x, result.y), axis=-1))
    expected = np.array([result.attractors.index(e) for e in border.outcomes if e])[sides]
    np.testing.assert_array_equal(result.reached, expected)
    assert result.undecided == 0
    assert result.share(0) + result.share(result.attractors[1]) == pytest.approx(1.0)
    assert 0.2 < result.share(0) < 0.8


@pytest.mark.slow
def test_equal_competitors_share_the_box_evenly():
    model = Model.define(
        "equal", states={"a": "a*(1 - a - 2*b)", "b": "b*(1 - b - 2*a)"}, initial={"a": "1", "b": "1"},
        outputs={"y": "a"}, parameters=[], inputs=(),
    )  # fmt: skip
    result = basins(model, {}, box={"a": (0, 2), "b": (0, 2)}, shape=(24, 24))
    diagonal = np.eye(24, dtype=bool)
    winner = np.array([e["a"] > 0.5 for e in result.attractors])
    a_wins = winner[result.reached]
    np.testing.assert_array_equal(a_wins[~diagonal], (result.x[None, :] > result.y[:, None])[~diagonal])


@pytest.mark.slow
def test_a_cycle_is_no_equilibrium():
    model = Model.define(
        "pol", states={"x": "y", "y": "(1 - x^2)*y - x"}, initial={"x": "1", "y": "1"}, outputs={"s": "x"},
        parameters=[], inputs=(),
    )  # fmt: skip
    result = basins(model, {}, box={"x": (-3, 3), "y": (-3, 3)}, shape=(4, 4), limit_days=1000.0)
    assert result.attractors == ()
    assert result.undecided == 1.0


@pytest.mark.slow
def test_three_states_reach_what_another_integrator_says():
    model = Model.define(
        "three",
        states={
            "a": "a*(1 - a - 2*b - c/2)", "b": "b*(1 - b - 2*a - c/2)", "c": "c*(1 - c - 3*a - b/2)",
        },
        initial={"a": "1", "b": "1", "c": "1"}, outputs={"y": "a"}, parameters=[], inputs=(),
    )  # fmt: skip
    stable = [e for e in equilibria(model, {}) if e.stable]
    starts = np.random.default_rng(2).uniform(0.05, 1.0, (20, 3))
    reached = attractor_of(model, {}, starts, stable)
    assert set(reached) == set(range(len(stable)))
    f = sp.lambdify(list(model.state_symbols), model.rhs.flat())
    for start, index in zip(starts, reached, strict=True):
        end = solve_ivp(lambda _, z: f(*z), (0, 2000), start, method="LSODA", rtol=1e-10, atol=1e-12).y[:, -1]
        np.testing.assert_allclose(end, stable[index].point, atol=1e-5)


def test_no_course_leaves_a_capturing_neighbourhood():
    stable = [e for e in equilibria(IMMUNE, REST, box={"y": (0, 5)}, time_limit_s=0.5) if e.stable]
    field = numeric_field(IMMUNE, REST)
    rng = np.random.default_rng(4)
    for e in stable:
        net = Capture(field, e, e.point, np.array([True, False]))
        assert net.level > 0
        z = rng.standard_normal((40, 2))
        z *= np.sqrt(0.999 * net.level / np.einsum("mi,ij,mj->m", z, net.matrix, z))[:, None]
        starts = e.point + e.point * z
        assert np.all(net.holds(starts))
        courses, status = courses_from(IMMUNE, REST, starts, np.linspace(0, 300, 61))
        assert np.all(status == 0)
        assert np.all(net.holds(courses.reshape(-1, 2)))
        np.testing.assert_allclose(courses[:, -1], np.tile(e.point, (40, 1)), rtol=1e-4)


def test_courses_agree_with_another_integrator():
    times = np.array([0.0, 30.0, 400.0])
    courses, _ = courses_from(COMPETITION, FIG2, np.array([[800, 190], [200, 200]]), times)
    f = sp.lambdify(
        list(COMPETITION.state_symbols),
        [substitute(s.rhs, {sp.Symbol(n): v for n, v in FIG2.items()}) for s in COMPETITION.states],
    )
    for course in courses:
        run = solve_ivp(lambda _, z: f(*z), (0, 400), course[0], t_eval=times, rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(course, run.y.T, rtol=1e-6)


def test_starts_that_cannot_be_followed_are_refused():
    with pytest.raises(ModelError, match="populations of a start must be positive"):
        courses_from(COMPETITION, FIG2, np.array([[800.0, 0.0]]), np.array([0.0, 1.0]))
    with pytest.raises(ModelError, match="2 finite columns"):
        courses_from(COMPETITION, FIG2, np.array([[800.0, 1.0, 1.0]]), np.array([0.0, 1.0]))
    one = Model.define(
        "one", states={"a": "-a"}, initial={"a": "1"}, outputs={"y": "a"}, parameters=[], inputs=()
    )
    with pytest.raises(ModelError, match="basins on a grid need a model with 2 states"):
        basins(one, {})
