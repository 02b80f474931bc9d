"""Boluses: exact concentrations, order and place of events, refusals."""

import numpy as np
import pytest
import sympy as sp

from dynamics import Input, ModelError, get_model
from dynamics.boluses import Bolus, integrate_with_boluses, jump, repeated
from dynamics.controlled import integrate
from dynamics.pharmacokinetics import with_pharmacokinetics

VALUES = {"r": 0.1, "K": 600.0, "delta": 0.2, "V0": 300.0}
MG = Input("u", "infusion", "mg per day", 0.0, 500.0)
K_EL, K12, K21, VOLUME = 0.9, 0.5, 0.2, 20.0
ONE = with_pharmacokinetics(get_model("logistic"), "u", k_el=K_EL, volume=VOLUME, dose=MG)
TWO = with_pharmacokinetics(
    get_model("logistic"), "u", compartments=2, k_el=K_EL, k12=K12, k21=K21, volume=VOLUME, dose=MG
)


def biexponential(days):
    """Concentration after a bolus of 1 mg into the two compartments, 0 before it."""
    s, p = K_EL + K12 + K21, K_EL * K21
    fast, slow = (s + np.sqrt(s**2 - 4 * p)) / 2, (s - np.sqrt(s**2 - 4 * p)) / 2
    after = np.maximum(days, 0.0)
    level = ((fast - K21) * np.exp(-fast * after) + (K21 - slow) * np.exp(-slow * after)) / (fast - slow)
    return np.where(days >= 0, level / VOLUME, 0.0)


def test_boluses_into_one_compartment_are_exact():
    boluses = (Bolus(5.0, 80.0), Bolus(0.0, 100.0), Bolus(5.0, 20.0))
    days = np.array([0.0, 0.1, 4.9, 5.0, 5.1, 12.0])
    found = integrate_with_boluses(ONE, VALUES, boluses, [0, 12], [[0.0]], days).states[:, 1]
    exact = 5.0 * np.exp(-K_EL * days) + np.where(
        days >= 5, 5.0 * np.exp(-K_EL * np.maximum(days - 5, 0)), 0.0
    )
    np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-10)
    assert found[3] - found[2] > 4.9, "on the day of a bolus the state is the one after it"


def test_boluses_into_two_compartments_are_exact():
    days = np.linspace(0, 20, 81)
    found = integrate_with_boluses(TWO, VALUES, repeated(100.0, 4.0, 4, start=1.0), [0, 20], [[0.0]], days)
    exact = sum(100 * biexponential(days - day) for day in (1.0, 5.0, 9.0, 13.0))
    np.testing.assert_allclose(found.states[:, 1], exact, rtol=1e-7, atol=1e-12)


def test_infusions_and_boluses_add_up():
    # the kinetics are linear: an infusion and a bolus give the sum of what each gives
    days, edges, doses = np.linspace(0, 10, 21), [0, 3, 5, 10], [[0.0], [200.0], [0.0]]
    both = integrate_with_boluses(TWO, VALUES, [Bolus(4.0, 50.0)], edges, doses, days).states[:, 1:]
    alone = integrate(TWO, VALUES, edges, doses, days).states[:, 1:]
    bolus = integrate_with_boluses(TWO, VALUES, [Bolus(4.0, 50.0)], [0, 10], [[0.0]], days).states[:, 1:]
    np.testing.assert_allclose(both, alone + bolus, rtol=1e-8, atol=1e-10)


def test_a_bolus_is_the_limit_of_a_short_infusion():
    days, gaps = [0.0, 1.0, 15.0], []
    bolus = integrate_with_boluses(ONE, VALUES, [Bolus(0.0, 100.0)], [0, 15], [[0.0]], days).states
    for length in (1e-2, 1e-3):
        short = integrate(ONE, VALUES, [0, length, 15], [[100 / length], [0.0]], days).states
        gaps.append(np.max(np.abs(short[1:] / bolus[1:] - 1)))
    assert gaps[1] < 1e-3
    assert gaps[1] < gaps[0] / 5


def test_a_bolus_on_a_switch_and_on_the_last_day():
    days = [2.0, 6.0, 12.0]
    found = integrate_with_boluses(
        ONE, VALUES, [Bolus(6.0, 20.0), Bolus(12.0, 40.0)], [0, 6, 12], [[0.0], [18.0]], days
    )
    exact = [0.0, 1.0, 1.0 * np.exp(-6 * K_EL) - np.expm1(-6 * K_EL) + 2.0]
    np.testing.assert_allclose(found.states[:, 1], exact, rtol=1e-9, atol=1e-14)


def test_the_integral_runs_through_the_boluses():
    C = sp.Symbol("C_u")
    found = integrate_with_boluses(
        ONE, VALUES, repeated(100.0, 5.0, 3), [0, 200], [[0.0]], [0.0, 5.0, 200.0], integrand=C
    )
    area = 5.0 / K_EL  # of one bolus
    np.testing.assert_allclose(found.integral, [0.0, area * -np.expm1(-5 * K_EL), 3 * area], rtol=1e-8)


def test_no_bolus_is_the_plain_integration():
    days = [0.0, 3.0, 9.0]
    found = integrate_with_boluses(ONE, VALUES, [], [0, 5, 9], [[100.0], [0.0]], days, initial=[250.0, 1.0])
    plain = integrate(ONE, VALUES, [0, 5, 9], [[100.0], [0.0]], days, initial=[250.0, 1.0])
    np.testing.assert_allclose(found.states, plain.states, rtol=1e-12)


def test_the_jump_is_read_off_the_equations():
    volume = sp.Symbol("volume_u")
    assert list(jump(TWO, "u").flat()) == [0, 1 / volume, 0]
    scaled = with_pharmacokinetics(get_model("logistic"), "u", k_el=0.5)
    assert list(jump(scaled, "u").flat()) == [0, sp.Symbol("k_el_u")]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: jump(get_model("logistic"), "u"), "a bolus of u has no meaning.*with_pharmacokinetics"),
        (lambda: jump(ONE, "w"), "no input 'w'"),
        (lambda: Bolus(1.0, -2.0), "bolus of -2 into u on day 1"),
        (lambda: Bolus(np.inf, 2.0), "the day must be finite"),
        (lambda: repeated(1.0, 0.0, 2), "every 0 days"),
        (
            lambda: integrate_with_boluses(ONE, VALUES, [Bolus(9.0, 1.0)], [0, 5], [[0.0]], [5]),
            r"a bolus on day 9 is outside \[0, 5\] days",
        ),
        (
            lambda: integrate_with_boluses(ONE, {"r": 0.1}, [Bolus(0.0, 1.0)], [0, 5], [[0.0]], [5]),
            "no value for V0",
        ),
    ],
)
def test_what_cannot_be_given_is_refused(make, says):
    with pytest.raises(ModelError, match=says):
        make()
