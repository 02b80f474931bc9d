"""The course of the other patients, and how long this one stays away from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from fitting.forecast.baselines.baseline import Baseline
from fitting.forecast.baselines.series import series_of

if TYPE_CHECKING:
    from fitting.forecast.baselines.series import Series
    from fitting.forecast.context import CohortContext
    from patients.cohort import Patient

FEWEST = 3  # patients in a median
POINTS = 80


class PopulationCurve(Baseline):
    """Pooled curve: the median over the other patients of log(burden / first burden), on each day since the first.

    The patient's distance from the curve at the last training visit is kept, and halves every so many days; the
    half-life is chosen on the training parts. At 0 the forecast is the curve through the first burden; without
    end it is the last burden, changed as the others change.

    Parameters
    ----------
    whole : bool
        Use the whole series of the others: the patient is then new to a cohort observed to its end. Otherwise
        only what was known of them at their own cuts.
    settings : tuple of float
        Half-lives in typical training lengths.
    """

    def __init__(
        self, *, whole: bool = False, settings: tuple[float, ...] = (0.0, 0.1, 0.4, 1.5, np.inf)
    ) -> None:
        """Keep the options."""
        self.whole, self.settings = whole, settings
        self.name = "population curve (others to their end)" if whole else "population curve"

    def describe(self, setting: float) -> str:
        """Say a setting in words."""
        return f"half-life of the distance from the curve {setting:g} training lengths"

    def fit(self, series: Series, setting: float, context: CohortContext) -> np.ndarray:  # noqa: ARG002
        """Distance from the curve at the last visit, shape (b, 1)."""
        curves = self._courses(series.patient_ids, series.last_day[:, None], context)
        return series.last_log[:, None] - series.logs[:, :1] - curves

    def log_median(
        self, parameters: np.ndarray, series: Series, days: np.ndarray, setting: float, context: CohortContext
    ) -> np.ndarray:
        """Follow the curve, and let the distance fade."""
        ahead = np.maximum(days - series.last_day[:, None], 0.0) / context.span_days
        kept = 0.5 ** (ahead / setting) if setting > 0 else np.zeros(days.shape)
        return series.logs[:, :1] + self._courses(series.patient_ids, days, context) + kept * parameters

    def _courses(self, patient_ids: tuple[str, ...], days: np.ndarray, context: CohortContext) -> np.ndarray:
        """Curve of the others of each patient, on its days."""
        return np.array([self._course(i, context)(d) for i, d in zip(patient_ids, days, strict=True)])

    def _course(self, patient_id: str, context: CohortContext) -> Callable[[np.ndarray], np.ndarray]:
        def make() -> Callable[[np.ndarray], np.ndarray]:
            ids, grid, table = context.once(
                ("population curve", self.whole),
                lambda: _tabulate(context.complete if self.whole else context.trainings),
            )
            curve = _median(table[np.array([i != patient_id for i in ids])])
            return lambda days: np.interp(days, grid[: len(curve)], curve)

        return context.once(("population curve", self.whole, patient_id), make)


def _tabulate(patients: tuple[Patient, ...]) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Logarithms relative to the first, on a grid of days; NaN after a patient's last visit."""
    series = series_of(patients)
    # finer where more patients are seen: quantiles of all days of visits
    seen = series.days[series.counted]
    grid = np.unique(np.quantile(seen, np.linspace(0, 1, POINTS)))
    table = np.full((len(patients), len(grid)), np.nan)
    for i, last in enumerate(series.last):
        inside = grid <= series.days[i, last]
        days, logs = series.days[i, : last + 1], series.logs[i, : last + 1]
        table[i, inside] = np.interp(grid[inside], days, logs - logs[0])
    return series.patient_ids, grid, table


def _median(table: np.ndarray) -> np.ndarray:
    """Median over patients for as long as enough of them are seen."""
    enough = np.sum(~np.isnan(table), axis=0) >= FEWEST
    if not enough[0]:
        raise ValueError(
            f"the curve of the others needs {FEWEST} other patients, and {len(table)} are there; "
            "give a larger cohort, or leave this method out"
        )
    reach = len(enough) if enough.all() else int(np.argmin(enough))
    return np.nanmedian(table[:, :reach], axis=0)
