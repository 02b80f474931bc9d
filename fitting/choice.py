"""Which likelihood suits a cohort, and what a reader must be told about the choice."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fitting.likelihood import LOG_NORMAL, POISSON, Likelihood, get_likelihood

if TYPE_CHECKING:
    from patients.cohort import Patient

# a marker named with one of these is a measured length, volume or mass, never a count; enzyme activities in
# units per litre (LDH) are not among them, because the paper's method treats them as counts
_MEASURED = re.compile(
    r"(?<![a-z])(mm|mm2|mm3|cm|cm2|cm3|ml|dl|pg|ng|ug|µg|mg|g|kg|diam|diameters?|lengths?|volumes?)(?![a-z0-9])",
    re.IGNORECASE,
)


def choose_likelihood(patients: Sequence[Patient], name: str = "auto") -> tuple[Likelihood, str]:
    """Return the likelihood, and a sentence saying why.

    ``auto`` takes Poisson (Masud 2023, eq. 9) where all burdens are whole numbers and the marker's name
    carries no unit of length, volume or mass; otherwise log-normal, whose error is proportional to the
    burden.
    """
    if name != "auto":
        return get_likelihood(name), f"{name} likelihood, as asked for"
    whole = all(np.all(p.burdens == np.round(p.burdens)) for p in patients)
    markers = sorted({p.marker for p in patients if p.marker})
    measured = [m for m in markers if _MEASURED.search(m.replace("_", " "))]
    if measured:
        return (
            LOG_NORMAL,
            f"log-normal likelihood: {measured[0]} is a measured quantity, with error proportional to it",
        )
    if not whole:
        return LOG_NORMAL, "log-normal likelihood: the burdens are not whole numbers, so they are not counts"
    return POISSON, "Poisson likelihood (Masud 2023, eq. 9): all burdens are whole numbers"


def censor_zeros(patients: Sequence[Patient], likelihood: Likelihood) -> tuple[Patient, ...]:
    """Turn burdens of zero into "at or below the smallest positive burden of this marker" for the log-normal.

    A log-normal variable is never zero; a measured zero means that the assay or the scan saw nothing.
    """
    if likelihood.name != "log_normal":
        return tuple(patients)
    limits: dict[str, float] = {}
    for patient in patients:
        positive = patient.burdens[patient.burdens > 0]
        if positive.size:
            limits[patient.marker] = min(limits.get(patient.marker, np.inf), float(positive.min()))
    result = []
    for patient in patients:
        zero = (patient.burdens == 0) & (patient.censoring == 0)
        if zero.any() and patient.marker in limits:
            limit = limits[patient.marker]
            note = (
                f"{int(zero.sum())} burden(s) of zero are read as 'at or below {limit:g}', the smallest "
                "positive burden of the cohort; give a lower_limit column if the detection limit is known"
            )
            patient = dataclasses.replace(
                patient,
                burdens=np.where(zero, limit, patient.burdens),
                censoring=np.where(zero, -1, patient.censoring),
                notes=(*patient.notes, note),
            )
        result.append(patient)
    return tuple(result)


def poisson_warnings(burdens: np.ndarray, pearson_chi2: float, degrees_of_freedom: int) -> tuple[str, ...]:
    """Warn where a Poisson likelihood does not fit the nature of the data, with the remedy."""
    from scipy.special import chdtrc

    found = []
    if np.any(burdens != np.round(burdens)):
        found.append(
            "Poisson likelihood on burdens that are not whole numbers: its variance depends on the unit of "
            "the marker; use --likelihood log_normal, or express the burden as a count"
        )
    if degrees_of_freedom > 0 and chdtrc(degrees_of_freedom, pearson_chi2) < 0.01:
        found.append(
            f"overdispersed: Pearson chi2/df = {pearson_chi2 / degrees_of_freedom:.2f} with "
            f"{degrees_of_freedom} df, so the Poisson standard errors are too small; use --likelihood "
            "negative_binomial"
        )
    return tuple(found)


def dispersion_warnings(likelihood: Likelihood, dispersion: float, burdens: np.ndarray) -> tuple[str, ...]:
    """Warn where the standard errors rest on the bound of a dispersion rather than on the data."""
    low, high = likelihood.dispersion_range(burdens)
    if min(np.log(dispersion / low), np.log(high / dispersion)) > 1e-3:
        return ()
    return (
        f"the dispersion ({likelihood.dispersion}) ended on its bound {dispersion:.4g}, so the standard errors "
        f"rest on that bound: {likelihood.dispersion_reason}",
    )
