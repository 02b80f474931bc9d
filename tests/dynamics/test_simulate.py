import itertools

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dynamics import Constant, DoseSchedule, Model, ModelError, Parameter, get_model
from dynamics.jobs import pad_courses
from dynamics.simulate import ENGINES, SolveStatus, simulate, simulate_batch, solve_jobs

MASUD_PATIENT_2 = {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323}
TURNOVER = {"r_S": 0.027, "r_R": 0.0178, "K": 2.0, "d_D": 0.75, "d_T": 0.004}
CASES = [
    ("competition", MASUD_PATIENT_2, 359.0, DoseSchedule.constant(1.0)),
    ("competition", MASUD_PATIENT_2, 359.0, DoseSchedule.cycles(0.8, 20.0, 13.3, 4, start=7.0)),
    ("turnover", TURNOVER, 1.0, DoseSchedule((0.0, 30.5, 90.0, np.inf), (1.0, 0.0, 0.4))),
]


def growing(name: str = "growing") -> Model:
    return Model.define(
        name,
        states={"N": "a*N**2"},
        initial={"N": "V0"},
        outputs={"burden": "N"},
        parameters=[Parameter("a", "per day", 1e-3, 10.0)],
        constants=[Constant("V0", "burden", from_data="first_burden")],
    )


def logistic() -> Model:
    return Model.define(
        "logistic",
        states={"N": "a*N*(1 - N/K) - u*d*N"},
        initial={"N": "V0"},
        outputs={"burden": "rho*N"},
        parameters=[Parameter("a", "per day", 1e-3, 10.0), Parameter("K", "burden", 1.0, 1e6)],
        constants=[
            Constant("V0", "burden", from_data="first_burden"),
            Constant("rho", "1", value=3.0),
            Constant("d", "per day", value=0.2),
        ],
    )


def with_influx() -> Model:
    # no factor N in its own equation: integrated in plain coordinates
    return Model.define(
        "influx",
        states={"N": "s - a*N"},
        initial={"N": "V0"},
        outputs={"burden": "N"},
        parameters=[Parameter("s", "burden per day", 1e-3, 10.0), Parameter("a", "per day", 1e-3, 10.0)],
        constants=[Constant("V0", "burden", from_data="first_burden")],
        inputs=[],
    )


def scipy_burden(name, parameters, v0, schedule, times):
    """An independent witness: SciPy's LSODA, restarted at every switch, on the paper's equations typed here."""
    p = parameters

    def rhs(_, x, u):
        S, R = x
        if name == "competition":
            crowd = p["r"] / p["K"]
            return [S * (p["r"] - crowd * (S + R) - u * p["delta"]), R * (p["r"] - crowd * (p["c"] * S + R))]
        room = 1 - (S + R) / p["K"]
        return [
            p["r_S"] * room * (1 - 2 * p["d_D"] * u) * S - p["d_T"] * S,
            p["r_R"] * room * R - p["d_T"] * R,
        ]

    stops = np.unique(np.concatenate([times, schedule.switches_within(times[0], times[-1])]))
    x, found = np.array([0.99 * v0, 0.01 * v0]), {times[0]: v0}
    for a, b in itertools.pairwise(stops):
        dose = float(schedule.dose_at(a))
        x = solve_ivp(rhs, (a, b), x, args=(dose,), method="LSODA", rtol=1e-11, atol=1e-12).y[:, -1]
        found[b] = x.sum()
    return np.array([found[t] for t in times])


@pytest.mark.parametrize(("name", "parameters", "v0", "schedule"), CASES)
@pytest.mark.parametrize("engine", ENGINES)
def test_agrees_with_an_independent_solver(name, parameters, v0, schedule, engine):
    times = np.array([0.0, 5.0, 36.0, 103.0, 131.0, 169.0])
    run = simulate(get_model(name), parameters, schedule, times, {"V0": v0}, engine=engine)
    assert run.status is SolveStatus.SUCCESS
    np.testing.assert_allclose(
        run.outputs[:, 0], scipy_burden(name, parameters, v0, schedule, times), rtol=2e-7
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_logistic_growth_has_its_closed_form(engine):
    times = np.linspace(0.0, 60.0, 7)
    run = simulate(logistic(), [0.2, 100.0], DoseSchedule.constant(0.0), times, {"V0": 5.0}, engine=engine)
    exact = 100.0 / (1 + (100.0 / 5.0 - 1) * np.exp(-0.2 * times))
    np.testing.assert_allclose(run.states[:, 0], exact, rtol=1e-7)
    np.testing.assert_allclose(run.outputs[:, 0], 3.0 * exact, rtol=1e-7)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_without_own_factors_is_solved_in_plain_coordinates(engine):
    times = np.array([0.0, 1.0, 10.0, 200.0])
    run = simulate(with_influx(), [2.0, 0.1], DoseSchedule.constant(0.0), times, {"V0": 0.0}, engine=engine)
    np.testing.assert_allclose(run.outputs[:, 0], 20.0 * (1 - np.exp(-0.1 * times)), rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def test_sensitivities_equal_finite_differences_and_the_other_engine():
    model = get_model("competition")
    schedules = [DoseSchedule.constant(1.0), DoseSchedule.cycles(0.8, 20.0, 13.3, 4, start=7.0)]
    times = [np.array([0.0, 36.0, 103.0, 131.0, 169.0]), np.array([-5.0, 20.0, 55.0])]
    courses = pad_courses(model, times, schedules, [{"V0": 359.0}, {"V0": 100.0}])
    who = np.array([0, 1])
    p = np.tile(list(MASUD_PATIENT_2.values()), (2, 1))
    kernel = solve_jobs(model, courses, who, p, sensitive=True, rtol=1e-10)
    reference = solve_jobs(model, courses, who, p, sensitive=True, rtol=1e-10, engine="diffrax")
    step = 1e-5
    for w, n in ((0, 5), (1, 3)):
        np.testing.assert_allclose(kernel[2][w, :n, 0], reference[2][w, :n, 0], rtol=1e-5, atol=1e-5)
        for k in range(4):
            up, down = p[[w]].copy(), p[[w]].copy()
            up[0, k] *= np.exp(step)
            down[0, k] *= np.exp(-step)
            plus = solve_jobs(model, courses, np.array([w]), up, rtol=1e-12)[1]
            minus = solve_jobs(model, courses, np.array([w]), down, rtol=1e-12)[1]
            difference = (plus - minus)[0, :n, 0] / (2 * step)
            np.testing.assert_allclose(kernel[2][w, :n, 0, k], difference, rtol=1e-4, atol=1e-2)


def test_no_step_crosses_a_switch():
    # a pause of one hour between long stretches: a step across it would miss it
    pause = DoseSchedule((0.0, 100.0, 100.0 + 1 / 24, np.inf), (1.0, 0.0, 1.0))
    model, constants = logistic(), {"V0": 5.0}
    with_pause = simulate(model, [0.001, 1e6], pause, [0.0, 200.0], constants).outputs[-1, 0]
    without = simulate(model, [0.001, 1e6], DoseSchedule.constant(1.0), [0.0, 200.0], constants).outputs[
        -1, 0
    ]
    assert with_pause / without == pytest.approx(np.exp(0.2 / 24), rel=1e-7)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_burden_that_explodes_is_a_status_not_an_exception(engine):
    run = simulate(growing(), [1.0], DoseSchedule.constant(0.0), [0.0, 0.5, 2.0], {"V0": 1.0}, engine=engine)
    assert run.status is not SolveStatus.SUCCESS
    assert "parameter" in run.status


def test_one_exploding_member_leaves_the_others_alone():
    batch = simulate_batch(
        growing(), np.array([[1.0], [0.1]]), DoseSchedule.constant(0.0), np.array([0.0, 2.0]), {"V0": 1.0}
    )
    assert batch.status[0] != 0
    assert batch.status[1] == 0
    assert batch.outputs[1, -1, 0] == pytest.approx(1.25, rel=1e-6)


def test_batch_equals_single_runs_with_own_schedules_times_constants():
    model = get_model("competition")
    schedules = [DoseSchedule.constant(1.0), DoseSchedule.constant(0.5)]
    times = np.array([[0.0, 50.0, 100.0], [10.0, 20.0, 300.0]])
    p = np.tile(list(MASUD_PATIENT_2.values()), (2, 1))
    p[1] *= 1.1
    batch = simulate_batch(model, p, schedules, times, {"V0": np.array([359.0, 286.0])})
    for b, v0 in enumerate((359.0, 286.0)):
        alone = simulate(model, p[b], schedules[b], times[b], {"V0": v0})
        np.testing.assert_allclose(batch.outputs[b], alone.outputs, rtol=1e-12)


def test_thousands_of_visit_times_are_no_stiffness():
    times = np.linspace(0.0, 1460.0, 30_000)
    run = simulate(
        get_model("competition"), MASUD_PATIENT_2, DoseSchedule.constant(0.5), times, {"V0": 359.0}
    )
    assert run.status is SolveStatus.SUCCESS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({"r": 0.1}, [0.0, 1.0], {"V0": 1.0}), "needs the parameters"),
        ((MASUD_PATIENT_2, [0.0, 1.0], {}), "V0"),
        ((MASUD_PATIENT_2, [0.0, 1.0], {"V0": 1.0, "W0": 1.0}), "W0"),
        ((MASUD_PATIENT_2, [1.0, 0.0], {"V0": 1.0}), "must not decrease"),
    ],
)
def test_what_cannot_be_simulated_says_why(arguments, message):
    parameters, times, constants = arguments
    with pytest.raises(ModelError, match=message):
        simulate(get_model("competition"), parameters, DoseSchedule.constant(1.0), times, constants)


def test_an_unknown_engine_is_named():
    with pytest.raises(ValueError, match="kernel, diffrax"):
        simulate(
            logistic(), [0.2, 100.0], DoseSchedule.constant(0.0), [0.0, 1.0], {"V0": 5.0}, engine="euler"
        )
