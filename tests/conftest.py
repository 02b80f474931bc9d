"""Fixtures that all rooms share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cohort_dir() -> Path:
    """Folder of real cohorts, named by EVODOSE_DATA; tests that need it are skipped with this reason."""
    folder = os.environ.get("EVODOSE_DATA")
    if not folder:
        pytest.skip("EVODOSE_DATA is not set: this test needs the folder of real cohorts")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"EVODOSE_DATA names {folder}, which is not a folder")
    return path


@pytest.fixture(scope="session")
def melanoma(cohort_dir: Path) -> dict[str, tuple]:
    """The melanoma cohort, fitted and diagnosed once: (patient, fit, diagnosis) by patient_id."""
    from dynamics.catalogue import get_model
    from fitting.maximum_likelihood import fit_cohort
    from identifiability.diagnosis import diagnose_cohort
    from patients.loading import load_cohort

    cohort, _ = load_cohort(cohort_dir / "melanoma_ldh.csv")
    model = get_model("competition")
    fits = fit_cohort(cohort.patients, model, likelihood="poisson")
    diagnosed = diagnose_cohort(cohort.patients, fits, model)
    return {p.patient_id: (p, *pair) for p, pair in zip(cohort.patients, diagnosed, strict=True)}
