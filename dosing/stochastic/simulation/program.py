"""A policy in the numbers that the compiled loop reads."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = ["MAJORITY", "PERIODIC", "TABLE", "PolicyProgram"]

PERIODIC, TABLE, MAJORITY = 0, 1, 2


def _no_counts() -> np.ndarray:
    return np.ones(1, np.int64)


def _no_rows() -> np.ndarray:
    return np.zeros(1, np.int64)


@dataclass(frozen=True)
class PolicyProgram:
    """A policy in the numbers that the compiled loop reads.

    Parameters
    ----------
    kind : int
        PERIODIC: ``rows`` in turn, for ``lengths`` generations each. TABLE: rows from ``tables`` at the numbers of
        cells. MAJORITY: ``rows`` of the type with the most cells, the first one where types are even.
    doses : ndarray, shape (controls, inputs)
    lengths, rows : ndarray of int
    tables : ndarray of int8, shape (stages, a, b)
    axis_a, axis_b : ndarray of int
        Place in a table for 0, 1, … cells of each type.
    stage_of : ndarray of int, shape (generations,)
    visit : int
        Generations between two choices; the dose is held in between.
    """

    kind: int
    doses: np.ndarray
    lengths: np.ndarray = field(default_factory=_no_counts)
    rows: np.ndarray = field(default_factory=_no_rows)
    tables: np.ndarray = field(default_factory=lambda: np.zeros((1, 1, 1), np.int8))
    axis_a: np.ndarray = field(default_factory=_no_rows)
    axis_b: np.ndarray = field(default_factory=_no_rows)
    stage_of: np.ndarray = field(default_factory=_no_rows)
    visit: int = 1
