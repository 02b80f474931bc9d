import numpy as np
import pytest

from dosing.policies import PolicyError
from dosing.strategies import compare_strategies, compare_strategies_batch
from dynamics import DoseSchedule, Model, Parameter, get_model
from dynamics.model import Constant
from dynamics.simulate import simulate

MODEL = get_model("competition")
PATIENT_2, V0 = np.array([0.131799194, 580.8725024, 0.089001925, 2.291960323]), 359.0


@pytest.fixture(scope="module")
def outcomes():
    found = compare_strategies(MODEL, PATIENT_2, {"V0": V0}, V0, recommended_dose=0.7)
    return {outcome.name: outcome for outcome in found}


def test_strategies_and_their_order(outcomes):
    assert list(outcomes) == ["constant 70 %", "MTD", "AT50", "off-on AT", "no treatment"]
    without = compare_strategies(MODEL, PATIENT_2, {"V0": V0}, V0)
    assert [o.name for o in without] == ["MTD", "AT50", "off-on AT", "no treatment"]


@pytest.mark.parametrize(("name", "dose"), [("constant 70 %", 0.7), ("MTD", 1.0), ("no treatment", 0.0)])
def test_constant_doses_against_the_adaptive_solver(outcomes, name, dose):
    outcome = outcomes[name]
    schedule = DoseSchedule.constant(dose)
    other = simulate(MODEL, PATIENT_2, schedule, outcome.times, {"V0": V0}, rtol=1e-10)
    np.testing.assert_allclose(outcome.burdens, other.outputs[:, 0], rtol=1e-6)
    np.testing.assert_allclose(outcome.resistant, other.states[:, 1], rtol=1e-5, atol=1e-9)
    np.testing.assert_array_equal(outcome.doses, dose)
    assert outcome.total_dose == pytest.approx(schedule.total_dose(0, 1460))
    assert outcome.mean_dose == pytest.approx(dose)
    daily = simulate(MODEL, PATIENT_2, schedule, np.arange(0, 1460.1, 0.25), {"V0": V0}).outputs[:, 0]
    assert outcome.final_burden == pytest.approx(daily[-1], rel=1e-6)
    assert outcome.lowest_burden == pytest.approx(daily.min(), rel=1e-5)


def test_times_to_progression_of_patient_2(outcomes):
    recommended, mtd, off_on = (outcomes[n].ttp for n in ("constant 70 %", "MTD", "off-on AT"))
    for ttp in (recommended.first_crossing, recommended.last_below, recommended.above_tolerable):
        assert ttp.censored
        assert ttp.days == 1460
    assert mtd.above_tolerable.days == 168
    assert mtd.first_crossing.days == mtd.last_below.days
    assert not mtd.last_below.censored
    # 20 % above the first burden, found by bisecting the adaptive solution
    low, high = 168.0, 200.0
    for _ in range(20):
        middle = (low + high) / 2
        at = simulate(MODEL, PATIENT_2, DoseSchedule.constant(1.0), [0.0, middle], {"V0": V0}).outputs[-1, 0]
        low, high = (low, middle) if at >= 1.2 * V0 else (middle, high)
    assert mtd.first_crossing.days == int(high)
    # without the drug the tumour passes V0 at once and 1.2 V0 when off-on therapy begins
    assert off_on.above_tolerable.days == 1
    assert off_on.first_crossing.days == outcomes["no treatment"].ttp.first_crossing.days
    assert off_on.last_below.days > mtd.last_below.days


def test_thinned_curves_are_fit_for_a_plot(outcomes):
    for outcome in outcomes.values():
        assert 200 < len(outcome.times) < 500
        assert outcome.times[0] == 0.0
        assert outcome.times.shape == outcome.burdens.shape == outcome.doses.shape == outcome.resistant.shape
        assert outcome.burdens[0] == pytest.approx(V0)
        assert outcome.final_burden == pytest.approx(outcome.burdens[-1], rel=0.05)
        assert outcome.lowest_burden <= outcome.burdens.min()
        assert outcome.status.startswith("The whole horizon")
        assert outcome.horizon_days == 1460


def test_adaptive_therapy_pauses_where_the_burden_falls_by_half():
    patient_6 = [0.181471087, 798.688266, 0.137568333, 3.182914523]
    at50 = compare_strategies(MODEL, patient_6, {"V0": 677.0}, 677.0)[1]
    assert at50.lowest_burden == pytest.approx(0.5 * 677.0, rel=1e-9)
    assert at50.ttp.above_tolerable.censored
    assert at50.mean_dose < 1
    assert set(np.unique(at50.doses)) == {0.0, 1.0}
    # the dose needed to stand still lies between: its share of the time on the drug
    assert 0.201 < at50.mean_dose < 0.905


def test_a_batch_is_its_patients():
    rng = np.random.default_rng(1)
    rows = PATIENT_2 * rng.uniform(0.8, 1.25, (12, 4))
    first = rng.uniform(200, 500, 12)
    doses = [None if i % 3 == 0 else 0.5 + 0.02 * i for i in range(12)]
    batch = compare_strategies_batch(MODEL, rows, {"V0": first}, 1.1 * first, recommended_doses=doses)
    assert [len(each) for each in batch] == [4 if d is None else 5 for d in doses]
    for i in (0, 1, 11):
        alone = compare_strategies(
            MODEL, rows[i], {"V0": float(first[i])}, 1.1 * float(first[i]), recommended_dose=doses[i]
        )
        for a, b in zip(alone, batch[i], strict=True):
            assert a.name == b.name
            assert a.ttp == b.ttp
            assert a.total_dose == b.total_dose
            np.testing.assert_array_equal(a.burdens, b.burdens)


def test_a_model_without_roles_has_no_resistant_curve():
    model = Model.define(
        "one_population",
        states={"N": "(g - d*u)*N"},
        initial={"N": "V0"},
        outputs={"burden": "N"},
        parameters=[Parameter("g", "per day", 1e-3, 1.0), Parameter("d", "per day", 1e-3, 10.0)],
        constants=[Constant("V0", "burden", from_data="first_burden")],
    )
    found = compare_strategies(model, [0.01, 0.05], {"V0": 10.0}, 12.0, horizon_days=200)
    assert all(o.resistant is None for o in found)
    mtd, at50, off_on, untreated = found
    assert mtd.final_burden == pytest.approx(10 * np.exp(-0.04 * 200))
    assert untreated.ttp.first_crossing.days == int(np.log(1.2) / 0.01)
    assert at50.name == "AT50"
    assert off_on.ttp.first_crossing.days == int(np.log(1.2) / 0.01)
    # a tolerable burden above the first: resumes at 99.9 % of it, never exceeds it
    assert at50.ttp.above_tolerable.censored
    assert at50.burdens.max() <= 0.999 * 12.0 * (1 + 1e-9)


def test_a_simulation_that_fails_says_so_and_has_no_time():
    hopeless = np.array([[1e6, 580.0, 1e7, 2.0], PATIENT_2])
    found = compare_strategies_batch(MODEL, hopeless, {"V0": V0}, V0, horizon_days=20)
    assert all(o.ttp is None for o in found[0])
    assert all(not o.status.startswith("The whole horizon") for o in found[0])
    assert all(o.ttp is not None for o in found[1])


def test_adaptive_therapy_is_left_out_where_it_would_resume_below_its_pause():
    rows = np.tile(PATIENT_2, (3, 1))
    found = compare_strategies_batch(MODEL, rows, {"V0": V0}, np.array([V0, 0.4 * V0, V0]))
    assert [len(outcomes) for outcomes in found] == [4, 3, 4]
    assert [o.name for o in found[1]] == [o.name for o in found[0] if o.name != found[0][1].name]


def test_what_cannot_be_compared_is_refused_with_the_patient():
    rows = np.tile(PATIENT_2, (3, 1))
    with pytest.raises(PolicyError, match=r"patient 2.*dose 1.5"):
        compare_strategies_batch(MODEL, rows, {"V0": V0}, V0, recommended_doses=[None, 0.5, 1.5])
    with pytest.raises(ValueError, match="3 patients need as many"):
        compare_strategies_batch(MODEL, rows, {"V0": V0}, V0, recommended_doses=[0.5])
    with pytest.raises(ValueError, match="patient 1: first burden 0"):
        compare_strategies_batch(MODEL, rows, {"V0": np.array([V0, 0.0, V0])}, V0)
