"""Pooled scores with their uncertainty over patients, and paired comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from fitting.forecast.evaluate import Evaluation

VISIT_SCORES = (
    "log_density",
    "crps",
    "crps_log",
    "absolute_error",
    "absolute_log_error",
    "covered50",
    "covered90",
)
PROGRESSION_SCORES = ("error", "crps", "brier")


def patient_scores(evaluation: Evaluation) -> pd.DataFrame:
    """Mean scores of each patient and method over the held-out visits, and those of progression.

    Returns
    -------
    DataFrame
        Index (patient, method); columns ``VISIT_SCORES``, and for each definition of progression ``error``,
        ``crps`` and ``brier`` of its time, such as ``error, first burden`` (NaN for patients who had progressed
        before the cut).

    Raises
    ------
    ValueError
        Every forecast failed.
    """
    if evaluation.visits.empty:
        reasons = "; ".join(evaluation.failures["reason"].unique()[:3])
        raise ValueError(f"no forecast succeeded, so there is nothing to score: {reasons}")
    keys = ["patient", "method"]
    means = evaluation.visits.groupby(keys, sort=False)[list(VISIT_SCORES)].mean()
    for rule in evaluation.rules:
        times = evaluation.progression[evaluation.progression["rule"] == rule].set_index(keys)
        scores = times.reindex(columns=list(PROGRESSION_SCORES)).astype(float)
        means = means.join(scores.rename(columns={name: f"{name}, {rule}" for name in PROGRESSION_SCORES}))
    return means.astype(float)


def in_common(evaluation: Evaluation) -> list[str]:
    """Return the patients whom every method forecast: only on them may methods be compared."""
    counts = evaluation.visits.groupby("patient")["method"].nunique()
    return [p for p in evaluation.patients if counts.get(p, 0) == len(evaluation.methods)]


def summarise(evaluation: Evaluation) -> pd.DataFrame:
    """Pool the scores: a mean over patients of each patient's mean over visits, with its standard error.

    Every patient counts once, however many visits were held out, because the visits of one patient are not
    independent. Only patients whom every method forecast are used.

    Returns
    -------
    DataFrame
        Index: method. Columns: patients, visits, failed; of each column of :func:`patient_scores` its mean, its
        standard error over patients as ``<score>_se``, and for progression the number of patients it is about
        (those who had not progressed before the cut) as ``patients, <definition>``.
    """
    import pandas as pd

    scores = patient_scores(evaluation)
    common = in_common(evaluation)
    rows = {}
    for method in evaluation.methods:
        mine = scores[scores.index.get_level_values("method") == method].droplevel("method").reindex(common)
        kept = evaluation.visits[
            (evaluation.visits["method"] == method) & evaluation.visits["patient"].isin(common)
        ]
        row: dict[str, float] = {
            "patients": len(common),
            "visits": len(kept),
            "failed": int((evaluation.failures["method"] == method).sum()),
        }
        for name in scores.columns:
            values = mine[name].dropna().to_numpy()
            row[name] = float(values.mean()) if len(values) else np.nan
            if name.startswith("error, "):
                row[name.replace("error", "patients", 1)] = len(values)
            row[f"{name}_se"] = (
                float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan
            )
        rows[method] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def paired_differences(
    evaluation: Evaluation, reference: str, score: str, *, replicates: int = 4000, seed: int = 0
) -> pd.DataFrame:
    """Differences from a reference method, patient by patient, with a bootstrap over patients.

    Parameters
    ----------
    evaluation : Evaluation
    reference : str
        Method that the others are compared with.
    score : str
        A column of :func:`patient_scores`.
    replicates : int
        Bootstrap samples of patients.
    seed : int

    Returns
    -------
    DataFrame
        Index: method. difference (method minus reference; mean over patients), se, low, high (95 % percentile
        interval), better (share of patients on whom the method is better), patients.

    Raises
    ------
    ValueError
        An unknown method or score.
    """
    import pandas as pd

    if reference not in evaluation.methods:
        raise ValueError(f"no method {reference!r}; there are {', '.join(evaluation.methods)}")
    scores = patient_scores(evaluation)
    if score not in scores.columns:
        raise ValueError(f"no score {score!r}; there are {', '.join(scores.columns)}")
    wide = scores[score].unstack("method").reindex(in_common(evaluation)).dropna()
    picked = np.random.default_rng(seed).integers(0, max(len(wide), 1), (replicates, len(wide)))
    rows = {}
    for method in evaluation.methods:
        if method == reference or wide.empty:
            continue
        d = (wide[method] - wide[reference]).to_numpy()
        means = d[picked].mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        gain = d if score == "log_density" else -d
        rows[method] = {
            "difference": d.mean(), "se": means.std(), "low": low, "high": high,
            "better": float(np.mean(gain > 0)), "patients": len(d),
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")
