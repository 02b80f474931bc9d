"""What became of many simulated tumours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dosing.stochastic.simulation.setting import SimulationSetting

__all__ = ["Runs", "wilson_band"]


def wilson_band(successes: np.ndarray | int, runs: int, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the confidence band of a share (Wilson 1927), which stays inside 0 to 1.

    Without censoring before the horizon it stands where Greenwood's band for a survival curve would, and unlike that
    one has a width where no or every run survives.

    Parameters
    ----------
    successes : array of int
    runs : int
    level : float
    """
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + level / 2))
    p = np.asarray(successes) / runs
    middle = p + z * z / (2 * runs)
    half = z * np.sqrt(p * (1 - p) / runs + (z / (2 * runs)) ** 2)
    scale = 1 + z * z / runs
    # at none and at all the end is exact, and rounding must not move it
    low = np.where(p == 0, 0.0, (middle - half) / scale)
    return low, np.where(p == 1, 1.0, (middle + half) / scale)


@dataclass(frozen=True)
class Runs:
    """What became of many simulated tumours under one policy.

    Parameters
    ----------
    policy : str
    setting : SimulationSetting
    doses : ndarray, shape (controls, inputs)
    marks : ndarray of int, shape (marks,)
        Generations at which hazard and cells were recorded.
    driver_generation : ndarray of int, shape (runs,)
        Generation of the driver event; -1 where none happened.
    hazard : ndarray, shape (runs, marks)
        Summed chance nu_0 N of the event up to each mark; infinite for a tumour lost at the edge.
    cells : ndarray, shape (runs, marks, types)
    generations_under : ndarray of int, shape (runs, controls)
    extinct_generation : ndarray of int, shape (runs,)
        -1 where cells were left.
    """

    policy: str
    setting: SimulationSetting
    doses: np.ndarray
    marks: np.ndarray
    driver_generation: np.ndarray
    hazard: np.ndarray
    cells: np.ndarray
    generations_under: np.ndarray
    extinct_generation: np.ndarray

    @property
    def runs(self) -> int:
        """Number of tumours."""
        return len(self.driver_generation)

    @cached_property
    def values(self) -> np.ndarray:
        """Chance of no driver event given the course, exp(-summed hazard), shape (runs,)."""
        return np.exp(-self.hazard[:, -1])

    def values_with_cost(self, drug_cost: np.ndarray) -> np.ndarray:
        """Return :attr:`values` where a generation at dose u costs a factor exp(-drug_cost . u), shape (runs,).

        Parameters
        ----------
        drug_cost : ndarray, shape (inputs,)
        """
        return self.values * np.exp(-self.generations_under @ (self.doses @ drug_cost))

    @property
    def value(self) -> float:
        """Mean of exp(-summed hazard): the chance that no driver event happened by the horizon (eq. 8)."""
        return float(self.values.mean())

    @property
    def value_error(self) -> float:
        """Standard error of :attr:`value`."""
        return float(self.values.std(ddof=1) / np.sqrt(self.runs))

    @property
    def value_curve(self) -> np.ndarray:
        """:attr:`value` for each mark as the horizon, shape (marks,)."""
        return np.exp(-self.hazard).mean(axis=0)

    @property
    def without_event(self) -> float:
        """Counted share of the runs without a driver event at the horizon."""
        return float(np.mean(self.driver_generation < 0))

    def survival(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the counted share of runs without a driver event at the marks, and its confidence band.

        Parameters
        ----------
        level : float

        Returns
        -------
        share, low, high : ndarray, shape (marks,)
        """
        happened = np.where(self.driver_generation < 0, np.iinfo(np.int64).max, self.driver_generation)
        free = self.runs - np.searchsorted(np.sort(happened), self.marks, side="right")
        low, high = wilson_band(free, self.runs, level)
        return free / self.runs, low, high

    @property
    def extinct(self) -> float:
        """Share of tumours that died out by the horizon."""
        return float(np.mean((self.extinct_generation >= 0) | (self.cells[:, -1].sum(axis=1) == 0)))

    @property
    def scaled_time(self) -> np.ndarray:
        """Marks in units of K generations."""
        return self.marks / self.setting.capacity

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        share = self.without_event
        low, high = (float(x) for x in wilson_band(round(share * self.runs), self.runs))
        return (
            f"{self.policy}: in {self.runs} runs over {self.setting.generations} generations at "
            f"K = {self.setting.capacity:g} the chance of no driver event is {self.value:.4f} "
            f"(standard error {self.value_error:.4f}), counted {share:.3f} (95 % band {low:.3f} to {high:.3f}); "
            f"{100 * self.extinct:.3g} % of the tumours died out."
        )
