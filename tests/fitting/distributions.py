"""The likelihoods' distributions as SciPy writes them."""

from typing import Any

from scipy import stats

DISPERSION = {"poisson": 1.0, "negative_binomial": 3.7, "log_normal": 0.35, "normal": 4.2}
COUNTS = ("poisson", "negative_binomial")


def distribution(name, mu, phi) -> Any:
    """The same distribution as SciPy writes it."""
    if name == "poisson":
        return stats.poisson(mu)
    if name == "negative_binomial":
        return stats.nbinom(phi, phi / (phi + mu))
    if name == "log_normal":
        return stats.lognorm(phi, scale=mu)
    return stats.norm(mu, phi)
