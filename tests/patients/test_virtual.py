import numpy as np
import pytest

from dynamics.catalogue import get_model
from dynamics.schedule import DoseSchedule
from dynamics.simulate import simulate
from patients.cohort import CohortError
from patients.demo import embedded_demo_cohort
from patients.virtual import VirtualPatient, draw_parameters, sample_cohort, simulate_cohort

MODEL = get_model("competition")
PATIENT_2 = {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323}
DAYS = tuple(range(0, 400, 10))
MTD = DoseSchedule.constant(1.0)
ONE = VirtualPatient("virtual-1", PATIENT_2, 359.0, DAYS, MTD, "from an estimate")


def expected():
    return simulate(MODEL, PATIENT_2, MTD, np.array(DAYS, dtype=float), {"V0": 359.0}).outputs[:, 0]


def test_without_noise_the_model_is_measured():
    (patient,) = simulate_cohort(MODEL, [ONE], 1, noise="none")
    np.testing.assert_array_equal(patient.burdens[1:], expected()[1:])
    assert patient.first_burden == 359.0


@pytest.mark.parametrize(
    ("noise", "dispersion", "variance"),
    [
        ("poisson", None, lambda mu: mu),
        ("negative_binomial", 20.0, lambda mu: mu + mu**2 / 20),
        ("log_normal", 0.1, lambda mu: (mu * 0.1) ** 2),
        ("normal", 12.0, lambda mu: 144.0 + 0 * mu),
    ],
)
def test_noise_has_the_mean_and_the_variance_it_says(noise, dispersion, variance):
    copies = [VirtualPatient(f"v{i}", PATIENT_2, 359.0, DAYS, MTD) for i in range(200)]
    cohort = simulate_cohort(MODEL, copies, 7, noise=noise, dispersion=dispersion)
    mu = expected()[1:]
    scores = np.array([(p.burdens[1:] - mu) / np.sqrt(variance(mu)) for p in cohort])
    # 7800 independent scores: standard error of the mean 0.011, of the standard deviation 0.008.
    assert abs(scores.mean()) < 0.06
    assert abs(scores.std() - 1) < 0.05
    assert all(p.first_burden == 359.0 for p in cohort)
    assert (noise in ("poisson", "negative_binomial")) == bool(np.all(cohort["v0"].burdens % 1 == 0))


def test_same_seed_same_cohort():
    first, again, other = (simulate_cohort(MODEL, [ONE], seed)["virtual-1"].burdens for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_virtual_is_said_wherever_the_patient_goes():
    cohort = simulate_cohort(MODEL, [ONE], 1)
    assert cohort.virtual
    assert "virtual" in cohort.source
    assert "virtual" in cohort.notes[0]
    assert cohort["virtual-1"].virtual
    assert cohort["virtual-1"].notes == (
        "virtual patient, simulated from the model competition",
        "from an estimate",
    )


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({"visit_days": (0, 5, 5)}, {}, "strictly increasing"),
        ({"visit_days": ()}, {}, "strictly increasing"),
        ({"first_burden": 0.0}, {}, "positive"),
        ({"parameters": {**PATIENT_2, "r": 1e300}}, {}, "cannot be simulated"),
        ({}, {"noise": "cauchy"}, "known are poisson"),
        ({}, {"noise": "normal"}, "positive dispersion"),
        ({}, {"noise": "log_normal", "dispersion": -1.0}, "positive dispersion"),
        ({}, {"noise": "poisson", "dispersion": 2.0}, "has no dispersion"),
    ],
)
def test_what_cannot_be_simulated_is_named(changes, options, words):
    fields = {"parameters": PATIENT_2, "first_burden": 359.0, "visit_days": DAYS, "schedule": MTD, **changes}
    with pytest.raises(CohortError, match=words):
        simulate_cohort(MODEL, [VirtualPatient("v", **fields)], 1, **options)


def test_draws_follow_the_prior_inside_the_bounds():
    generator = np.random.default_rng(3)
    drawn = [draw_parameters(MODEL, 200.0, generator) for _ in range(2000)]
    for parameter in MODEL.parameters:
        scale = 200.0 if parameter.scale else 1.0
        values = np.array([d[parameter.name] for d in drawn]) / scale
        assert values.min() >= parameter.lower
        assert values.max() <= parameter.upper
        assert parameter.prior is not None
        log = np.log(values / parameter.prior.median)
        assert abs(np.mean(log)) < 4 * parameter.prior.sigma / np.sqrt(2000)
        assert abs(np.std(log) / parameter.prior.sigma - 1) < 0.1


def test_prior_outside_the_bounds_is_refused():
    from dataclasses import replace

    from dynamics.prior import Prior

    far = replace(MODEL.parameters[0], prior=Prior(1e6, 1.01))
    model = replace(MODEL, parameters=(far, *MODEL.parameters[1:]))
    with pytest.raises(CohortError, match="prior of r"):
        draw_parameters(model, 200.0, np.random.default_rng(0))


def test_sampled_cohort_is_what_its_truth_says():
    days = (0, 14, 28, 56)
    cohort, truth = sample_cohort(
        MODEL, 5, days, MTD, 11, first_burden=(100, 200, 300, 400, 500), noise="none"
    )
    assert [p.patient_id for p in cohort] == [f"virtual-00{i}" for i in range(1, 6)]
    assert len({t["r"] for t in truth}) == 5
    for patient, parameters in zip(cohort, truth, strict=True):
        solved = simulate(MODEL, parameters, MTD, np.array(days, dtype=float), {"V0": patient.first_burden})
        np.testing.assert_allclose(patient.burdens[1:], solved.outputs[1:, 0])
    assert "seed 11" in cohort.source


def test_demo_cohort():
    cohort = embedded_demo_cohort()
    assert len(cohort) == 6
    assert cohort.virtual
    assert all(p.virtual and p.patient_id.startswith("virtual-") and "virtual" in p.marker for p in cohort)
    lengths = [len(p) for p in cohort]
    assert all(n > 10 for n in lengths[:4])
    # Fewer visits than the model has parameters, or as many: nothing can be identified from them.
    assert all(n <= len(MODEL.parameters) for n in lengths[4:])
    assert [p.first_burden for p in cohort] == [359, 677, 286, 541, 359, 286]
    assert all(np.all(p.burdens == np.round(p.burdens)) for p in cohort)
    # Response, then relapse: what the demo is to show.
    assert all(p.burdens.min() < 0.8 * p.first_burden for p in cohort)
    assert all(p.burdens[-1] > 1.5 * p.burdens.min() for p in list(cohort)[:4])
