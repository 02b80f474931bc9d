"""Forward simulation of controlled populations: survival times with their errors, and single courses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dosing.stochastic.wright_fisher.protocols import Protocol
from dosing.stochastic.wright_fisher.selection import WrightFisherError

__all__ = ["Course", "SurvivalSample", "simulate_course", "simulate_survival"]

_BLOCKS = 32  # each with a random stream of its own, so that the number of workers changes nothing
_NORMAL_ABOVE = 100.0


@dataclass(frozen=True)
class SurvivalSample:
    """Survival times of simulated populations.

    Parameters
    ----------
    name : str
        Of the protocol.
    population : int
    times : ndarray
        (m,) in N generations; the horizon where both alleles were still there.
    censored : ndarray of bool
        (m,) whether they were.
    horizon : float
        In N generations.
    """

    name: str
    population: int
    times: np.ndarray
    censored: np.ndarray
    horizon: float

    @property
    def losses(self) -> int:
        """Runs that ended within the horizon."""
        return int((~self.censored).sum())

    @property
    def mean(self) -> float:
        """Mean survival time in N generations.

        With censored runs: time at risk per loss. That is the mean of an exponential distribution, which survival
        follows once a population has settled around its threshold; the start adds an error of the order of the
        settling time, below 1 N generations.
        """
        if self.losses == 0:
            return float("inf")
        return float(self.times.sum() / self.losses)

    @property
    def standard_error(self) -> float:
        """Of the mean."""
        if self.losses == 0:
            return float("inf")
        if self.censored.any():
            return self.mean / np.sqrt(self.losses)
        return float(self.times.std(ddof=1) / np.sqrt(len(self.times)))

    def share_kept(self, after: float) -> float:
        """Share of the runs that still had both alleles after a time within the horizon, in N generations."""
        if after > self.horizon:
            raise WrightFisherError(f"{after:g} N generations lie beyond the simulated {self.horizon:g}")
        return float(np.mean((self.times > after) | self.censored))

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        if self.losses == 0:
            return (
                f"{self.name}: none of {len(self.times)} populations of {self.population} lost an allele within "
                f"{self.horizon:g} N generations; take a longer horizon or more runs to estimate a mean"
            )
        return (
            f"{self.name}: both alleles kept for {self.mean:.4g} ± {self.standard_error:.2g} N generations on average "
            f"({len(self.times)} populations of {self.population}, {self.losses} losses)"
        )


def _weights(selection: np.ndarray, population: int) -> np.ndarray:
    """Return the fitness of A relative to B; the only number that a generation's sampling needs."""
    return np.exp(selection / population)


def _start(protocol: Protocol, start: float) -> int:
    """Count of A individuals at a frequency."""
    count = round(start * protocol.population)
    if not 0 < count < protocol.population:
        raise WrightFisherError(
            f"a start at {start:g} leaves one of the alleles out of a population of {protocol.population}; take a "
            "frequency strictly between 0 and 1"
        )
    return count


def simulate_survival(
    protocol: Protocol,
    *,
    start: float = 0.5,
    runs: int = 5000,
    horizon: float = 1e4,
    seed: int = 0,
    exact: bool = False,
    workers: int = 2,
    progress: Callable[[float], None] | None = None,
) -> SurvivalSample:
    """Simulate populations, generation by generation, until an allele is lost or the horizon is reached.

    A generation takes about 30 ns. Mean survival depends on N only by a few hundredths at N = 1000 and less beyond, so
    that long survival can be simulated in small populations.

    Parameters
    ----------
    protocol : Protocol
    start : float
        Frequency at the first look, at time 0.
    runs : int
    horizon : float
        In N generations.
    seed : int
    exact : bool
        Draw every generation from the binomial distribution. Otherwise draws with a variance above 100 take its
        normal form with the binomial's skewness, which is twice as fast.
    workers : int
        Threads; the result does not depend on them.
    progress : callable, optional
        Called with the share done.
    """
    from concurrent.futures import ThreadPoolExecutor

    from dosing.stochastic.wright_fisher.forward_kernel import lifetimes

    if runs < 2 or not horizon > 0:
        raise WrightFisherError(
            f"{runs} runs up to {horizon:g} N generations give no mean; take 2 runs or more"
        )
    longest = max(round(horizon * protocol.population), 1)
    count = _start(protocol, start)
    streams = np.random.SeedSequence(seed).spawn(min(_BLOCKS, runs))
    out = np.empty(runs, dtype=np.int64)
    parts = np.array_split(out, len(streams))
    first, after = (_weights(s, protocol.population) for s in (protocol.first, protocol.after))
    wait = protocol.wait.astype(np.int64)
    bound = np.inf if exact else _NORMAL_ABOVE

    def block(i: int) -> None:
        lifetimes(
            np.random.default_rng(streams[i]), np.full(len(parts[i]), count, dtype=np.int64), protocol.population,
            protocol.interval, first, wait, after, longest, bound, parts[i],
        )  # fmt: skip

    with ThreadPoolExecutor(max(1, workers)) as pool:
        for done, _ in enumerate(pool.map(block, range(len(streams))), 1):
            if progress is not None:
                progress(done / len(streams))
    censored = out < 0
    times = np.abs(out) / protocol.population
    return SurvivalSample(protocol.name, protocol.population, times, censored, longest / protocol.population)


@dataclass(frozen=True)
class Course:
    """One simulated population.

    Parameters
    ----------
    name : str
    time : ndarray
        (m,) in N generations.
    frequency : ndarray
        (m,) of the A allele; the last is 0 or 1 if it was lost.
    looks : ndarray
        (k,) times at which the frequency was seen, in N generations; empty with perfect or no monitoring.
    """

    name: str
    time: np.ndarray
    frequency: np.ndarray
    looks: np.ndarray


def simulate_course(
    protocol: Protocol, *, start: float = 0.5, horizon: float = 2.0, points: int = 1000, seed: int = 0
) -> Course:
    """Simulate one population and keep its course.

    Parameters
    ----------
    protocol : Protocol
    start : float
    horizon : float
        In N generations.
    points : int
        At which the frequency is kept, at most.
    seed : int
    """
    from dosing.stochastic.wright_fisher.forward_kernel import course

    n = protocol.population
    every = max(1, round(horizon * n / points))
    out = np.empty(round(horizon * n) // every + 1, dtype=np.int64)
    written, last = course(
        np.random.default_rng(seed), _start(protocol, start), n, protocol.interval, _weights(protocol.first, n),
        protocol.wait.astype(np.int64), _weights(protocol.after, n), every, _NORMAL_ABOVE, out,
    )  # fmt: skip
    time = np.arange(written) * every / n
    time[-1] = last / n  # a loss is written when it happens
    looked = 1 < protocol.interval < n * horizon and protocol.name != "no control"
    looks = np.arange(0.0, time[-1] + 1e-12, protocol.interval / n) if looked else np.empty(0)
    return Course(protocol.name, time, out[:written] / n, looks)
