"""The verdict on the dose itself."""

import numpy as np
import pytest

from dosing.dose_evidence import DoseEvidence
from dosing.window_verdict import dose_verdict, quantity_verdicts
from identifiability.codes import VerdictCode
from identifiability.functions.function_profile import FunctionProfile
from identifiability.result import SideStatus

DOSES = np.linspace(0, 1, 11)


def evidence(outside, without=9.0):
    return DoseEvidence(DOSES, np.zeros(11), np.asarray(outside, dtype=float), without, 1.92, 0.95, 1)


def test_a_dose_that_every_admitted_tumour_supports_is_settled():
    verdict = dose_verdict(evidence([0, 0, 1, 3, 4, 3, 1, 0, 0, 0, 0]))
    assert verdict.identified
    assert verdict.code is VerdictCode.CLOSED
    assert "30–50 %" in verdict.sentence


@pytest.mark.parametrize(
    ("without", "code"), [(0.5, VerdictCode.NO_WINDOW_ADMITTED), (9.0, VerdictCode.NO_COMMON_DOSE)]
)
def test_otherwise_it_says_whether_a_window_exists_at_all(without, code):
    verdict = dose_verdict(evidence(np.full(11, 0.3), without))
    assert not verdict.identified
    assert verdict.code is code


def test_supported_doses_are_interpolated_between_the_grid():
    ((low, high),) = evidence([0, 0, 0, 2.4, 2.4, 2.4, 0, 0, 0, 0, 0]).supported_intervals
    assert low == pytest.approx(0.2 + 0.1 * 1.92 / 2.4)
    assert high == pytest.approx(0.6 - 0.1 * 1.92 / 2.4)
    assert evidence(np.zeros(11)).supported_intervals == ()
    assert evidence(np.full(11, np.inf)).supported_intervals == ((0.0, 1.0),)


def profile(lower, upper, rise_without=np.inf):
    values = np.array([0.2, 0.4, 0.6])
    return FunctionProfile(
        parameter="window_low", values=values, nll=np.array([3.0, 0.0, 3.0]), sets=np.ones((3, 1)), estimate=0.4,
        nll_min=0.0, threshold=1.92, level=0.95, df=1, intervals=((0.27, 0.53),), lower_status=lower,
        upper_status=upper, unit="1", rise_without=rise_without, set_without=np.zeros(0),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (profile(SideStatus.CLOSED, SideStatus.CLOSED), VerdictCode.CLOSED),
        (profile(SideStatus.OPEN, SideStatus.CLOSED), VerdictCode.OPEN_BELOW),
        (profile(SideStatus.CLOSED, SideStatus.AT_BOUND), VerdictCode.AT_BOUND),
        (profile(SideStatus.CLOSED, SideStatus.CLOSED, 0.5), VerdictCode.NO_WINDOW_ADMITTED),
    ],
)
def test_profiles_of_quantities_have_codes(made, code):
    (verdict,) = quantity_verdicts([made])
    assert verdict.code is code
    assert verdict.identified == (code is VerdictCode.CLOSED)
    assert verdict.criterion == "window"
