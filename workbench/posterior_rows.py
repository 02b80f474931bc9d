"""The rows that ``evodose fit --bayes`` adds, for one patient."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.posterior_summary import QUANTILES, PosteriorSummary
from workbench.posterior_window import LEVELS, LOWER, UPPER, PosteriorWindow

Row = dict[str, Any]
_NAMES = ("q2.5", "q25", "median", "q75", "q97.5")
_EDGES = (("window_low", LOWER, "low"), ("window_high", UPPER, "high"))
_FEATURES = {
    "nadir depth": "p_nadir",
    "slope of the last two visits": "p_slope",
    "largest residual": "p_residual",
}


def posterior_rows(summary: PosteriorSummary) -> Iterator[Row]:
    """One row a parameter, then one an edge of the window."""
    base = {"patient_id": summary.patient.patient_id, "usable": summary.usable}
    if summary.status is None:
        yield {**base, "parameter": "all", "sentence": summary.reason}
        return
    sentences = {s.quantity: " ".join((s.sentence, *map(ended, s.notes))) for s in summary.sensitivities}
    for p in summary.parameters:
        yield {
            **base, "parameter": p.name, "unit": p.unit, "mean": p.mean, "sd": p.sd,
            **dict(zip(_NAMES, p.quantiles, strict=True)), "rhat": p.rhat, "ess_bulk": p.ess_bulk,
            "ess_tail": p.ess_tail, "contraction": p.contraction, "source": p.source, "exists": 1.0,
            "sentence": sentences.get(p.name, ""),
        }  # fmt: skip
    if summary.window is not None:
        for name, quantity, which in _EDGES:
            yield {**base, **_edge_row(summary.window, name, quantity, getattr(summary.window, which))}


def _edge_row(window: PosteriorWindow, name: str, quantity: str, quantiles: np.ndarray) -> Row:
    """One edge of the window."""
    judged = {s.quantity: s for s in window.sensitivities}.get(quantity)
    at = dict(zip(LEVELS, quantiles, strict=True))
    row: Row = {
        "parameter": name,
        "unit": "fraction of the maximum tolerated dose",
        "exists": window.probability,
    }
    row |= {key: at[level] for key, level in zip(_NAMES, QUANTILES, strict=True)}
    if judged is not None:
        row |= {
            "source": judged.source.code, "sentence": " ".join((judged.sentence, *map(ended, judged.notes))),
            "contraction": judged.contraction.contraction if judged.contraction else math.nan,
        }  # fmt: skip
    return row


def check_row(summary: PosteriorSummary) -> Row:
    """One row a patient."""
    found, window = summary.posterior, summary.window
    row: Row = {
        "patient_id": summary.patient.patient_id, "status": summary.status.name if summary.status else "NONE",
        "status_sentence": summary.reason, "usable": summary.usable,
        "warnings": " | ".join((*(found.warnings if found else ()), *summary.notes)),
    }  # fmt: skip
    if found is not None:
        row |= {"method": found.method, "model": found.model_name, "likelihood": found.likelihood}
    if summary.convergence is not None:
        c = summary.convergence
        row |= {
            "chains": c.chains, "draws": c.draws, "rhat": c.worst_rhat, "ess": c.least_ess,
            "divergences": c.divergences if found is not None and found.method == "nuts" else None,
            "convergence": c.verdict.code, "convergence_sentence": c.sentence,
        }  # fmt: skip
    if summary.loo is not None:
        loo = summary.loo
        row |= {
            "elpd_loo": loo.elpd, "elpd_loo_se": loo.se, "p_loo": loo.effective_parameters,
            "pareto_k": float(loo.pareto_k.max()), "pareto_k_limit": loo.k_limit,
            "visits_in_doubt": int(loo.doubtful.sum()), "loo_sentence": loo.status.value,
        }  # fmt: skip
    if summary.predictive is not None:
        check = summary.predictive
        row |= {_FEATURES[f.name]: f.p_value for f in check.features if f.name in _FEATURES}
        row |= {
            "predictive": check.verdict.code, "inside_90": check.coverage(),
            "predictive_sentence": without_name(check.sentence, check.patient),
        }  # fmt: skip
    if summary.prior_predictive is not None:
        row["prior_predictive"] = summary.prior_predictive.verdict.code
    if window is not None:
        dose, probability = window.best
        row |= {
            "window_probability": window.probability, "window_prior_probability": window.prior_probability,
            "sensitivity_sentence": window.sentence,
        }  # fmt: skip
        if probability > 0:
            row |= {"best_dose": dose, "best_dose_probability": probability}
    return row


def without_name(sentence: str, name: str) -> str:
    """Leave out the patient's name at the beginning: the row has it."""
    return sentence.removeprefix(f"{name}: ")


def ended(note: str) -> str:
    """Make a note a sentence; one that begins with a parameter's name keeps its first letter."""
    text = note if note.endswith((".", ".)")) else f"{note}."
    word = text.split(" ", 1)[0]
    return f"{text[0].upper()}{text[1:]}" if word.isalpha() and len(word) > 2 else text
