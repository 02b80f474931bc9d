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
