"""The last measured burden, carried forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.forecast.baselines.baseline import Baseline

if TYPE_CHECKING:
    from fitting.forecast.baselines.series import Series
    from fitting.forecast.context import CohortContext


class LastValue(Baseline):
    """Nothing changes: the median stays at the last training burden, and uncertainty grows with the horizon."""

    name = "last value"

    def fit(self, series: Series, setting: Any, context: CohortContext) -> np.ndarray:  # noqa: ARG002
        """Return the last logarithms, shape (b, 1)."""
        return series.last_log[:, None]

    def log_median(
        self,
        parameters: np.ndarray,
        series: Series,  # noqa: ARG002
        days: np.ndarray,
        setting: Any,  # noqa: ARG002
        context: CohortContext,  # noqa: ARG002
    ) -> np.ndarray:
        """Hold the last value."""
        return np.broadcast_to(parameters, days.shape)
