"""Probabilities of the next number of cells of each type, from every state of a small lattice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from dosing.stochastic.birth_death.skellam import reach, write_skellam
from dosing.stochastic.edge_rule import EdgeRule
from dosing.stochastic.process_kernel import rates_at
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting

__all__ = ["LARGEST_EDGE", "NextCells", "next_cells"]

# two types and two doses on a lattice of 300 x 300 x 300 take 860 MB
LARGEST_EDGE = 300


@njit(cache=True, nogil=True, error_model="numpy")
def _write(cells, births, deaths, lost, out):
    """Write the probabilities of the next number of cells of one type: out, (states, edge + 1)."""
    edge = out.shape[1] - 1
    ratio, mass = np.empty(1), np.empty(1)
    for s in range(out.shape[0]):
        low, high = reach(births[s], deaths[s])
        if ratio.shape[0] < max(abs(low), abs(high)) + 2:
            ratio = np.empty(2 * max(abs(low), abs(high)) + 4)
        if mass.shape[0] < high - low + 1:
            mass = np.empty(2 * (high - low) + 2)
        write_skellam(births[s], deaths[s], low, high, ratio, mass)
        out[s] = 0.0
        for k in range(low, high + 1):
            to = int(cells[s]) + k
            if to > edge:
                if lost:
                    break
                to = edge
            out[s, max(to, 0)] += mass[k - low]


@dataclass(frozen=True)
class NextCells:
    """Probabilities of the next numbers of cells; given the state, the two types are independent.

    Parameters
    ----------
    setting : SimulationSetting
    doses : ndarray, shape (controls, inputs)
    first, second : ndarray, shape (controls, edge + 1, edge + 1, edge + 1)
        By control, cells of both types now, and cells of the type in the next generation.
    """

    setting: SimulationSetting
    doses: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @property
    def edge(self) -> int:
        """Largest number of cells of a type."""
        return self.setting.edge


def next_cells(setting: SimulationSetting, doses: np.ndarray) -> NextCells:
    """Compute the exact Skellam probabilities from every state (Fischer 2015, eqs 7 and 46).

    Parameters
    ----------
    setting : SimulationSetting
        Of two types.
    doses : ndarray, shape (controls, inputs)

    Raises
    ------
    SimulationError
        A lattice that is too large; a process without two types.
    """
    if len(setting.start) != 2 or setting.edge > LARGEST_EDGE:
        raise SimulationError(
            f"{len(setting.start)} types with up to {setting.edge} cells each: every state of the lattice is kept, "
            f"which needs two types and an edge of at most {LARGEST_EDGE}; use a smaller K with the same scaled rates, "
            "or the particle filter"
        )
    size = setting.edge + 1
    states = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), axis=-1).reshape(-1, 2)
    lost = setting.edge_rule is EdgeRule.LOST
    out = np.empty((2, len(doses), size * size, size))
    for row, dose in enumerate(np.atleast_2d(doses)):
        births, deaths = rates_at(setting.process, states, np.asarray(dose, dtype=float), setting.constants)
        for i in range(2):
            cells = np.ascontiguousarray(states[:, i], dtype=float)
            _write(cells, births[:, i].copy(), deaths[:, i].copy(), lost, out[i, row])
    shape = (len(doses), size, size, size)
    return NextCells(setting, np.atleast_2d(doses), out[0].reshape(shape), out[1].reshape(shape))
