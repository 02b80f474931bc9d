"""What looking more often is worth: mean survival against the interval between looks (Fischer 2015, Fig. 1B, 1C)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dosing.stochastic.wright_fisher.monitoring import PreemptiveControl, naive_control, preemptive_control
from dosing.stochastic.wright_fisher.propagation import diffusion_regimes
from dosing.stochastic.wright_fisher.selection import ControlledSelection
from dosing.stochastic.wright_fisher.survival import mean_survival_time, survival_threshold

__all__ = ["ValueOfMonitoring", "value_of_monitoring"]


@dataclass(frozen=True)
class ValueOfMonitoring:
    """Mean survival times from one start, in N generations, against the interval between looks.

    Parameters
    ----------
    selection : ControlledSelection
    start, threshold : float
    intervals : ndarray
        (m,) in N generations.
    perfect, uncontrolled : float
    naive, preemptive : ndarray
        (m,).
    plans : tuple of PreemptiveControl
    """

    selection: ControlledSelection
    start: float
    threshold: float
    intervals: np.ndarray
    perfect: float
    uncontrolled: float
    naive: np.ndarray
    preemptive: np.ndarray
    plans: tuple[PreemptiveControl, ...]

    @property
    def safe(self) -> np.ndarray:
        """(m,) safe position for each interval."""
        return np.array([p.safe for p in self.plans])

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        best = int(np.argmax(self.preemptive / self.naive))
        return (
            f"Perfect monitoring keeps both alleles for {self.perfect:.4g} N generations, none for "
            f"{self.uncontrolled:.3g}. Planning ahead helps most with looks every {self.intervals[best]:.3g}: "
            f"{self.preemptive[best]:.3g} instead of {self.naive[best]:.3g}"
        )


def value_of_monitoring(
    selection: ControlledSelection,
    intervals: Sequence[float] | np.ndarray,
    *,
    start: float = 0.5,
    waits: int = 60,
    points: int = 241,
    progress: Callable[[float], None] | None = None,
) -> ValueOfMonitoring:
    """Compute survival under perfect, naive and pre-emptive control, without simulation.

    Parameters
    ----------
    selection : ControlledSelection
    intervals : sequence of float
        In N generations.
    start : float
        Frequency at the first look.
    waits : int
        Waiting times to choose from in each interval.
    points : int
        Of the grid.
    progress : callable, optional
        Called with the share done.
    """
    best = survival_threshold(selection)
    naive, plans = [], []
    for i, interval in enumerate(intervals):
        regimes = diffusion_regimes(selection, float(interval) / waits, points)
        naive.append(naive_control(regimes, float(interval), best.frequency).survival_from(start))
        plans.append(preemptive_control(regimes, float(interval)))
        if progress is not None:
            progress((i + 1) / len(intervals))
    return ValueOfMonitoring(
        selection, start, best.frequency, np.asarray(intervals, float),
        mean_survival_time(start, best.frequency, selection), mean_survival_time(start, 1.0, selection),
        np.array(naive), np.array([p.survival_from(start) for p in plans]), tuple(plans),
    )  # fmt: skip
