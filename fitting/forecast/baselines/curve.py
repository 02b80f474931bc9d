"""Forecasts by a curve with a few parameters, fitted to each patient and shrunk to the cohort."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.forecast.baselines.baseline import Baseline
from fitting.forecast.baselines.least_squares import least_squares

if TYPE_CHECKING:
    from fitting.forecast.baselines.series import Series
    from fitting.forecast.context import CohortContext

LEAST_NOISE = 0.03


@dataclass(frozen=True)
class Shrinkage:
    """How a curve is fitted.

    Parameters
    ----------
    strength : float
        Weight of the cohort against the patient's own visits; 1 is that of a normal prior with the cohort's
        centre and spread.
    half_life : float, optional
        Age at which a visit counts half, in typical lengths of a training part; all count alike where absent.
    """

    strength: float
    half_life: float | None = None


GRID = tuple(Shrinkage(s, h) for h in (None, 0.5, 0.15, 0.05) for s in (0.1, 1.0, 10.0, 100.0))
ALONE = (Shrinkage(1e-3),)


class Curve(Baseline):
    """A curve of the logarithm in scaled time, fitted by least squares with a penalty.

    Parameters
    ----------
    settings : tuple of Shrinkage
        Chosen from on the training parts; ``ALONE`` fits each patient by itself, all but without a penalty.
    pooled : bool
        Shrink to the cohort's own centre (its median parameters) rather than to the declared one.
    power : float, optional
        Fit powers of the burden instead of its logarithm; 3 fits volumes where burdens are diameters.
    """

    # of the first parameter, the logarithm of the level, nothing is assumed
    centre: np.ndarray
    widths: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    starts: np.ndarray

    def __init__(
        self, settings: tuple[Shrinkage, ...] = GRID, *, pooled: bool = True, power: float | None = None
    ) -> None:
        """Keep the options."""
        self.settings, self.pooled, self.power = settings, pooled, power

    @staticmethod
    @abstractmethod
    def logarithm(theta: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Logarithm of the curve: ``theta`` (b, p), times ``u`` (b, k) in typical training lengths -> (b, k)."""

    def describe(self, setting: Shrinkage) -> str:
        """Say a setting in words."""
        age = (
            "all visits alike"
            if setting.half_life is None
            else f"half-life {setting.half_life:g} training lengths"
        )
        return f"strength of the cohort {setting.strength:g}, {age}"

    def fit(self, series: Series, setting: Shrinkage, context: CohortContext) -> np.ndarray:
        """Fit b series, shape (b, p)."""
        if not self.pooled:
            return self._minimise(series, setting, context, self.centre, self.widths, 0.2)
        centre, widths, noise = context.once((id(self), "cohort"), lambda: self._cohort(context))
        return self._minimise(series, setting, context, centre, widths, noise)

    def log_median(
        self,
        parameters: np.ndarray,
        series: Series,
        days: np.ndarray,
        setting: Shrinkage,
        context: CohortContext,
    ) -> np.ndarray:
        """Follow the curve."""
        del series, setting
        return self.logarithm(parameters, days / context.span_days)

    def _cohort(self, context: CohortContext) -> tuple[np.ndarray, np.ndarray, float]:
        """Centre and spread of the parameters over the training parts, and the noise around their curves."""
        from fitting.forecast.baselines.series import series_of

        series = context.once("training series", lambda: series_of(context.trainings))
        theta = self._minimise(series, Shrinkage(0.1), context, self.centre, self.widths, 0.2)
        centre = np.concatenate([[0.0], np.median(theta[:, 1:], axis=0)])
        deviation = 1.4826 * np.median(np.abs(theta - centre), axis=0)
        widths = np.clip(deviation, 0.3 * self.widths, 1.5 * self.widths)
        residual = (series.logs - self.logarithm(theta, series.days / context.span_days))[series.counted]
        # as many residuals as parameters are spent on the fits
        freedom = max(1.0 - theta.size / max(len(residual), 1), 0.25)
        noise = 1.4826 * float(np.median(np.abs(residual))) / np.sqrt(freedom)
        return centre, widths, max(noise, LEAST_NOISE)

    def _minimise(
        self,
        series: Series,
        setting: Shrinkage,
        context: CohortContext,
        centre: np.ndarray,
        widths: np.ndarray,
        noise: float,
    ) -> np.ndarray:
        """Fit from several starts, and keep the best of each series."""
        u = series.days / context.span_days
        weight = series.counted.astype(float)
        if setting.half_life is not None:
            age = (series.last_day[:, None] - series.days) / context.span_days
            weight = weight * 0.5 ** (np.maximum(age, 0.0) / setting.half_life)
        root = np.sqrt(weight) / noise
        penalty = np.sqrt(setting.strength) / widths[1:]
        if self.power is not None:
            # relative to the largest value of the series, so that the penalty means the same for all
            highest = np.max(np.where(series.counted, series.logs, -np.inf), axis=1)[:, None]

        def residuals(theta: np.ndarray, which: np.ndarray) -> np.ndarray:
            logs = self.logarithm(theta, u[which])
            if self.power is None:
                miss = logs - series.logs[which]
            else:
                shift = self.power * highest[which]
                miss = np.exp(np.minimum(self.power * logs - shift, 50.0)) - np.exp(
                    self.power * series.logs[which] - shift
                )
            return np.concatenate([root[which] * miss, penalty * (theta[:, 1:] - centre[1:])], axis=1)

        level = series.last_log if setting.half_life is not None else series.logs[:, 0]
        best = np.empty((len(series), len(centre)))
        lowest = np.full(len(series), np.inf)
        for start in (centre, *self.starts):
            theta = np.tile(start, (len(series), 1))
            theta[:, 0] = level
            theta, cost = least_squares(residuals, theta, self.lower, self.upper)
            won = cost < lowest
            best[won], lowest[won] = theta[won], cost[won]
        return best
