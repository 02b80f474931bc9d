"""Doses from the last two sizes and the last dose: the policy of the reduced propagator (Fischer 2015, Fig. S7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dosing.stochastic.partial.reduced_propagator import ReducedPropagator
from dosing.stochastic.simulation.setting import SimulationSetting

__all__ = ["SizePolicy", "solve_size_policy"]

# a dose with a greater value by less than this fraction is tied with the one before it
TIE = 1e-11


@dataclass(frozen=True)
class SizePolicy:
    """Which dose to give after sizes M, N and dose v.

    Parameters
    ----------
    setting : SimulationSetting
    doses : ndarray, shape (controls, inputs)
    indices : ndarray of int8, shape (generations, controls v, size + 1 of M, size + 1 of N)
        Rows of ``doses`` for each generation; those of the first serve as a receding horizon.
    first : ndarray of int8, shape (size + 1,)
        Row for the first generation, when one size is known and all its compositions are equally likely.
    value : ndarray, shape (size + 1,)
        Chance of no driver event that the reduced propagator promises from each first size. It is no exact value:
        the reduced propagator forgets all but two sizes, and takes every composition to be equally likely before.
    reachable : ndarray of bool, shape (controls v, size + 1, size + 1)
    """

    setting: SimulationSetting
    doses: np.ndarray
    indices: np.ndarray
    first: np.ndarray
    value: np.ndarray
    reachable: np.ndarray

    @property
    def size(self) -> int:
        """Largest size of the tumour; larger ones are read as this one."""
        return self.indices.shape[2] - 1

    def course(self, sizes: np.ndarray, *, by_time: bool = True) -> np.ndarray:
        """Return the rows of ``doses`` that the policy gives along a course of sizes, shape (times,).

        Parameters
        ----------
        sizes : ndarray of int, shape (times,)
            From the first generation on.
        by_time : bool
            Use the choices by the time that is left; otherwise those of the first generation throughout.
        """
        read = np.minimum(np.asarray(sizes, dtype=int), self.size)
        rows = np.empty(len(read), np.int64)
        for t, now in enumerate(read):
            stage = min(t, len(self.indices) - 1) if by_time else 0
            rows[t] = self.first[now] if t == 0 else self.indices[stage, rows[t - 1], read[t - 1], now]
        return rows

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        share = self.switching_share
        start = min(sum(self.setting.start), self.size)
        return (
            f"Seeing sizes alone, from {start} cells the reduced propagator promises {self.value[start]:.4f} without a "
            f"driver event in {self.setting.generations} generations. In the first generation it keeps the dose in "
            f"{100 * (1 - share):.0f} % of the pairs of sizes that can follow each other, and changes it in the others."
        )

    @property
    def switching_share(self) -> float:
        """Share of the reachable (v, M, N) after which the dose is changed."""
        before = np.arange(len(self.doses))[:, None, None]
        return float(np.mean((self.indices[0] != before)[self.reachable]))


def solve_size_policy(
    propagator: ReducedPropagator, *, progress: Callable[[float], None] | None = None
) -> SizePolicy:
    """Repeat the recursion of eqs 9 and 10 on the states (M, v, N) of the reduced propagator.

    Parameters
    ----------
    propagator : ReducedPropagator
    progress : callable, optional
        Is told the share that is done.
    """
    setting, doses = propagator.cells.setting, propagator.cells.doses
    size, controls, steps = propagator.size, len(doses), setting.generations
    stay = np.exp(-setting.driver_chance_per_cell * np.arange(size + 1))
    value = np.ones((controls, size + 1, size + 1))
    indices = np.empty((steps, controls, size + 1, size + 1), np.int8)
    first = np.zeros(size + 1, np.int8)
    start = np.ones(size + 1)
    # (v, N, M, n): one matrix product for each v and N
    composition = np.ascontiguousarray(propagator.composition.transpose(0, 2, 1, 3))
    for t in range(steps - 1, -1, -1):
        # mean over N' from every composition n of N under u, with u and N the past of the next choice
        ahead = np.stack(
            [np.einsum("ink,ik->in", propagator.growth[u], value[u]) for u in range(controls)], axis=-1
        )
        mean = np.einsum("vimn,inu->vmiu", composition, ahead, optimize=True)
        best = _best(mean)
        indices[t] = best
        value = stay * np.take_along_axis(mean, best[..., None].astype(np.intp), axis=-1)[..., 0]
        if t == 0:
            alone = np.einsum("in,inu->iu", propagator.unknown(), ahead)
            first = _best(alone)
            start = stay * np.take_along_axis(alone, first[:, None].astype(np.intp), axis=-1)[:, 0]
        if progress is not None:
            progress((steps - t) / steps)
    return SizePolicy(setting, doses, indices, first, start, propagator.reachable)


def _best(mean: np.ndarray) -> np.ndarray:
    """Row with the greatest mean along the last axis; ties go to the first."""
    top = mean.max(axis=-1, keepdims=True)
    return np.argmax(mean >= top * (1 - TIE), axis=-1).astype(np.int8)
