"""Separatrices: against closed forms, and against where courses on either side end."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

from dynamics.analysis import BranchEnd, equilibria, only_separatrix, saddle_manifolds
from dynamics.catalogue import get_model
from dynamics.model import Model, ModelError

COMPETITION, IMMUNE = get_model("competition"), get_model("tumor_immune")
FIG2 = {"r": 0.02, "K": 1000.0, "c": 3.0, "u": 1.0, "delta": 0.012}
# Masud 2023, Table 1, at 70 % of MTD as in Fig. 4.
PATIENT_2 = {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323, "u": 0.7}
REST = {"u": 0.0, "v": 0.0}
SQUARE, IMMUNE_BOX = {"S": (0.0, 1000.0), "R": (0.0, 1000.0)}, {"x": (0.0, 900.0), "y": (0.0, 2.5)}
CASES = [
    (COMPETITION, FIG2, SQUARE),
    (COMPETITION, PATIENT_2, {"S": (0, 580), "R": (0, 580)}),
    (IMMUNE, REST, IMMUNE_BOX),
]
NAMES = ["Fig. 2b", "Fig. 4, patient 2", "tumour-immune"]


def manifolds(model, values, box):
    found = equilibria(model, values, box=box, time_limit_s=0.5)
    return saddle_manifolds(model, values, box=box, found=found)


def flow(model, values):
    known = {c.name: c.value for c in model.constants if c.value is not None} | values
    f = sp.lambdify(list(model.state_symbols), list(model.rhs.subs(known)))
    return lambda _, z: f(*z)


@pytest.mark.parametrize(("model", "values", "box"), CASES, ids=NAMES)
def test_courses_just_beside_the_separatrix_end_at_different_equilibria(model, values, box):
    found = only_separatrix(manifolds(model, values, box))
    widths = np.array([high - low for low, high in box.values()])
    run = flow(model, values)
    for branch in found.stable:
        place = branch.points[len(branch.points) // 2]
        along = (branch.points[len(branch.points) // 2 + 1] - place) / widths
        across = np.array([-along[1], along[0]]) / np.linalg.norm(along) * widths
        ends = []
        for step in (1e-5, -1e-5):
            start = place + step * across
            end = solve_ivp(run, (0, 20_000), start, method="LSODA", rtol=1e-11, atol=1e-12).y[:, -1]
            expected = found.outcomes[int(found.side(start))]
            assert expected is not None
            np.testing.assert_allclose(end, expected.point, rtol=1e-5, atol=1e-6)
            ends.append(end)
        assert np.linalg.norm((ends[0] - ends[1]) / widths) > 0.3


@pytest.mark.parametrize(("model", "values", "box"), CASES, ids=NAMES)
def test_the_flow_runs_along_the_separatrix(model, values, box):
    found = only_separatrix(manifolds(model, values, box))
    widths = np.array([high - low for low, high in box.values()])
    run = flow(model, values)
    for branch in found.stable:
        line = branch.points / widths
        middle, chord = line[2:-2], line[3:-1] - line[1:-3]
        rate = np.array([run(0.0, z * widths) for z in middle]) / widths
        sine = (rate[:, 0] * chord[:, 1] - rate[:, 1] * chord[:, 0]) / (
            np.linalg.norm(rate, axis=1) * np.linalg.norm(chord, axis=1)
        )
        assert np.max(np.abs(sine)) < 0.02
        # The branch is followed backward: the flow leads towards the saddle.
        assert np.all(np.sum(rate * chord, axis=1) < 0)


def test_the_saddle_of_masud_2023_separates_the_two_outcomes():
    found = only_separatrix(manifolds(COMPETITION, FIG2, SQUARE))
    np.testing.assert_allclose(found.saddle.point, [300, 100])
    assert {tuple(np.round(e.point)) for e in found.outcomes if e} == {(400, 0), (0, 1000)}
    # One end lies at the tumour-free state, as the paper says, the other at the edge of the box.
    assert {b.end for b in found.stable} == {BranchEnd.EQUILIBRIUM, BranchEnd.BOX}
    (inner,) = [b for b in found.stable if b.end is BranchEnd.EQUILIBRIUM]
    np.testing.assert_allclose(inner.points[-1], [0, 0], atol=1e-9)
    # The three starts of Fig. 2b: the first is cured of resistance, the others are not.
    sides = found.side(np.array([[800, 190], [200, 200], [450, 500]]))
    ends = [found.outcomes[i] for i in sides]
    assert [tuple(np.round(e.point)) for e in ends if e] == [(400, 0), (0, 1000), (0, 1000)]


def test_benign_and_malignant_tumours_are_separated():
    found = only_separatrix(manifolds(IMMUNE, REST, IMMUNE_BOX))
    np.testing.assert_allclose(found.saddle.point, [355.41, 0.4401], rtol=1e-4)
    at = {int(found.side(e.point)): e.point for e in found.outcomes if e}
    assert len(at) == 2
    # The start of the paper's patient lies on the malignant side.
    end = found.outcomes[int(found.side(np.array([600.0, 0.1])))]
    assert end is not None
    assert end["x"] == pytest.approx(737.37, rel=1e-5)


def test_manifolds_follow_a_closed_form():
    # x' = x, y' = -y + x^2: out along y = x^2/3, in along x = 0.
    model = Model.define(
        "bent", states={"x": "x", "y": "-y + x^2"}, initial={"x": "1", "y": "1"}, outputs={"s": "x"},
        parameters=[], inputs=(),
    )  # fmt: skip
    found = equilibria(model, {}, nonnegative=False)
    (only,) = saddle_manifolds(model, {}, box={"x": (-2, 2), "y": (-1, 3)}, found=found)
    out = only.curve("unstable")
    np.testing.assert_allclose(out[:, 1], out[:, 0] ** 2 / 3, atol=1e-10)
    assert sorted(np.round(out[[0, -1], 0], 8)) == [-2, 2]
    into = only.curve("stable")
    np.testing.assert_allclose(into[:, 0], 0.0, atol=1e-12)
    assert sorted(np.round(into[[0, -1], 1], 8)) == [-1, 3]
    assert all(b.end is BranchEnd.BOX for b in (*only.stable, *only.unstable))
    assert not only.separates


def test_a_saddle_on_an_axis_is_not_the_border_of_two_basins():
    found = manifolds(COMPETITION, FIG2 | {"delta": 0.015}, SQUARE)
    (only,) = found
    np.testing.assert_allclose(only.saddle.point, [250, 0])
    assert np.all(only.curve()[:, 1] == 0)
    with pytest.raises(ModelError, match="0 separatrices"):
        only_separatrix(found)


def test_a_branch_that_winds_around_a_cycle_says_so():
    # A saddle-free centre is avoided: van der Pol's cycle attracts the unstable branch of a saddle at (3, 0).
    model = Model.define(
        "winding", states={"x": "y", "y": "(1 - x^2)*y - x + x^2/3"}, initial={"x": "1", "y": "1"},
        outputs={"s": "x"}, parameters=[], inputs=(),
    )  # fmt: skip
    found = equilibria(model, {}, nonnegative=False)
    (only,) = saddle_manifolds(model, {}, box={"x": (-6, 6), "y": (-8, 8)}, found=found)
    assert only.saddle["x"] == pytest.approx(3.0)
    assert BranchEnd.UNFINISHED in {b.end for b in only.unstable}


def test_other_numbers_of_states_are_refused():
    chain = Model.define(
        "chain", states={"a": "-a"}, initial={"a": "1"}, outputs={"y": "a"}, parameters=[], inputs=()
    )
    with pytest.raises(ModelError, match="separatrices need a model with 2 states, but 'chain' has 1"):
        saddle_manifolds(chain, {})
