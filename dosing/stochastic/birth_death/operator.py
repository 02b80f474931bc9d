"""The transitions of a set of states under one control, summed once: they do not change with time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from dosing.stochastic.birth_death.nodes import AxisNodes
from dosing.stochastic.birth_death.problem import BirthDeathProblem
from dosing.stochastic.birth_death.skellam import reach
from dosing.stochastic.birth_death.transition import axis_span, axis_weights, means
from dosing.stochastic.edge_rule import EdgeRule
from dosing.stochastic.process_kernel import constant_vector, rates_at
from dynamics.kernels.engine import in_threads

__all__ = ["TransitionOperator", "chunks_of", "finite_rates", "scratch_length"]

_CHUNK = 512
_MOST_BYTES = 4 * 2**30


@dataclass(frozen=True)
class TransitionOperator:
    """Weights of every node of both axes, for all pairs of nodes under one control.

    The two types change independently within a generation, so a state needs one row of weights for each axis.

    Parameters
    ----------
    begin, span, offset : array of int, (states, 2)
        First node, number of nodes, and place of their weights.
    weights : array
    kept : array, (states,)
        Factor of one generation, see :meth:`BirthDeathProblem.kept`.
    """

    begin: np.ndarray
    span: np.ndarray
    offset: np.ndarray
    weights: np.ndarray
    kept: np.ndarray

    @classmethod
    def build(cls, problem: BirthDeathProblem, axis: AxisNodes, row: int) -> TransitionOperator:
        """Sum the transitions from every pair of nodes.

        Parameters
        ----------
        problem : BirthDeathProblem
        axis : AxisNodes
        row : int
            Control.

        Raises
        ------
        MemoryError
            The weights would need more than 4 GiB.
        ValueError
            A rate that is not finite.
        """
        size = len(axis.nodes)
        states = np.stack(np.meshgrid(axis.nodes, axis.nodes, indexing="ij"), axis=-1).reshape(-1, 2)
        births, deaths = finite_rates(problem, states, row)
        begin = np.empty((size * size, 2), dtype=np.int64)
        span = np.empty_like(begin)
        _spans(states, births, deaths, axis.first, begin, span)
        offset = np.concatenate([[0], np.cumsum(span.ravel())])
        if 8 * offset[-1] > _MOST_BYTES:
            raise MemoryError(
                f"the transitions of {size * size} states under one control need {8 * offset[-1] / 2**30:.1f} GiB; "
                "lower K, or use the graded grid"
            )
        weights = np.empty(offset[-1])
        offset = offset[:-1].reshape(-1, 2)
        lost = problem.edge_rule is EdgeRule.LOST

        def fill(chunk: tuple[int, int]) -> None:
            length = scratch_length(births[slice(*chunk)], deaths[slice(*chunk)])
            _fill(
                states, births, deaths, axis.first, axis.shares, lost, offset, span, weights, length, *chunk
            )

        in_threads(fill, chunks_of(size * size), warm=False)
        return cls(begin, span, offset, weights, problem.kept(states.sum(axis=1), row))

    def back(self, value: np.ndarray, out: np.ndarray, chunk: tuple[int, int]) -> None:
        """Write the value one generation earlier, (states,), for the states of a chunk."""
        means(value, self.begin, self.span, self.offset, self.weights, self.kept, out, *chunk)


def chunks_of(states: int) -> list[tuple[int, int]]:
    """Split states into ranges that threads share."""
    return [(i, min(i + _CHUNK, states)) for i in range(0, states, _CHUNK)]


def finite_rates(problem: BirthDeathProblem, states: np.ndarray, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Return births and deaths, (states, 2), under one control.

    Raises
    ------
    ValueError
        A rate that is not finite, with its state.
    """
    constants = constant_vector(problem.process, problem.values)
    births, deaths = rates_at(problem.process, states, problem.controls[row], constants)
    wrong = ~np.isfinite(births + deaths).all(axis=1)
    if wrong.any():
        state = ", ".join(f"{t} = {n}" for t, n in zip(problem.process.types, states[wrong][0], strict=True))
        raise ValueError(
            f"process {problem.process.name!r} has births or deaths that are not finite at {state}; a denominator may "
            "vanish there: check the constants"
        )
    return births, deaths


def scratch_length(births: np.ndarray, deaths: np.ndarray) -> int:
    """Return the length of work arrays that serves all these rates."""
    worst_b, worst_d = float(births.max(initial=0.0)), float(deaths.max(initial=0.0))
    low, high = reach(worst_b, worst_d)
    # the mode moves with the difference of the rates, the width with their sum
    return int(2 * (worst_b + worst_d) + 2 * (high - low)) + 8


@njit(cache=True, error_model="numpy", nogil=True)
def _spans(states, births, deaths, first, begin, span):
    """Write the first node and the number of nodes of every state and axis."""
    for s in range(states.shape[0]):
        for axis in range(2):
            begin[s, axis], span[s, axis] = axis_span(
                states[s, axis], births[s, axis], deaths[s, axis], first
            )


@njit(cache=True, error_model="numpy", nogil=True)
def _fill(states, births, deaths, first, shares, lost, offset, span, weights, length, start, stop):
    """Write the weights of the states start, …, stop - 1."""
    ratio, mass = np.empty(length), np.empty(length)
    for s in range(start, stop):
        for axis in range(2):
            a = offset[s, axis]
            axis_weights(
                states[s, axis], births[s, axis], deaths[s, axis], first, shares, lost, ratio, mass,
                weights[a : a + span[s, axis]],
            )  # fmt: skip
