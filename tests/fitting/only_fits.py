"""Cohorts in which every patient is expected to be fitted."""

from fitting.maximum_likelihood import fit_cohort
from fitting.result import Fit


def fits(*args, **options) -> tuple[Fit, ...]:
    """Fit a cohort; a failure is the test's failure, with its reason."""
    found = []
    for one in fit_cohort(*args, **options):
        assert isinstance(one, Fit), one
        found.append(one)
    return tuple(found)
