"""Kinetics before an input: exact concentrations, the limit of fast kinetics, refusals."""

import numpy as np
import pytest
import sympy as sp

from dynamics import Input, ModelError, Parameter, get_model
from dynamics.controlled import integrate
from dynamics.pharmacodynamics import hill
from dynamics.pharmacokinetics import with_pharmacokinetics

FIT = {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323, "V0": 359.0}
MG = Input("u", "infusion", "mg per day", 0.0, 500.0)
DAYS = np.linspace(0, 12, 25)


def test_one_compartment_of_an_infusion_is_exact():
    model = with_pharmacokinetics(get_model("competition"), "u", k_el=0.7, volume=20.0, dose=MG)
    assert model.state_names == ("S", "R", "C_u")
    found = integrate(model, FIT, [0, 4, 12], [[300.0], [0.0]], DAYS).states[:, 2]
    level = 300 / (20 * 0.7)
    rising = level * -np.expm1(-0.7 * np.minimum(DAYS, 4.0))
    np.testing.assert_allclose(found, rising * np.exp(-0.7 * np.maximum(DAYS - 4, 0)), rtol=1e-8)


def test_two_compartments_of_an_infusion_are_exact():
    k_el, k12, k21, volume, rate = 0.9, 0.5, 0.2, 20.0, 300.0
    model = with_pharmacokinetics(
        get_model("competition"), "u", compartments=2, k_el=k_el, k12=k12, k21=k21, volume=volume, dose=MG
    )
    assert model.state_names == ("S", "R", "C_u", "P_u")
    found = integrate(model, FIT, [0, 12], [[rate]], DAYS).states[:, 2]
    s, p = k_el + k12 + k21, k_el * k21
    fast, slow = (s + np.sqrt(s**2 - 4 * p)) / 2, (s - np.sqrt(s**2 - 4 * p)) / 2
    weight_fast, weight_slow = (fast - k21) / (fast - slow), (k21 - slow) / (fast - slow)
    exact = rate / volume * (
        weight_fast / fast * -np.expm1(-fast * DAYS) + weight_slow / slow * -np.expm1(-slow * DAYS)
    )  # fmt: skip
    np.testing.assert_allclose(found, exact, rtol=1e-8)


@pytest.mark.parametrize("compartments", [1, 2])
def test_without_a_volume_a_constant_dose_ends_at_itself(compartments):
    rates = {"k12": 0.5, "k21": 0.2} if compartments == 2 else {}
    model = with_pharmacokinetics(get_model("competition"), "u", compartments=compartments, k_el=0.9, **rates)
    found = integrate(model, FIT, [0, 300], [[0.6]], [300]).states[0]
    assert found[2] == pytest.approx(0.6, rel=1e-9)
    assert model.inputs == get_model("competition").inputs


@pytest.mark.parametrize("compartments", [1, 2])
def test_fast_kinetics_are_the_model_without_kinetics(compartments):
    base = get_model("competition")
    edges, doses = [0, 30, 60, 120], [[0.8], [0.0], [0.5]]
    expected = integrate(base, FIT, edges, doses, [30, 60, 120]).states
    gaps = []
    for k_el in (20.0, 200.0):
        rates = {"k12": k_el, "k21": k_el} if compartments == 2 else {}
        model = with_pharmacokinetics(base, "u", compartments=compartments, k_el=k_el, **rates)
        found = integrate(model, FIT, edges, doses, [30, 60, 120], method="LSODA").states[:, :2]
        gaps.append(np.max(np.abs(found / expected - 1)))
    assert gaps[1] < 2e-3
    assert gaps[1] == pytest.approx(gaps[0] / 10, rel=0.1), "the gap is the delay, of first order in 1/k"


def test_two_drugs_are_wrapped_one_after_the_other():
    model = with_pharmacokinetics(get_model("cell_cycle"), "u", k_el=2.0)
    model = with_pharmacokinetics(
        model, "v", k_el=1.0, compartments=2, k12=0.3, k21=0.1, effect=hill(0.3, 0.1, 2.0)
    )
    assert model.state_names == ("N1", "N2", "N3", "C_u", "C_v", "P_v")
    assert model.name == "cell_cycle_pk_u_pk_v"
    assert len(model.assumptions) == len(get_model("cell_cycle").assumptions) + 2
    C_v = sp.Symbol("C_v")
    acting = sp.Rational(3, 10) * C_v**2 / (sp.Rational(1, 100) + C_v**2)
    expected = get_model("cell_cycle").rhs.subs({"u": sp.Symbol("C_u"), "v": acting})
    assert all(sp.simplify(f - g) == 0 for f, g in zip(model.rhs[:3], expected, strict=True))
    course = integrate(model, {}, [0, 7, 21], [[0.9, 0.0], [0.0, 0.3]], np.linspace(0, 21, 40))
    assert np.all(course.states >= 0)


def test_rates_may_be_parameters_to_be_estimated():
    elimination = Parameter("k_e", "per day", 0.1, 10.0)
    model = with_pharmacokinetics(get_model("logistic"), "u", k_el=elimination)
    assert model.parameter_names == ("r", "K", "delta", "k_e")
    assert sp.Symbol("k_e") in model.rhs[1].free_symbols


@pytest.mark.slow
def test_kinetics_run_on_the_kernels_that_fits_use():
    from dynamics import DoseSchedule
    from dynamics.simulate import simulate

    model = with_pharmacokinetics(get_model("logistic"), "u", k_el=0.5)
    values = {"r": 0.1, "K": 600.0, "delta": 0.2}
    times = np.array([0.0, 3.0, 10.0, 40.0])
    kernel = simulate(model, values, DoseSchedule.cycles(1.0, 5, 10, 3), times, {"V0": 300.0}, rtol=1e-10)
    edges, doses = [0, 5, 15, 20, 30, 35, 45], [[1.0], [0.0]] * 3
    other = integrate(model, values | {"V0": 300.0}, edges, doses, times)
    np.testing.assert_allclose(kernel.states, other.states, rtol=1e-7)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"k_el": 0.0}, "k_el is 0; it must be positive"),
        ({"k_el": 1.0, "k12": 0.1}, "k12 given, but one compartment"),
        ({"k_el": 1.0, "compartments": 2, "k12": 0.1}, "two compartments need k12 and k21"),
        ({"k_el": 1.0, "compartments": 3}, "3 compartments; there are 1 and 2"),
        ({"k_el": 1.0, "volume": 20.0}, 'say what a dose is: dose=Input\\("u"'),
        ({"k_el": 1.0, "input_name": "w"}, "no input 'w'"),
    ],
)
def test_what_does_not_belong_together_is_refused(arguments, says):
    name = arguments.pop("input_name", "u")
    with pytest.raises(ModelError, match=says):
        with_pharmacokinetics(get_model("competition"), name, **arguments)
    if name == "w":
        once = with_pharmacokinetics(get_model("competition"), "u", k_el=1.0)
        with pytest.raises(ModelError, match="declared more than once"):
            with_pharmacokinetics(once, "u", k_el=1.0)
