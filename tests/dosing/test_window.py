"""The effective dose window: published values, an independent numeric witness, and the odd cases."""

import dataclasses
import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from dosing.window import (
    WindowUnavailable,
    dose_window,
    window_against_tolerable,
    window_edges,
    window_expressions,
)
from dynamics.analysis import equilibria, jacobian
from dynamics.catalogue import get_model
from dynamics.ensemble import Ensemble
from dynamics.model import Constant, Input, Model, Parameter

COMPETITION, TURNOVER = get_model("competition"), get_model("turnover")
NAMES = COMPETITION.parameter_names

# Masud 2023, Table 1 with the supplement: r, K, delta, c, V0, and EDW/delta at K_tol = V0 with its digits.
PATIENTS = {
    2: ((0.131799194, 580.8725024, 0.089001925, 2.291960323), 359, (0.565635, 0.834748), 6),
    3: ((0.351564042, 4668.58125, 0.350995345, 8.739244928), 1320, (0.718, 0.887), 3),
    4: ((0.605178954, 428.4533516, 0.347140039, 2.267538483), 331, (0.397, 0.975), 3),
    5: ((0.096255339, 688.978675, 0.059794509, 1.426534322), 496, (0.451, 0.481), 3),
    6: ((0.181471087, 798.688266, 0.137568333, 3.182914523), 677, (0.200983, 0.904692), 6),
    7: ((0.18287846, 663.0487189, 0.128324461, 2.362809094), 286, (0.810411, 0.821977), 6),
    8: ((0.165457451, 544.2613509, 0.096811545, 1.734836965), 541, (0.010241, 0.723922), 6),
}
PATIENT_2, V0 = PATIENTS[2][0], 359.0


def two(name, sensitive, resistant="r*(1 - (c*S + R)/K)*R", *, more=(), parameters="r delta c K", **options):
    """One sensitive and one resistant population, and further states as (name, equation)."""
    return Model.define(
        name,
        states={"S": sensitive, "R": resistant, **dict(more)},
        initial={"S": "0.99*V0", "R": "0.01*V0", **{state: "0" for state, _ in more}},
        outputs={"burden": "S + R"},
        parameters=[Parameter(p, "burden" if p == "K" else "1", 1e-9, 1e9) for p in parameters.split()],
        constants=[Constant("V0", "burden", value=1.0)],
        **{"roles": {"S": "sensitive", "R": "resistant"}} | options,
    )


# ---- published ------------------------------------------------------------------------------------------
def test_equation_4_follows_from_the_competition_model():
    r, K, delta, c = sp.symbols("r K delta c")
    window = window_expressions(COMPETITION)
    assert sp.simplify(window.lower_dose * delta - r * (1 - window.k_tol / K)) == 0
    assert sp.simplify(window.upper_dose * delta - r * (1 - 1 / c)) == 0
    assert sp.simplify(window.smallest_tolerable - K / c) == 0
    assert window.kill_rate == delta
    # Case III of the paper: delta < r (1 - 1/c), the resistant cells' eigenvalue is negative.
    assert sp.simplify(window.invasion_at_mtd - c * (delta - r * (1 - 1 / c))) == 0


@pytest.mark.parametrize("patient", PATIENTS)
def test_windows_of_the_published_patients(patient):
    parameters, first_burden, (low, high), digits = PATIENTS[patient]
    window = dose_window(COMPETITION, parameters, {"V0": first_burden}, first_burden)
    assert round(window.low, digits) == low
    assert round(window.high, digits) == high
    assert window.exists
    assert window.minimum_effective_dose == window.low
    assert window.case == "II"


def test_patient_1_has_no_window():
    window = dose_window(COMPETITION, (0.042902524, 4.20e15, 0.061611867, 3.43e12), {"V0": 366.0}, 366.0)
    assert not window.exists
    assert math.isnan(window.minimum_effective_dose)
    assert window.smallest_tolerable_burden == pytest.approx(4.20e15 / 3.43e12, rel=2e-3)
    assert "smallest burden" in window.sentence


def test_figure_2_of_masud_2023():
    window = dose_window(COMPETITION, {"r": 0.02, "c": 3.0, "K": 1000.0, "delta": 0.05}, None, 500.0)
    assert window.lower_rate_per_day == pytest.approx(0.01)
    assert window.upper_rate_per_day == pytest.approx(0.04 / 3)
    assert round(window.upper_rate_per_day, 6) == 0.013333


def test_patient_2_tolerates_no_less_than_71_percent_and_needs_less_at_120_percent():
    window = dose_window(COMPETITION, PATIENT_2, {"V0": V0}, V0)
    assert round(window.smallest_tolerable_burden / V0, 5) == 0.70596
    assert window.untreated_burden == pytest.approx(PATIENT_2[1])
    wide = dose_window(COMPETITION, PATIENT_2, {"V0": V0}, 1.2 * V0)
    assert (round(100 * wide.low, 1), round(100 * wide.high, 1)) == (38.3, 83.5)
    assert not dose_window(COMPETITION, PATIENT_2, {"V0": V0}, 0.7059 * V0).exists
    assert dose_window(COMPETITION, PATIENT_2, {"V0": V0}, 0.7061 * V0).exists


@pytest.mark.parametrize(
    ("delta", "case"),
    [(0.005, "III"), (0.0133, "III"), (0.0134, "II"), (0.019, "II"), (0.021, "I"), (1.0, "I")],
)
def test_the_cases_of_masud_2023(delta, case):
    window = dose_window(COMPETITION, {"r": 0.02, "c": 3.0, "K": 1000.0, "delta": delta}, None, 500.0)
    assert window.case == case
    assert window.case_sentence.startswith(f"Case {case}:")


def test_figure_9_edges_against_the_tolerable_burden():
    grid = np.linspace(0.6, 1.4, 9) * V0
    edges = window_against_tolerable(COMPETITION, PATIENT_2, {"V0": V0}, grid)
    for i, k_tol in enumerate(grid):
        single = dose_window(COMPETITION, PATIENT_2, {"V0": V0}, k_tol)
        assert (edges.lower[i], edges.upper[i]) == (single.lower, single.upper)
    # A falling line under a horizontal one; both meet at the smallest tolerable burden.
    np.testing.assert_allclose(np.diff(edges.lower), np.diff(edges.lower)[0])
    assert np.all(edges.upper == edges.upper[0])
    assert list(edges.exists) == list(grid > 0.70596 * V0)


# ---- what is special ------------------------------------------------------------------------------------
def test_without_competition_no_dose_contains():
    window = dose_window(COMPETITION, (0.13, 580.0, 0.09, 0.9), None, 400.0)
    assert not window.exists
    assert window.upper < 0
    assert window.high == 0.0
    assert window.smallest_tolerable_burden == math.inf
    assert "even without a drug" in window.sentence
    assert not dose_window(COMPETITION, (0.13, 580.0, 0.09, 1.0), None, 400.0).exists


def test_a_tolerable_burden_above_the_capacity_needs_no_drug():
    window = dose_window(COMPETITION, PATIENT_2, None, 1.1 * PATIENT_2[1])
    assert window.lower < 0
    assert window.low == window.minimum_effective_dose == 0.0
    assert 0.0 in window
    assert window.sentence.startswith("Constant doses even without a drug")


def test_a_weak_drug_leaves_the_full_dose_inside():
    # r (1 - 1/c) / delta = 2: resistant cells could invade only above the MTD.
    parameters = {"r": 0.3, "K": 1000.0, "delta": 0.1, "c": 3.0}
    window = dose_window(COMPETITION, parameters, None, 800.0)
    assert window.upper == pytest.approx(2.0)
    assert window.high == 1.0
    assert 1.0 in window
    assert window.case == "III"
    # Under the MTD sensitive cells rest at K (1 - delta/r); less cannot be held, though K/c is smaller.
    assert window.smallest_tolerable_burden == pytest.approx(2000 / 3)
    assert not dose_window(COMPETITION, parameters, None, 660.0).exists
    assert dose_window(COMPETITION, parameters, None, 670.0).exists


def test_case_3_is_bistable_only_where_resistant_cells_hold_their_ground():
    weak = {"r": 0.3, "K": 1000.0, "delta": 0.1, "c": 3.0}
    assert "start decides" in dose_window(COMPETITION, weak, None, 800.0).case_sentence
    # With turnover and a weak drug the sensitive cells divide faster at any burden: one of the two wins.
    slow = {"r_S": 0.027, "r_R": 0.01, "K": 1.0, "d_D": 0.2, "d_T": 0.005}
    window = dose_window(TURNOVER, slow, None, 0.8)
    assert window.case == "III"
    assert "from any start" in window.case_sentence


@pytest.mark.parametrize("k_tol", [0.0, -1.0, math.nan, math.inf])
def test_an_impossible_tolerable_burden_is_refused(k_tol):
    with pytest.raises(ValueError, match="must be a positive number"):
        dose_window(COMPETITION, PATIENT_2, None, k_tol)


def test_parameters_that_are_no_numbers_give_no_window_and_no_error():
    bad = [(np.nan, *PATIENT_2[1:]), (np.inf,) * 4, (0.0,) * 4, (1e-300, 1e300, 1e300, 1e-300), PATIENT_2]
    ensemble = Ensemble(NAMES, np.array(bad), np.full(5, 0.2), {"V0": V0}, "odd ones")
    low, high, exists = window_edges(COMPETITION, ensemble, V0)
    assert list(exists) == [False, False, False, False, True]
    assert low[-1] == pytest.approx(0.565635, abs=1e-6)
    assert high[-1] == pytest.approx(0.834748, abs=1e-6)
    window = dose_window(COMPETITION, bad[0], None, V0)
    assert "cannot be computed" in window.sentence
    assert window.case == ""


def test_an_ensemble_may_name_its_parameters_in_any_order():
    shuffled = Ensemble(NAMES[::-1], np.array([PATIENT_2[::-1]]), np.ones(1), {"V0": V0}, "reversed")
    low, high, _ = window_edges(COMPETITION, shuffled, V0)
    window = dose_window(COMPETITION, dict(zip(NAMES, PATIENT_2, strict=True)), {"V0": V0}, V0)
    assert (low[0], high[0]) == (window.low, window.high)


def test_each_set_may_have_its_own_tolerable_burden():
    ensemble = Ensemble(NAMES, np.array([PATIENT_2, PATIENT_2]), np.full(2, 0.5), {}, "twice")
    low, _, _ = window_edges(COMPETITION, ensemble, np.array([V0, 1.2 * V0]))
    assert low == pytest.approx([0.565635, 0.382590], abs=1e-6)


def test_known_parameters_are_read_from_the_model():
    fixed = COMPETITION.fix(r=PATIENT_2[0])
    window = dose_window(fixed, PATIENT_2[1:], {"V0": V0}, V0)
    assert window.lower == pytest.approx(dose_window(COMPETITION, PATIENT_2, None, V0).lower, rel=1e-14)
    # The same constant without a value has to be given.
    missing = dataclasses.replace(
        fixed,
        constants=tuple(
            dataclasses.replace(c, value=None, from_data="first_burden") for c in fixed.constants
        ),
    )
    with pytest.raises(WindowUnavailable, match="needs values for r"):
        dose_window(missing, PATIENT_2[1:], {}, V0)


# ---- an independent witness: equilibria and eigenvalues scanned over the dose ----------------------------
def witness(model, values, k_tol, doses):
    """Both edges by root search over the dose, from the numeric equilibria and the Jacobian at them."""
    names = [*model.state_symbols, *map(sp.Symbol, values), model.input_symbols[0]]
    jac = sp.lambdify(names, jacobian(model).tolist())

    def rest(dose):
        found = [e for e in equilibria(model, values | {"u": dose}) if e["R"] == 0 and e["S"] > 0]
        assert len(found) == 1
        return found[0]

    def burden(dose):
        return rest(dose)["S"] - k_tol

    def growth_of_resistant(dose):
        matrix = np.array(jac(*rest(dose).point, *values.values(), dose), dtype=float)
        return matrix[1, 1]

    return brentq(burden, *doses, xtol=1e-13), brentq(growth_of_resistant, *doses, xtol=1e-13)


@pytest.mark.parametrize("patient", [2, 6, 8])
def test_the_edges_agree_with_equilibria_scanned_over_the_dose(patient):
    parameters, first_burden, _, _ = PATIENTS[patient]
    values = dict(zip(NAMES, parameters, strict=True))
    lower, upper = witness(COMPETITION, values, first_burden, (0.0, 1.0))
    window = dose_window(COMPETITION, parameters, None, first_burden)
    assert window.lower == pytest.approx(lower, abs=1e-9)
    assert window.upper == pytest.approx(upper, abs=1e-9)


def test_the_turnover_model_has_its_window_by_the_same_code():
    values = {"r_S": 0.027, "r_R": 0.015, "K": 1.0, "d_D": 0.75, "d_T": 0.008}
    k_tol = 0.6
    # Sensitive cells alone die out from (1 - d_T/r_S) / (2 d_D) = 0.469 on.
    lower, upper = witness(TURNOVER, values, k_tol, (0.0, 0.46))
    window = dose_window(TURNOVER, values, {"V0": 0.5}, k_tol)
    assert window.lower == pytest.approx(lower, abs=1e-9)
    assert window.upper == pytest.approx(upper, abs=1e-9)
    assert window.exists
    assert math.isnan(window.lower_rate_per_day)
    r_R, r_S, d_D = sp.symbols("r_R r_S d_D")
    assert sp.simplify(window_expressions(TURNOVER).upper_dose - (1 - r_R / r_S) / (2 * d_D)) == 0


def test_turnover_with_resistant_cells_that_cannot_live_has_no_upper_edge():
    values = {"r_S": 0.027, "r_R": 0.004, "K": 1.0, "d_D": 0.75, "d_T": 0.005}
    window = dose_window(TURNOVER, values, None, 0.6)
    assert window.upper == math.inf
    assert window.case == "I"
    assert "cannot grow either" in window.case_sentence
    assert window.smallest_tolerable_burden == 0.0
    # Above the capacity every dose is tolerable, although the formula has a pole in between.
    assert dose_window(TURNOVER, values, None, 1.5).lower == -math.inf


@pytest.mark.parametrize(("dose", "resistant_grow"), [(0.82, False), (0.85, True)])
def test_resistant_cells_beside_the_equilibrium_do_what_the_upper_edge_says(dose, resistant_grow):
    r, K, delta, c = PATIENT_2

    def f(_, x):
        S, R = x
        return [r * (1 - (S + R) / K) * S - dose * delta * S, r * (1 - (c * S + R) / K) * R]

    rest = K * (1 - dose * delta / r)
    end = solve_ivp(f, (0, 2000), [rest, 1e-6], method="LSODA", rtol=1e-10, atol=1e-14).y[1, -1]
    assert bool(end > 1e-6) is resistant_grow


# ---- other models ---------------------------------------------------------------------------------------
GOMPERTZ = two("gompertz", "S*(r*log(K/(S + R)) - u*delta)")


def test_gompertz_growth_has_its_own_window():
    values = {"r": 0.05, "delta": 0.1, "c": 3.0, "K": 1000.0}
    window = dose_window(GOMPERTZ, values, None, 500.0)
    assert window.lower == pytest.approx(0.5 * math.log(2))
    assert window.upper == pytest.approx(0.5 * math.log(3))
    assert window.smallest_tolerable_burden == pytest.approx(1000 / 3)
    assert window.lower_rate_per_day == pytest.approx(0.05 * math.log(2))


def test_a_drug_that_builds_up_first_has_the_window_of_the_dose_it_reaches():
    delayed = two("delayed", "r*(1 - (S + R)/K)*S - E*delta*S", more=[("E", "0.5*(u - E)")])
    values = dict(zip(NAMES, PATIENT_2, strict=True))
    window, plain = dose_window(delayed, values, None, V0), dose_window(COMPETITION, values, None, V0)
    assert window.lower == pytest.approx(plain.lower, rel=1e-12)
    assert window.upper == pytest.approx(plain.upper, rel=1e-12)
    assert window.case == plain.case
    assert window.case_sentence == plain.case_sentence


def test_where_sensitive_cells_vanish_at_once_the_window_ends_there():
    # Strong Allee effect: the two sensitive-only equilibria meet at (K + A)/2, from where on none is left.
    allee = two("allee", "r*S*(1 - S/K)*(S/A - 1) - u*delta*S", parameters="r delta c K A")
    values = {"r": 0.02, "delta": 0.2, "c": 3.0, "K": 1000.0, "A": 50.0}
    fold = 0.02 * (1000 - 50) ** 2 / (4 * 50 * 1000) / 0.2
    window = dose_window(allee, values, None, 900.0)
    # S = 900 on the upper branch: 0.02 (1 - 0.9) (18 - 1) / 0.2.
    assert window.lower == pytest.approx(0.17)
    assert window.upper == pytest.approx(fold, rel=1e-9)
    assert window.smallest_tolerable_burden == pytest.approx(525.0, rel=0.01)
    # With weaker competition resistant cells invade the upper branch at S = K/c, before the fold.
    early = dose_window(allee, values | {"c": 1.2}, None, 900.0)
    assert early.upper == pytest.approx(0.02 * (1 - 1 / 1.2) * (1000 / 1.2 / 50 - 1) / 0.2)
    # Below the fold no sensitive cells can be held.
    assert not dose_window(allee, values, None, 400.0).exists
    with pytest.raises(WindowUnavailable, match="2 formulas, not one"):
        _ = window_expressions(allee).lower_dose


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (two("a", "r*S*(1 - S/K) - u*delta*S", roles={"S": "sensitive"}), "one with the role 'resistant'"),
        (two("b", "r*S*(1 - S/K) - delta*S", inputs=()), "needs one input, the dose"),
        (two("c", "r*S*(1 - S/K) - delta*S"), "needs one input, the dose"),
        (
            two("d", "r*S*(1 - S/K) - u*delta*S", inputs=(Input("u", unit="mg", upper=150.0),)),
            "bounded by .0, 150.; divide by the maximum tolerated dose",
        ),
        (
            two("e", "r*S*(1 - S/K) - u*delta*S", "0.01*S + r*R*(1 - (c*S + R)/K)"),
            "resistant cells R appear where there are none",
        ),
        (two("f", "r*S*(1 - S/K) - u*delta*S*sin(t)"), "depends on the time"),
        (two("g", "-r*S - u*delta*S"), "sensitive cells alone have no equilibrium"),
        (get_model("decay_regrowth"), "sensitive cells alone have no equilibrium, so that no constant dose"),
        (get_model("logistic"), "it has one population, .*fit a model with both, such as competition"),
        (get_model("gompertz+b0"), "it has one population"),
    ],
)
def test_where_there_is_no_window_a_sentence_says_why(model, says):
    with pytest.raises(WindowUnavailable, match=says):
        window_expressions(model)


@pytest.mark.parametrize("name", ["competition", "turnover"])
def test_what_a_variant_frees_at_the_first_visit_leaves_the_window_alone(name):
    base, free = window_expressions(get_model(name)), window_expressions(get_model(f"{name}+f_R+b0"))
    assert free.sensitive_only == base.sensitive_only
    assert free.tumour_free == base.tumour_free


def test_a_model_that_sympy_cannot_solve_has_no_symbolic_window():
    hard = two("hard", "S*(r*exp(-S/K) - (S/K)^3 - log(S/K) - u*delta)")
    with pytest.raises(WindowUnavailable, match="SymPy finds no formula for the equilibria without R"):
        window_expressions(hard, time_limit_s=3.0)


# ---- properties -----------------------------------------------------------------------------------------
positive = st.floats(1e-3, 5.0)
POSITIVE = {"r": positive, "K": st.floats(1.0, 1e5), "delta": positive, "c": st.floats(0.05, 50.0)}


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries(POSITIVE), st.floats(0.01, 2.0))
def test_equation_4_holds_at_any_parameters(values, level):
    r, K, delta, c = (values[name] for name in ("r", "K", "delta", "c"))
    window = dose_window(COMPETITION, values, None, level * K)
    assert window.lower == pytest.approx(r * (1 - level) / delta, rel=1e-9, abs=1e-9)
    assert window.upper == pytest.approx(r * (1 - 1 / c) / delta, rel=1e-9, abs=1e-9)
    if window.exists:
        # A dose in the middle holds the sensitive cells below the tolerable burden and above K/c.
        middle = 0.5 * (window.low + window.high)
        held = K * (1 - middle * delta / r)
        assert held < level * K
        assert held > K / c
        assert window.smallest_tolerable_burden < level * K
    elif window.upper > 0:
        assert window.smallest_tolerable_burden >= level * K * (1 - 1e-9)


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries(POSITIVE), st.floats(0.01, 0.99), st.floats(0.1, 1e4))
def test_the_unit_of_the_marker_does_not_matter(values, level, unit):
    K = values["K"]
    one = dose_window(COMPETITION, values, None, level * K)
    other = dose_window(COMPETITION, values | {"K": unit * K}, None, level * unit * K)
    assert other.lower == pytest.approx(one.lower, rel=1e-9, abs=1e-12)
    assert other.upper == pytest.approx(one.upper, rel=1e-9, abs=1e-12)
    assert other.case == one.case
