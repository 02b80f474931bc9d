"""Which of several models predicts left-out visits best, and whether that can be told at all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.comparison_result import Comparison, ComparisonVerdict, ModelScore
from fitting.posterior_checks.model_weights import pseudo_bma_weights, stacking_weights

if TYPE_CHECKING:
    from fitting.posterior_checks.leave_one_out import LeaveOneOut

LEAST_DIFFERENCE = 4.0  # smaller differences say that models predict alike (Sivula 2025, section 5)
LEVEL = 0.95
_COUNTS = {"poisson", "negative_binomial"}


def compare_models(candidates: Mapping[str, LeaveOneOut]) -> Comparison:
    """Compare models of one patient by leave-one-out predictive density.

    Parameters
    ----------
    candidates : mapping of str to LeaveOneOut
        By the model's name; all from the same visits.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        No model, or models that were fitted to different visits.
    """
    if not candidates:
        raise ValueError("no model to compare; give at least one, better two")
    first = next(iter(candidates.values()))
    require_same_visits(candidates)
    units = np.arange(first.times_days.size)
    return scored(f"patient {first.patient_id}", candidates, units, likelihood_notes(candidates))


def require_same_visits(candidates: Mapping[str, LeaveOneOut]) -> None:
    """Refuse models of one patient that were fitted to different visits.

    Raises
    ------
    ValueError
        Days or burdens that differ.
    """
    first = next(iter(candidates.values()))
    for name, loo in candidates.items():
        if not (
            np.array_equal(loo.times_days, first.times_days) and np.array_equal(loo.burdens, first.burdens)
        ):
            raise ValueError(
                f"patient {first.patient_id}: model {name!r} was fitted to {loo.times_days.size} visits, "
                f"{next(iter(candidates))!r} to {first.times_days.size} or to other values; densities of "
                "different data cannot be compared. Fit all models to the same visits"
            )


def scored(
    subject: str, candidates: Mapping[str, LeaveOneOut], units: np.ndarray, notes: tuple[str, ...]
) -> Comparison:
    """Score models whose visits are given in one order.

    Parameters
    ----------
    subject : str
    candidates : mapping of str to LeaveOneOut
        With one entry a visit, the same visits for all.
    units : ndarray of int, shape (n,)
        The unit that each visit belongs to: units are taken as independent, visits of one unit are not.
    notes : tuple of str
    """
    names = list(candidates)
    pointwise = np.array([candidates[name].elpd_visits for name in names])
    doubtful = np.array([candidates[name].doubtful for name in names])
    sure = ~doubtful.any(axis=0)
    stacking, pseudo = stacking_weights(pointwise), pseudo_bma_weights(_by_unit(pointwise, units))
    order = np.argsort(-pointwise.sum(axis=1), kind="stable")
    best = order[0]
    scores = tuple(
        ModelScore(
            names[i],
            float(pointwise[i].sum()),
            _standard_error(_by_unit(pointwise[i : i + 1], units)[0]),
            candidates[names[i]].effective_parameters,
            float(np.sum(pointwise[i] - pointwise[best])),
            _standard_error(_by_unit((pointwise[i] - pointwise[best])[None], units)[0]),
            float(np.sum((pointwise[i] - pointwise[best])[sure])),
            float(stacking[i]),
            float(pseudo[i]),
            int(doubtful[i].sum()),
        )
        for i in order
    )
    n = int(np.unique(units).size)
    verdict = _verdict(scores, n, bool(doubtful.any()))
    return Comparison(
        subject, scores, n, pointwise.shape[1], verdict, _sentence(subject, scores, n, verdict, doubtful, sure),
        notes,
    )  # fmt: skip


def _by_unit(pointwise: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Sum densities of shape (models, visits) over the visits of each unit."""
    return np.stack([pointwise[:, units == unit].sum(axis=1) for unit in np.unique(units)], axis=1)


def _standard_error(values: np.ndarray) -> float:
    """Return the standard error of a sum over independent units."""
    return math.sqrt(values.size) * float(np.std(values, ddof=1)) if values.size > 1 else math.nan


def is_apart(difference: float, standard_error: float, units: int) -> bool:
    """Return whether two models differ: by 4 at least, and beyond the error of so few units.

    The error of a difference over few units is itself badly known, so Student's quantile stands in place of
    the normal one. Below about 100 units the true error is heavier-tailed still (Sivula 2025), so even this
    is a lenient test; the sentences give both numbers.
    """
    from scipy.special import stdtrit

    if units < 2 or not math.isfinite(standard_error):
        return False
    return abs(difference) >= max(
        LEAST_DIFFERENCE, float(stdtrit(units - 1, 0.5 + LEVEL / 2)) * standard_error
    )


def _alike(scores: tuple[ModelScore, ...], units: int) -> list[ModelScore]:
    """Return the models that cannot be told from the best."""
    return [s for s in scores[1:] if not is_apart(s.difference, s.difference_se, units)]


def _verdict(scores: tuple[ModelScore, ...], units: int, doubtful: bool) -> ComparisonVerdict:
    if len(scores) == 1:
        return ComparisonVerdict.ONE_MODEL
    if _alike(scores, units):
        return ComparisonVerdict.ALIKE
    if doubtful and any(s.difference_sure > -LEAST_DIFFERENCE for s in scores[1:]):
        return ComparisonVerdict.HINGES
    return ComparisonVerdict.BETTER


def _sentence(
    subject: str,
    scores: tuple[ModelScore, ...],
    units: int,
    verdict: ComparisonVerdict,
    doubtful: np.ndarray,
    sure: np.ndarray,
) -> str:
    """Write the verdict with names and numbers."""
    best = scores[0]
    if verdict is ComparisonVerdict.ONE_MODEL:
        return f"{subject}: {best.model} is the only model."
    over = f"over {doubtful.shape[1]} visits"
    if verdict is ComparisonVerdict.ALIKE:
        alike = _alike(scores, units)
        text = (
            f"{subject}: {_joined([best.model, *(s.model for s in alike)])} predict alike: "
            + "; ".join(f"{s.model} {_difference(s)} against {best.model}" for s in alike)
            + f", {over}"
        )
        worse = [s for s in scores[1:] if s not in alike]
        if worse:
            text += f"; worse: {', '.join(f'{s.model} {_difference(s)}' for s in worse)}"
    else:
        runner = scores[1]
        text = f"{subject}: {best.model} predicts better than {runner.model}, which has {_difference(runner)}, {over}"
    if doubtful.any():
        count = int(doubtful.any(axis=0).sum())
        text += (
            f"; at {count} of them importance sampling does not hold, and over the other {int(sure.sum())} "
            f"{scores[1].model} differs by {scores[1].difference_sure:+.1f}"
        )
    return text + "."


def _difference(score: ModelScore) -> str:
    error = f"{score.difference_se:.1f}" if math.isfinite(score.difference_se) else "unknown"
    return f"elpd {score.difference:+.1f} (SE {error})"


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def likelihood_notes(candidates: Mapping[str, LeaveOneOut]) -> tuple[str, ...]:
    """Say where probabilities of counts stand beside densities of measured values."""
    kinds = {loo.likelihood for loo in candidates.values() if loo.likelihood}
    if kinds & _COUNTS and kinds - _COUNTS:
        return (
            f"the likelihoods {', '.join(sorted(kinds))} give probabilities of counts and densities of measured "
            "values: they may be compared only where burdens are whole numbers far above one",
        )
    return ()
