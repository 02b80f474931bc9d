"""What the report shows of one patient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.decision import Decision
from workbench.naming import safe_name
from workbench.record import PatientRecord
from workbench.report.labels import (
    days,
    interval,
    marker_label,
    marker_unit,
    number,
    percent,
    plain,
    plural,
    symbol_html,
)
from workbench.rows import WALD_LEVEL

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.result import Fit
    from identifiability.result import Diagnosis, Profile

View = dict[str, Any]
LIKELIHOOD_WORDS = {
    "poisson": "Poisson", "negative_binomial": "negative binomial", "log_normal": "log-normal", "normal": "normal",
}  # fmt: skip


def anchor(patient_id: str) -> str:
    """Return a name for links that no identifier can break."""
    return f"p-{safe_name(patient_id)}"


def decision_word(decision: Decision) -> tuple[str, str]:
    """Word and style class of a decision."""
    if decision.failed:
        return "failed", "failed"
    if decision.action == "recommend":
        return f"{percent(decision.dose_fraction)} of MTD", "recommend"
    return "refused", "refuse"


def compact_view(record: PatientRecord, decision: Decision) -> View:
    """Return what one folded line shows: no figure but a sparkline."""
    from workbench.report.plots.spark import sparkline

    return _common(record, decision) | {"spark": sparkline(record.patient)}


def full_view(
    record: PatientRecord, decision: Decision, model: Model, drawn: dict[str, View] | None = None
) -> View:
    """Return everything, figures included; those of ``drawn`` are taken as they are."""
    from workbench.report.dosing_view import strategy_part, window_part
    from workbench.report.identifiability_view import identifiability_part
    from workbench.report.inquiry_view import inquiry_part
    from workbench.report.plots.course import course_figure

    fit, diagnosis, regimen, patient = record.fit, record.diagnosis, record.regimen, record.patient
    view = _common(record, decision)
    view |= {
        "course": course_figure(patient, fit, model),
        "course_caption": _course_caption(record, model),
        "notes": patient.notes,
        "level": percent(WALD_LEVEL).replace(" ", "\u00a0"),
        "fit_facts": _fit_facts(fit) if fit else [],
        "would_change": regimen.would_change if regimen else "",
        "profiles": None,
        "window": None,
        "strategies": None,
        "inquiry": inquiry_part(record, model, drawn),
    }
    if fit is not None and diagnosis is not None and diagnosis.profiles:
        view |= identifiability_part(fit, diagnosis, patient.marker)
    if fit is not None and regimen is not None and regimen.window is not None:
        view |= window_part(record, model)
    if regimen is not None and regimen.strategies:
        view |= strategy_part(record)
    return view


def _common(record: PatientRecord, decision: Decision) -> View:
    """Return what both views show."""
    word, style = decision_word(decision)
    patient, fit = record.patient, record.fit
    facts = [
        plural(len(patient), "measurement"),
        f"days {days(patient.times[0])} to {days(patient.times[-1])}",
    ]
    facts.append(marker_label(patient.marker))
    says = record.regimen.point_estimate_says if record.regimen and not record.recommended else ""
    return {
        "id": patient.patient_id,
        "anchor": anchor(patient.patient_id),
        "virtual": patient.virtual,
        "decision": word,
        "decision_class": style,
        "facts": ", ".join(facts),
        "headline": decision.reason,
        "point_estimate_says": says,
        "warnings": [w if w.endswith(".") else f"{w}." for w in fit.warnings] if fit else (),
        "exclusions": [
            f"({i}) day {days(e.time_days)}, {number(e.burden, 4)}: {e.reason}"
            for i, e in enumerate(patient.excluded, start=1)
        ],
        "parameters": _parameters(fit, record.diagnosis, patient.marker) if fit else [],
    }


def _parameters(fit: Fit, diagnosis: Diagnosis | None, marker: str) -> list[View]:
    """One row a parameter: estimate, errors, confidence set, sides."""
    profiles = {p.parameter: p for p in diagnosis.profiles} if diagnosis else {}
    low, high = fit.wald_interval(WALD_LEVEL)
    rows = []
    for i, name in enumerate(fit.parameter_names):
        head, below = symbol_html(name)
        profile = profiles.get(name)
        unit = fit.parameter_units[i]
        rows.append(
            {
                "head": head,
                "below": below,
                "unit": {"1": "", "burden": marker_unit(marker)}.get(unit, unit),
                "estimate": number(float(fit.estimates[i]), 4)
                + (" (on bound)" if name in fit.at_bound else ""),
                "rse": "–" if math.isnan(fit.rse_percent[i]) else f"{number(float(fit.rse_percent[i]), 2)} %",
                "wald": interval(float(low[i]), float(high[i])),
                "set": _set_text(profile),
                "sides": _sides_text(profile),
                "closed": profile is not None and profile.lower_status == profile.upper_status == "closed",
            }
        )
    return rows


def _set_text(profile: Profile | None) -> str:
    """Write the pieces of a confidence set."""
    return " ∪ ".join(interval(a, b) for a, b in profile.intervals) if profile else "–"


def _sides_text(profile: Profile | None) -> str:
    """Say how the two sides end."""
    if profile is None:
        return "–"
    lower, upper = (s.value.replace("_", " ") for s in (profile.lower_status, profile.upper_status))
    return f"both {lower}" if lower == upper else f"{lower} below, {upper} above"


def _fit_facts(fit: Fit) -> list[View]:
    """Facts of a fit that a reader checks first."""
    facts = [
        ("Status", fit.status.value),
        (
            "Likelihood",
            LIKELIHOOD_WORDS.get(fit.likelihood, fit.likelihood)
            + (f", dispersion {number(fit.dispersion)}" if fit.dispersion else ""),
        ),
        ("−log L", f"{number(fit.nll, 5)}; AICc {'–' if math.isinf(fit.aicc) else number(fit.aicc, 4)}"),
        (
            "Starts",
            f"{fit.starts_at_optimum} of {fit.starts} reached the optimum; "
            f"{plural(len(fit.optima), 'local optimum', 'local optima')} found",
        ),
    ]
    if fit.degrees_of_freedom > 0:
        facts.append(
            (
                "Pearson χ²/df",
                f"{number(fit.pearson_chi2 / fit.degrees_of_freedom)} ({fit.degrees_of_freedom} df)",
            )
        )
    facts.append(("Known", ", ".join(f"{c} = {plain(float(v))}" for c, v in fit.constants.items())))
    return [{"name": a, "text": b} for a, b in facts]


def _course_caption(record: PatientRecord, model: Model) -> str:
    """Say what the lines and signs of the first figure are."""
    parts = ["Dots: measurements used."]
    if record.patient.excluded:
        parts.append("Crosses: measurements not used, numbered as below.")
    if any(record.patient.censoring != 0):
        parts.append("Open triangles: censored, at the limit.")
    if record.fit is not None:
        roles = [s for s in model.states if s.role]
        shares = " Dashed and dotted: its sensitive and resistant cells." if len(roles) == 2 else ""
        parts.append(f"Line: {model.name} model at the estimates.{shares}")
    parts.append("Below: dose given.")
    return " ".join(parts)


def open_text(sides: Sequence[str]) -> str:
    """Group open sides: ``r below, r above, c above`` becomes ``r both sides; c above``."""
    by_name: dict[str, list[str]] = {}
    for side in sides:
        name, _, word = side.rpartition(" ")
        by_name.setdefault(name, []).append(word)
    groups: dict[str, list[str]] = {}
    for name, words in by_name.items():
        head, below = symbol_html(name)
        groups.setdefault("both sides" if len(words) == 2 else words[0], []).append(
            f"{head}_{below}" if below else head
        )
    return "; ".join(f"{', '.join(names)} {word}" for word, names in groups.items())
