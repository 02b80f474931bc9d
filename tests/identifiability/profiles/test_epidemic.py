"""The whole chain outside oncology: an epidemic whose Poisson profile intervals are known."""

import numpy as np
import pytest
from scipy.stats import chi2

from dynamics import Constant, DoseSchedule, Model, Parameter
from fitting.maximum_likelihood import fit_cohort
from identifiability.diagnosis import diagnose_cohort
from identifiability.profiles.profile_settings import ProfileSettings
from patients import Patient

pytestmark = pytest.mark.slow

COUNTS = np.array(
    [97, 271, 860, 1995, 4419, 6549, 6321, 4763, 2571, 1385, 615, 302, 159, 72, 34], dtype=float
)
SIR = Model.define(
    "sir",
    states={"s": "-b*s*i", "i": "b*s*i - g*i"},
    initial={"s": "1 - first/(1e5*k)", "i": "first/(1e5*k)"},
    outputs={"weekly": "1e5*k*i"},
    parameters=[
        Parameter("b", "per day", 1e-2, 10.0, start=(0.1, 2.0)),
        Parameter("g", "per day", 1e-2, 10.0, start=(0.05, 1.0)),
        Parameter("k", "1", 1e-2, 10.0, start=(0.1, 2.0)),
    ],
    constants=[Constant("first", "1", from_data="first_burden")],
    inputs=(),
)


@pytest.fixture(scope="module")
def diagnosed():
    patient = Patient("epidemic", 7.0 * np.arange(15), COUNTS, DoseSchedule.constant(0.0))
    fits = fit_cohort([patient], SIR, likelihood="poisson")
    ((fit, diagnosis),) = diagnose_cohort([patient], fits, SIR, settings=ProfileSettings(df=3))
    return fit, diagnosis


def test_the_estimates(diagnosed):
    fit, _ = diagnosed
    np.testing.assert_allclose(fit.estimates, [0.39986, 0.24677, 0.80256], atol=6e-6)
    assert fit.pearson_chi2 / fit.degrees_of_freedom == pytest.approx(2.41, abs=0.2)
    assert any("overdispersed" in warning for warning in fit.warnings)


@pytest.mark.parametrize(
    ("parameter", "low", "high"), [("b", 0.3766, 0.4285), ("g", 0.2222, 0.2768), ("k", 0.6857, 0.9570)]
)
def test_the_simultaneous_intervals(diagnosed, parameter, low, high):
    _, diagnosis = diagnosed
    profile = diagnosis.profile(parameter)
    assert profile.threshold == pytest.approx(chi2.ppf(0.95, 3) / 2)
    assert profile.ci == pytest.approx((low, high), abs=1.5e-4)


def test_everything_is_identified_and_no_dose_is_spoken_of(diagnosed):
    _, diagnosis = diagnosed
    assert all(v.identified for v in diagnosis.verdicts)
    assert diagnosis.fisher.rank == 3
