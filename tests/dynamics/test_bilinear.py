"""Bilinear compartment models: eq. 1 of Ledzewicz 2018 in every form in which its matrices can be given."""

import numpy as np
import pytest
import sympy as sp

from dynamics import Constant, Input, ModelError, Parameter, get_model
from dynamics.catalogue.bilinear import bilinear_matrices, bilinear_model, keeps_cells_positive
from dynamics.controlled import integrate

N1, N2, N3, S, P, R, u, v, k = sp.symbols("N1 N2 N3 S P R u v k")


def test_the_matrices_of_any_model_can_be_read_back():
    rng = np.random.default_rng(5)
    A, B, C = (np.round(rng.uniform(-1, 1, (4, 4)), 3) for _ in range(3))
    model = bilinear_model("any", A, {"u": B, "v": sp.Matrix(C.tolist())}, [1, 2, 3, 4])
    found, effects = bilinear_matrices(model)
    np.testing.assert_allclose(np.array(found.tolist(), float), A, atol=1e-15)
    np.testing.assert_allclose(np.array(effects["u"].tolist(), float), B, atol=1e-15)
    np.testing.assert_allclose(np.array(effects["v"].tolist(), float), C, atol=1e-15)
    assert model.state_names == ("N1", "N2", "N3", "N4")
    assert sp.expand(model.output[0] - sum(model.state_symbols)) == 0
    assert list(model.initial.flat()) == [1, 2, 3, 4]


def test_entries_may_be_numbers_text_or_symbols():
    model = bilinear_model(
        "mixed", [["-k", 0.25], [k / 2, 0]], {"w": [[-1, 0], [0, 0]]}, ["k", 1],
        parameters=[Parameter("k", "per day", 0.1, 1.0)], states=["a", "b"], outputs={"y": "a + 2*b"},
        inputs=[Input("w", "drug", "mg", 0.0, 5.0)], units={"a": "cells"}, meanings={"y": "weighted"},
    )  # fmt: skip
    a, b, w = sp.symbols("a b w")
    assert sp.expand(model.rhs[0] - (-k * a + b / 4 - w * a)) == 0
    assert sp.expand(model.rhs[1] - k * a / 2) == 0
    assert model.inputs[0].upper == 5.0
    assert (model.states[0].unit, model.outputs[0].meaning) == ("cells", "weighted")


def test_the_cell_cycle_is_swierniak_s():
    model = get_model("cell_cycle")
    a1, a2, a3 = sp.symbols("a1 a2 a3")
    expected = [
        -a1 * N1 + 2 * (1 - u) * a3 * N3,
        a1 * N1 - (1 - v) * a2 * N2,
        (1 - v) * a2 * N2 - a3 * N3,
    ]
    assert all(sp.expand(f - g) == 0 for f, g in zip(model.rhs, expected, strict=True))
    # every division makes one cell more, less twice what the killing drug takes; blocking only holds cells up
    assert sp.expand(sum(model.rhs) - a3 * N3 * (1 - 2 * u)) == 0


def test_the_three_populations_are_equations_3_to_5():
    model = get_model("sensitive_partial_resistant")
    names = "alpha1 alpha2 alpha3 phi1 phi2 phi3 sigma_P sigma_R pi_S pi_R rho_S rho_P"
    al1, al2, al3, ph1, ph2, ph3, sP, sR, pS, pR, rS, rP = sp.symbols(names)
    expected = [
        (al1 - sP - sR - ph1 * u) * S + pS * P + rS * R,
        sP * S + (al2 - pS - pR - ph2 * u) * P + rP * R,
        sR * S + pR * P + (al3 - rS - rP - ph3 * u) * R,
    ]
    assert all(sp.expand(f - g) == 0 for f, g in zip(model.rhs, expected, strict=True))
    # transitions only move cells
    free = al1 * S + al2 * P + al3 * R - u * (ph1 * S + ph2 * P + ph3 * R)
    assert sp.expand(sum(model.rhs) - free) == 0


def test_the_declared_rates_are_ordered_as_the_paper_asks():
    value = {c.name: c.value for c in get_model("sensitive_partial_resistant").constants}
    assert value["alpha1"] > value["alpha2"] > value["alpha3"]
    assert value["phi1"] > value["phi2"] > value["phi3"] >= 0


@pytest.mark.parametrize("name", ["cell_cycle", "sensitive_partial_resistant"])
def test_no_dose_within_bounds_makes_a_compartment_negative(name):
    model = get_model(name)
    assert keeps_cells_positive(model)
    rng = np.random.default_rng(7)
    upper = np.array([i.upper for i in model.inputs])
    doses = rng.uniform(0, 1, (20, len(upper))) * upper
    for start in np.eye(3):
        course = integrate(model, {}, np.linspace(0, 40, 21), doses, np.linspace(0.1, 40, 50), initial=start)
        assert np.all(course.states > 0)


def test_a_drug_that_takes_from_an_empty_compartment_is_seen():
    model = bilinear_model("wrong", [[0.1, 0.05], [0.0, 0.1]], {"u": [[0, -1], [0, 0]]}, [1, 1])
    assert not keeps_cells_positive(model)


def test_steady_proportions_as_the_start():
    model = bilinear_model(
        "steady", [[0, "b"], ["b", 0]], {}, None, total="3*b", constants=[Constant("b", "per day", value=2.0)]
    )
    np.testing.assert_allclose([float(s.initial.subs("b", 2.0)) for s in model.states], [3.0, 3.0])
    with pytest.raises(ModelError, match="steady proportions need a value for q"):
        bilinear_model("free", [["q"]], {}, None, parameters=[Parameter("q", "per day", 0.1, 1.0)])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([[1, 2]], {}, [1]), r"matrix A is not square"),
        (([[1, 2], [3, 4]], {}, [1]), r"A has 2 rows, with 2 states and 1 initial values"),
        (([[1]], {"u": [[1, 0], [0, 1]]}, [1]), r"A has 1 rows, but the matrix of u has 2"),
        (([["z"]], {}, [1]), r"matrix A: unknown symbol 'z'"),
        (([[sp.Symbol("z")]], {}, [1]), r"unknown symbol z"),
    ],
)
def test_matrices_that_do_not_fit_are_refused(arguments, says):
    with pytest.raises(ModelError, match=says):
        bilinear_model("bad", *arguments)


def test_inputs_without_a_matrix_are_refused():
    with pytest.raises(ModelError, match="matrices B for u, inputs v"):
        bilinear_model("bad", [[1]], {"u": [[1]]}, [1], inputs=[Input("v")])


def test_what_is_not_bilinear_is_refused():
    for name in ("logistic", "tumor_immune", "competition"):
        with pytest.raises(ModelError, match="is not of the form"):
            bilinear_matrices(get_model(name))
