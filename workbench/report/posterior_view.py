"""What the page of posteriors shows of one patient, and of the cohort in one table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.posterior_rows import ended, without_name
from workbench.posterior_window import LEVELS, PosteriorWindow
from workbench.report.labels import (
    days,
    interval,
    marker_label,
    marker_unit,
    number,
    percent,
    plural,
    symbol_html,
)
from workbench.report.patient_view import anchor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fitting.posterior_checks.sensitivity_result import Sensitivity
    from workbench.posterior_summary import PosteriorSummary

View = dict[str, Any]
BADGES = {
    "CONVERGED": ("converged", "good"), "CONFIRMED": ("converged, confirmed", "good"),
    "IMPORTANCE": ("importance draws hold", "good"),
    "APPROXIMATE": ("approximation", "open"), "NOT_CONVERGED": ("not converged", "bad"),
    "FAILED": ("no posterior", "bad"), "NONE": ("no posterior", "bad"),
}  # fmt: skip
SOURCE_STYLES = {
    "DATA": "good", "SHARED": "fair", "PRIOR": "open", "CONFLICT": "bad", "NEITHER": "bad", "TOO_FEW_DRAWS": "unknown",
    "CONSTANT": "unknown",
}  # fmt: skip
METHODS = {
    "nuts": "NUTS",
    "importance": "importance resampling",
    "laplace": "normal approximation at the mode",
}


def badge(summary: PosteriorSummary) -> tuple[str, str]:
    """Word and style of a posterior's status."""
    return BADGES[summary.status.name if summary.status else "NONE"]


def overview_row(summary: PosteriorSummary, names: Sequence[str], *, linked: bool) -> View:
    """One row of the cohort's table."""
    word, kind = badge(summary)
    judged = {s.quantity: s for s in summary.sensitivities}
    c, window = summary.convergence, summary.window
    return {
        "id": summary.patient.patient_id, "anchor": anchor(summary.patient.patient_id), "linked": linked,
        "points": len(summary.patient), "badge": word, "style": kind,
        "rhat": rhat_of(c.worst_rhat) if c else "–", "ess": number_of(c.least_ess) if c else "–",
        "cells": [source_cell(judged.get(name)) for name in names],
        "probability": percent(window.probability, 0) if window else "–",
        "low": edge_cell(window, 0), "high": edge_cell(window, 1),
        "sentence": window.sentence if window else " ".join(summary.notes[-1:]) or summary.reason,
    }  # fmt: skip


def number_of(count: float) -> str:
    """Write a number of draws."""
    return "–" if math.isnan(count) else f"{count:.0f}"


def rhat_of(value: float) -> str:
    """Write an R-hat."""
    return "–" if math.isnan(value) else "∞" if math.isinf(value) else f"{value:.3f}"


def source_cell(sensitivity: Sensitivity | None) -> View:
    """Where a quantity comes from, in a word."""
    if sensitivity is None:
        return {"text": "–", "style": "unknown", "title": "not judged"}
    word = {
        "prior and data together": "both",
        "prior against data": "conflict",
        "not told by so few draws": "not told",
    }
    text = sensitivity.source.word
    text = "bounds" if sensitivity.source.name == "NEITHER" else word.get(text, text)
    return {"text": text, "style": SOURCE_STYLES[sensitivity.source.code], "title": sensitivity.sentence}


def edge_cell(window: PosteriorWindow | None, which: int) -> View:
    """Median and 90 % interval of an edge, coloured by where it comes from."""
    quantiles = (window.low, window.high)[which] if window else np.full(len(LEVELS), np.nan)
    if window is None or not np.all(np.isfinite(quantiles)):
        return {"text": "–", "below": "", "source": "", "style": "unknown", "title": "no window"}
    judged = window.sensitivities[which] if len(window.sensitivities) == 2 else None
    at = dict(zip(LEVELS, quantiles, strict=True))
    source = source_cell(judged)
    return {
        "text": percent(at[0.5], 0), "below": f"{percent(at[0.05], 0)} – {percent(at[0.95], 0)}",
        "source": source["text"], "style": source["style"], "title": source["title"],
    }  # fmt: skip


def patient_view(summary: PosteriorSummary) -> View:
    """Return everything the page shows of one patient, figures included."""
    from workbench.report.plots.posterior import (
        bands_figure,
        intervals_figure,
        pairs_figure,
        pareto_figure,
        ranks_figure,
        sensitivity_figure,
    )
    from workbench.report.plots.posterior_window import posterior_window_figure

    patient, posterior = summary.patient, summary.posterior
    word, kind = badge(summary)
    first = [
        plural(len(patient), "measurement"),
        f"days {days(patient.times[0])} to {days(patient.times[-1])}",
    ]
    view: View = {
        "id": patient.patient_id, "anchor": anchor(patient.patient_id), "virtual": patient.virtual, "badge": word,
        "badge_class": {"good": "recommend", "open": "refuse", "bad": "failed"}[kind], "usable": summary.usable,
        "facts": ", ".join([*first, marker_label(patient.marker)]), "lead": lead(summary),
        "window_sentences": window_sentences(summary), "notes": list(summary.notes),
        "warnings": [ended(w) for w in posterior.warnings] if posterior else [],
        "chains": chain_facts(summary), "parameters": [],
        "sentences": [sentence_of(s) for s in summary.sensitivities], "figures": {},
        "bands_caption": "", "prior_caption": "", "loo": "",
        "sampled": posterior is not None and posterior.method == "nuts",
    }  # fmt: skip
    if posterior is None or not summary.parameters:
        return view
    unit = marker_unit(patient.marker)
    names = [p.name for p in summary.parameters]
    units = {p.name: p.unit for p in summary.parameters if p.unit}
    figures: dict[str, Any] = {
        "bands": None, "pareto": None, "sensitivity": None, "window": None,
        "intervals": intervals_figure(posterior.tree, names, units),
        "pairs": pairs_figure(posterior.tree, names, units), "ranks": ranks_figure(posterior.tree, names, units),
    }  # fmt: skip
    if summary.predictive is not None:
        figures["bands"] = bands_figure(summary.predictive, summary.prior_predictive, unit)
        view["bands_caption"] = without_name(summary.predictive.sentence, summary.predictive.patient)
    if summary.prior_predictive is not None:
        view["prior_caption"] = "Prior alone: " + without_name(
            summary.prior_predictive.sentence, summary.prior_predictive.patient
        )
    if summary.loo is not None:
        figures["pareto"] = pareto_figure(summary.loo)
        view["loo"] = (
            f"{summary.loo.status.value} Log predictive density of visits left out, summed: "
            f"{number(summary.loo.elpd, 4)} ± {number(summary.loo.se, 2)}; "
            f"effective parameters {number(summary.loo.effective_parameters, 2)}."
        )
    edges = summary.window.sensitivities if summary.window else ()
    if summary.sensitivities:
        figures["sensitivity"] = sensitivity_figure((*edges, *summary.sensitivities))
    if summary.window is not None and summary.window.probability > 0:
        figures["window"] = posterior_window_figure(summary.window)
    view["figures"] = figures
    view["parameters"] = [parameter_row(p) for p in summary.parameters]
    return view


def lead(summary: PosteriorSummary) -> str:
    """Return the sentence at the head of a patient."""
    if summary.usable and summary.window is not None:
        return summary.window.sentence
    return summary.reason


def window_sentences(summary: PosteriorSummary) -> list[str]:
    """Say whether a window exists, and of each edge what it owes to whom."""
    window = summary.window
    if window is None:
        return []
    prior = (
        f" (prior: {percent(window.prior_probability, 0)})" if math.isfinite(window.prior_probability) else ""
    )
    text = (
        f"A dose window for a tolerable burden of {number(window.k_tol, 4)} {marker_unit(summary.patient.marker)} "
        f"exists with probability {percent(window.probability, 0)}{prior}."
    )
    if window.probability > 0:
        dose, most = window.best
        text += f" A constant dose of {percent(dose, 0)} of the MTD lies inside it most probably ({percent(most, 0)})."
    return [text, *(sentence_of(s) for s in window.sensitivities)]


def sentence_of(sensitivity: Sensitivity) -> str:
    """Return the verdict with its notes, as sentences."""
    parts = [sensitivity.sentence, *map(ended, sensitivity.notes)]
    return " ".join(f"{p[0].upper()}{p[1:]}" if p.startswith("the ") else p for p in parts)


def chain_facts(summary: PosteriorSummary) -> list[View]:
    """Facts of the draws that a reader checks first."""
    c, posterior = summary.convergence, summary.posterior
    facts = [("Status", summary.reason)]
    if posterior is not None:
        facts.append(("Method", METHODS.get(posterior.method, posterior.method)))
    if c is not None:
        facts.append(("Draws", f"{plural(c.chains, 'chain')} of {c.draws}"))
        facts.append(
            (
                "R-hat, ESS",
                f"largest R-hat {rhat_of(c.worst_rhat)}, fewest effective draws {number_of(c.least_ess)}",
            )
        )
        if c.divergences is not None and posterior is not None and posterior.method == "nuts":
            facts.append(("Divergences", str(c.divergences)))
        if posterior is not None and posterior.method == "nuts":
            facts.append(("Chains", c.sentence))
    for name, text in posterior.provenance.get("priors", {}).items() if posterior else ():
        facts.append((f"Prior of {name}", text))
    return [{"name": a, "text": b} for a, b in facts]


def parameter_row(p: Any) -> View:
    """One row of a patient's table."""
    head, below = symbol_html(p.name)
    return {
        "head": head, "below": below, "unit": p.unit, "median": number(float(p.quantiles[2]), 4),
        "wide": interval(float(p.quantiles[0]), float(p.quantiles[4])), "rhat": rhat_of(p.rhat),
        "ess": f"{number_of(p.ess_bulk)}, {number_of(p.ess_tail)}",
        "contraction": "–" if math.isnan(p.contraction) else number(p.contraction, 2),
        "source": p.source.lower().replace("_", " ") or "–", "style": SOURCE_STYLES.get(p.source, "unknown"),
    }  # fmt: skip
