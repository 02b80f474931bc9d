"""How far the fitted model is from the measurements, as a factor."""

from __future__ import annotations

import numpy as np

from fitting.result import Fit
from patients.cohort import Patient


def misfit_factor(patient: Patient, fit: Fit) -> float:
    """Return the typical ratio between a measured burden and the fitted one, at least 1.

    The exponential of the root mean square of ``log(fitted / measured)`` over measured, positive burdens after
    the first (which the model takes as given). Unlike a residual in units of an estimated error it does not
    shrink when the estimated error grows to swallow the misfit.
    """
    used = (patient.censoring == 0) & (patient.burdens > 0) & (np.arange(len(patient)) > 0)
    if not np.any(used):
        return 1.0
    ratio = np.log(np.maximum(fit.fitted[used], 1e-300) / patient.burdens[used])
    return float(np.exp(np.sqrt(np.mean(ratio**2))))
