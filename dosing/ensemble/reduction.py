"""A few weighted members that stand for many: optimal quantisation of an ensemble."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamics.ensemble import Ensemble


@dataclass(frozen=True)
class Reduction:
    """A thinned ensemble and what thinning moved.

    Minimisers on measures that converge are minimisers of the limit (Scagliotti 2026, Theorem 2.2): that is why a
    schedule may be planned on few members, and why the distance to the whole measure is what has to be small.

    Parameters
    ----------
    ensemble : Ensemble
        k members or fewer, each with the weight of those that it stands for.
    whole : Ensemble
        What was thinned.
    member_of : ndarray of int, shape (m,)
        The thinned member that stands for each member of the whole ensemble.
    wasserstein : float
        Wasserstein-2 distance between the two, in the standardised coordinates: 1 is a standard deviation of one
        coordinate. Exact, for moving each member to its nearest representative is the optimal plan where the weights
        are those of the cells.
    spread : float
        The same distance from the whole ensemble to its centre; the distance to compare with.
    coordinates : tuple of str
        The parameters and constants in which members differ, ``"log r"`` or ``"d_T"`` where some value is zero.
    """

    ensemble: Ensemble
    whole: Ensemble
    member_of: np.ndarray
    wasserstein: float
    spread: float
    coordinates: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The error of the reduction in words."""
        kept = 1.0 - (self.wasserstein / self.spread) ** 2 if self.spread > 0 else 1.0
        return (
            f"{len(self.ensemble)} weighted members stand for {len(self.whole)}: Wasserstein-2 distance "
            f"{self.wasserstein:.3g} standard deviations in {', '.join(self.coordinates) or 'no coordinate'}; they "
            f"carry {100 * kept:.3g} % of the variance."
        )


def thin_ensemble(
    ensemble: Ensemble, members: int, *, seed: int = 0, starts: int = 4, sweeps: int = 200
) -> Reduction:
    """Represent an ensemble by at most ``members`` weighted parameter sets.

    Weighted k-means (Lloyd's iteration from k-means++ starts, the best of several) in the logarithms of all parameters
    and constants in which the members differ, each scaled to unit variance: the optimal quantisation of the measure
    up to a local optimum. Quantities that are zero somewhere stay on their own scale.

    Parameters
    ----------
    ensemble : Ensemble
    members : int
        At least 1. An ensemble with no more distinct sets than this is only stripped of repeats.
    seed : int
    starts : int
        Of which the best is taken.
    sweeps : int
        Of Lloyd's iteration from each start, at most. Where they run out, the reported distance is that of the clusters
        as they stand: an upper bound.

    Raises
    ------
    ValueError
        Fewer than one member, start or sweep.

    Examples
    --------
    >>> from dosing.ensemble.sources.product_grid import paper_grid
    >>> reduction = thin_ensemble(paper_grid(), 40)
    >>> len(reduction.ensemble)
    40
    """
    if members < 1:
        raise ValueError(f"{members} members cannot stand for an ensemble; take at least 1")
    if min(starts, sweeps) < 1:
        raise ValueError(f"{starts} starts of {sweeps} sweeps find no clusters; take at least 1 of each")
    weighted = ensemble.weights > 0
    columns = _columns(ensemble, weighted)
    names = tuple(columns)
    logarithmic = {n: bool(np.all(c[weighted] > 0)) for n, c in columns.items()}
    moved = np.stack(
        [np.log(np.where(weighted, c, c[weighted][0])) if logarithmic[n] else c for n, c in columns.items()], axis=1
    ) if names else np.zeros((len(ensemble), 1))  # fmt: skip
    centre = ensemble.weights @ moved
    scale = np.sqrt(ensemble.weights @ (moved - centre) ** 2)
    scale[scale == 0] = 1.0
    points = (moved - centre) / scale
    labels, centres = _quantise(points[weighted], ensemble.weights[weighted], members, seed, starts, sweeps)
    everyone = np.argmin(_squares(points, centres), axis=1)
    everyone[weighted] = labels
    weights = np.bincount(labels, ensemble.weights[weighted], len(centres))
    back = {
        n: np.exp(centres[:, i] * scale[i] + centre[i])
        if logarithmic[n]
        else centres[:, i] * scale[i] + centre[i]
        for i, n in enumerate(names)
    }
    first = int(np.flatnonzero(weighted)[0])
    values = np.tile(ensemble.values[first], (len(centres), 1))
    for i, name in enumerate(ensemble.parameter_names):
        if name in back:
            values[:, i] = back[name]
    constants = {
        n: back.get(n, float(np.ravel(np.asarray(v, dtype=float))[first if np.ndim(v) else 0]))
        for n, v in ensemble.constants.items()
    }
    nearest = _squares(points[weighted], centres)[np.arange(len(labels)), labels]
    distance = float(np.sqrt(ensemble.weights[weighted] @ nearest))
    spread = float(np.sqrt(ensemble.weights @ np.sum(points**2, axis=1)))
    thinned = Ensemble(
        ensemble.parameter_names,
        values,
        weights / weights.sum(),
        constants,
        f"{len(centres)} weighted centres of clusters of {len(ensemble)} sets ({ensemble.provenance})",
    )
    marked = tuple(f"log {n}" if logarithmic[n] else n for n in names)
    return Reduction(thinned, ensemble, everyone, distance, spread, marked)


def _columns(ensemble: Ensemble, weighted: np.ndarray) -> dict[str, np.ndarray]:
    """Parameters and constants in which members with weight differ."""
    every = {name: ensemble.column(name) for name in ensemble.parameter_names}
    every |= {n: np.asarray(v, dtype=float) for n, v in ensemble.constants.items() if np.ndim(v) > 0}
    return {n: c for n, c in every.items() if np.ptp(c[weighted]) > 0}


def _squares(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances, shape (m, k)."""
    found = np.sum(points**2, axis=1)[:, None] - 2 * points @ centres.T + np.sum(centres**2, axis=1)
    return np.maximum(found, 0.0)


def _quantise(
    points: np.ndarray, weights: np.ndarray, members: int, seed: int, starts: int, sweeps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cluster of each point, and the weighted centres; the best of several starts."""
    distinct, labels = np.unique(points, axis=0, return_inverse=True)
    if len(distinct) <= members:
        return labels.ravel(), distinct
    rng = np.random.default_rng(seed)
    found = [
        _lloyd(points, weights, _spread_start(points, weights, members, rng), sweeps) for _ in range(starts)
    ]
    return min(found, key=lambda f: f[0])[1:]


def _spread_start(
    points: np.ndarray, weights: np.ndarray, members: int, rng: np.random.Generator
) -> np.ndarray:
    """K-means++: each next centre drawn with the weighted squared distance to those there are."""
    chosen = [int(rng.choice(len(points), p=weights / weights.sum()))]
    nearest = np.sum((points - points[chosen[0]]) ** 2, axis=1)
    for _ in range(1, members):
        odds = weights * nearest
        chosen.append(int(rng.choice(len(points), p=odds / odds.sum())))
        nearest = np.minimum(nearest, np.sum((points - points[chosen[-1]]) ** 2, axis=1))
    return points[chosen]


def _lloyd(
    points: np.ndarray, weights: np.ndarray, centres: np.ndarray, sweeps: int
) -> tuple[float, np.ndarray, np.ndarray]:
    """Weighted squared distance, clusters, centres after Lloyd's iteration."""
    labels = np.full(len(points), -1)
    for _ in range(sweeps):
        squares = _squares(points, centres)
        now = np.argmin(squares, axis=1)
        if np.array_equal(now, labels):
            break
        labels = now
        mass = np.bincount(labels, weights, len(centres))
        # a centre without members stays where it is, and may win some back
        filled = mass > 0
        for d in range(points.shape[1]):
            sums = np.bincount(labels, weights * points[:, d], len(centres))
            centres[filled, d] = sums[filled] / mass[filled]
    used, labels = np.unique(labels, return_inverse=True)
    centres = centres[used]
    cost = float(weights @ np.sum((points - centres[labels]) ** 2, axis=1))
    return cost, labels, centres
