"""Bifurcation diagrams: against closed forms, and folds against the extremes of an explicit curve."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from dynamics.analysis import bifurcation_diagram, equilibria
from dynamics.catalogue import get_model
from dynamics.model import Input, Model, ModelError, Parameter

COMPETITION, IMMUNE = get_model("competition"), get_model("tumor_immune")
# Masud 2023, Fig. 2.
FIG2 = {"r": 0.02, "K": 1000.0, "c": 3.0}
PATIENT_2 = {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323}
REST = {"u": 0.0, "v": 0.0}


def free(name, unit="1"):
    return Parameter(name, unit, 1e-9, 1e9)


def small(states, parameters=("p",)):
    names = list(states)
    return Model.define(
        "small", states=states, initial=dict.fromkeys(names, "1"), outputs={"size": names[0]},
        parameters=[free(p) for p in parameters], inputs=(),
    )  # fmt: skip


# ---- competition ----------------------------------------------------------------------------------------
def test_the_cases_of_masud_2023_are_found():
    found = bifurcation_diagram(COMPETITION, FIG2 | {"u": 1.0}, "delta", (0.0005, 0.03))
    assert {b.present for b in found.branches} == {(), ("S",), ("R",), ("S", "R")}
    assert [p.kind for p in found.points] == ["transcritical", "transcritical"]
    # Case III ends at r (1 - 1/c), case II at r.
    np.testing.assert_allclose([p.value for p in found.points], [0.02 * (1 - 1 / 3), 0.02], atol=1e-12)
    np.testing.assert_allclose(found.points[0].point, [1000 / 3, 0], atol=1e-6)
    assert found.branch("S").stable_between()[0] == pytest.approx((0.0005, 0.04 / 3), abs=1e-10)
    assert found.branch("R").stable_between() == ((0.0005, 0.03),)
    assert found.branch().stable_between() == found.branch("S", "R").stable_between() == ()
    assert found.points[0].sentence == (
        "Transcritical bifurcation of S alone and S and R at delta = 0.013333333 per day."
    )


def test_branches_are_the_published_equilibria():
    found = bifurcation_diagram(COMPETITION, FIG2 | {"u": 1.0}, "delta", (0.0005, 0.03))
    alone, both = found.branch("S"), found.branch("S", "R")
    np.testing.assert_allclose(alone.points[:, 0], 1000 * (1 - alone.values / 0.02), atol=1e-7)
    np.testing.assert_allclose(both.points[:, 0], both.values * 1000 / 0.04, rtol=1e-9)
    np.testing.assert_allclose(both.points[:, 1], 1500 * (1 - both.values / 0.02 - 1 / 3), atol=1e-7)
    np.testing.assert_allclose(both.outputs[:, 0], both.points.sum(axis=1), rtol=1e-12)
    # The window is where the stable branch lies below K_tol = 500: (0.01, 0.013333).
    stable = alone.values[alone.stable & (alone.outputs[:, 0] < 500)]
    assert stable.min() == pytest.approx(0.01, abs=2e-4)
    assert stable.max() == pytest.approx(0.04 / 3, abs=2e-4)


def test_the_dose_is_a_parameter_like_any_other():
    found = bifurcation_diagram(COMPETITION, PATIENT_2, "u", (0.0, 1.0))
    edge = PATIENT_2["r"] * (1 - 1 / PATIENT_2["c"]) / PATIENT_2["delta"]
    assert found.branch("S").stable_between()[0] == pytest.approx((0.0, edge), abs=1e-9)
    assert edge == pytest.approx(0.834748, abs=1e-6)  # the published upper edge
    assert found.unit == "fraction of MTD"


def test_points_between_agree_with_equilibria_found_anew():
    found = bifurcation_diagram(COMPETITION, PATIENT_2, "u", (0.0, 1.0))
    for branch in found.branches:
        k = len(branch.values) // 3
        again = equilibria(COMPETITION, PATIENT_2 | {"u": branch.values[k]})
        match = min(again, key=lambda e: np.max(np.abs(e.point - branch.points[k])))
        np.testing.assert_allclose(branch.points[k], match.point, atol=1e-7)
        np.testing.assert_allclose(branch.eigenvalues[k], match.eigenvalues, atol=1e-9)


# ---- tumour and immune system ---------------------------------------------------------------------------
def test_saddle_nodes_of_the_tumour_immune_model_are_the_extremes_of_an_explicit_curve():
    found = bifurcation_diagram(IMMUNE, REST, "beta", (0.0005, 0.006), box={"y": (0, 5)}, time_limit_s=0.5)

    def beta(x):
        y = -0.5599 * np.log(x / 780)
        return (1 - (0.37451 * y - 0.1181) / (0.00484 * x * y)) / x

    low = minimize_scalar(beta, bounds=(400, 770), method="bounded", options={"xatol": 1e-9})
    high = minimize_scalar(lambda x: -beta(x), bounds=(70, 300), method="bounded", options={"xatol": 1e-9})
    assert [p.kind for p in found.points] == ["saddle-node", "saddle-node"]
    np.testing.assert_allclose([p.value for p in found.points], [low.fun, -high.fun], atol=1e-10)
    np.testing.assert_allclose([p.point[0] for p in found.points], [low.x, high.x], rtol=1e-5)
    branch = found.branch("x", "y")
    np.testing.assert_allclose(beta(branch.points[:, 0]), branch.values, atol=1e-9)
    (first, second) = sorted(branch.stable_between())
    assert first == pytest.approx((0.0005, -high.fun), abs=1e-9)
    assert second == pytest.approx((low.fun, 0.006), abs=1e-9)


def test_chemotherapy_removes_the_malignant_equilibrium_at_a_saddle_node():
    found = bifurcation_diagram(IMMUNE, {"v": 0.0}, "u", (0.0, 1.0), box={"y": (0, 5)}, time_limit_s=0.5)
    fold = next(p for p in found.points if p.kind == "saddle-node")
    assert fold.point[0] > 355.41  # between the saddle and the malignant equilibrium without drug
    for dose, count in ((fold.value - 1e-4, 2), (fold.value + 1e-4, 1)):
        there = equilibria(IMMUNE, {"u": dose, "v": 0.0}, box={"y": (0, 5)}, time_limit_s=0.5)
        assert sum(e.stable for e in there) == count


# ---- normal forms ---------------------------------------------------------------------------------------
def test_a_pitchfork_is_named():
    found = bifurcation_diagram(small({"x": "x*(p - 0.5 - x^2)"}), {}, "p", (0.1, 1.0))
    (point,) = found.points
    assert point.kind == "pitchfork"
    assert point.value == pytest.approx(0.5, abs=1e-9)


def test_an_island_of_equilibria_is_followed_all_around():
    found = bifurcation_diagram(small({"x": "1/4 - (x - 2)^2 - 4*(p - 0.5)^2"}), {}, "p", (0.0, 1.0))
    (branch,) = found.branches
    np.testing.assert_allclose(
        (branch.points[:, 0] - 2) ** 2 + 4 * (branch.values - 0.5) ** 2, 0.25, rtol=1e-9
    )
    np.testing.assert_allclose(branch.points[0], branch.points[-1])
    assert [p.kind for p in found.points] == ["saddle-node", "saddle-node"]
    np.testing.assert_allclose([p.value for p in found.points], [0.25, 0.75], atol=1e-10)


def test_an_oscillation_begins_at_a_hopf_point():
    # Rosenzweig and MacArthur: the coexistence loses stability where N* = (K - 1/(a h))/2.
    model = small({"N": "r*N*(1 - N/K) - a*N*P/(1 + a*h*N)", "P": "e*a*N*P/(1 + a*h*N) - m*P"}, "rKahem")
    values = {"r": 1.0, "a": 0.5, "h": 0.4, "e": 0.8, "m": 0.3}
    rest = 0.3 / (0.5 * (0.8 - 0.3 * 0.4))
    capacity = 2 * rest + 1 / (0.5 * 0.4)
    found = bifurcation_diagram(model, values, "K", (0.5, 15.0))
    first, second = found.points
    assert (first.kind, second.kind) == ("transcritical", "Hopf")
    assert first.value == pytest.approx(rest, abs=1e-8)  # the predator can live
    assert second.value == pytest.approx(capacity, abs=1e-8)
    # There the determinant is the square of the frequency.
    predators = 1.0 * (1 - rest / capacity) * (1 + 0.2 * rest) / 0.5
    determinant = (0.5 * rest / (1 + 0.2 * rest)) * (0.8 * 0.5 * predators / (1 + 0.2 * rest) ** 2)
    assert second.period_days == pytest.approx(2 * np.pi / np.sqrt(determinant), rel=1e-7)
    assert np.isnan(first.period_days)


def test_three_states_are_no_obstacle():
    # Competition with the drug's concentration as a third state: its steady state is u/k.
    model = Model.define(
        "three",
        states={
            "S": "r*(1 - (S + R)/K)*S - C*delta*S",
            "R": "r*(1 - (c*S + R)/K)*R",
            "C": "u - k*C",
        },
        initial={"S": "1", "R": "1", "C": "0"},
        outputs={"burden": "S + R"},
        parameters=[free(n) for n in ("r", "K", "delta", "c", "k")],
        inputs=[Input("u")],
    )
    values = FIG2 | {"delta": 0.03, "k": 0.8}
    found = bifurcation_diagram(model, values, "u", (0.01, 0.9))
    edge = 0.8 * 0.02 * (1 - 1 / 3) / 0.03
    assert found.branch("S", "C").stable_between()[0] == pytest.approx((0.01, edge), abs=1e-9)
    assert [p.kind for p in found.points] == ["transcritical", "transcritical"]
    np.testing.assert_allclose([p.value for p in found.points], [edge, 0.8 * 0.02 / 0.03], atol=1e-9)
    at = equilibria(model, values | {"u": 0.3})
    assert sorted(e.stability for e in at).count("stable node") == 2
    assert all(len(e.eigenvalues) == 3 for e in at)


# ---- refusals -------------------------------------------------------------------------------------------
def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ModelError, match="has no 'q' to vary"):
        bifurcation_diagram(COMPETITION, FIG2, "q", (0, 1))
    with pytest.raises(ModelError, match="range of u"):
        bifurcation_diagram(COMPETITION, PATIENT_2, "u", (1, 0))
    with pytest.raises(ModelError, match="need values for"):
        bifurcation_diagram(COMPETITION, FIG2, "u", (0, 1))
    found = bifurcation_diagram(COMPETITION, PATIENT_2, "u", (0, 1))
    with pytest.raises(ModelError, match="0 branches with S, T present"):
        found.branch("S", "T")
