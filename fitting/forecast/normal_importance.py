"""Importance sampling of a posterior with a normal prior and a cheap likelihood: from the modes outwards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import gammaln, logsumexp

from fitting.bayesian.importance import tempered

FREEDOM = 5.0  # degrees of freedom of the proposals
ROUNDS, DRAWS = 2, 400


def sample(
    log_likelihood: Callable[[np.ndarray], np.ndarray],
    mean: np.ndarray,
    covariance: np.ndarray,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw from a posterior: Student proposals at its modes, refitted to the weighted draws.

    All proposals count as one mixture (Cornuet, Scand. J. Stat. 39:798 (2012)), the prior among them.

    Parameters
    ----------
    log_likelihood : callable
        (m, c) -> (m,).
    mean, covariance : ndarray, shape (c,), (c, c)
        Of the prior.
    generator : numpy.random.Generator

    Returns
    -------
    points : ndarray, shape (m, c)
    log_weights : ndarray, shape (m,)
        Not normalised.
    """
    root = np.linalg.cholesky(covariance)
    c = len(mean)

    # in coordinates in which the prior is standard normal
    def target(z: np.ndarray) -> np.ndarray:
        value = log_likelihood(mean + z @ root.T) - 0.5 * np.sum(z**2, axis=1)
        return np.where(np.isfinite(value), value, -np.inf)

    first = generator.standard_normal((DRAWS, c))
    at_first = target(first)
    proposals = [(np.zeros(c), np.eye(c))]
    proposals += [_laplace(target, start) for start in first[np.argsort(-at_first)[:2]]]
    points, counts, values = [first], [DRAWS], [at_first]
    for centre, spread in proposals[1:]:
        points.append(_draw(generator, centre, spread))
        values.append(target(points[-1]))
        counts.append(DRAWS)
    for round_ in range(ROUNDS + 1):
        everything, value = np.concatenate(points), np.concatenate(values)
        parts = [np.log(counts[0]) - 0.5 * np.sum(everything**2, axis=1) - 0.5 * c * np.log(2 * np.pi)]
        parts += [
            np.log(n) + _density(everything, *p) for p, n in zip(proposals[1:], counts[1:], strict=True)
        ]
        log_weights = value - logsumexp(np.stack(parts), axis=0)
        if round_ == ROUNDS:
            break
        w = tempered(log_weights, 10.0 * c)
        centre = w @ everything
        away = everything - centre
        proposals.append((centre, (away * w[:, None]).T @ away + 1e-4 * np.eye(c)))
        points.append(_draw(generator, *proposals[-1]))
        values.append(target(points[-1]))
        counts.append(DRAWS)
    return mean + everything @ root.T, log_weights


def _laplace(target: Callable[[np.ndarray], np.ndarray], start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mode from a start, with the inverse of the curvature there."""
    from scipy.optimize import minimize

    c, step = len(start), 1e-4
    directions = np.concatenate([np.eye(c), -np.eye(c)])

    def both(z: np.ndarray) -> tuple[float, np.ndarray]:
        values = target(np.concatenate([z[None], z + step * directions]))
        with np.errstate(invalid="ignore"):
            slope = (values[1 : c + 1] - values[c + 1 :]) / (2 * step)
        if not np.isfinite(values[0]):
            return 1e10, np.zeros(c)
        slope = np.where(np.isfinite(slope), slope, 0.0)  # on a bound
        return -values[0], -slope

    mode = minimize(both, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
    h = 1e-2
    pairs = np.array([h * (a + b) for a in np.eye(c) for b in np.eye(c)])
    mixed = np.array([h * (a - b) for a in np.eye(c) for b in np.eye(c)])
    values = target(np.concatenate([mode + pairs, mode + mixed, mode - mixed, mode - pairs]))
    pp, pm, mp, mm = values.reshape(4, c, c)
    with np.errstate(invalid="ignore"):
        curvature = -(pp - pm - mp + mm) / (4 * h**2)
    if not np.all(np.isfinite(curvature)):
        return mode, np.eye(c)
    scale, vectors = np.linalg.eigh(0.5 * (curvature + curvature.T))
    return mode, (vectors / np.maximum(scale, 0.5)) @ vectors.T


def _draw(generator: np.random.Generator, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Multivariate Student draws."""
    normal = generator.standard_normal((DRAWS, len(centre))) @ np.linalg.cholesky(spread).T
    return centre + normal / np.sqrt(generator.chisquare(FREEDOM, DRAWS) / FREEDOM)[:, None]


def _density(points: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Log density of the multivariate Student distribution."""
    c = len(centre)
    root = np.linalg.cholesky(spread)
    z = np.linalg.solve(root, (points - centre).T)
    constant = gammaln((FREEDOM + c) / 2) - gammaln(FREEDOM / 2) - 0.5 * c * np.log(FREEDOM * np.pi)
    return (
        constant
        - np.log(np.diag(root)).sum()
        - 0.5 * (FREEDOM + c) * np.log1p(np.sum(z**2, axis=0) / FREEDOM)
    )
