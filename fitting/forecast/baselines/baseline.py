"""What all baselines share: settings chosen, and errors learned, on the training parts alone."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.forecast.baselines.series import Rehearsal, Series, rehearse, series_of
from fitting.forecast.baselines.spread import Spread, fit_spread
from fitting.forecast.prediction import Prediction

if TYPE_CHECKING:
    from fitting.forecast.context import CohortContext
    from fitting.forecast.split import Split

DRAWS = 2000


class Baseline(ABC):
    """A forecast from burdens and days alone.

    A subclass gives the median course. The rest is the same for all: the training parts of the cohort are cut
    once more, and more than once, the visits after each such cut are forecast under every setting, and the setting
    with the best log density is taken together with the distribution of its errors. So intervals widen as far as
    forecasts of this method did miss in this cohort, and nothing of after the real cut is used. Doses are not
    used at all: a baseline does not know that a drug was stopped.

    Parameters
    ----------
    settings : tuple
        What to choose from; one entry fixes it.
    """

    name: str = ""
    settings: tuple[Any, ...] = (None,)

    @abstractmethod
    def fit(self, series: Series, setting: Any, context: CohortContext) -> np.ndarray:
        """Fit b series; return whatever :meth:`log_median` needs, one row a series."""

    @abstractmethod
    def log_median(
        self, parameters: np.ndarray, series: Series, days: np.ndarray, setting: Any, context: CohortContext
    ) -> np.ndarray:
        """Logarithm of the median forecast on ``days`` (b, k) since the first visit, shape (b, k)."""

    def describe(self, setting: Any) -> str:
        """Say a setting in words."""
        return "" if setting is None else str(setting)

    def __call__(self, split: Split, context: CohortContext) -> Prediction:
        """Forecast one patient."""
        setting, spread = self.learned(context)
        series, row = self._row(split, context)
        parameters = self._fitted(series, setting, context)
        alone = _only(series, row)
        days = (split.held_out_days - split.training.times[0])[None, :]
        centre = self.log_median(parameters[[row]], alone, days, setting, context)[0]
        return _prediction(self.name, split, centre, spread, self.describe(setting))

    def learned(self, context: CohortContext) -> tuple[Any, Spread]:
        """Return the setting chosen on the training parts, and the distribution of its errors."""
        return context.once((id(self), "learned"), lambda: self._learn(context))

    def rehearsed(self, context: CohortContext) -> np.ndarray:
        """Log density of the logarithm of each visit forecast inside a training part, shape (b, k); NaN elsewhere."""
        setting, spread = self.learned(context)
        trial: Rehearsal = context.once("rehearsal", lambda: rehearse(_trainings(context)))
        centre = self.log_median(
            self.fit(trial.series, setting, context), trial.series, trial.target_days, setting, context
        )
        used = trial.target_weights > 0
        density = spread.log_density(trial.target_logs - centre, trial.horizons_days, trial.target_censoring)
        return np.where(used, density, np.nan)

    def _learn(self, context: CohortContext) -> tuple[Any, Spread]:
        # hold `self` in the cohort's memory, whose keys would otherwise outlive the object they name
        context.once((id(self), "self"), lambda: self)
        trial: Rehearsal = context.once("rehearsal", lambda: rehearse(_trainings(context)))
        best: tuple[float, Any, Spread] | None = None
        for setting in self.settings:
            parameters = self.fit(trial.series, setting, context)
            centre = self.log_median(parameters, trial.series, trial.target_days, setting, context)
            spread, score = fit_spread(
                trial.target_logs - centre,
                trial.horizons_days,
                trial.target_censoring,
                trial.target_weights,
                context.span_days,
            )
            if best is None or score > best[0]:
                best = score, setting, spread
        assert best is not None
        return best[1], best[2]

    def _row(self, split: Split, context: CohortContext) -> tuple[Series, int]:
        """Where the patient stands among the training parts; alone where he is new to the cohort."""
        series = _trainings(context)
        for row, patient in enumerate(context.trainings):
            if patient is split.training:
                return series, row
        return series_of([split.training]), 0

    def _fitted(self, series: Series, setting: Any, context: CohortContext) -> np.ndarray:
        """Fit all training parts at once, and remember; a new patient is fitted alone."""
        if series is _trainings(context):
            return context.once((id(self), "fitted"), lambda: self.fit(series, setting, context))
        return self.fit(series, setting, context)


def _trainings(context: CohortContext) -> Series:
    return context.once("training series", lambda: series_of(context.trainings))


def _only(series: Series, row: int) -> Series:
    """One series of several."""
    r = slice(row, row + 1)
    return Series(
        (series.patient_ids[row],), series.days[r], series.logs[r], series.counted[r], series.censoring[r]
    )


def _prediction(name: str, split: Split, centre: np.ndarray, spread: Spread, note: str) -> Prediction:
    """Make draws whose quantiles at each visit are exact, and which move together as the errors last."""
    if np.any(split.held_out_burdens <= 0):
        day = split.held_out_days[np.argmax(split.held_out_burdens <= 0)]
        raise ValueError(
            f"patient {split.patient_id!r}: the burden of day {day:g} is 0, where a distribution of logarithms "
            "has no density; give the detection limit, or use fitting.choice.censor_zeros"
        )
    h = split.horizons_days
    # the same patient gets the same draws by every method and on every machine
    generator = np.random.default_rng(zlib.crc32(split.patient_id.encode()))
    rho, score = spread.neighbours, generator.standard_normal((DRAWS, len(h)))
    for j in range(1, len(h)):
        score[:, j] = rho * score[:, j - 1] + np.sqrt(1 - rho**2) * score[:, j]
    rank = np.argsort(np.argsort(score, axis=0), axis=0)
    level = (rank + 0.5) / DRAWS
    draws = np.exp(np.clip(centre + spread.scale(h) * spread.quantiles(level), -300, 300))
    log_y = np.log(split.held_out_burdens)
    density = spread.log_density(log_y - centre, h, split.held_out_censoring)
    # per unit of the burden, not of its logarithm; a probability has no unit
    density = np.where(split.held_out_censoring == 0, density - log_y, density)
    point = np.exp(np.clip(centre, -300, 300))
    return Prediction(split.patient_id, name, split.held_out_days, draws, density, point, note=note)
