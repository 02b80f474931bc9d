"""What a course has cost by each day, and the cells it has left by then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.switching.augmented import AugmentedSystem
from dosing.switching.cost import SwitchingCost
from dosing.switching.model import SwitchingModel
from dosing.switching.schedule import SwitchingSchedule

__all__ = ["CostCourse", "cost_course"]


@dataclass(frozen=True)
class CostCourse:
    """Terms of eq. 4 for a course that ends on each of some days, weights included.

    Parameters
    ----------
    times_days : ndarray, shape (m,)
    cells : ndarray, shape (m, n)
    final, toxicity, transient : ndarray, shape (m,)
        ``h x(t)``, ``c_g int g l`` and ``c_f int f x`` up to t.
    """

    times_days: np.ndarray
    cells: np.ndarray
    final: np.ndarray
    toxicity: np.ndarray
    transient: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Whole cost of a course that ends on each day, shape (m,)."""
        return self.final + self.toxicity + self.transient


def cost_course(
    model: SwitchingModel, cost: SwitchingCost, schedule: SwitchingSchedule, *, points: int = 120
) -> CostCourse:
    """Follow cells and cost through a course, exactly, by matrix exponentials of the augmented system (eq. 13).

    Parameters
    ----------
    model : SwitchingModel
    cost : SwitchingCost
    schedule : SwitchingSchedule
    points : int
        Equal steps, to which the switches are added.
    """
    from scipy.linalg import expm

    system = AugmentedSystem(model, cost)
    n = len(model.lines)
    ends = np.cumsum(schedule.days)
    days = np.union1d(np.linspace(0.0, ends[-1], points + 1), ends) if len(ends) else np.zeros(1)
    found = np.empty((len(days), n + 3))
    found[0] = z = system.start
    # steps between equal points have the same length, so few exponentials are needed
    known: dict[tuple[int, float], np.ndarray] = {}
    for k in range(1, len(days)):
        part = min(int(np.searchsorted(ends, (days[k - 1] + days[k]) / 2)), len(ends) - 1)
        key = (part, round(float(days[k] - days[k - 1]), 9))
        if key not in known:
            known[key] = expm(system.matrix(schedule.mixtures[part]) * (days[k] - days[k - 1]))
        found[k] = z = known[key] @ z
    return CostCourse(
        days, found[:, :n], found[:, :n] @ system.h, found[:, n + 2], found[:, n],
    )  # fmt: skip
