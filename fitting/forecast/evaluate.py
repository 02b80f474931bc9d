"""Many forecasters on many patients: one table of scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fitting.forecast.context import CohortContext
from fitting.forecast.prediction import Prediction
from fitting.forecast.progression import LEVELS, Level, score_progression
from fitting.forecast.scores import score_visits

if TYPE_CHECKING:
    import pandas as pd

    from fitting.forecast.split import Split

Forecaster = Callable[["Split", CohortContext], Prediction]


@dataclass(frozen=True)
class Evaluation:
    """Scores of a set of forecasters on a cohort.

    Parameters
    ----------
    visits : DataFrame
        One row a patient, method and held-out visit; see :func:`fitting.forecast.scores.score_visits`.
    progression : DataFrame
        One row a patient, method and definition; see :func:`fitting.forecast.progression.score_progression`.
    failures : DataFrame
        patient, method, reason.
    patients : tuple of str
        All patients, in order.
    methods : tuple of str
        All methods, in order.
    rules : tuple of str
        All definitions of progression, in order.
    """

    visits: pd.DataFrame
    progression: pd.DataFrame
    failures: pd.DataFrame
    patients: tuple[str, ...]
    methods: tuple[str, ...]
    rules: tuple[str, ...]


def evaluate(
    splits: Sequence[Split],
    forecasters: Mapping[str, Forecaster],
    *,
    context: CohortContext | None = None,
    progression: Mapping[str, Level] = LEVELS,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Evaluation:
    """Forecast every patient by every method, and score the forecasts.

    A forecaster that fails on a patient loses that patient, with the reason; the others go on.

    Parameters
    ----------
    splits : sequence of Split
    forecasters : mapping of str to callable
        ``(Split, CohortContext) -> Prediction`` by the name that the tables show.
    context : CohortContext, optional
        That of the splits where absent.
    progression : mapping of str to callable
        Definitions of progression by name; 1.2 times the first burden, and 1.2 times the highest before the cut.
    on_progress : callable, optional
        ``(method, forecasts done, forecasts in all)`` after each forecast.
    """
    import pandas as pd

    context = CohortContext.of(splits) if context is None else context
    visits, times, failures = [], [], []
    done, total = 0, len(splits) * len(forecasters)
    for method, forecaster in forecasters.items():
        for split in splits:
            try:
                prediction = _checked(replace(forecaster(split, context), method=method), split)
                scored = score_visits(split, prediction)
                found = [score_progression(split, prediction, *rule) for rule in progression.items()]
            except Exception as error:  # one bad patient never takes the cohort down
                failures.append((split.patient_id, method, f"{type(error).__name__}: {error}"))
            else:
                visits.append(scored)
                times += [row for row in found if row is not None]
            done += 1
            if on_progress is not None:
                on_progress(method, done, total)
    return Evaluation(
        pd.concat(visits, ignore_index=True) if visits else pd.DataFrame(columns=["patient", "method"]),
        pd.DataFrame(times) if times else pd.DataFrame(columns=["patient", "method", "rule"]),
        pd.DataFrame(failures, columns=["patient", "method", "reason"]),
        tuple(s.patient_id for s in splits),
        tuple(forecasters),
        tuple(progression),
    )


def _checked(prediction: Prediction, split: Split) -> Prediction:
    """Refuse a forecast of another patient or of other days."""
    if prediction.patient_id != split.patient_id:
        raise ValueError(f"the forecast is of patient {prediction.patient_id!r}, not of {split.patient_id!r}")
    if not np.array_equal(prediction.days, split.held_out_days):
        raise ValueError(f"the forecast of patient {split.patient_id!r} is not of the held-out days")
    return prediction
