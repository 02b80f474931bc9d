"""Answers of ``evodose identify`` with the shape of real ones, made in no time."""

import numpy as np

from dosing.bound_influence import BoundInfluence
from identifiability.design.design_result import Candidate, DesignAnswer
from identifiability.design.single_visits import SingleVisits
from identifiability.design.visit_plan import VisitPlan
from identifiability.functions.function_profile import FunctionProfile
from identifiability.inquiry import Inquiry
from identifiability.profiles.plane import Plane
from identifiability.resampling.bootstrap import Bootstrap, BootstrapInterval
from identifiability.result import SideStatus
from workbench.inquiry_options import InquiryOptions
from workbench.inquiry_record import PatientInquiry, basis_of

DOSE = "fraction of the maximum tolerated dose"


def make_profile(fit, name, centre, *, reaches_zero=False, rise_without=10.0):
    """A parabola around a value; its lower side may end at dose 0."""
    values = np.linspace(0.0 if reaches_zero else centre - 0.09, centre + 0.09, 19)
    rise = 0.5 * ((values - centre) / 0.03) ** 2 if not reaches_zero else 1.5 * (values / 0.08) ** 2
    sets = np.tile(fit.estimates, (len(values), 1))
    sets[:, 3] *= 1 + 0.1 * (values - centre)
    inside = values[rise <= 1.92]
    lower = SideStatus.OPEN if reaches_zero else SideStatus.CLOSED
    return FunctionProfile(
        name, values, fit.nll + rise, sets, centre, fit.nll, 1.92, 0.95, 1, ((inside[0], inside[-1]),), lower,
        SideStatus.CLOSED, DOSE, rise_without, fit.estimates * 1.5,
    )  # fmt: skip


def make_plane(fit):
    """A tilted parabola in the first and third parameter."""
    logs = np.linspace(-0.6, 0.6, 13)
    a, b = np.meshgrid(logs, logs, indexing="ij")
    rise = 6 * (a - 0.8 * b) ** 2 * 10 + 4 * (a + b) ** 2
    sets = np.tile(fit.estimates, (13, 13, 1))
    sets[..., 0] *= np.exp(a)
    sets[..., 2] *= np.exp(b)
    rise[0, 0] = np.inf
    e = fit.estimates
    return Plane(
        ("r", "delta"), e[0] * np.exp(logs), e[2] * np.exp(logs), rise, sets, (e[0], e[2]), fit.nll, 0.95
    )


def make_bootstrap(fit, patient_id, count=30):
    """Replicates scattered around the estimate; a tenth of them without a window."""
    noise = np.random.default_rng(3).normal(size=(count, 4))
    sets = fit.estimates * np.exp(0.1 * noise)
    values = 0.6 + 0.02 * noise[:, :1]
    values[:3] = np.nan
    parameters = tuple(
        BootstrapInterval(n, fit[n], sets[:, i].min(), sets[:, i].max(), 0.95, 0.0, 0.05 if n == "c" else 0.0)
        for i, n in enumerate(fit.parameter_names)
    )
    low = BootstrapInterval("window_low", 0.6, 0.56, 0.64, 0.95, 0.1)
    return Bootstrap(
        patient_id, fit.parameter_names, sets, None, np.full(count, fit.nll), count, parameters, (low,), values, 0.95
    )  # fmt: skip


def make_design(patient_id):
    """One and two further visits; two are needed."""
    candidates = (
        Candidate(VisitPlan((214.0,), 0.6), 0.08, 0.05, 0.07, 20, 0.4, 0.2, 0.5, 0.6, 0.12, (0.4, 0.2)),
        Candidate(
            VisitPlan((214.0, 270.0), 0.6), 0.08, 0.03, 0.05, 20, 0.9, 0.7, 0.9, 0.95, 0.08, (0.9, 0.7)
        ),
    )
    return DesignAnswer(
        patient_id, "window_low", 0.5, 0.9, True, False, 0.4, False, candidates, 400.0, ("the model holds",)
    )


def make_inquiry(record, options=None, **changes):
    """Everything that is asked of a patient."""
    fit, patient_id = record.fit, record.patient.patient_id
    days = np.array([214.0, 242.0, 270.0])
    content = {
        "quantities": (
            make_profile(fit, "window_low", 0.6),
            make_profile(fit, "window_high", 0.85, rise_without=1.0),
        ),
        "bounds": (
            BoundInfluence(
                "window_low",
                "upper",
                0.64,
                SideStatus.AT_BOUND,
                "delta",
                5.0,
                10.0,
                0.7,
                0.09,
            ),
        ),
        "inquiry": Inquiry(
            patient_id, make_bootstrap(fit, patient_id), (make_plane(fit),), (make_design(patient_id),)
        ),
        "curves": (SingleVisits("window_low", days, (0.0, 0.6), np.full((2, 3), 0.05), 0.08, False),),
        "notes": ("A note to be read.",),
        "seconds": 1.0,
    } | changes
    return PatientInquiry(
        patient_id,
        basis_of(fit),
        (options or InquiryOptions()).as_dict(),
        record.patient.first_burden,
        **content,
    )
