"""A course of drugs: which mixture is given for how many days, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.switching.augmented import AugmentedSystem
from dosing.switching.cost import SwitchingCost
from dosing.switching.model import SwitchingError, SwitchingModel

__all__ = ["CostParts", "SwitchingSchedule", "cells_over_time", "evaluate"]

_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True)
class SwitchingSchedule:
    """Mixtures held for some days each.

    Parameters
    ----------
    days : ndarray, shape (m,)
        How long each part lasts.
    mixtures : ndarray, shape (m, d)
        Shares of the maximum tolerated doses; a row sums to one (eq. 3), and is a unit vector where one drug is given.

    Raises
    ------
    SwitchingError
        Negative durations or shares, rows that do not sum to one.
    """

    days: np.ndarray
    mixtures: np.ndarray

    def __post_init__(self) -> None:
        """Check and freeze."""
        days, mixtures = np.array(self.days, dtype=float), np.array(self.mixtures, dtype=float)
        if days.ndim != 1 or mixtures.ndim != 2 or len(days) != len(mixtures):
            raise SwitchingError(f"{days.shape} durations do not fit mixtures of shape {mixtures.shape}")
        if not (np.all(days >= 0) and np.all(mixtures >= -_SUM_TOLERANCE)):
            raise SwitchingError("durations and shares of drugs cannot be negative")
        if np.any(np.abs(mixtures.sum(axis=1) - 1) > _SUM_TOLERANCE):
            raise SwitchingError(
                "the shares of a mixture must sum to one; give 'no drug' as a drug of no effect"
            )
        for name, array in (("days", days), ("mixtures", np.clip(mixtures, 0.0, 1.0))):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def of_drugs(cls, drugs: np.ndarray, days: np.ndarray, count: int) -> SwitchingSchedule:
        """Give one drug at a time.

        Parameters
        ----------
        drugs : sequence of int, length m
            Index of the drug of each part.
        days : sequence of float, length m
        count : int
            Number of drugs of the model.
        """
        return cls(np.asarray(days, dtype=float), np.eye(count)[np.asarray(drugs, dtype=int)])

    @property
    def horizon_days(self) -> float:
        """Length of the whole course."""
        return float(self.days.sum())

    @property
    def durations(self) -> np.ndarray:
        """Days under each drug, mixtures by their shares, shape (d,)."""
        return self.days @ self.mixtures

    @property
    def is_pure(self) -> bool:
        """Whether one drug at a time is given."""
        return bool(np.all(self.mixtures.max(axis=1, initial=0.0) > 1 - _SUM_TOLERANCE))

    def merged(self) -> SwitchingSchedule:
        """Join neighbours with the same mixture and drop parts of no length."""
        parts: list[list] = []
        for length, mixture in zip(self.days, self.mixtures, strict=True):
            if length <= 0:
                continue
            if parts and np.array_equal(parts[-1][1], mixture):
                parts[-1][0] += length
            else:
                parts.append([length, mixture])
        if not parts:
            return SwitchingSchedule(self.days[:0], self.mixtures[:0])
        return SwitchingSchedule(np.array([p[0] for p in parts]), np.array([p[1] for p in parts]))


@dataclass(frozen=True)
class CostParts:
    """The terms of eq. 4, weights included."""

    final: float
    toxicity: float
    transient: float

    @property
    def total(self) -> float:
        """The whole cost J."""
        return self.final + self.toxicity + self.transient


def evaluate(model: SwitchingModel, cost: SwitchingCost, schedule: SwitchingSchedule) -> CostParts:
    """Return the cost of a schedule, exactly, by matrix exponentials of the augmented system (eq. 13)."""
    from scipy.linalg import expm

    system = AugmentedSystem(model, cost)
    z = system.start
    for length, mixture in zip(schedule.days, schedule.mixtures, strict=True):
        z = expm(system.matrix(mixture) * length) @ z
    n = len(model.lines)
    return CostParts(final=float(system.h @ z[:n]), toxicity=float(z[n + 2]), transient=float(z[n]))


def cells_over_time(model: SwitchingModel, schedule: SwitchingSchedule, times_days: np.ndarray) -> np.ndarray:
    """Return the cells of each line at sorted times within the course, shape (times, n)."""
    from scipy.linalg import expm

    times = np.asarray(times_days, dtype=float)
    edges = np.concatenate([[0.0], np.cumsum(schedule.days)])
    if len(times) and (times[0] < 0 or times[-1] > edges[-1] * (1 + 1e-12) or np.any(np.diff(times) < 0)):
        raise SwitchingError(f"times must rise from 0 to {edges[-1]:g} days")
    found = np.empty((len(times), len(model.lines)))
    x, at = model.cells, 0
    for begin, end, mixture in zip(edges[:-1], edges[1:], schedule.mixtures, strict=True):
        matrix = model.matrix(mixture)
        while at < len(times) and (times[at] < end or end == edges[-1]):
            found[at] = expm(matrix * (min(times[at], end) - begin)) @ x
            at += 1
        x = expm(matrix * (end - begin)) @ x
    found[at:] = x
    return found
