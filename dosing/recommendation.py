"""From a diagnosis to a regimen: a dose that nearly every admitted tumour supports, or a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dosing.basin import Basin, basin_of_ensemble, in_basin
from dosing.evidence import Evidence, gather
from dosing.misfit import misfit_factor
from dosing.reasons import Reason, point_sentence, reason_sentence, what_would_change
from dosing.regimen import Regimen
from dosing.rules import DoseRules
from dosing.strategies import StrategyOutcome, compare_strategies
from dynamics.schedule import DoseSchedule

if TYPE_CHECKING:
    from dosing.dose_evidence import DoseEvidence
    from dynamics.model import Model
    from fitting.result import Fit
    from identifiability.result import Diagnosis
    from patients.cohort import Patient

__all__ = ["DoseRules", "Reason", "recommend"]

_ROUNDING = 1e-9


def recommend(
    patient: Patient,
    fit: Fit,
    diagnosis: Diagnosis,
    model: Model,
    *,
    k_tol_ratio: float = 1.0,
    required_support: float = 0.95,
    margin: float = 0.2,
    horizon_days: float = 1460.0,
    progression_factor: float = 1.2,
    likelihood: DoseEvidence | None = None,
) -> Regimen:
    """Recommend a constant dose, or refuse with the reason.

    Parameters
    ----------
    patient : Patient
    fit : Fit
    diagnosis : Diagnosis
        Its ensemble decides, not the point estimate.
    model : Model
    k_tol_ratio, required_support, margin, horizon_days, progression_factor
        See :class:`dosing.rules.DoseRules`.
    likelihood : DoseEvidence, optional
        Profile likelihood of the dose (:func:`dosing.dose_evidence.dose_evidence_of`). With it, a dose is
        recommended only if no admitted parameter set puts it outside the window: the share of the sets that
        the profiles happened to meet is then the second witness, not the only one.

    Returns
    -------
    Regimen
        Without strategies for a model that has no resistant cells.

    Raises
    ------
    ValueError
        Rules without meaning.
    """
    rules = DoseRules(k_tol_ratio, required_support, margin, horizon_days, progression_factor)
    k_tol = rules.k_tol_ratio * patient.first_burden
    evidence = gather(fit, diagnosis, model, k_tol, rules, likelihood)
    evidence.misfit = misfit_factor(patient, fit)
    reason = _decide(fit, diagnosis, model, rules, evidence)
    recommended = reason.recommends
    shown = evidence.dose if recommended else evidence.point_dose
    return Regimen(
        patient_id=patient.patient_id,
        action="recommend" if recommended else "refuse",
        dose_fraction=evidence.dose if recommended else float("nan"),
        reason=reason_sentence(reason, fit, diagnosis, evidence, rules),
        code=reason.name,
        window=evidence.window,
        window_range=evidence.window_range,
        support=evidence.support if recommended else evidence.best_share,
        best_supported_dose=evidence.best_dose,
        support_doses=evidence.doses,
        support_share=evidence.share,
        required_support=rules.required_support,
        point_estimate_says=point_sentence(evidence, rules),
        would_change=what_would_change(reason, fit, diagnosis, evidence, model),
        basin=str(evidence.basin) if evidence.basin else "",
        strategies=_strategies(model, fit, k_tol, rules, None if np.isnan(shown) else shown),
        schedule=DoseSchedule.constant(evidence.dose) if recommended else None,
        settings={
            "k_tol": k_tol,
            "k_tol_ratio": rules.k_tol_ratio,
            "margin": rules.margin,
            "horizon_days": rules.horizon_days,
            "progression_factor": rules.progression_factor,
        },
        dose_evidence=likelihood,
    )


def _decide(fit: Fit, diagnosis: Diagnosis, model: Model, rules: DoseRules, evidence: Evidence) -> Reason:
    """Take the first reason that applies; the order is from the data to the dose."""
    candidate = evidence.dose if np.isfinite(evidence.dose) else evidence.point_dose
    if np.isfinite(candidate):
        evidence.basin = in_basin(model, fit.estimates, fit.constants, candidate)
    if fit.too_few_points:
        return Reason.TOO_FEW_POINTS
    if not fit.converged:
        return Reason.NOT_CONVERGED
    if evidence.misfit > rules.worst_misfit:
        return Reason.POOR_FIT
    if evidence.window is None:
        return Reason.NO_WINDOW_IN_MODEL
    if not evidence.window.exists:
        return Reason.EMPTY_WINDOW
    if not np.isfinite(evidence.dose):
        return Reason.NOT_SUPPORTED
    if evidence.basin is not Basin.INSIDE:
        return Reason.OUTSIDE_BASIN
    reached = basin_of_ensemble(model, diagnosis.ensemble, evidence.dose)
    # sets without a stable target at this dose are those whose window does not hold it: counted already
    astray = np.array([b not in (Basin.INSIDE, Basin.NO_TARGET) for b in reached.basin])
    evidence.astray = float(diagnosis.ensemble.weights[astray].sum())
    evidence.support = max(evidence.support - evidence.astray, 0.0)
    if evidence.support < rules.required_support - _ROUNDING:
        return Reason.OUTSIDE_BASIN
    closed = [
        v.identified for v in diagnosis.verdicts if v.criterion.startswith("profile") and v.parameter == "all"
    ]
    return Reason.IDENTIFIED if closed and all(closed) else Reason.SUPPORTED


def _strategies(
    model: Model, fit: Fit, k_tol: float, rules: DoseRules, dose: float | None
) -> tuple[StrategyOutcome, ...]:
    """Simulate the usual strategies at the point estimate."""
    if model.state_with_role("resistant") is None:
        return ()
    return compare_strategies(
        model, fit.estimates, fit.constants, k_tol, rules.horizon_days, dose, rules.progression_factor
    )
