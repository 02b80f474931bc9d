"""How long each drug is given, as a convex problem over durations: Devia and Giordano, eq. 23 and Proposition 2.

Without mutation and migration the matrices of all drugs commute, so the cells at the end depend on the total time
under each drug alone (Theorem 2). With ``w_j = h_j x_j(0)`` and ``a_sj`` the net growth of line j under drug s,

    J(tau) = sum_j w_j exp(sum_s a_sj tau_s) + c_g sum_s g_s tau_s,    sum_s tau_s = t_F,  least <= tau <= most.

Everything that a solver or a certificate needs is a product of these terms: the gradient is ``a z + c_g g`` and the
Hessian ``a diag(z) a'`` with ``z_j = w_j exp(...)``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.model import SwitchingError, SwitchingModel

__all__ = ["DurationsProblem"]

NO_TREATMENT = "time not used"
_FITS = 1e-9  # of the horizon: sums of bounds that differ by rounding are not infeasible


@dataclass(frozen=True)
class DurationsProblem:
    """A sum of exponentials plus a linear toxicity, over durations of a given sum.

    Parameters
    ----------
    rates : ndarray, shape (d, n), per day
        Net growth of each line under each drug.
    log_burden : ndarray, shape (n,)
        Logarithm of ``h_j x_j(0)``; lines for which it is zero are left out, for they cost nothing.
    toxicity : ndarray, shape (d,), cost units per day
        ``c_g g``.
    horizon_days : float
        Sum of the durations.
    least, most : ndarray, shape (d,), days
        Bounds of each duration.
    drugs : tuple of str
    """

    rates: np.ndarray
    log_burden: np.ndarray
    toxicity: np.ndarray
    horizon_days: float
    least: np.ndarray
    most: np.ndarray
    drugs: tuple[str, ...]

    @classmethod
    def of(cls, model: SwitchingModel, cost: SwitchingCost, horizon_days: float) -> DurationsProblem:
        """Pose the problem of a fixed horizon (eq. 23), leaving out mutation, migration and the transient.

        Raises
        ------
        SwitchingError
            A horizon that is not positive; no line that has cells and a weight.
        """
        if not (np.isfinite(horizon_days) and horizon_days > 0):
            raise SwitchingError(
                f"the horizon is {horizon_days:g} days; it must be positive and finite. For a horizon to be found, "
                "give the longest that is acceptable as a limit"
            )
        h, toxicity, _ = cost.weights(model)
        burden = h * model.cells
        counted = burden > 0
        if not np.any(counted):
            raise SwitchingError(
                "no line has both cells at the start and a weight in the final cost, so there is nothing to shrink; "
                "check `final` and the cell numbers"
            )
        d = len(model.drugs)
        return cls(
            model.net_growth[:, counted], np.log(burden[counted]), toxicity, float(horizon_days),
            np.zeros(d), np.full(d, float(horizon_days)), model.drugs,
        )  # fmt: skip

    def with_time_not_used(self) -> DurationsProblem:
        """Add the dummy choice that freezes time (eq. 31), so that the horizon becomes a limit (Theorem 4)."""
        return DurationsProblem(
            np.vstack([self.rates, np.zeros(self.rates.shape[1])]), self.log_burden, np.append(self.toxicity, 0.0),
            self.horizon_days, np.append(self.least, 0.0), np.append(self.most, self.horizon_days),
            (*self.drugs, NO_TREATMENT),
        )  # fmt: skip

    def with_bounds(self, least: np.ndarray, most: np.ndarray) -> DurationsProblem:
        """Return the same with other bounds of the durations."""
        return dataclasses.replace(self, least=np.asarray(least, float), most=np.asarray(most, float))

    def with_horizon(self, days: float) -> DurationsProblem:
        """Return the same over another horizon, every drug free between none of it and all of it."""
        d = len(self.drugs)
        return dataclasses.replace(self, horizon_days=days, least=np.zeros(d), most=np.full(d, days))

    @property
    def is_feasible(self) -> bool:
        """Whether durations within their bounds can sum to the horizon."""
        slack = _FITS * self.horizon_days
        return bool(
            np.all(self.least <= self.most + slack)
            and self.least.sum() <= self.horizon_days + slack
            and self.most.sum() >= self.horizon_days - slack
        )

    def weighted_cells(self, durations: np.ndarray) -> np.ndarray:
        """Return z, the weighted cells of each line at the end, shape (n,); infinite where a float cannot hold it."""
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(self.log_burden + durations @ self.rates)

    def cost(self, durations: np.ndarray) -> float:
        """Return J in cost units."""
        return float(self.weighted_cells(durations).sum() + self.toxicity @ durations)

    def gradient(self, durations: np.ndarray) -> np.ndarray:
        """Return dJ/dtau, shape (d,), cost units per day (Lemma 1)."""
        return self.rates @ self.weighted_cells(durations) + self.toxicity

    def hessian(self, durations: np.ndarray) -> np.ndarray:
        """Return the second derivatives of J, shape (d, d)."""
        return (self.rates * self.weighted_cells(durations)) @ self.rates.T

    def best_linear(self, price: np.ndarray) -> np.ndarray:
        """Return the durations that minimise a linear price: the cheapest drugs are filled first."""
        durations = self.least.copy()
        left = self.horizon_days - durations.sum()
        for s in np.argsort(price, kind="stable"):
            given = min(left, self.most[s] - durations[s])
            if given > 0:
                durations[s] += given
                left -= given
        return durations

    def gap(self, durations: np.ndarray) -> float:
        """Bound how much dearer durations are than the optimum.

        By convexity ``J(y) >= J(tau) + grad J(tau) (y - tau)`` for every y, so the least of the right-hand side over
        all admissible y, a linear problem solved by sorting, is a lower bound of the optimum; the gap to it is a proof
        and not an estimate (the gap of Frank and Wolfe). It is zero if and only if the durations are stationary.
        """
        price = self.gradient(durations)
        # a common price changes nothing, for the durations sum to the horizon; without it the sum cancels less
        price = price - np.median(price)
        return max(0.0, float(price @ (durations - self.best_linear(price))))

    def within_bounds(self, durations: np.ndarray) -> np.ndarray:
        """Clip durations to their bounds and mend their sum, moving as little as the bounds allow."""
        found = np.clip(durations, self.least, self.most)
        for _ in range(4):
            short = self.horizon_days - found.sum()
            if abs(short) <= 1e-15 * self.horizon_days:
                break
            room = self.most - found if short > 0 else found - self.least
            if not room.sum() > 0:
                break
            found = np.clip(found + room * (short / room.sum()), self.least, self.most)
        return found
