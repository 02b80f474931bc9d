import numpy as np
import pytest

from dynamics import DoseSchedule, Model, ModelError, Parameter, get_model
from dynamics.feedback import FeedbackRule, FeedbackStatus, first_burdens, run_feedback
from dynamics.model import Constant, Input
from dynamics.simulate import simulate

COMPETITION = get_model("competition")
PATIENT_2 = np.array([0.131799194, 580.8725024, 0.089001925, 2.291960323])
AT = FeedbackRule(0.9, 0.7, 0.999)

EXPONENTIAL = Model.define(
    "exponential",
    states={"N": "(g - d*u)*N"},
    initial={"N": "N0"},
    outputs={"burden": "N", "ten_times": "10*N"},
    parameters=[Parameter("g", "per day", 1e-3, 1.0), Parameter("d", "per day", 1e-3, 10.0)],
    constants=[Constant("N0", "burden", from_data="first_burden")],
)
G, D = 0.05, 0.15


def exponential(rule, **options):
    options = {"horizon_days": 60.0, "method": "rk4", "decisions": "crossing", "keep_switches": 30} | options
    return run_feedback(EXPONENTIAL, [G, D], {"N0": 3.0}, rule, **options)


def test_located_switches_of_exponential_growth_are_those_of_the_closed_form():
    run = exponential(FeedbackRule(1.0, 0.5, 0.9))
    shrink, grow = np.log(0.9 / 0.5) / (D - G), np.log(0.9 / 0.5) / G
    expected = np.log(2) / (D - G) + np.concatenate([[0.0], np.cumsum(np.tile([grow, shrink], 10))])
    expected = expected[expected < 60]
    assert run.n_switches[0] == len(expected)
    np.testing.assert_allclose(run.switches[0, : len(expected)], expected, rtol=1e-7)
    assert np.all(np.isnan(run.switches[0, len(expected) :]))
    schedule = run.schedule()
    np.testing.assert_allclose(run.total_doses[0], schedule.total_dose(0, 60), rtol=1e-12)
    np.testing.assert_allclose(run.lowest_burdens[0], 1.5, rtol=1e-9)


def test_rule_that_starts_off_waits_until_the_resume_level():
    run = exponential(FeedbackRule(1.0, 0.5, 1.2, starts_on=False))
    np.testing.assert_allclose(run.switches[0, 0], np.log(1.2) / G, rtol=1e-7)
    np.testing.assert_allclose(run.switches[0, 1], np.log(1.2) / G + np.log(1.2 / 0.5) / (D - G), rtol=1e-7)
    # the peak is the level itself, reached between two nodes; it counts as reached
    np.testing.assert_allclose(run.reached[0, 0], np.log(1.2) / G, rtol=1e-7)


def test_crossings_are_dated_between_nodes_with_located_decisions_and_on_nodes_without():
    exact = np.log(1.3) / G
    located = exponential(FeedbackRule(0.0), levels=(1.3,))
    on_nodes = exponential(FeedbackRule(0.0), levels=(1.3,), decisions="step")
    for found in (located.reached, located.within, located.exceeded):
        assert found[0, 0] == pytest.approx(exact, abs=1e-4)
    node = np.ceil(8 * exact) / 8
    assert on_nodes.reached[0, 0] == on_nodes.exceeded[0, 0] == node
    assert on_nodes.within[0, 0] == node - 0.125


def test_euler_is_the_product_of_its_factors_and_the_state_is_read_before_the_step():
    run = exponential(FeedbackRule(1.0, 0.5, 0.9), method="euler", decisions="step", every=1)
    burden, on, h = 3.0, True, 0.125
    for i in range(len(run.times)):
        if on and burden <= 1.5:
            on = False
        elif not on and burden >= 2.7:
            on = True
        assert run.doses[0, i] == float(on)
        assert run.burdens[0, i] == pytest.approx(burden, rel=1e-12)
        burden *= 1 + h * (G - D * on)


def test_levels_are_noted_at_every_node():
    run = exponential(
        FeedbackRule(1.0, 0.5, 1.1), method="euler", decisions="step", every=1, levels=(0.6, 1.0, 1.05, 5.0)
    )
    t, y = run.times, run.burdens[0] / run.first_burdens[0]
    for j, level in enumerate((0.6, 1.0, 1.05)):
        assert run.reached[0, j] == t[1:][y[1:] >= level][0]
        assert run.within[0, j] == t[y <= level][-1]
        assert run.exceeded[0, j] == t[1:][(y[1:] > level) & (y[:-1] <= level)][0]
    assert np.isnan(run.reached[0, 3])
    assert np.isnan(run.exceeded[0, 3])
    assert run.within[0, 3] == 60.0
    assert run.lowest_burdens[0] == run.burdens.min()
    assert run.lowest_days[0] == t[np.argmin(y)]
    assert run.final_burdens[0] == run.burdens[0, -1]
    np.testing.assert_allclose(run.total_doses[0], run.doses[0, :-1].sum() / 8)


def test_policy_reads_the_output_it_is_told():
    rule = FeedbackRule(1.0, 0.5, 0.9)
    np.testing.assert_allclose(exponential(rule, output="ten_times").burdens, 10 * exponential(rule).burdens)
    with pytest.raises(ModelError, match="no output 'weight'"):
        exponential(rule, output="weight")


@pytest.mark.parametrize("decisions", ["step", "crossing"])
@pytest.mark.parametrize("rule", [AT, FeedbackRule(1.0, 0.6, 1.2, starts_on=False), FeedbackRule(0.7)])
def test_replaying_the_chosen_doses_adaptively_gives_the_same_course(rule, decisions):
    run = run_feedback(
        COMPETITION, PATIENT_2, {"V0": 359.0}, rule, horizon_days=400, method="rk4", decisions=decisions,
        keep_states=True, keep_switches=500,
    )  # fmt: skip
    other = simulate(COMPETITION, PATIENT_2, run.schedule(), run.times, {"V0": 359.0}, rtol=1e-10)
    np.testing.assert_allclose(run.burdens[0], other.outputs[:, 0], rtol=3e-6)
    np.testing.assert_allclose(run.states[0], other.states, rtol=3e-6)
    assert run.rules[0].schedule is None
    if rule.resume_level < np.inf:
        assert run.n_switches[0] > 1


def test_euler_converges_at_first_order_and_runge_kutta_at_fourth():
    schedule, times = DoseSchedule.constant(0.9), np.array([0.0, 100.0])
    exact = simulate(COMPETITION, PATIENT_2, schedule, times, {"V0": 359.0}, rtol=1e-12).outputs[-1, 0]

    def error(method, steps_per_day, decisions="step"):
        run = run_feedback(
            COMPETITION, PATIENT_2, {"V0": 359.0}, FeedbackRule(0.9), horizon_days=100, method=method,
            steps_per_day=steps_per_day, decisions=decisions,
        )  # fmt: skip
        return abs(run.final_burdens[0] - exact)

    euler = [error("euler", n) for n in (4, 8, 16)]
    assert np.log2(euler[0] / euler[1]) == pytest.approx(1, abs=0.02)
    assert np.log2(euler[1] / euler[2]) == pytest.approx(1, abs=0.02)
    # far from the limit of rounding only long steps show the order of RK4
    slow = {"r": 0.5, "K": 580.0, "delta": 0.6, "c": 2.3}
    exact = simulate(COMPETITION, slow, schedule, np.array([0.0, 10.0]), {"V0": 359.0}, rtol=1e-13).outputs[
        -1, 0
    ]
    runge_kutta = [
        abs(
            run_feedback(
                COMPETITION,
                slow,
                {"V0": 359.0},
                FeedbackRule(0.9),
                horizon_days=10,
                method="rk4",
                steps_per_day=n,
            ).final_burdens[0]
            - exact
        )
        for n in (4, 8)
    ]
    assert np.log2(runge_kutta[0] / runge_kutta[1]) == pytest.approx(4, abs=0.3)


def test_adaptive_therapy_by_euler_converges_at_first_order_to_the_located_policy():
    # one tumour switches somewhere within a step; the mean over many pause levels shows the order
    rules = [FeedbackRule(1.0, pause, 0.999) for pause in np.linspace(0.65, 0.9, 101)]

    def finals(method, steps_per_day, decisions):
        return run_feedback(
            COMPETITION, np.tile(PATIENT_2, (101, 1)), {"V0": 359.0}, rules, horizon_days=40, method=method,
            steps_per_day=steps_per_day, decisions=decisions, every=0,
        ).final_burdens  # fmt: skip

    limit = finals("rk4", 8, "crossing")
    errors = [np.mean(np.abs(finals("euler", n, "step") - limit)) for n in (16, 64, 256)]
    assert np.log(errors[0] / errors[1]) / np.log(4) == pytest.approx(1, abs=0.2)
    assert np.log(errors[1] / errors[2]) / np.log(4) == pytest.approx(1, abs=0.2)
    # located switches do not depend on the step
    np.testing.assert_allclose(finals("rk4", 16, "crossing"), limit, rtol=1e-6)


def test_members_do_not_depend_on_their_neighbours_and_each_has_its_constants():
    rng = np.random.default_rng(7)
    rows = PATIENT_2 * rng.uniform(0.7, 1.4, (50, 4))
    constants = {"V0": rng.uniform(200, 400, 50), "f_R": rng.uniform(0.001, 0.1, 50)}
    rules = [FeedbackRule(1.0, p, 1.0) for p in rng.uniform(0.4, 0.9, 50)]
    options = {"horizon_days": 200, "method": "rk4", "decisions": "crossing", "keep_states": True}
    together = run_feedback(COMPETITION, rows, constants, rules, **options)
    np.testing.assert_allclose(together.first_burdens, constants["V0"])
    np.testing.assert_allclose(together.states[:, 0, 1], constants["f_R"] * constants["V0"])
    np.testing.assert_allclose(first_burdens(COMPETITION, rows, constants), constants["V0"])
    for b in (0, 17, 49):
        alone = run_feedback(
            COMPETITION, rows[b], {n: float(v[b]) for n, v in constants.items()}, rules[b], **options
        )
        np.testing.assert_array_equal(alone.burdens[0], together.burdens[b])
        np.testing.assert_array_equal(alone.within[0], together.within[b])
        assert alone.total_doses[0] == together.total_doses[b]


def test_recording_changes_nothing_but_the_records():
    options = {"horizon_days": 100, "method": "rk4"}
    full = run_feedback(COMPETITION, PATIENT_2, {"V0": 359.0}, AT, every=1, **options)
    thin = run_feedback(COMPETITION, PATIENT_2, {"V0": 359.0}, AT, every=24, **options)
    none = run_feedback(COMPETITION, PATIENT_2, {"V0": 359.0}, AT, every=0, **options)
    np.testing.assert_array_equal(full.burdens[:, ::24], thin.burdens)
    np.testing.assert_array_equal(full.doses[:, ::24], thin.doses)
    np.testing.assert_array_equal(full.times[::24], thin.times)
    assert none.burdens.shape == (1, 0)
    assert none.final_burdens[0] == full.final_burdens[0] == full.burdens[0, -1]


def test_planned_schedule_is_followed_whatever_the_burden():
    plan = DoseSchedule.cycles(0.8, 14, 7, 5)
    run = run_feedback(
        COMPETITION, PATIENT_2, {"V0": 359.0}, FeedbackRule(0, schedule=plan), horizon_days=120, method="rk4"
    )
    other = simulate(COMPETITION, PATIENT_2, plan, run.times, {"V0": 359.0}, rtol=1e-10)
    np.testing.assert_allclose(run.burdens[0], other.outputs[:, 0], rtol=1e-6)
    np.testing.assert_array_equal(run.doses[0], plan.dose_at(run.times))
    assert run.total_doses[0] == pytest.approx(plan.total_dose(0, 120))
    assert run.schedule() == plan


def test_runge_kutta_divides_steps_where_a_population_changes_fast():
    stiff = {"r": 2.0, "K": 400.0, "delta": 5.0, "c": 60.0}
    run = run_feedback(COMPETITION, stiff, {"V0": 359.0}, FeedbackRule(0.2), horizon_days=30, method="rk4")
    other = simulate(COMPETITION, stiff, DoseSchedule.constant(0.2), run.times, {"V0": 359.0}, rtol=1e-10)
    assert run.status_of(0) is FeedbackStatus.SUCCESS
    np.testing.assert_allclose(run.burdens[0], other.outputs[:, 0], rtol=1e-5)


def test_failures_are_told_in_words_and_hold_no_numbers():
    stiff = {"r": 2.0, "K": 400.0, "delta": 5.0, "c": 60.0}
    rows = np.array([[stiff[n] for n in COMPETITION.parameter_names], PATIENT_2, PATIENT_2])
    run = run_feedback(
        COMPETITION,
        rows,
        {"V0": np.array([359.0, 359.0, 0.0])},
        FeedbackRule(1.0),
        horizon_days=30,
        steps_per_day=1,
    )
    assert run.status_of(0) is FeedbackStatus.NEGATIVE
    assert "rk4" in run.status_of(0)
    assert run.status_of(1) is FeedbackStatus.SUCCESS
    assert run.status_of(2) is FeedbackStatus.NO_BURDEN
    assert np.isnan(run.final_burdens[0])
    assert np.isnan(run.within[0, 0])
    assert np.isfinite(run.final_burdens[1])


def test_growth_without_bound_is_non_finite():
    run = run_feedback(EXPONENTIAL, [1000.0, D], {"N0": 3.0}, FeedbackRule(0.0), horizon_days=60)
    assert run.status_of(0) is FeedbackStatus.NON_FINITE
    assert np.isnan(run.total_doses[0])


def test_an_empty_population_stays_empty():
    run = run_feedback(
        COMPETITION, PATIENT_2, {"V0": 359.0, "f_R": 0.0}, FeedbackRule(0.8), horizon_days=100, method="rk4",
        keep_states=True,
    )  # fmt: skip
    assert run.status_of(0) is FeedbackStatus.SUCCESS
    assert np.all(run.states[0, :, 1] == 0.0)


def test_a_population_that_decays_for_years_ends_empty():
    # log10 of the resistant population falls by 34 a day; the tumour is the sensitive one at its capacity
    fierce = {"r": 0.8, "K": 4600.0, "delta": 0.02, "c": 100.0}
    run = run_feedback(
        COMPETITION,
        fierce,
        {"V0": 300.0},
        FeedbackRule(0.5),
        horizon_days=400,
        method="rk4",
        keep_states=True,
    )
    assert run.status_of(0) is FeedbackStatus.SUCCESS
    assert run.states[0, 5, 1] > 0.0
    assert run.states[0, -1, 1] == 0.0
    assert run.final_burdens[0] == pytest.approx(4600 * (1 - 0.5 * 0.02 / 0.8), rel=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"horizon_days": 10.05}, "whole number of steps"),
        ({"horizon_days": 0.0}, "whole number of steps"),
        ({"steps_per_day": 0}, "steps_per_day"),
        ({"method": "heun"}, "unknown method 'heun'"),
        ({"every": -1}, "must not be negative"),
        ({"rules": [AT, AT]}, "need one rule or 1"),
        ({"parameters": [1.0, 2.0]}, "needs 4 parameters"),
        ({"parameters": [[1.0, 2.0, np.nan, 2.0]]}, "delta of parameter set 0 is nan"),
        ({"constants": {}}, "needs the constant V0"),
        ({"constants": {"V0": np.ones(3)}}, "V0 has shape"),
        ({"constants": {"V0": np.inf}}, "V0 of parameter set 0 is inf"),
        ({"constants": {"V0": 1.0, "K_tol": 1.0}}, "no constant K_tol"),
    ],
)
def test_arguments_that_do_not_fit_are_named(change, message):
    options = {
        "parameters": PATIENT_2,
        "constants": {"V0": 359.0},
        "rules": AT,
        "horizon_days": 10.0,
    } | change
    with pytest.raises(ModelError, match=message):
        run_feedback(COMPETITION, **options)


def test_switches_that_were_not_kept_cannot_be_replayed():
    run = exponential(FeedbackRule(1.0, 0.8, 0.9), keep_switches=2)
    with pytest.raises(ValueError, match=f"keep_switches={run.n_switches[0]}"):
        run.schedule()


def test_two_inputs_are_refused():
    two = Model.define(
        "two_drugs",
        states={"N": "-(a*u + v)*N"},
        initial={"N": "1"},
        outputs={"burden": "N"},
        parameters=[Parameter("a", "per day", 0.1, 1.0)],
        inputs=[Input("u"), Input("v")],
    )
    with pytest.raises(ModelError, match="2 inputs"):
        run_feedback(two, [0.2], None, AT, horizon_days=10)
