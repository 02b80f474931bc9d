"""Derivatives, equilibria, stability, LaTeX: against published points and independent numerics."""

import math

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

from dynamics import sympy_worker
from dynamics.analysis import (
    equilibria,
    initial_jacobian,
    jacobian,
    kolmogorov,
    latex_equations,
    latex_initial,
    latex_outputs,
    latex_symbol,
    output_jacobian,
    parameter_jacobian,
    stability_word,
    symbolic_equilibria,
)
from dynamics.catalogue import get_model
from dynamics.model import Constant, Model, ModelError, Parameter
from dynamics.solving import solve_system

COMPETITION, TURNOVER = get_model("competition"), get_model("turnover")
# Masud 2023, Fig. 2.
FIG2 = {"r": 0.02, "K": 1000.0, "c": 3.0, "u": 1.0}


def free(name, unit="1"):
    return Parameter(name, unit, 1e-9, 1e9)


# ---- derivatives ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("model", [COMPETITION, TURNOVER], ids=lambda m: m.name)
@pytest.mark.parametrize(
    ("derivative", "of", "by"),
    [
        (jacobian, "rhs", "state_symbols"),
        (parameter_jacobian, "rhs", "parameter_symbols"),
        (output_jacobian, "output", "state_symbols"),
        (initial_jacobian, "initial", "parameter_symbols"),
    ],
)
def test_derivatives_agree_with_differences(model, derivative, of, by):
    symbols = [*model.state_symbols, *model.parameter_symbols, *model.input_symbols, *model.constant_symbols]
    point = np.random.default_rng(3).uniform(0.3, 0.9, len(symbols))
    function = sp.lambdify([symbols], list(getattr(model, of).flat()))
    exact = np.array(sp.lambdify([symbols], derivative(model).tolist())(point), dtype=float)
    columns = []
    for symbol in getattr(model, by):
        step = 1e-6 * np.eye(len(symbols))[symbols.index(symbol)]
        columns.append((np.array(function(point + step)) - np.array(function(point - step))) / 2e-6)
    np.testing.assert_allclose(exact, np.array(columns, dtype=float).T, rtol=1e-7, atol=1e-9)


def test_derivatives_are_shared_and_cannot_be_changed():
    assert jacobian(COMPETITION) is jacobian(get_model("competition"))
    with pytest.raises(TypeError):
        jacobian(COMPETITION)[0, 0] = 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("r*S*(1 - S/K)", True),
        ("r*S*log(K/S)", True),
        ("r*S^2/(K + S)", True),
        ("r*(S + K) - r*K", True),
        ("r*S + K", False),
        ("r - K*S", False),
        ("r*S/(S*K)", False),
    ],
)
def test_a_population_has_itself_as_a_factor(equation, expected):
    model = Model.define(
        "one",
        states={"S": equation},
        initial={"S": "1"},
        outputs={"y": "S"},
        parameters=[free("r"), free("K")],
        inputs=(),
    )
    assert kolmogorov(model) is expected


# ---- equilibria -----------------------------------------------------------------------------------------
def test_the_four_published_equilibria_are_found():
    r, K, delta, c, u = sp.symbols("r K delta c u")
    dose = delta * u
    published = {
        (0, 0),
        (K * (1 - dose / r), 0),
        (0, K),
        (dose * K / (r * (c - 1)), c * K / (c - 1) * (1 - dose / r - 1 / c)),
    }
    found = symbolic_equilibria(COMPETITION)
    assert found is not None
    assert len(found) == 4
    for point in published:
        assert any(all(sp.simplify(a - b) == 0 for a, b in zip(e.point, point, strict=True)) for e in found)


def test_symbolic_eigenvalues_are_those_of_the_jacobian():
    values = {"r": 0.13, "K": 580.0, "delta": 0.089, "c": 2.3, "u": 0.7}
    found = symbolic_equilibria(COMPETITION)
    assert found is not None
    for e in found:
        at = (
            jacobian(COMPETITION)
            .subs(dict(zip(COMPETITION.state_symbols, e.point, strict=True)))
            .subs(values)
        )
        expected = np.sort_complex(np.linalg.eigvals(np.array(at.tolist(), dtype=float)).astype(complex))
        exact = np.sort_complex(np.array([complex(v.subs(values)) for v in e.eigenvalues]))
        np.testing.assert_allclose(exact, expected, rtol=1e-10)


def words(delta):
    found = equilibria(COMPETITION, FIG2 | {"delta": delta})
    return {tuple(np.round(e.point, 6)): e.stability for e in found}


def test_case_3_of_masud_2023_is_bistable():
    assert words(0.012) == {
        (0.0, 0.0): "unstable node",
        (0.0, 1000.0): "stable node",
        (400.0, 0.0): "stable node",
        (300.0, 100.0): "saddle",
    }
    assert words(0.005)[(750.0, 0.0)] == "stable node"
    assert words(0.0133)[(335.0, 0.0)] == "stable node"


def test_case_2_of_masud_2023_has_an_unstable_sensitive_only_equilibrium():
    assert words(0.015) == {
        (0.0, 0.0): "unstable node",
        (0.0, 1000.0): "stable node",
        (250.0, 0.0): "saddle",
    }
    assert words(0.0134)[(330.0, 0.0)] == "saddle"


def test_case_1_of_masud_2023_has_no_sensitive_cells():
    assert words(0.03) == {(0.0, 0.0): "saddle", (0.0, 1000.0): "stable node"}


def test_between_the_cases_linearisation_decides_nothing():
    assert words(0.04 / 3)[(round(1000 / 3, 6), 0.0)] == "non-hyperbolic"


@pytest.mark.parametrize("delta", [0.008, 0.012, 0.016, 0.025])
def test_trajectories_end_where_the_stable_equilibria_are(delta):
    values = FIG2 | {"delta": delta}
    names = [*COMPETITION.state_symbols, *(sp.Symbol(n) for n in values)]
    f = sp.lambdify(names, list(COMPETITION.rhs.flat()))
    stable = [e.point for e in equilibria(COMPETITION, values) if e.stable]
    ends = []
    for start in ((800, 190), (200, 200), (450, 500), (990, 1), (1, 900)):
        run = solve_ivp(
            lambda _, x: f(*x, *values.values()), (0, 50000), start, method="LSODA", rtol=1e-9, atol=1e-9
        )
        ends.append(run.y[:, -1])
    for end in ends:
        assert min(np.max(np.abs(end - point)) for point in stable) < 1e-3
    for point in stable:
        assert min(np.max(np.abs(end - point)) for end in ends) < 1e-3


def test_turnover_lets_the_faster_of_the_two_populations_win():
    values = {"r_S": 0.027, "r_R": 0.02, "K": 1.0, "d_D": 0.75, "d_T": 0.005}
    for dose, winner in ((0.0, 0), (0.1, 0), (0.3, 1), (1.0, 1)):
        found = equilibria(TURNOVER, values | {"u": dose})
        stable = [e for e in found if e.stable]
        assert len(stable) == 1
        assert stable[0].point[winner] > 0
        assert stable[0].point[1 - winner] == 0


def test_negative_equilibria_are_shown_on_request():
    everything = equilibria(COMPETITION, FIG2 | {"delta": 0.03}, nonnegative=False)
    assert [e.point[0] for e in everything] == pytest.approx([-500.0, 0.0, 0.0, 750.0])


def test_a_model_that_sympy_cannot_solve_is_searched():
    # At S = K, R = 0 the exponential leaves a/e, which a = e b cancels; the logarithm vanishes there.
    model = Model.define(
        "hard",
        states={
            "S": "S*(a*exp(-(S + q*R)/K) - b*((S + R)/K)^3 - log((S + R)/K))",
            "R": "0.02*R*(1 - (3*S + R)/K)",
        },
        initial={"S": "V0", "R": "0.01*V0"},
        outputs={"y": "S + R"},
        parameters=[free("a"), free("b"), free("K", "burden"), free("q")],
        constants=[Constant("V0", "burden", value=10.0)],
        inputs=(),
    )
    assert symbolic_equilibria(model, time_limit_s=3.0) is None
    found = equilibria(model, {"a": 0.3 * math.e, "b": 0.3, "K": 100.0, "q": 2.0}, time_limit_s=3.0)
    assert {e.method for e in found} == {"root search"}
    by_point = {tuple(np.round(e.point, 6)): e for e in found}
    assert by_point[(100.0, 0.0)].stability == "stable node"
    # The bracket's slope times S = K is -(a/e + 3 b + 1) = -2.2; resistant cells grow at 0.02 (1 - 3).
    np.testing.assert_allclose(by_point[(100.0, 0.0)].eigenvalues, [-0.04, -2.2], rtol=1e-8)
    assert by_point[(0.0, 100.0)].stability == "stable node"
    assert by_point[(0.0, 0.0)].stability == "no derivative"
    assert len(found) == 4
    coexistence = next(e for e in found if e.point.min() > 1.0)
    assert 3 * coexistence["S"] + coexistence["R"] == pytest.approx(100.0)


def test_tumour_and_immune_system_rest_at_the_published_points():
    # Ledzewicz 2018, eqs 19 and 20 with Gompertz growth.
    model = Model.define(
        "immune",
        states={
            "x": "-mu_C*x*log(x/x_inf) - gamma*x*y",
            "y": "mu_I*(1 - beta*x)*x*y - delta*y + alpha",
        },
        initial={"x": "600", "y": "0.1"},
        outputs={"size": "x"},
        parameters=[
            *(free(name) for name in ("mu_C", "gamma", "mu_I", "beta", "delta", "alpha")),
            free("x_inf", "burden"),
        ],
        inputs=(),
    )
    values = {
        "alpha": 0.1181, "beta": 0.00264, "gamma": 1.0, "delta": 0.37451,
        "mu_C": 0.5599, "mu_I": 0.00484, "x_inf": 780.0,
    }  # fmt: skip
    found = equilibria(model, values, box={"y": (0, 5)}, time_limit_s=0.5)
    with_tumour = [e for e in found if e["x"] > 0]
    assert [e.stability for e in with_tumour] == ["stable focus", "saddle", "stable node"]
    expected = [(73.068, 1.3258), (355.41, 0.4401), (737.37, 0.03147)]
    np.testing.assert_allclose([e.point for e in with_tumour], expected, rtol=1e-4)
    # Without a tumour the immune cells rest at alpha/delta, which no root search on the log scale would find.
    assert found[0].point == pytest.approx([0.0, 0.1181 / 0.37451])


def test_an_influx_is_not_mistaken_for_a_population():
    model = Model.define(
        "influx",
        states={"x": "a - b*x"},
        initial={"x": "0"},
        outputs={"y": "x"},
        parameters=[free("a"), free("b")],
        inputs=(),
    )
    (only,) = equilibria(model, {"a": 6.0, "b": 2.0})
    assert only.point == pytest.approx([3.0])
    assert only.stability == "stable node"


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(ModelError, match="need values for c, delta"):
        equilibria(COMPETITION, {"r": 0.02, "K": 1000.0, "u": 1.0})
    with pytest.raises(ModelError, match="has no q"):
        equilibria(COMPETITION, FIG2 | {"delta": 0.01, "q": 1.0})
    pulsed = Model.define(
        "pulsed", states={"x": "-x*sin(t)"}, initial={"x": "1"}, outputs={"y": "x"}, parameters=[], inputs=()
    )
    with pytest.raises(ModelError, match="depends on the time"):
        equilibria(pulsed, {})
    hard = Model.define(
        "hard", states={"x": "x*(exp(-x) - x^3 - log(x))"}, initial={"x": "1"}, outputs={"y": "x"},
        parameters=[], inputs=(),
    )  # fmt: skip
    with pytest.raises(ModelError, match="search box for z"):
        equilibria(hard, {}, box={"z": (0, 1)}, time_limit_s=3.0)
    with pytest.raises(ModelError, match="search box of x"):
        equilibria(hard, {}, box={"x": (1, 1)}, time_limit_s=3.0)


def test_an_endless_calculation_is_stopped():
    x, y = sp.symbols("x y", positive=True)
    assert solve_system([sp.exp(-x * y) + y - x**5, sp.log(x + y) - x * y], [x, y], time_limit_s=0.2) is None
    # The process that was stopped is replaced.
    (solution,) = solve_system([sp.log(x) - y], [x], time_limit_s=20.0) or ()
    assert solution[x] == sp.exp(y)


def test_a_process_that_died_is_replaced():
    x, y = sp.symbols("x y", positive=True)
    assert solve_system([x**2 - y], [x]) == ({x: sp.sqrt(y)},)
    worker = sympy_worker._worker
    assert worker is not None
    worker.process.kill()
    worker.process.wait()
    assert solve_system([x**2 - 4 * y], [x]) == ({x: 2 * sp.sqrt(y)},)
    assert sympy_worker._worker is not worker


def test_a_line_of_equilibria_is_left_out():
    x, y = sp.symbols("x y")
    assert solve_system([x + y - 1, 2 * x + 2 * y - 2], [x, y]) == ()
    assert solve_system([x + y - 1, x + y - 2], [x, y]) == ()


@pytest.mark.parametrize(
    ("eigenvalues", "word"),
    [
        ([-1, -2], "stable node"),
        ([-1 + 2j, -1 - 2j], "stable focus"),
        ([1, 2], "unstable node"),
        ([1 + 2j, 1 - 2j], "unstable focus"),
        ([1, -2], "saddle"),
        ([0, -2], "non-hyperbolic"),
        ([1e-12, -2], "non-hyperbolic"),
        ([1j, -1j], "non-hyperbolic"),
        ([-1 + 1e-9j, -1 - 1e-9j], "stable node"),
        ([0.0], "non-hyperbolic"),
    ],
)
def test_stability_words(eigenvalues, word):
    assert stability_word(np.array(eigenvalues)) == word


# ---- LaTeX ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("r", "r"),
        ("r_S", "r_{S}"),
        ("delta", r"\delta"),
        ("V0", "V_{0}"),
        ("K_tol", r"K_{\mathrm{tol}}"),
        ("mu_C", r"\mu_{C}"),
        ("burden", r"\mathrm{burden}"),
        ("k_12", "k_{12}"),
        ("beta_max_2", r"\beta_{\mathrm{max},2}"),
    ],
)
def test_symbols_are_set_as_the_field_writes_them(name, latex):
    assert latex_symbol(name) == latex


def test_equations_read_as_the_paper_prints_them():
    assert latex_equations(COMPETITION) == (
        r"\frac{dS}{dt} = r S \left(1 - \frac{S + R}{K}\right) - \delta u S",
        r"\frac{dR}{dt} = r R \left(1 - \frac{c S + R}{K}\right)",
    )
    assert latex_outputs(COMPETITION) == (r"\mathrm{burden} = S + R",)
    assert latex_initial(COMPETITION)[0].startswith("S(0) = ")


@pytest.mark.parametrize("model", [COMPETITION, TURNOVER], ids=lambda m: m.name)
def test_the_report_can_render_every_equation(model):
    from matplotlib.mathtext import MathTextParser

    parser = MathTextParser("path")
    for line in (*latex_equations(model), *latex_initial(model), *latex_outputs(model)):
        assert parser.parse(f"${line}$").width > 0
