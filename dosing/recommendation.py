"""From a diagnosis to a regimen: a dose that nearly every admitted tumour supports, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from dosing.basin import Basin, basin_of_ensemble, in_basin
from dosing.dose_support import best_supported_dose, dose_support, supported_doses
from dosing.regimen import Regimen, WindowRange
from dosing.strategies import StrategyOutcome, compare_strategies
from dosing.window import DoseWindow, WindowUnavailable, dose_window, window_edges
from dynamics.model import Model
from dynamics.schedule import DoseSchedule
from fitting.result import Fit
from identifiability.result import Diagnosis
from patients.cohort import Patient


class Reason(StrEnum):
    """Why a regimen is recommended or refused; each member is the head of the sentence."""

    IDENTIFIED = "Every parameter is closed by the data, and nearly every admitted parameter set supports the dose"
    SUPPORTED = "Some parameters remain open, but nearly every admitted parameter set supports the dose"
    TOO_FEW_POINTS = "There are no more measurements than estimated quantities"
    NOT_CONVERGED = "The fit did not converge"
    NO_WINDOW_IN_MODEL = "No dose window can be derived for this model"
    EMPTY_WINDOW = "The dose window is empty"
    NOT_SUPPORTED = "No single dose lies inside the window of enough admitted parameter sets"
    OUTSIDE_BASIN = "The tumour as it was found does not lead to the state with sensitive cells alone under the dose"


@dataclass(frozen=True)
class DoseRules:
    """What a recommendation must satisfy.

    Parameters
    ----------
    k_tol_ratio : float
        Tolerable burden as a multiple of the first burden (Masud 2023 takes 1).
    required_support : float
        Weighted share of the admitted parameter sets whose window must contain the dose.
    margin : float
        The dose lies this share of the supported interval's width above its lower end: low doses spare the
        patient, the very edge leaves nothing for error.
    horizon_days : float
        Horizon of the strategies' comparison.
    progression_factor : float
        Burden that counts as progression, as a multiple of the first (RECIST: 1.2).
    """

    k_tol_ratio: float = 1.0
    required_support: float = 0.95
    margin: float = 0.2
    horizon_days: float = 1460.0
    progression_factor: float = 1.2

    def __post_init__(self) -> None:
        """Refuse settings without meaning."""
        if not self.k_tol_ratio > 0:
            raise ValueError(f"k_tol_ratio must be positive, got {self.k_tol_ratio}")
        if not 0 < self.required_support <= 1:
            raise ValueError(f"required_support must lie in (0, 1], got {self.required_support}")
        if not 0 <= self.margin < 1:
            raise ValueError(f"margin must lie in [0, 1), got {self.margin}")


@dataclass
class _Evidence:
    """What is known about one patient's dose before the decision."""

    window: DoseWindow | None = None
    unavailable: str = ""
    window_range: WindowRange | None = None
    doses: np.ndarray = field(default_factory=lambda: np.linspace(0.0, 1.0, 201))
    share: np.ndarray = field(default_factory=lambda: np.zeros(201))
    best_dose: float = float("nan")
    best_share: float = 0.0
    dose: float = float("nan")
    support: float = 0.0
    basin: Basin | None = None


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
        See :class:`DoseRules`.

    Returns
    -------
    Regimen

    Raises
    ------
    ValueError
        Rules without meaning.
    """
    rules = DoseRules(k_tol_ratio, required_support, margin, horizon_days, progression_factor)
    k_tol = rules.k_tol_ratio * patient.first_burden
    evidence = _gather(fit, diagnosis, model, k_tol, rules)
    reason = _decide(fit, diagnosis, model, k_tol, rules, evidence)
    recommended = reason in (Reason.IDENTIFIED, Reason.SUPPORTED)
    point_dose = _point_dose(evidence.window, rules)
    shown = evidence.dose if recommended else point_dose
    strategies = _strategies(model, fit, k_tol, rules, None if np.isnan(shown) else shown)
    return Regimen(
        patient_id=patient.patient_id,
        action="recommend" if recommended else "refuse",
        dose_fraction=evidence.dose if recommended else float("nan"),
        reason=_reason_sentence(reason, fit, diagnosis, evidence, rules, k_tol),
        code=reason.name,
        window=evidence.window,
        window_range=evidence.window_range,
        support=evidence.support if recommended else evidence.best_share,
        best_supported_dose=evidence.best_dose,
        support_doses=evidence.doses,
        support_share=evidence.share,
        required_support=rules.required_support,
        point_estimate_says=_point_sentence(evidence, point_dose, rules),
        would_change=_would_change(reason, fit, diagnosis, evidence),
        basin=str(evidence.basin) if evidence.basin else "",
        strategies=strategies,
        schedule=DoseSchedule.constant(evidence.dose) if recommended else None,
        settings={
            "k_tol": k_tol,
            "k_tol_ratio": rules.k_tol_ratio,
            "margin": rules.margin,
            "horizon_days": rules.horizon_days,
            "progression_factor": rules.progression_factor,
        },
    )


def _gather(fit: Fit, diagnosis: Diagnosis, model: Model, k_tol: float, rules: DoseRules) -> _Evidence:
    """Compute windows and support at the estimate and over the admitted sets."""
    evidence = _Evidence()
    try:
        evidence.window = dose_window(model, fit.estimates, fit.constants, k_tol)
    except WindowUnavailable as error:
        evidence.unavailable = str(error)
        return evidence
    ensemble = diagnosis.ensemble
    low, high, exists = window_edges(model, ensemble, k_tol)
    evidence.window_range = _window_range(low, high, exists, ensemble.weights)
    evidence.share = dose_support(model, ensemble, evidence.doses, k_tol)
    evidence.best_dose, evidence.best_share = best_supported_dose(model, ensemble, k_tol)
    # the point estimate is one of the admitted tumours and the likeliest: a dose outside its window is no candidate
    pieces = [
        (max(a, evidence.window.low), min(b, evidence.window.high))
        for a, b in supported_doses(model, ensemble, k_tol, rules.required_support)
    ]
    pieces = [(a, b) for a, b in pieces if b > a]
    if pieces and evidence.window.exists:
        a, b = max(pieces, key=lambda piece: piece[1] - piece[0])
        evidence.dose = a + rules.margin * (b - a)
        evidence.support = float(dose_support(model, ensemble, np.array([evidence.dose]), k_tol)[0])
    return evidence


def _window_range(low: np.ndarray, high: np.ndarray, exists: np.ndarray, weights: np.ndarray) -> WindowRange:
    """Summarise the windows of the admitted sets."""
    nothing = (float("nan"), float("nan"))
    return WindowRange(
        lower=(float(low[exists].min()), float(low[exists].max())) if exists.any() else nothing,
        upper=(float(high[exists].min()), float(high[exists].max())) if exists.any() else nothing,
        share_without_window=float(weights[~exists].sum()),
        n_sets=len(weights),
    )


def _decide(
    fit: Fit, diagnosis: Diagnosis, model: Model, k_tol: float, rules: DoseRules, evidence: _Evidence
) -> Reason:
    """Take the first reason that applies; the order is from the data to the dose."""
    point_dose = _point_dose(evidence.window, rules)
    candidate = evidence.dose if np.isfinite(evidence.dose) else point_dose
    if evidence.window is not None and np.isfinite(candidate):
        evidence.basin = in_basin(model, fit.estimates, fit.constants, candidate)
    if fit.too_few_points:
        return Reason.TOO_FEW_POINTS
    if not fit.converged:
        return Reason.NOT_CONVERGED
    if evidence.window is None:
        return Reason.NO_WINDOW_IN_MODEL
    if not evidence.window.exists:
        return Reason.EMPTY_WINDOW
    if not np.isfinite(evidence.dose):
        return Reason.NOT_SUPPORTED
    if evidence.basin is not Basin.INSIDE:
        return Reason.OUTSIDE_BASIN
    reached = basin_of_ensemble(model, diagnosis.ensemble, evidence.dose)
    inside = np.array([b is Basin.INSIDE for b in reached.basin])
    contains = np.array([b is not Basin.NO_TARGET for b in reached.basin])
    lost = float(diagnosis.ensemble.weights[contains & ~inside].sum())
    evidence.support = max(evidence.support - lost, 0.0)
    if evidence.support < rules.required_support - 1e-9:
        return Reason.OUTSIDE_BASIN
    criterion = next(v.criterion for v in diagnosis.verdicts if v.criterion.startswith("profile"))
    return Reason.IDENTIFIED if diagnosis.verdict(criterion).identified else Reason.SUPPORTED


def _point_dose(window: DoseWindow | None, rules: DoseRules) -> float:
    """Dose that the point estimate alone would suggest; NaN without a window."""
    if window is None or not window.exists:
        return float("nan")
    return window.low + rules.margin * (window.high - window.low)


def _strategies(
    model: Model, fit: Fit, k_tol: float, rules: DoseRules, dose: float | None
) -> tuple[StrategyOutcome, ...]:
    """Simulate the usual strategies at the point estimate."""
    if model.state_with_role("resistant") is None:
        return ()
    return compare_strategies(
        model, fit.estimates, fit.constants, k_tol, rules.horizon_days, dose, rules.progression_factor
    )


def _percent(fraction: float) -> str:
    """A dose fraction in percent."""
    return f"{100 * fraction:.1f} %"


def _reason_sentence(
    reason: Reason, fit: Fit, diagnosis: Diagnosis, evidence: _Evidence, rules: DoseRules, k_tol: float
) -> str:
    """One sentence: why this dose, or why none."""
    need = _percent(rules.required_support)
    match reason:
        case Reason.IDENTIFIED | Reason.SUPPORTED:
            open_ones = [v.parameter for v in diagnosis.verdicts if v.criterion.startswith("profile") and not v.identified]
            names = ", ".join(p for p in open_ones if p != "all")
            aside = f" ({names} not closed)" if names else ""
            return (
                f"{reason}{aside}: {_percent(evidence.dose)} of MTD lies inside the dose window of "
                f"{_percent(evidence.support)} of the {len(diagnosis.ensemble)} sets (asked for: {need})."
            )
        case Reason.TOO_FEW_POINTS:
            return (
                f"{reason}: {fit.n_points} measurements, {fit.n_estimated} estimated quantities; at least "
                f"{fit.n_estimated + 1 - fit.n_points} more visit(s) are needed before a dose can rest on them."
            )
        case Reason.NOT_CONVERGED:
            return f"{reason}: {fit.status}"
        case Reason.NO_WINDOW_IN_MODEL:
            return f"{reason}: {evidence.unavailable}"
        case Reason.EMPTY_WINDOW:
            return f"{reason} at a tolerable burden of {k_tol:.4g}: {evidence.window.sentence if evidence.window else ''}"
        case Reason.NOT_SUPPORTED:
            without = evidence.window_range.share_without_window if evidence.window_range else 0.0
            none = f"; for {_percent(without)} of the sets no dose window exists at all" if without > 0.0005 else ""
            return (
                f"{reason}: the best supported dose, {_percent(evidence.best_dose)} of MTD, lies inside the window of "
                f"{_percent(evidence.best_share)} of them, {need} are asked for{none}."
                if np.isfinite(evidence.best_dose)
                else f"{reason}: none of them has a window between 0 and MTD, {need} are asked for."
            )
        case Reason.OUTSIDE_BASIN:
            return f"{reason} ({_percent(evidence.dose)} of MTD, supported by {_percent(evidence.support)}): {evidence.basin}"


def _point_sentence(evidence: _Evidence, point_dose: float, rules: DoseRules) -> str:
    """What the point estimate alone would have said."""
    if evidence.window is None:
        return "The point estimate alone says nothing either: the model has no dose window."
    if not evidence.window.exists:
        return f"The point estimate alone says: {evidence.window.sentence}"
    return (
        f"The point estimate alone would have said {_percent(point_dose)} of MTD: window "
        f"{_percent(evidence.window.low)} to {_percent(evidence.window.high)}, dose {_percent(rules.margin)} of its "
        "width above the lower edge."
    )


def _would_change(reason: Reason, fit: Fit, diagnosis: Diagnosis, evidence: _Evidence) -> str:
    """What further evidence would change the decision."""
    unsettled = [
        v.parameter
        for v in diagnosis.verdicts
        if v.criterion.startswith("profile") and v.parameter != "all" and not v.identified
    ]
    match reason:
        case Reason.TOO_FEW_POINTS:
            return f"At least {fit.n_estimated + 1 - fit.n_points} further visit(s), better under another dose level."
        case Reason.NOT_CONVERGED:
            return "A fit that converges: more starts, or a check of the dose schedule and units."
        case Reason.NO_WINDOW_IN_MODEL:
            return "A model with one sensitive and one resistant population whose equilibria can be found."
        case Reason.EMPTY_WINDOW:
            smallest = evidence.window.smallest_tolerable_burden if evidence.window else float("nan")
            if np.isfinite(smallest):
                return f"A tolerable burden above {smallest:.4g}, the smallest for which a window exists."
            return "Evidence that sensitive cells compete more strongly with resistant ones than these data say."
        case Reason.NOT_SUPPORTED | Reason.OUTSIDE_BASIN:
            return (
                f"Visits that close {', '.join(unsettled) or 'the window edges'}: near the nadir, after a pause or a "
                "change of dose, and late in a relapse; or a higher tolerable burden, which widens the window."
            )
        case _:
            return (
                "A burden above the tolerable one under this dose, or further visits that move a window edge past "
                f"{_percent(evidence.dose)}."
            )
