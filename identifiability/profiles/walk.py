"""Walking along the valleys of the likelihood, from grid point to grid point of a profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dynamics.kernels.engine import in_threads
from fitting.problem import CohortProblem
from identifiability.profiles.kernels.run import LineArrays, walking
from identifiability.profiles.line import Line

CORRECTIONS = 8  # scoring steps after each move
FIRST_STRIDE = 0.05  # in the logarithm of the moving parameter


@dataclass
class Walker:
    """A solution on its way along one line.

    Parameters
    ----------
    line : Line
    direction : int
        +1 or -1 along the grid, 0 to stop at ``point``.
    point : int
        Grid point it is heading for.
    q, value, information
        Where it stands.
    """

    line: Line
    direction: int
    point: int
    q: np.ndarray
    value: float
    information: np.ndarray


def walk(
    problem: CohortProblem, walkers: Sequence[Walker], lowest: np.ndarray, give_up_above: np.ndarray
) -> None:
    """Let walkers go until they lose the valley, leave the range of interest, or meet ground known to be lower.

    Valleys of growth models are narrow beyond what a jump can meet: with r = 2 per day a relative error of
    1e-5 in K moves the burden after half a year by a percent. The steps stand in
    :mod:`identifiability.profiles.kernels.walking`; lines are independent of each other, so they run side by side.

    Parameters
    ----------
    problem : CohortProblem
    walkers : sequence of Walker
    lowest : ndarray, shape (w,)
        For each patient, the value at the optimum.
    give_up_above : ndarray, shape (w,)
        For each patient, the value beyond which nothing of interest lies.
    """
    by_line: dict[int, list[Walker]] = {}
    for walker in walkers:
        if 0 <= walker.point < len(walker.line.grid):
            by_line.setdefault(id(walker.line), []).append(walker)
    if not by_line:
        return
    kernel, data = walking(problem)

    def follow(group: list[Walker]) -> None:
        line = group[0].line
        arrays = LineArrays(line.grid, line.q, line.nll, line.converged, line.information, line.changed)
        low, high = problem.lower[line.w], problem.upper[line.w]
        for walker in group:
            q, information = walker.q.copy(), walker.information.copy()
            value, beyond, settled = kernel(
                line.w, line.index, walker.direction, walker.point, q, walker.value, information, FIRST_STRIDE,
                CORRECTIONS, arrays, low, high, float(lowest[line.w]), float(give_up_above[line.w]),
                line.improvement, data,
            )  # fmt: skip
            if beyond:
                line.beyond.append((q, float(value), bool(settled), information))
        line.absorb()

    groups = sorted(by_line.values(), key=len, reverse=True)
    in_threads(follow, groups, warm=_is_warm(kernel))


def _is_warm(kernel: Any) -> bool:
    """Whether a kernel needs no compilation before threads may share it."""
    return bool(getattr(kernel, "signatures", True))
