"""A population known in advance, with draws around it as a sampler would give them."""

import numpy as np
import pytest
import xarray

from dynamics import DoseSchedule
from fitting.population.result import CONVERGED, Population
from patients import VirtualPatient, simulate_cohort

MU = np.log([0.12, 2.0, 0.1, 2.2, 0.15])
OMEGA = np.array([0.3, 0.2, 0.25, 0.15, 0.1])
DAYS = np.array([0, 12, 25, 40, 55, 70, 90, 110, 130, 150], dtype=float)
SCHEDULE = DoseSchedule.from_rows([(0, 45, 1.0), (45, 75, 0.0), (75, 130, 1.0), (130, 400, 0.0)])


def cohort_of(model, x, dispersion=0.15, seed=5):
    """Virtual patients at log parameters (w, 4) in units of their scales."""
    specifications = []
    for i, row in enumerate(x):
        first = 100.0 * (1 + i)
        values = np.exp(row[:4]) * np.array([1, first, 1, 1])
        specifications.append(
            VirtualPatient(
                f"V{i + 1}",
                dict(zip(model.parameter_names, values, strict=True)),
                first,
                DAYS.tolist(),
                SCHEDULE,
            )
        )
    return simulate_cohort(model, specifications, seed, noise="log_normal", dispersion=dispersion).patients


@pytest.fixture(scope="session")
def known_patients(model):
    generator = np.random.default_rng(11)
    return cohort_of(model, MU[:4] + OMEGA[:4] * generator.standard_normal((6, 4)))


@pytest.fixture(scope="session")
def known_population(model, known_patients):
    """Population with 2 chains of 300 draws around MU and OMEGA; made up, not sampled."""
    generator = np.random.default_rng(12)
    w, shape = len(known_patients), (2, 300)
    mu = MU + 0.1 * generator.standard_normal((*shape, 5))
    omega = OMEGA * np.exp(0.2 * generator.standard_normal((*shape, 5)))
    eta = OMEGA * np.linspace(-1, 1, w)[:, None]
    x = mu[:, :, None] + eta + 0.02 * generator.standard_normal((*shape, w, 5))
    n = sum(len(p) for p in known_patients)
    names = (*model.parameter_names, "dispersion")
    scale = np.array([[0, np.log(p.first_burden), 0, 0, 0] for p in known_patients])
    dims = ("chain", "draw", "patient")
    posterior = xarray.Dataset(
        {
            "mu": (("chain", "draw", "coordinate"), mu),
            "omega": (("chain", "draw", "coordinate"), omega),
            "log_parameters": ((*dims, "coordinate"), x),
            **{name: (dims, np.exp(x + scale)[..., i]) for i, name in enumerate(names)},
        },
        coords={"patient": [p.patient_id for p in known_patients], "coordinate": list(names)},
    )
    observed = xarray.Dataset(
        {
            "burden": ("visit", np.concatenate([p.burdens for p in known_patients])),
            "censoring": ("visit", np.concatenate([p.censoring for p in known_patients])),
            "patient_of_visit": (
                "visit",
                np.repeat([p.patient_id for p in known_patients], [len(p) for p in known_patients]),
            ),
        },
        coords={"time_days": ("visit", np.concatenate([p.times for p in known_patients]))},
    )
    groups = {
        "/posterior": posterior,
        "/sample_stats": xarray.Dataset({"diverging": (("chain", "draw"), np.zeros(shape, dtype=bool))}),
        "/log_likelihood": xarray.Dataset({"burden": (("chain", "draw", "visit"), np.zeros((*shape, n)))}),
        "/observed_data": observed,
    }
    return Population(
        model_name="competition", likelihood="log_normal", parameter_names=model.parameter_names,
        coordinate_names=names,
        scales={"K": "V0"}, patient_ids=tuple(p.patient_id for p in known_patients),
        constants={p.patient_id: {"V0": p.first_burden, "f_R": 0.01} for p in known_patients},
        tree=xarray.DataTree.from_dict(groups), status=CONVERGED, usable=True, provenance={"seed": 12},
    )  # fmt: skip
