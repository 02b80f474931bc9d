"""The tumour-immune model: equations, published equilibria, drugs."""

import numpy as np
import pytest
import sympy as sp

from dynamics import ModelError, get_model
from dynamics.catalogue.tumor_immune import tumor_immune_model
from dynamics.controlled import integrate
from dynamics.equilibria import equilibria

REST = {"u": 0.0, "v": 0.0}
x, y, u, v = sp.symbols("x y u v")


def bistable(model):
    """Equilibria with a tumour, in ascending order of its volume."""
    found = equilibria(model, REST, box={"x": (0.0, 800.0), "y": (0.0, 3.0)}, time_limit_s=0.5)
    return [e for e in found if e["x"] > 0]


def test_the_equations_are_19_and_20():
    mu_C, mu_I, x_inf, gamma, beta, delta, alpha = sp.symbols("mu_C mu_I x_inf gamma beta delta alpha")
    F = {"tumor_immune": -sp.log(x / x_inf), "tumor_immune_logistic": 1 - x / x_inf}
    for name, growth in F.items():
        rhs = get_model(name).rhs.subs({u: 0, v: 0})
        assert sp.expand(rhs[0] - (mu_C * x * growth - gamma * x * y)) == 0
        assert sp.expand(rhs[1] - (mu_I * (1 - beta * x) * x * y - delta * y + alpha)) == 0


def test_the_equilibria_are_the_published_ones():
    benign, saddle, malignant = bistable(get_model("tumor_immune"))
    np.testing.assert_allclose(benign.point, (73.068, 1.3258), rtol=1e-4)
    np.testing.assert_allclose(saddle.point, (355.41, 0.4401), rtol=1e-4)
    np.testing.assert_allclose(malignant.point, (737.37, 0.03147), rtol=1e-4)
    assert [e.stability for e in (benign, saddle, malignant)] == ["stable focus", "saddle", "stable node"]
    # as printed, from rounded parameters
    for found, printed in zip(
        (benign, saddle, malignant), ((73, 1.32), (356.2, 0.439), (737.3, 0.032)), strict=True
    ):
        np.testing.assert_allclose(found.point, printed, rtol=0.02)


def test_with_logistic_growth_the_tumour_is_bistable_too():
    kinds = [e.stability for e in bistable(get_model("tumor_immune_logistic"))]
    assert kinds == ["stable focus", "saddle", "stable node"]


@pytest.mark.parametrize("name", ["tumor_immune", "tumor_immune_logistic"])
def test_untreated_the_published_start_ends_at_the_malignant_equilibrium(name):
    model = get_model(name)
    course = integrate(model, {}, [0, 200], [[0.0, 0.0]], [0, 200])
    np.testing.assert_allclose(course.states[0], (600.0, 0.1))
    np.testing.assert_allclose(course.states[-1], bistable(model)[-1].point, rtol=1e-6)


def test_both_drugs_can_carry_the_tumour_to_the_benign_equilibrium():
    model = get_model("tumor_immune")
    benign = bistable(model)[0].point
    course = integrate(model, {}, [0, 3, 400], [[1.0, 0.3], [0.0, 0.0]], [400])
    np.testing.assert_allclose(course.states[-1], benign, rtol=1e-6)


def test_drugs_act_in_proportion_to_the_cells():
    rhs = get_model("tumor_immune").rhs
    kappa_X, kappa_I, kappa_Y = sp.symbols("kappa_X kappa_I kappa_Y")
    assert sp.expand(rhs[0].diff(u) + kappa_X * x) == 0
    assert sp.expand(rhs[1].diff(u) + kappa_I * y) == 0
    assert rhs[0].diff(v) == 0
    assert sp.expand(rhs[1].diff(v) - kappa_Y * y) == 0


@pytest.mark.parametrize("name", ["tumor_immune", "tumor_immune_logistic"])
def test_states_stay_positive_and_below_the_carrying_capacity(name):
    rng = np.random.default_rng(11)
    # a boost held for weeks leaves less than one cell, which no integrator tells from none
    doses = rng.uniform(0, 1, (20, 2)) * (0.5, 0.1)
    for start in ((1e-3, 1e-3), (780.0, 0.01), (300.0, 0.0), (10.0, 3.0)):
        course = integrate(
            get_model(name),
            {"kappa_I": 0.4},
            np.linspace(0, 40, 21),
            doses,
            np.linspace(0.1, 40, 60),
            initial=start,
        )
        assert np.all(course.states > 0)
        assert np.all(course.states[:, 0] <= 780.0)


def test_another_growth_is_refused():
    with pytest.raises(ModelError, match="growth 'linear'; known are gompertz, logistic"):
        tumor_immune_model("linear")  # type: ignore[arg-type]


def test_the_edges_of_the_state_space_repel():
    for name in ("tumor_immune", "tumor_immune_logistic"):
        rhs = get_model(name).rhs
        x_inf, alpha = sp.symbols("x_inf alpha")
        assert (
            sp.limit(rhs[0].subs({"mu_C": 1, "x_inf": 1, "gamma": 1, "kappa_X": 1, u: 1, y: 1}), x, 0, "+")
            == 0
        )
        assert sp.expand(rhs[1].subs(y, 0) - alpha) == 0
        assert sp.expand(rhs[0].subs(x, x_inf).subs({u: 0, y: 0})) == 0
