"""The rows of every table for one patient."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from workbench.decision import Decision
from workbench.inquiry_rows import known_quantities
from workbench.record import PatientRecord

if TYPE_CHECKING:
    from dosing.strategies import StrategyOutcome
    from identifiability.result import Verdict

Row = dict[str, Any]
WALD_LEVEL = 0.95


def fit_rows(record: PatientRecord, decision: Decision) -> Iterator[Row]:
    """One row a parameter; one row with the reason where there is no fit."""
    fit, patient = record.fit, record.patient
    base = {
        "patient_id": patient.patient_id, "n_points": len(patient), "marker": patient.marker,
        "virtual": patient.virtual, "status": decision.fit_status,
    }  # fmt: skip
    if fit is None:
        yield {**base, "parameter": "all", "status_sentence": record.reason}
        return
    se, rse, (low, high) = fit.se, fit.rse_percent, fit.wald_interval(WALD_LEVEL)
    for i, name in enumerate(fit.parameter_names):
        yield {
            **base, "parameter": name, "unit": fit.parameter_units[i], "estimate": fit.estimates[i], "se": se[i],
            "rse_percent": rse[i], "ci_low": low[i], "ci_high": high[i], "status_sentence": fit.status.value,
            "ci_level": WALD_LEVEL, "bound_low": fit.lower[i], "bound_high": fit.upper[i],
            "on_bound": name in fit.at_bound, "model": fit.model_name, "likelihood": fit.likelihood,
            "dispersion": fit.dispersion, "nll": fit.nll,
            "aic": fit.aic, "aicc": fit.aicc, "bic": fit.bic, "n_estimated": fit.n_estimated,
            "pearson_chi2": fit.pearson_chi2, "starts": fit.starts, "starts_at_optimum": fit.starts_at_optimum,
            "warnings": " | ".join(fit.warnings),
        }  # fmt: skip


def profile_rows(record: PatientRecord) -> Iterator[Row]:
    """One row a point of a profile, of parameters first, then of what the dose rests on."""
    if record.diagnosis is None or record.fit is None:
        return
    names = record.fit.parameter_names
    units = dict(zip(names, record.fit.parameter_units, strict=True))
    quantities = known_quantities(record)
    units |= {q.parameter: getattr(q, "unit", "") for q in quantities}
    for profile in (*record.diagnosis.profiles, *quantities):
        rise = profile.rise
        for i, value in enumerate(profile.values):
            yield {
                "patient_id": record.patient.patient_id, "parameter": profile.parameter,
                "unit": units[profile.parameter], "value": value, "nll": profile.nll[i], "rise": rise[i],
                "threshold": profile.threshold,
                "level": profile.level, "df": profile.df, "inside": bool(rise[i] <= profile.threshold),
                **{f"at_{name}": profile.sets[i, j] for j, name in enumerate(names)},
            }  # fmt: skip


def identifiability_rows(record: PatientRecord, criteria: Sequence[str]) -> Iterator[Row]:
    """One row a criterion and parameter, ``all`` included."""
    diagnosis = record.diagnosis
    patient_id = record.patient.patient_id
    if diagnosis is None:
        for criterion in criteria:
            yield {
                "patient_id": patient_id, "criterion": criterion, "parameter": "all", "verdict": "not_identified",
                "sentence": f"Not assessed: {record.failure.reason if record.failure else 'no diagnosis was made'}",
                "code": "STAGE_FAILED",
            }  # fmt: skip
        return
    profiles = {p.parameter: p for p in (*diagnosis.profiles, *known_quantities(record))}
    for verdict in (*diagnosis.verdicts, *_window_verdicts(record)):
        row: Row = {
            "patient_id": patient_id, "criterion": verdict.criterion, "parameter": verdict.parameter,
            "verdict": verdict.verdict, "lower_status": verdict.lower_status, "upper_status": verdict.upper_status,
            "sentence": verdict.sentence, "code": verdict.code.code,
        }  # fmt: skip
        if verdict.criterion == "structural":  # knows the equations alone: neither data nor their information
            yield row
            continue
        if verdict.parameter in profiles and profiles[verdict.parameter].intervals:
            profile = profiles[verdict.parameter]
            row |= {
                "ci_low": profile.ci[0], "ci_high": profile.ci[1], "ci_pieces": len(profile.intervals),
                "level": profile.level,
            }  # fmt: skip
        if verdict.criterion == "window":
            yield row
            continue
        information = diagnosis.fisher_paper if verdict.criterion == "paper" else diagnosis.fisher
        yield {**row, "fim_rank": information.rank, "fim_condition": information.condition}


def _window_verdicts(record: PatientRecord) -> tuple[Verdict, ...]:
    """Verdicts on the dose itself, on window edges and other quantities, as far as they were asked for."""
    from dosing.window_verdict import dose_verdict, quantity_verdicts
    from identifiability.functions.function_profile import FunctionProfile

    evidence = record.regimen.dose_evidence if record.regimen else None
    quantities = [q for q in known_quantities(record) if isinstance(q, FunctionProfile)]
    return ((dose_verdict(evidence),) if evidence else ()) + quantity_verdicts(quantities)


def regimen_row(record: PatientRecord, decision: Decision) -> Row:
    """One row a patient."""
    row: Row = {
        "patient_id": decision.patient_id, "action": decision.action, "dose_fraction": decision.dose_fraction,
        "window_low": decision.window_low, "window_high": decision.window_high, "reason": decision.reason,
        "code": decision.code, "failed": decision.failed, "support": decision.support,
        "lower_edge_min": decision.lower_range[0], "lower_edge_max": decision.lower_range[1],
        "upper_edge_min": decision.upper_range[0], "upper_edge_max": decision.upper_range[1],
        "identified_paper": decision.paper, "identified_profile": decision.profile, "virtual": decision.virtual,
    }  # fmt: skip
    regimen = record.regimen
    if regimen is None:
        return row
    row |= {
        "required_support": regimen.required_support, "best_supported_dose": regimen.best_supported_dose,
        "point_estimate_says": regimen.point_estimate_says, "would_change": regimen.would_change,
        "basin": regimen.basin,
    }  # fmt: skip
    if regimen.window is not None:
        window = regimen.window
        row |= {
            "k_tol": window.k_tol, "case": window.case, "smallest_tolerable_burden": window.smallest_tolerable_burden,
        }  # fmt: skip
    if regimen.window_range is not None:
        spread = regimen.window_range
        row |= {"share_without_window": spread.share_without_window, "n_parameter_sets": spread.n_sets}
    outcome = recommended_strategy(record)
    if outcome is not None:
        row["total_dose"] = outcome.total_dose
        if outcome.ttp is not None:
            row |= {
                "ttp_days": outcome.ttp.above_tolerable.days, "ttp_censored": outcome.ttp.above_tolerable.censored,
            }  # fmt: skip
    return row


def recommended_strategy(record: PatientRecord) -> StrategyOutcome | None:
    """Outcome of the recommended dose: the constant dose among the strategies."""
    if record.regimen is None or not record.recommended:
        return None
    wanted = record.regimen.dose_fraction
    for outcome in record.regimen.strategies:
        if math.isclose(getattr(outcome.policy, "dose", math.nan), wanted) and outcome.name.startswith(
            "constant"
        ):
            return outcome
    return None


def strategy_rows(record: PatientRecord) -> Iterator[Row]:
    """One row a strategy."""
    for o in record.regimen.strategies if record.regimen else ():
        row: Row = {
            "patient_id": record.patient.patient_id, "strategy": o.name, "description": o.description,
            "total_dose": o.total_dose, "mean_dose": o.mean_dose, "final_burden": o.final_burden,
            "lowest_burden": o.lowest_burden, "lowest_day": o.lowest_day, "horizon_days": o.horizon_days,
            "status": o.status,
        }  # fmt: skip
        for name in ("above_tolerable", "first_crossing", "last_below") if o.ttp else ():
            progression = getattr(o.ttp, name)
            row[f"ttp_{name}_days"], row[f"ttp_{name}_censored"] = progression.days, progression.censored
        yield row


def exclusion_rows(record: PatientRecord) -> Iterator[Row]:
    """One row a measurement that no fit uses."""
    for e in record.patient.excluded:
        yield {
            "patient_id": record.patient.patient_id, "kind": "measurement", "time_days": e.time_days,
            "burden": e.burden, "row": e.row, "reason": e.reason,
        }  # fmt: skip


def rejection_rows(rejected: Sequence[tuple[str, str]]) -> Iterator[Row]:
    """One row a patient who could not be fitted at all."""
    for patient_id, reason in rejected:
        yield {"patient_id": patient_id, "kind": "patient", "reason": reason}
