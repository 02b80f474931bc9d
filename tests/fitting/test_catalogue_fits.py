"""A fit finds the parameters that virtual patients of a catalogue model were made with."""

import numpy as np
import pytest

from dynamics import DoseSchedule, get_model
from fitting.maximum_likelihood import fit_cohort
from fitting.result import Fit
from patients.virtual import VirtualPatient, simulate_cohort

PAUSE = DoseSchedule((0.0, 60.0, 100.0, np.inf), (1.0, 0.0, 1.0))
DAYS = tuple(np.arange(0.0, 241.0, 12.0))
# counts of a million: Poisson noise of one in a thousand
FIRST = 1e6
TUMOURS = {
    "decay_regrowth": {"d": 0.03, "g": 0.011, "f_R": 0.05},
    "logistic": {"r": 0.05, "K": 2.5 * FIRST, "delta": 0.07},
    "gompertz": {"a": 0.012, "K": 6.0 * FIRST, "delta": 0.06},
    "competition+f_R": {"r": 0.06, "K": 1.8 * FIRST, "delta": 0.09, "c": 2.3, "f_R": 0.03},
}


@pytest.mark.parametrize("name", TUMOURS)
def test_a_fit_finds_the_parameters_again(name):
    model, truth = get_model(name), TUMOURS[name]
    cohort = simulate_cohort(model, [VirtualPatient("one", truth, FIRST, DAYS, PAUSE)], seed=4)
    (fit,) = fit_cohort(cohort.patients, model, likelihood="poisson", starts=8)
    assert isinstance(fit, Fit)
    assert fit.converged
    distance = np.log(fit.estimates / np.array(list(truth.values())))
    assert np.all(np.abs(distance) < 0.03)
    assert np.all(np.abs(distance) < 4 * np.sqrt(np.diag(fit.log_covariance)))


def test_a_first_burden_that_was_measured_wrongly_is_put_right():
    # the first measurement reads 15 % high, all others scatter by 2 to 4 %
    free, plain = get_model("logistic+b0"), get_model("logistic")
    truth = {"r": 0.05, "K": 2500.0, "delta": 0.07, "b0": 1 / 1.15}
    often = tuple(np.arange(0.0, 181.0, 2.0))
    patients = simulate_cohort(free, [VirtualPatient("one", truth, 1000.0, often, PAUSE)], seed=3).patients
    (fit,) = fit_cohort(patients, free, likelihood="poisson", starts=8)
    (taken,) = fit_cohort(patients, plain, likelihood="poisson", starts=8)
    assert isinstance(fit, Fit)
    assert isinstance(taken, Fit)
    assert fit.nll < taken.nll - 10
    # the wrong reading counts as one visit among the others, and pulls towards itself
    assert truth["b0"] < fit["b0"] < truth["b0"] + 0.05
    for name in plain.parameter_names:
        assert abs(np.log(fit[name] / truth[name])) < abs(np.log(taken[name] / truth[name])), name
    error = np.sqrt(np.diag(fit.log_covariance))
    distance = np.log(fit.estimates / np.array(list(truth.values())))
    assert np.all(np.abs(distance) < 4 * error)
