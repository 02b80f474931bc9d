"""Cohorts from text."""

import pytest

from patients.loading import read_cohort


@pytest.fixture
def read(tmp_path):
    """Read a cohort from text; return it with the problems."""

    def from_text(text, schedule=None, **options):
        path = tmp_path / "visits.csv"
        path.write_text(text, encoding="utf-8")
        if schedule is not None:
            (tmp_path / "doses.csv").write_text(schedule, encoding="utf-8")
            schedule = tmp_path / "doses.csv"
        reading = read_cohort(path, schedule, **options)
        return reading.cohort, reading.problems

    return from_text
