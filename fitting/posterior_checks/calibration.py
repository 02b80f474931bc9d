"""Simulation-based calibration: whether true parameters lie among their posterior draws as they should."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np

LEVEL = 0.95  # of all parameters together
LEAST_SIMULATIONS = 20  # below that nearly everything passes
LEAST_IN_BIN = 5.0  # expected ranks a bin, for the chi-squared distribution to hold
MOST_BINS = 20
MOST_POINTS = 100  # at which the distribution function is compared
CLEAR = 2.0  # standard deviations from which a failure is put down to the centre or to the width


class CalibrationVerdict(StrEnum):
    """What ranks say; each member is the sentence that a person reads. The first is the only good one."""

    GOOD = "The ranks are even: intervals of this posterior hold the truth as often as they say."
    TOO_HIGH = "Biased upwards: too many draws lie above the truth."
    TOO_LOW = "Biased downwards: too many draws lie below the truth."
    TOO_NARROW = (
        "Overconfident: the truth lies at the ends of the draws too often; the intervals are too narrow."
    )
    TOO_WIDE = "Too cautious: the truth lies amid the draws too often; the intervals are wider than need be."
    UNEVEN = (
        "Not calibrated: the ranks are uneven, though neither their centre nor their width is clearly off."
    )
    TOO_FEW = "Not checked: too few simulations to tell even ranks from uneven ones."

    @property
    def code(self) -> str:
        """The name in the tables."""
        return self.name


@dataclass(frozen=True)
class ParameterRanks:
    """The ranks of one parameter.

    Parameters
    ----------
    name : str
    ranks : ndarray of int, shape (n,)
        Draws below the truth, one number a simulation.
    mean : float
        Mean rank as a share of the draws; 0.5 where nothing is biased.
    spread : float
        Variance of the ranks relative to even ones; above 1 where posteriors are too narrow.
    p_band : float
        Probability that even ranks leave the diagonal as far, somewhere, as these do.
    p_chi2 : float
        Of the chi-squared test of counts in bins; NaN where there are too few simulations for two bins.
    verdict : CalibrationVerdict
    """

    name: str
    ranks: np.ndarray
    mean: float
    spread: float
    p_band: float
    p_chi2: float
    verdict: CalibrationVerdict


@dataclass(frozen=True)
class Calibration:
    """Ranks of all parameters, tested together.

    Parameters
    ----------
    parameters : tuple of ParameterRanks
    simulations : int
    draws : int
        Among which each truth was ranked.
    level : float
        Probability that no parameter fails where all are calibrated, or more.
    """

    parameters: tuple[ParameterRanks, ...]
    simulations: int
    draws: int
    level: float

    @property
    def passed(self) -> bool:
        """Whether every parameter was checked, and none failed."""
        return all(p.verdict is CalibrationVerdict.GOOD for p in self.parameters)

    @property
    def band_level(self) -> float:
        """Level of one parameter's band (Bonferroni)."""
        return 1 - (1 - self.level) / len(self.parameters)

    @property
    def resolution(self) -> float:
        """Largest distance from the diagonal that passes as chance."""
        _, lower, upper = ecdf_band(self.simulations, self.draws, self.band_level)
        points = rank_points(self.draws) / (self.draws + 1)
        return float(max((upper - points).max(), (points - lower).max()))

    @property
    def sentence(self) -> str:
        """What the ranks say, and how much so many simulations can say."""
        if self.simulations < LEAST_SIMULATIONS:
            few = f"There are {self.simulations}; {LEAST_SIMULATIONS} are the least."
            return f"{CalibrationVerdict.TOO_FEW.value} {few}"
        failed = [p for p in self.parameters if p.verdict is not CalibrationVerdict.GOOD]
        if failed:
            told = " ".join(f"{p.name}: {p.verdict.value}" for p in failed)
            return f"Not calibrated in {len(failed)} of {len(self.parameters)} quantities. {told}"
        return (
            f"No sign of miscalibration in {self.simulations} simulations: the ranks of "
            f"{', '.join(p.name for p in self.parameters)} are even, as far as so many can show. Shares of ranks that "
            f"are off by more than {100 * self.resolution:.0f} percentage points would have been noticed."
        )


def rank_statistics(ranks: Mapping[str, Any], draws: int, level: float = LEVEL) -> Calibration:
    """Test whether ranks of true parameters among posterior draws are uniform.

    They are where parameters come from the prior, data from the model, and draws from the posterior (Talts 2018,
    theorem 1). The test compares their distribution function with the diagonal at all points at once
    (Säilynoja 2022, section 2); the level is shared by the parameters.

    Parameters
    ----------
    ranks : mapping of str to array_like of int, shape (n,)
        Number of draws below the truth, 0 to ``draws``, by parameter.
    draws : int
        Nearly independent draws of each posterior.
    level : float
        Of all parameters together.

    Raises
    ------
    ValueError
        No ranks, ranks that are not whole numbers from 0 to ``draws``, or parameters with different numbers of them.

    References
    ----------
    Talts, Betancourt, Simpson, Vehtari, Gelman (2018), arXiv:1804.06788.
    Säilynoja, Bürkner, Vehtari (2022), Statistics and Computing 32:32.
    """
    known = {name: np.asarray(values) for name, values in ranks.items()}
    sizes = {values.size for values in known.values()}
    if len(sizes) != 1 or 0 in sizes:
        raise ValueError(
            f"ranks of {', '.join(known) or 'no parameter'}: each parameter needs one rank a simulation, got "
            f"{', '.join(map(str, sorted(sizes))) or 'none'}"
        )
    for name, values in known.items():
        wrong = (values < 0) | (values > draws) | (values != np.round(values))
        if np.any(wrong):
            raise ValueError(
                f"ranks of {name}: {values[wrong][0]} is no whole number from 0 to {draws}; count the draws below the "
                "truth, and give the number of draws that they were counted among"
            )
    share = (1 - level) / len(known)
    judged = tuple(_judge(name, values.astype(int), draws, share) for name, values in known.items())
    return Calibration(judged, sizes.pop(), draws, level)


def _judge(name: str, ranks: np.ndarray, draws: int, share: float) -> ParameterRanks:
    """Test one parameter at level 1 - ``share``."""
    n = ranks.size
    places = (ranks + 0.5) / (draws + 1)
    even = (1 - 1 / (draws + 1) ** 2) / 12  # variance of even places
    mean, spread = float(places.mean()), float(np.mean((places - 0.5) ** 2) / even)
    p_band = band_probability(ranks, draws)
    if n < LEAST_SIMULATIONS:
        verdict = CalibrationVerdict.TOO_FEW
    elif p_band > share:
        verdict = CalibrationVerdict.GOOD
    else:
        # of even ranks: standard deviations of the mean, and of the mean square, which is 1/180 for one
        shift = (mean - 0.5) / math.sqrt(even / n)
        width = (spread - 1) * even / math.sqrt(1 / 180 / n)
        if max(abs(shift), abs(width)) < CLEAR:
            verdict = CalibrationVerdict.UNEVEN
        elif abs(shift) > abs(width):
            verdict = CalibrationVerdict.TOO_HIGH if shift < 0 else CalibrationVerdict.TOO_LOW
        else:
            verdict = CalibrationVerdict.TOO_NARROW if width > 0 else CalibrationVerdict.TOO_WIDE
    return ParameterRanks(name, ranks, mean, spread, p_band, _chi_squared(ranks, draws), verdict)


def _chi_squared(ranks: np.ndarray, draws: int) -> float:
    """P-value of counts in as many equal bins as the possible ranks and the simulations allow."""
    from scipy.stats import chisquare

    most = min(MOST_BINS, int(ranks.size / LEAST_IN_BIN))
    shared = [b for b in range(2, most + 1) if (draws + 1) % b == 0]
    if not shared:
        return math.nan
    counts = np.bincount(ranks * shared[-1] // (draws + 1), minlength=shared[-1])
    return float(chisquare(counts).pvalue)


def rank_points(draws: int) -> np.ndarray:
    """Ranks below which the simulations are counted: all, or an even choice of them."""
    return np.unique(np.linspace(1, draws, min(draws, MOST_POINTS)).round().astype(int))


def counts_below(ranks: np.ndarray, draws: int) -> np.ndarray:
    """Count the simulations whose rank is below each point."""
    return np.searchsorted(np.sort(ranks), rank_points(draws), side="left")


def band_probability(ranks: np.ndarray, draws: int) -> float:
    """Probability that even ranks have a point as unlikely as the least likely of these."""
    tails = _tails(ranks.size, draws)
    least = tails[np.arange(len(tails)), counts_below(ranks, draws)].min()
    return float(np.clip(1 - _stay(tails > least * (1 + 1e-9), draws), 0.0, 1.0))


@lru_cache(maxsize=32)
def ecdf_band(simulations: int, draws: int, level: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Band that holds the whole distribution function of even ranks with a probability of at least ``level``.

    Parameters
    ----------
    simulations, draws : int
    level : float

    Returns
    -------
    gamma : float
        Probability with which a single point is left (Säilynoja 2022, eq. 7).
    lower, upper : ndarray, shape (points,)
        Shares of the simulations at :func:`rank_points`.
    """
    tails = _tails(simulations, draws)
    low, high = -40.0, 0.0  # of log gamma
    for _ in range(40):
        middle = 0.5 * (low + high)
        if _stay(tails > math.exp(middle), draws) >= level:
            low = middle
        else:
            high = middle
    inside = tails > math.exp(low)
    first = inside.argmax(axis=1)
    last = simulations - inside[:, ::-1].argmax(axis=1)
    return math.exp(low), first / simulations, last / simulations


@lru_cache(maxsize=32)
def _tails(simulations: int, draws: int) -> np.ndarray:
    """Two-sided tail probability of every count at every point, shape (points, n + 1)."""
    from scipy.stats import binom

    chance = rank_points(draws)[:, None] / (draws + 1)
    counts = np.arange(simulations + 1)
    below = binom.cdf(counts, simulations, chance)
    above = binom.sf(counts - 1, simulations, chance)
    return np.minimum(2 * np.minimum(below, above), 1.0)


def _stay(inside: np.ndarray, draws: int) -> float:
    """Probability that the counts of even ranks stay where ``inside`` holds, at all points.

    Counts in disjoint parts are independent Poisson numbers, given their sum; so the counts below the points are a
    walk with independent steps, given its end, and one convolution a point adds up all walks that stay inside.
    """
    from scipy.stats import poisson

    n = inside.shape[1] - 1
    numbers = np.arange(n + 1)
    edges = np.concatenate([[0], rank_points(draws), [draws + 1]])
    walks = np.zeros(n + 1)
    walks[0] = 1.0
    steps = {int(width): poisson.pmf(numbers, n * width / (draws + 1)) for width in np.diff(edges)}
    for width, allowed in zip(np.diff(edges)[:-1], inside, strict=True):
        walks = np.where(allowed, np.convolve(walks, steps[int(width)])[: n + 1], 0.0)
    last = walks @ steps[int(edges[-1] - edges[-2])][::-1]
    return float(last / poisson.pmf(n, n))
