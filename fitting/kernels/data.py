"""What a compiled likelihood reads: the cohort's measurements with their courses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Data(NamedTuple):
    """Arrays of w patients, padded to one shape; see :class:`fitting.problem.CohortProblem`.

    Parameters
    ----------
    burdens, times : ndarray, shape (w, n)
    censoring : ndarray of int, shape (w, n)
    n_times, n_switches : ndarray of int, shape (w,)
    constants : ndarray, shape (w, k)
    switches : ndarray, shape (w, s)
    doses : ndarray, shape (w, s, inputs)
    rtol : float
    max_steps : int
    """

    burdens: np.ndarray
    times: np.ndarray
    censoring: np.ndarray
    n_times: np.ndarray
    n_switches: np.ndarray
    constants: np.ndarray
    switches: np.ndarray
    doses: np.ndarray
    rtol: float
    max_steps: int
