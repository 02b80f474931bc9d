"""The empirical measure of a fitted cohort: Scagliotti 2026, introduction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dynamics.ensemble import Ensemble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fitting.result import Fit


def cohort_measure(fits: Sequence[Fit]) -> Ensemble:
    """Put one weight on each patient's estimate: ``mu = (1/k) sum of delta(theta_j)``.

    Patients keep their own constants, such as the first burden. Fits that did not converge are left out, and the
    provenance names them.

    Parameters
    ----------
    fits : sequence of Fit
        One a patient, all of one model.

    Returns
    -------
    Ensemble
        With one member for each fit that converged, in the order given.

    Raises
    ------
    ValueError
        Fits of different models, or none that converged.
    """
    used = [fit for fit in fits if fit.converged]
    left_out = [fit.patient_id for fit in fits if not fit.converged]
    if not used:
        raise ValueError(f"none of the {len(left_out)} fits converged, so the cohort has no parameter set")
    kinds = {(fit.model_name, fit.parameter_names, tuple(sorted(fit.constants))) for fit in used}
    if len(kinds) > 1:
        raise ValueError(
            f"the fits are of {len(kinds)} models ({', '.join(sorted({k[0] for k in kinds}))}); one schedule for all "
            "needs one model, fitted to every patient"
        )
    columns = {name: np.array([float(fit.constants[name]) for fit in used]) for name in used[0].constants}
    without = f"; left out, because their fits did not converge: {', '.join(left_out)}" if left_out else ""
    return Ensemble(
        used[0].parameter_names,
        np.array([fit.estimates for fit in used], dtype=float),
        np.full(len(used), 1.0 / len(used)),
        {name: float(column[0]) if np.ptp(column) == 0 else column for name, column in columns.items()},
        f"point estimates of {len(used)} patients ({', '.join(fit.patient_id for fit in used)}) with the model "
        f"{used[0].model_name}, all of one weight{without}; the uncertainty of each estimate is not in it",
    )
