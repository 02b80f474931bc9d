"""What is applied after a look, for every count of A individuals: the four ways of controlling a population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.stochastic.wright_fisher.monitoring import PreemptiveControl
from dosing.stochastic.wright_fisher.selection import ControlledSelection, WrightFisherError

__all__ = ["Protocol", "naive", "perfect", "preemptive", "uncontrolled"]


@dataclass(frozen=True)
class Protocol:
    """Selection applied between looks, by the count of A individuals seen.

    Parameters
    ----------
    name : str
    population : int
        N.
    interval : int
        Generations between looks.
    first, after : ndarray
        (N + 1,) scaled selection sigma + u at first, and after the waiting time.
    wait : ndarray of int
        (N + 1,) waiting time in generations; at least the interval where nothing is switched.
    """

    name: str
    population: int
    interval: int
    first: np.ndarray
    wait: np.ndarray
    after: np.ndarray


def uncontrolled(selection: ControlledSelection, population: int) -> Protocol:
    """No control at all."""
    return _kept("no control", population, population, np.full(population + 1, selection.sigma))


def perfect(selection: ControlledSelection, population: int, threshold: float) -> Protocol:
    """Bang-bang control by the frequency of every generation (eq. 4)."""
    seen = np.arange(population + 1) / population
    return _kept("perfect monitoring", population, 1, selection.at(seen, threshold))


def naive(selection: ControlledSelection, population: int, threshold: float, interval: float) -> Protocol:
    """Bang-bang control by the frequency last seen, kept until the next look."""
    seen = np.arange(population + 1) / population
    generations = _generations(interval, population)
    return _kept("naive", population, generations, selection.at(seen, threshold))


def preemptive(selection: ControlledSelection, population: int, plan: PreemptiveControl) -> Protocol:
    """Apply the waiting times of a plan, read between its grid points; neutral after them."""
    seen = np.arange(population + 1) / population
    signed = np.interp(seen, plan.x, plan.signed_waiting)
    wait = np.rint(np.abs(signed) * population).astype(np.int64)
    first = np.where(signed >= 0, selection.sigma, selection.opposed)
    interval = _generations(plan.interval, population)
    return Protocol("pre-emptive", population, interval, first, wait, np.zeros(population + 1))


def _kept(name: str, population: int, interval: int, applied: np.ndarray) -> Protocol:
    """Protocol that switches nothing between looks."""
    return Protocol(name, population, interval, applied, np.full(population + 1, interval), applied)


def _generations(interval: float, population: int) -> int:
    """Return an interval in generations."""
    generations = round(interval * population)
    if generations < 1:
        raise WrightFisherError(
            f"an interval of {interval:g} N generations is less than one generation at N = {population}; take a "
            f"larger N or {1 / population:g} and more"
        )
    return generations
