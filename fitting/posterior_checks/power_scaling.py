"""How much a posterior moves when a part of its density is given more or less weight."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fitting.posterior_checks.array_statistics import arviz_arrays
from fitting.posterior_checks.effective_draws import effective_draws

ALPHAS = (0.99, 1.01)  # powers around 1 of the finite difference; those of ArviZ and of priorsense
_LN2 = math.log(2.0)


@dataclass(frozen=True)
class Scaling:
    """What raising one component of the density to a power does to one quantity.

    Parameters
    ----------
    sensitivity : float
        Cumulative Jensen-Shannon distance from the posterior, per doubling of the component's weight.
    shift : float
        Change of the mean per doubling, in posterior standard deviations.
    spread : float
        Relative change of the standard deviation per doubling.
    share : float
        Part of the quantity's precision that comes from the component: minus the curvature, along the quantity,
        of the parabola through the component's log density at the draws, times the posterior variance. Where the
        posterior is normal and the quantity linear in the parameters, this is minus the derivative of log variance
        with respect to the log of the power, and the shares of prior and likelihood add up to 1.
    noise : float
        Sensitivity that draws of this number show for a component that has no bearing on the quantity.
    """

    sensitivity: float
    shift: float
    spread: float
    share: float
    noise: float


NOTHING = Scaling(0.0, 0.0, 0.0, 0.0, 0.0)  # a flat component: raised to any power it stays flat


class PowerScaler:
    """Power-scaling of named components of a posterior, for any number of quantities.

    The draws are reweighted by p(component)^(alpha - 1), smoothed by Pareto tails, without a new fit; the
    weights are computed once and serve all quantities (Kallioinen 2023).

    Parameters
    ----------
    components : mapping of str to ndarray, shape (chain, draw)
        Logarithm of each component's density at the draws: the log-likelihood summed over visits, the log prior
        density, or one parameter's log prior density.

    References
    ----------
    Kallioinen, Paananen, Bürkner, Vehtari (2023), Detecting and diagnosing prior and likelihood sensitivity with
    power-scaling, Statistics and Computing 34:57.
    """

    def __init__(self, components: Mapping[str, np.ndarray]):
        self.components = {name: np.asarray(values, dtype=float) for name, values in components.items()}
        for name, values in self.components.items():
            if not np.all(np.isfinite(values)):
                raise ValueError(
                    f"the log density of the component {name!r} is not finite at "
                    f"{int(np.sum(~np.isfinite(values)))} draws; check the posterior's convergence first"
                )
        self._weights = {name: _weights(values) for name, values in self.components.items()}

    def scale(self, component: str, quantity: np.ndarray) -> Scaling:
        """Return what scaling one component does to one quantity.

        Parameters
        ----------
        component : str
        quantity : ndarray, shape (chain, draw)
            NaN where the quantity does not exist; these draws are left out.

        Raises
        ------
        ValueError
            A quantity of another shape than the component's.
        """
        log_density, weights = self.components[component], self._weights[component]
        if quantity.shape != log_density.shape:
            raise ValueError(
                f"a quantity of shape {quantity.shape} does not belong to draws of shape {log_density.shape}; "
                "compute it at each (chain, draw) of the posterior"
            )
        if weights is None:
            return NOTHING
        there = np.isfinite(quantity)
        values, part = quantity[there], log_density[there]
        lower, upper = (w[there] / w[there].sum() for w in weights)
        # the draws that are left do not fill a table of chains; the distance takes them in any order
        sensitivity = arviz_arrays().power_scale_sense(
            values[None], lower[None], upper[None], *ALPHAS, chain_axis=0, draw_axis=1
        )
        centred, mean_free = values - values.mean(), part - part.mean()
        variance = float(np.mean(centred**2))
        # derivatives of an expectation with respect to the logarithm of a power are covariances with the log density
        of_mean = float(np.mean(centred * mean_free))
        of_variance = float(np.mean(centred**2 * mean_free))
        effective = effective_draws(np.where(there, quantity, values.mean()))
        if not math.isfinite(effective):
            effective = float(values.size)
        return Scaling(
            float(sensitivity),
            _LN2 * of_mean / math.sqrt(variance),
            _LN2 * of_variance / (2.0 * variance),
            _share(centred / math.sqrt(variance), mean_free),
            # measured on independent normal draws: about 0.35 standard deviations of the log density over the root
            # of the number of draws, for independent quantities
            0.35 * float(np.std(part)) / math.sqrt(max(min(effective, values.size), 1.0)),
        )


def _share(standardised: np.ndarray, log_density: np.ndarray) -> float:
    """Minus the second derivative of the least-squares parabola through the log density.

    The parabola's linear part takes up the slope that a conflict gives the log density; the covariance of the log
    density with the squared quantity would mix it in wherever the quantity is skewed.
    """
    basis = np.stack([np.ones_like(standardised), standardised, standardised**2], axis=1)
    return -2.0 * float(np.linalg.lstsq(basis, log_density, rcond=None)[0][2])


def _weights(log_density: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Weights of the draws at the lower and the upper power; None for a flat component."""
    if np.ptp(log_density) < 1e-12 * max(1.0, float(np.max(np.abs(log_density)))):
        return None
    lower, upper = (
        np.exp(np.asarray(arviz_arrays().power_scale_lw(log_density, alpha=alpha, axis=(0, 1))))
        for alpha in ALPHAS
    )
    return lower, upper
