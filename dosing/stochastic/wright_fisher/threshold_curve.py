"""Best threshold against the strength of control: closed form and finite populations (Fischer 2015, Fig. S4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dosing.stochastic.wright_fisher.selection import ControlledSelection
from dosing.stochastic.wright_fisher.stationary import FinitePopulation, finite_threshold
from dosing.stochastic.wright_fisher.survival import survival_threshold

__all__ = ["ThresholdCurve", "threshold_curve"]


@dataclass(frozen=True)
class ThresholdCurve:
    """Threshold against the strongest control for one selection.

    Parameters
    ----------
    sigma : float
    strongest : ndarray
        (m,) controls, negative.
    thresholds : ndarray
        (m,) from the closed form.
    finite : tuple of FinitePopulation
        For some of the controls, with exact sampling.
    """

    sigma: float
    strongest: np.ndarray
    thresholds: np.ndarray
    finite: tuple[FinitePopulation, ...]


def threshold_curve(
    sigma: float,
    strongest: Sequence[float] | np.ndarray,
    *,
    finite_at: Sequence[float] | np.ndarray = (),
    population: int = 500,
    progress: Callable[[float], None] | None = None,
) -> ThresholdCurve:
    """Compute one curve.

    Parameters
    ----------
    sigma : float
    strongest : sequence of float
        Controls at which the closed form is maximised.
    finite_at : sequence of float
        Controls at which the threshold of a finite population is computed, too.
    population : int
        Its N.
    progress : callable, optional
        Called with the share done.
    """
    controls = np.asarray(strongest, float)
    curve = np.array([survival_threshold(ControlledSelection(sigma, float(u))).frequency for u in controls])
    solved = []
    for i, u in enumerate(finite_at):
        solved.append(finite_threshold(ControlledSelection(sigma, float(u)), population))
        if progress is not None:
            progress((i + 1) / len(finite_at))
    return ThresholdCurve(sigma, controls, curve, tuple(solved))
