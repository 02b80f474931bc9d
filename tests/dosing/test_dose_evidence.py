"""The likelihood of a dose, and what an edge rests on, against sampling of the confidence region."""

import numpy as np
import pytest

from dosing.bound_influence import BoundInfluence, bound_influence
from dosing.dose_evidence import DoseEvidence, dose_evidence
from dosing.quantities import raw_edges, window_quantities
from dynamics.catalogue import get_model
from dynamics.schedule import DoseSchedule
from fitting.likelihood import get_likelihood
from fitting.maximum_likelihood import fit_cohort
from fitting.problem import build_problem
from identifiability.functions.endpoints import find_end_points
from identifiability.functions.function_profile import profile_quantities
from identifiability.result import SideStatus
from patients.virtual import VirtualPatient, simulate_cohort

MODEL = get_model("competition")
DOSES = np.linspace(0.0, 1.0, 21)


class Case:
    """A well-measured virtual patient, with a sample of the confidence region."""

    def __init__(self):
        schedule = DoseSchedule.cycles(1.0, 40, 25, 6)
        truth = {"r": 0.12, "K": 9000.0, "delta": 0.16, "c": 2.6}
        who = VirtualPatient("V1", truth, 4200.0, tuple(np.arange(0.0, 361.0, 12.0)), schedule)
        self.patient = simulate_cohort(MODEL, [who], 4).patients[0]
        (self.fit,) = fit_cohort([self.patient], MODEL, likelihood="poisson", starts=6)
        self.problem = build_problem([self.patient], MODEL, get_likelihood("poisson"))
        self.k_tol = 1.2 * self.patient.first_burden
        rng = np.random.default_rng(8)
        q = np.log(self.fit.estimates)
        _, _, information = self.problem.evaluate(q[None], np.zeros(1, dtype=int))
        root = np.linalg.inv(np.linalg.cholesky(information[0])).T
        around = rng.standard_normal((20000, 4))
        around /= np.linalg.norm(around, axis=1, keepdims=True)
        # thin near the middle: the ends of all functions lie at the region's surface
        radius = 2.2 * rng.uniform(0, 1, (20000, 1)) ** 0.1
        self.q = q + (around * radius) @ root.T
        self.q = self.q[np.all((self.q > self.problem.lower) & (self.q < self.problem.upper), axis=1)]
        nll, _, _ = self.problem.evaluate(self.q, np.zeros(len(self.q), dtype=int))
        self.rise, self.x = nll - self.fit.nll, np.exp(self.q)


@pytest.fixture(scope="module")
def case():
    return Case()


@pytest.fixture(scope="module")
def evidence(case):
    return dose_evidence(case.problem, 0, case.fit, case.k_tol, doses=DOSES)


@pytest.fixture(scope="module")
def profiles(case):
    return profile_quantities(
        case.problem, 0, case.fit, window_quantities(MODEL, case.fit.constants, case.k_tol)
    )


def test_the_ends_of_the_edges_enclose_every_admitted_sample_and_are_reached(case, profiles):
    quantities = window_quantities(MODEL, case.fit.constants, case.k_tol)
    admitted = case.rise <= 1.9207
    assert admitted.sum() > 500
    ends = find_end_points(case.problem, 0, case.fit, quantities)
    for quantity, profile, end in zip(quantities, profiles, ends, strict=True):
        values = quantity.value(case.x[admitted])
        assert np.all(np.isfinite(values)), quantity.name
        width = np.ptp(profile.ci)
        assert profile.ci[0] - 1e-3 * width <= values.min(), quantity.name
        assert profile.ci[1] + 1e-3 * width >= values.max(), quantity.name
        # a sample of four dimensions comes near the surface everywhere, not onto it
        assert values.min() <= profile.ci[0] + 0.1 * width, quantity.name
        assert values.max() >= profile.ci[1] - 0.1 * width, quantity.name
        np.testing.assert_allclose(end.ci, profile.ci, atol=2e-3 * width, err_msg=quantity.name)
        inside = (values > profile.values[0]) & (values < profile.values[-1])
        # a parabola's root is straight between two levels
        at = np.interp(values[inside], profile.values, np.sqrt(np.maximum(profile.rise, 0.0))) ** 2
        assert np.all(at <= case.rise[admitted][inside] + 0.02), quantity.name


def test_a_dose_is_inside_or_outside_at_no_more_than_any_sample_shows(case, evidence):
    lower, upper = (edge.value(case.x)[:, None] for edge in raw_edges(MODEL, case.fit.constants, case.k_tol))
    inside = (lower < DOSES) & (upper > DOSES)
    for member, found in ((inside, evidence.rise_inside), (~inside, evidence.rise_outside)):
        sampled = np.where(member, case.rise[:, None], np.inf).min(axis=0)
        assert np.all(found <= sampled + 0.01)
        # and the sample comes close to it where it reaches
        near = found < 2.0
        assert near.sum() >= 3
        assert np.all(sampled[near] <= found[near] + 0.5)


def test_the_evidence_is_the_profiles_of_the_edges(profiles, evidence):
    low, high = profiles[:2]
    # a dose is supported between the largest lower edge and the smallest upper edge, excluded beyond the others
    supported = (low.ci[1] < DOSES) & (high.ci[0] > DOSES)
    excluded = (low.ci[0] > DOSES) | (high.ci[1] < DOSES)
    np.testing.assert_array_equal(evidence.supported, supported)
    np.testing.assert_array_equal(evidence.excluded, excluded)
    assert supported.any()
    assert excluded.any()
    assert np.all(np.minimum(evidence.rise_inside, evidence.rise_outside) < 1e-6)
    assert evidence.supported[np.argmin(np.abs(DOSES - evidence.best_dose))]
    assert "lie inside the window of every parameter set" in evidence.sentence
    assert "are excluded" in evidence.sentence


def test_what_cannot_be_said_is_said():
    doses = np.array([0.0, 0.5, 1.0])
    nothing = DoseEvidence(doses, np.full(3, 3.0), np.zeros(3), 0.0, 1.92, 0.95, 1)
    assert np.isnan(nothing.best_dose)
    assert "exclude every dose" in nothing.sentence
    open_ = DoseEvidence(doses, np.array([0.5, 0.0, 3.0]), np.array([0.0, 0.7, 0.0]), 0.8, 1.92, 0.95, 1)
    assert open_.best_dose == 0.5
    assert "hardest to place outside is 50 %" in open_.sentence
    assert "no window exists at all is admitted (rise 0.8)" in open_.sentence


def test_edges_far_from_all_bounds_rest_on_data(case):
    found = bound_influence(case.problem, 0, case.fit, case.k_tol)
    assert len(found) == 4
    assert not any(b.rests_on_bound for b in found)
    assert all("rests on data" in b.sentence for b in found)


@pytest.mark.slow
def test_an_edge_that_a_bound_confines_moves_with_it(case):
    # a capacity that may not be small leaves the lower edge nowhere to go
    import dataclasses

    lower = case.problem.lower.copy()
    lower[0, 1] = np.log(case.fit["K"]) - 1e-3
    problem = dataclasses.replace(case.problem, lower=lower)
    found = bound_influence(problem, 0, case.fit, case.k_tol, factor=1.001)
    (held,) = [b for b in found if b.edge == "window_low" and b.end == "lower"]
    assert held.parameter == "K"
    ends = []
    for bound in (lower[0, 1], lower[0, 1] - np.log(1.001)):
        moved = lower.copy()
        moved[0, 1] = bound
        quantity = window_quantities(MODEL, case.fit.constants, case.k_tol)[0]
        (profile,) = profile_quantities(
            dataclasses.replace(case.problem, lower=moved), 0, case.fit, [quantity]
        )
        ends.append(profile.ci[0])
    assert held.value == pytest.approx(ends[0], abs=1e-4)
    assert held.moved_value == pytest.approx(ends[1], abs=1e-4)
    assert held.per_log_unit == pytest.approx((ends[0] - ends[1]) / np.log(1.001), rel=0.2)
    with pytest.raises(ValueError, match="above 1"):
        bound_influence(problem, 0, case.fit, case.k_tol, factor=0.5)


def test_the_sentence_names_the_bound():
    found = BoundInfluence("window_high", "upper", 0.93, SideStatus.AT_BOUND, "c", 0.01, 0.005, 0.97, -0.06)
    assert found.rests_on_bound
    assert found.sentence.endswith("rests on the bound c ≥ 0.01: moving it to 0.005 moves the edge to 0.970.")


@pytest.mark.cohorts
@pytest.mark.slow
def test_the_lower_edge_of_melanoma_patient_2_is_open_and_no_known_set_lies_outside(melanoma):
    patient, fit, diagnosis = melanoma["MEL02"]
    problem = build_problem([patient], MODEL, get_likelihood("poisson"), rtol=1e-7)
    k_tol = 1.2 * patient.first_burden
    quantity = window_quantities(MODEL, fit.constants, k_tol)[0]
    (found,) = profile_quantities(problem, 0, fit, [quantity], profiles=diagnosis.profiles)
    # Masud 2023, Table 2: 38.3 % of the maximum tolerated dose
    assert found.estimate == pytest.approx(0.383, abs=1e-3)
    values = quantity.value(diagnosis.ensemble.values)
    values = values[np.isfinite(values)]
    assert found.ci[0] <= values.min()
    assert found.ci[1] >= values.max() - 1e-6
    assert found.lower_status is SideStatus.OPEN
    # r (1 - 1.2 V0/K) and r (1 - 1/c) meet, or nearly: no window at all is admitted
    assert found.without_admitted
    assert found.rise_without < 0.7
    (ends,) = find_end_points(problem, 0, fit, [quantity], profiles=diagnosis.profiles)
    np.testing.assert_allclose(ends.ci, found.ci, atol=2e-3)
