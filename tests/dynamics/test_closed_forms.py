"""Catalogue models that have a solution in closed form, under constant doses and across switches."""

import itertools
import math

import numpy as np
import pytest
import sympy as sp

from dynamics import DoseSchedule, Model, Parameter, get_model
from dynamics.jobs import pad_courses
from dynamics.kernels.derive import derive, split_logarithms
from dynamics.kernels.printing import field_source
from dynamics.simulate import solve_jobs


def decay_regrowth(z, days, dose, d, g, f_R):
    """Stein 2008 with the share of Wilkerson 2017; at full dose (1 - f_R) exp(-d t) + f_R exp(g t)."""
    return z + days * np.array([g * (1 - dose) - d * dose, g])


def logistic(z, days, dose, r, K, delta):
    """Logistic growth at the net rate r - u δ towards K (r - u δ)/r."""
    rate = r - dose * delta
    rest = K * rate / r
    return np.log(rest) - np.log1p((rest / np.exp(z) - 1) * math.exp(-rate * days))


def gompertz(z, days, dose, a, K, delta):
    """The logarithm of the burden relaxes at rate a towards log K - u δ/a."""
    rest = math.log(K) - dose * delta / a
    return rest + (z - rest) * math.exp(-a * days)


# The last tumour goes towards K exp(-10/0.001): its burden falls below the smallest number, and comes back.
CASES = {
    "decay_regrowth": (decay_regrowth, [{"d": 0.03, "g": 0.011, "f_R": 0.05}]),
    "logistic": (logistic, [{"r": 0.2, "K": 400.0, "delta": 0.15}]),
    "gompertz": (
        gompertz, [{"a": 0.02, "K": 900.0, "delta": 0.08}, {"a": 1e-3, "K": 900.0, "delta": 10.0}],
    ),
}  # fmt: skip
SCHEDULES = [
    DoseSchedule.constant(0.0),
    DoseSchedule.constant(0.4),
    DoseSchedule.constant(1.0),
    DoseSchedule.cycles(1.0, 20.0, 13.0, 4, start=5.0),
    DoseSchedule((0.0, 90.0, np.inf), (1.0, 0.0)),
]
TIMES = np.array([0.0, 3.0, 20.0, 90.0, 4000.0])
V0 = 120.0


def exact(form, parameters, schedule):
    """Burden at the visits: the closed form, carried from switch to switch in logarithms."""
    share = parameters.get("f_R")
    z = np.log([V0] if share is None else [(1 - share) * V0, share * V0])
    stops = np.unique(np.concatenate([TIMES, schedule.switches_within(TIMES[0], TIMES[-1])]))
    found = {TIMES[0]: V0}
    for start, end in itertools.pairwise(stops):
        z = form(z, end - start, float(schedule.dose_at(start)), **parameters)
        found[end] = np.exp(z).sum()
    return np.array([found[t] for t in TIMES])


def solved(name, **options):
    """Every tumour under every schedule, in one batch."""
    form, tumours = CASES[name]
    pairs = list(itertools.product(tumours, SCHEDULES))
    courses = pad_courses(get_model(name), [TIMES] * 5, SCHEDULES, [{"V0": V0}] * 5)
    rows = np.array([list(p.values()) for p, _ in pairs])
    who = np.tile(np.arange(5), len(tumours))
    _, y, dy, status = solve_jobs(get_model(name), courses, who, rows, rtol=1e-10, **options)
    assert not status.any()
    return form, pairs, y[:, :, 0], dy


# JAX compiles for seconds a model; the logarithm in Gompertz growth is where the two engines could differ.
@pytest.mark.parametrize(
    ("name", "engine"),
    [*((name, "kernel") for name in CASES), pytest.param("gompertz", "diffrax", marks=pytest.mark.slow)],
)
def test_the_solution_is_the_closed_form(name, engine):
    form, pairs, found, _ = solved(name, engine=engine)
    for row, pair in zip(found, pairs, strict=True):
        # a tumour at exp(-700) is known to the digits that its logarithm leaves
        np.testing.assert_allclose(row, exact(form, *pair), rtol=1e-6, atol=1e-100)
    if name == "gompertz":
        assert found[9, 3] == 0.0, "no number is as small"
        assert found[9, 4] > 1e-60, "but the pause brings it back"


@pytest.mark.parametrize("name", CASES)
def test_sensitivities_are_those_of_the_closed_form(name):
    form, pairs, _, found = solved(name, sensitive=True)
    step = 1e-6
    for row, (parameters, schedule) in zip(found[:, :4], pairs, strict=True):
        for k, parameter in enumerate(parameters):
            up, down = (
                exact(form, parameters | {parameter: parameters[parameter] * math.exp(s)}, schedule)[:4]
                for s in (step, -step)
            )
            difference = (up - down) / (2 * step)
            np.testing.assert_allclose(row[:, 0, k], difference, rtol=1e-5, atol=1e-6 * V0)


def test_only_powers_of_a_state_leave_a_logarithm():
    x, y, K, log_x = sp.symbols("x y K log_x")
    assert split_logarithms(3 * sp.log(K / x), {x: log_x}) == 3 * (sp.log(K) - log_x)
    assert split_logarithms(sp.log(x**2 * (K + x)), {x: log_x}) == 2 * log_x + sp.log(K + x)
    # both factors may be negative: their logarithms alone would be no numbers
    assert split_logarithms(sp.log((x - K) * (y - K)), {x: log_x}) == sp.log((x - K) * (y - K))


def test_the_logarithm_of_a_state_takes_no_name_from_a_model():
    model = Model.define(
        "crowded",
        states={"V": "(log_V*log(2/V) + log_of_V - v_log_V)*V"},
        initial={"V": "1"},
        outputs={"burden": "V"},
        parameters=[Parameter(n, "per day", 1e-3, 10.0) for n in ("log_V", "log_of_V", "v_log_V")],
        inputs=(),
    )
    assert derive(model).logarithmic
    uncompiled = field_source(model).replace("from numba import njit", "njit = lambda **_: lambda f: f")
    printed: dict = {}
    exec(uncompiled, printed)
    dz = np.empty(1)
    printed["field"](0.0, np.array([-900.0]), np.array([0.5, 0.3, 0.1]), np.empty(0), np.empty(0), dz)
    assert dz[0] == pytest.approx(0.5 * (math.log(2.0) + 900.0) + 0.2)
