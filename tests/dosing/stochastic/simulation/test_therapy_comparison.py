"""None < MTD < metronomic < adaptive: Fischer 2015, Fig. 3; prediction and simulation: Fig. S6."""

import pytest

from dosing.stochastic.birth_death import BirthDeathProblem, solve_graded
from dosing.stochastic.simulation.compare import compare_therapies, predictions
from dosing.stochastic.simulation.policies import Adaptive, MaximumDose, Metronomic, NoDrug
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting
from dynamics.drug_resistance import DRUG_RESISTANCE

STRONG = {"gamma": 30.0, "phi_s": 60.0, "phi_r": 60.0, "mu": 1.0}
WEAK = {"gamma": 10.0, "phi_s": 30.0, "phi_r": 30.0, "mu": 1.0}


# times on and off: the best that optimise_metronome found at K = 10^4
@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "rate", "start", "on", "off"),
    [(STRONG, 2.0, (0.6, 0.4), 166, 166), (WEAK, 1.0, (0.9, 0.1), 1220, 1342)],
)
def test_the_order_of_the_therapies(values, rate, start, on, off):
    table = solve_graded(BirthDeathProblem.define(DRUG_RESISTANCE, values | {"K": 200.0}, driver_rate=rate))
    setting = SimulationSetting.define(DRUG_RESISTANCE, values | {"K": 1e4}, driver_rate=rate, start=start)
    found = compare_therapies(setting, [NoDrug(), MaximumDose(), Metronomic(on, off), Adaptive(table)])
    assert found.in_order, found.sentence
    assert found.runs[-1].extinct > 0.95
    assert "more than three standard errors" in found.sentence


@pytest.mark.slow
def test_a_small_lattice_predicts_a_large_tumour():
    table = solve_graded(BirthDeathProblem.define(DRUG_RESISTANCE, STRONG | {"K": 300.0}, driver_rate=2.0))
    found = predictions(table, capacity=1e4, runs=500)
    assert [p.simulated for p in found] == pytest.approx([p.predicted for p in found], abs=0.02)


def test_without_addiction_the_full_dose_beats_the_metronome():
    setting = SimulationSetting.define(
        DRUG_RESISTANCE, WEAK | {"K": 300.0, "phi_r": 0.0}, driver_rate=1.0, start=(0.9, 0.1)
    )
    found = compare_therapies(setting, [Metronomic(30, 30), MaximumDose()])
    assert found.in_order, found.sentence
    wrong = compare_therapies(setting, [MaximumDose(), Metronomic(30, 30)])
    assert not wrong.in_order
    assert "not separated" in wrong.sentence


def test_symmetry_makes_none_and_all_equal():
    setting = SimulationSetting.define(
        DRUG_RESISTANCE, STRONG | {"K": 300.0}, driver_rate=2.0, start=(0.5, 0.5)
    )
    step = compare_therapies(setting, [NoDrug(), MaximumDose()], runs=4000).steps[0]
    assert abs(step.gain) < 4 * step.error
    with pytest.raises(SimulationError, match="at least two"):
        compare_therapies(setting, [NoDrug()])
