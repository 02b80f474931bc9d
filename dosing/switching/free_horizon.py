"""How long to treat: the optimal cost over the horizon, and the best horizon by one problem (Theorems 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.durations import Durations, solve_durations
from dosing.switching.durations_problem import DurationsProblem
from dosing.switching.model import SwitchingError, SwitchingModel

__all__ = ["FreeHorizon", "HorizonCurve", "free_horizon", "horizon_curve", "scan_horizon"]

_NONE = 1e-7  # of the limit: shorter treatments are none, longer ones reach the limit


@dataclass(frozen=True)
class HorizonCurve:
    """The optimal cost as a function of the horizon, convex by Theorem 3.

    Parameters
    ----------
    horizons_days : ndarray, shape (m,)
    answers : tuple of Durations
    """

    horizons_days: np.ndarray
    answers: tuple[Durations, ...]

    @property
    def costs(self) -> np.ndarray:
        """J_opt at each horizon, shape (m,)."""
        return np.array([a.cost for a in self.answers])

    @property
    def durations(self) -> np.ndarray:
        """Days under each drug at each horizon, shape (m, d)."""
        return np.array([a.durations for a in self.answers])

    @property
    def convexity_defect(self) -> float:
        """How far the costs rise above a chord between their neighbours, relative to the cost; 0 where convex."""
        t, j = self.horizons_days, self.costs
        if len(t) < 3:
            return 0.0
        part = (t[1:-1] - t[:-2]) / (t[2:] - t[:-2])
        above = j[1:-1] - ((1 - part) * j[:-2] + part * j[2:])
        return float(max(0.0, np.max(above / j[1:-1])))


def horizon_curve(
    model: SwitchingModel,
    cost: SwitchingCost,
    horizons_days: Sequence[float] | np.ndarray,
    *,
    progress: Callable[[float], object] | None = None,
) -> HorizonCurve:
    """Solve the durations problem for rising horizons, each from its neighbour's answer.

    Parameters
    ----------
    model : SwitchingModel
    cost : SwitchingCost
    horizons_days : sequence of float, rising
    progress : callable, optional
        Called with the share done.

    Raises
    ------
    SwitchingError
    """
    days = np.asarray(horizons_days, dtype=float)
    if days.ndim != 1 or not len(days) or np.any(np.diff(days) <= 0):
        raise SwitchingError("the horizons must be a rising row of days")
    posed = DurationsProblem.of(model, cost, float(days[0]))
    answers: list[Durations] = []
    for k, day in enumerate(days):
        start = answers[-1].durations * (day / days[k - 1]) if answers else None
        answers.append(solve_durations(posed.with_horizon(float(day)), start=start))
        if progress is not None:
            progress((k + 1) / len(days))
    return HorizonCurve(days, tuple(answers))


@dataclass(frozen=True)
class FreeHorizon:
    """The best horizon and its durations.

    Parameters
    ----------
    horizon_days : float
        T_opt.
    limit_days : float
        t_L, the longest that was allowed.
    durations : ndarray, shape (d,), days
    cost : float
    answer : Durations
        Of the problem with the dummy choice as its last drug, with its certificate.
    """

    horizon_days: float
    limit_days: float
    durations: np.ndarray
    cost: float
    answer: Durations

    @property
    def limit_binds(self) -> bool:
        """Whether a longer treatment than allowed would be better."""
        return self.horizon_days >= self.limit_days * (1 - _NONE)

    @property
    def is_none(self) -> bool:
        """Whether not to treat at all is the cheapest."""
        return self.horizon_days <= self.limit_days * _NONE

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        proven = f"cost {self.cost:.6g}, proven to be within {self.answer.gap:.1e} of the best"
        if self.is_none:
            return f"No treatment is the cheapest: every drug costs more than it saves ({proven})."
        if self.limit_binds:
            return (
                f"Treatment should use all of the {self.limit_days:g} days that are allowed ({proven}); a longer one "
                "would be better."
            )
        return f"The best treatment lasts {self.horizon_days:.4f} days ({proven})."


def free_horizon(model: SwitchingModel, cost: SwitchingCost, limit_days: float) -> FreeHorizon:
    """Find the best horizon by adding a choice that freezes time (eqs 31 to 33, Theorem 4).

    Parameters
    ----------
    model : SwitchingModel
    cost : SwitchingCost
    limit_days : float
        t_L, the longest treatment that is acceptable.

    Raises
    ------
    SwitchingError
    """
    answer = solve_durations(DurationsProblem.of(model, cost, limit_days).with_time_not_used())
    durations = answer.durations[:-1]
    return FreeHorizon(float(durations.sum()), float(limit_days), durations, answer.cost, answer)


def scan_horizon(
    model: SwitchingModel, cost: SwitchingCost, limit_days: float, *, points: int = 40
) -> tuple[float, Durations]:
    """Find the best horizon by solving for many (below eq. 25), refined by Brent's method: the witness of Theorem 4.

    Returns
    -------
    horizon_days : float
    answer : Durations
    """
    from scipy.optimize import minimize_scalar

    days = np.linspace(limit_days / points, limit_days, points)
    curve = horizon_curve(model, cost, days)
    best = int(np.argmin(curve.costs))
    low, high = days[max(best - 1, 0)] if best else limit_days * _NONE, days[min(best + 1, points - 1)]
    posed = DurationsProblem.of(model, cost, limit_days)

    def at(day: float) -> Durations:
        return solve_durations(
            posed.with_horizon(day), start=curve.answers[best].durations * (day / days[best])
        )

    found = minimize_scalar(
        lambda day: at(float(day)).cost, bounds=(low, high), method="bounded",
        options={"xatol": 1e-10 * limit_days},
    )  # fmt: skip
    answers = {float(found.x): at(float(found.x)), float(days[best]): curve.answers[best]}
    day = min(answers, key=lambda d: answers[d].cost)
    return day, answers[day]
