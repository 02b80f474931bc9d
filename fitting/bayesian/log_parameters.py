"""The random vector of log parameters: normal where the priors are log-normal, any distribution elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fitting.bayesian.prior_set import PriorSet


def log_parameters(name: str, priors: PriorSet, given: Mapping[str, Any], **kwargs: Any) -> Any:
    """Declare the vector inside a PyMC model.

    Parameters
    ----------
    name : str
    priors : PriorSet
    given : mapping
        Data of the model: ``prior_mean`` (c,) and ``prior_precision`` (c, c), the joint normal part; ``map_…``,
        which only the sampler's coordinates use.
    **kwargs
        For :class:`pymc.CustomDist`, such as ``dims``.
    """
    import pymc as pm
    import pytensor.tensor

    from fitting.bayesian.soft_box import SoftBox
    from fitting.bayesian.whitened import MAP_INPUTS, Whitened

    pt: Any = pytensor.tensor  # its graphs carry no types that a checker could follow
    count = len(priors.coordinates)
    normal = np.diag(priors.precision) > 0
    low, high = priors.lower, priors.upper
    others = [(i, c) for i, c in enumerate(priors.coordinates) if not normal[i]]
    constant = -0.5 * normal.sum() * np.log(2 * np.pi) + _log_mass(priors)

    def logp(value: Any, mean: Any, precision: Any, *_: Any) -> Any:
        away = value - mean
        total = -0.5 * (away[None, :] * away[:, None] * precision).sum() + constant
        if normal.any():
            where = np.flatnonzero(normal)
            if priors.is_joint:
                total += 0.5 * pt.log(pt.linalg.det(precision[where][:, where]))
            else:
                total += 0.5 * pt.log(pt.diag(precision)[where]).sum()
        for i, coordinate in others:
            if coordinate.is_uniform:
                total += -np.log(coordinate.upper - coordinate.lower)
            else:
                total += pm.logp(_as_pymc(coordinate.distribution), pt.exp(value[i])) + value[i]
        inside = pt.all(pt.ge(value, low) & pt.le(value, high))
        return pt.switch(inside, total, -np.inf)

    def random(*_: Any, rng: np.random.Generator | None = None, size: Any = None) -> np.ndarray:
        generator = np.random.default_rng() if rng is None else rng
        shape = tuple(int(s) for s in (size if size is not None else ()))
        return priors.draw(generator, int(np.prod(shape)) if shape else 1).reshape(*shape, count)

    return pm.CustomDist(
        name, given["prior_mean"], given["prior_precision"], *(given[f"map_{k}"] for k in MAP_INPUTS),
        logp=logp, random=random, transform=Whitened(SoftBox(low, high)),
        signature="(c),(c,c),(c),(c),(c),(c),(c,c),(c),(f,c),(c,f),(c,f)->(c)", **kwargs,
    )  # fmt: skip


def _log_mass(priors: PriorSet) -> float:
    """Minus the logarithm of the mass that the bounds leave to the truncated coordinates."""
    from scipy.special import ndtr

    total = 0.0
    for i, c in enumerate(priors.coordinates):
        if not c.is_bounded or c.is_uniform:
            continue
        if priors.precision[i, i] > 0:
            total -= float(np.log(ndtr((c.upper - c.mean) / c.sd) - ndtr((c.lower - c.mean) / c.sd)))
        else:
            low, high = c.cdf_at_bounds
            total -= float(np.log(high - low))
    return total


def _as_pymc(distribution: Any) -> Any:
    """Carry a PreliZ or frozen SciPy distribution to PyMC."""
    if hasattr(distribution, "to_pymc"):
        return distribution.to_pymc()
    import preliz

    raise TypeError(f"{distribution!r} has no PyMC form; give a PreliZ distribution ({preliz.__name__})")
