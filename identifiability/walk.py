"""Walking along the valleys of the likelihood, from grid point to grid point of a profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fitting.optimizer import minimise
from fitting.problem import CohortProblem
from identifiability.follow import tangent_in_parameters
from identifiability.line import Line

FIRST_STRIDE, SHORTEST_STRIDE, LONGEST_STRIDE = 0.05, 0.006, 0.3  # in the logarithm of the moving parameter
JUMP = 0.3  # rise of the negative log-likelihood in one step beyond which the valley counts as lost
CORRECTIONS = 8


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
    stride: float = FIRST_STRIDE


def walk(problem: CohortProblem, walkers: Sequence[Walker], give_up_above: np.ndarray) -> None:
    """Let walkers go until they lose the valley, leave the range of interest, or meet ground known to be lower.

    Valleys of growth models are narrow beyond what a jump can meet: with r = 2 per day a relative error of
    1e-5 in K moves the burden after half a year by a percent. A walker predicts along the tangent, corrects
    with a few scoring steps, lengthens its stride where that was easy and shortens it where the floor was lost.
    All walkers move in lockstep, so that one call of the compiled model serves them all.

    Parameters
    ----------
    problem : CohortProblem
    walkers : sequence of Walker
    give_up_above : ndarray, shape (w,)
        For each patient, the value beyond which nothing of interest lies.
    """
    active = [w for w in walkers if 0 <= w.point < len(w.line.grid)]
    while active:
        who = np.array([w.line.w for w in active])
        index = np.array([w.line.index for w in active])
        q = np.array([w.q for w in active])
        rows = np.arange(len(active))
        here = q[rows, index]
        target = np.array([w.line.grid[w.point] for w in active])
        stride = np.array([w.stride for w in active])
        shift = np.clip(target - here, -stride, stride)
        low, high = problem.lower[who], problem.upper[who]
        start, shift = tangent_in_parameters(
            q, np.array([w.information for w in active]), index, shift, low, high
        )
        fixed = np.zeros(start.shape, dtype=bool)
        fixed[rows, index] = True
        minima = minimise(
            problem.evaluate, start, who, low, high, fixed=fixed, tolerance=1e-4, max_iterations=CORRECTIONS
        )
        going = []
        for i, walker in enumerate(active):
            kept = minima.value[i] < walker.value + JUMP
            easy = kept and minima.converged[i]
            if kept:
                walker.q, walker.value = minima.q[i], float(minima.value[i])
                walker.information = minima.information[i]
            walker.stride = (
                min(1.6 * walker.stride, LONGEST_STRIDE) if easy else walker.stride * (1.0 if kept else 0.4)
            )
            if walker.stride < SHORTEST_STRIDE or walker.value > give_up_above[walker.line.w]:
                continue
            if kept and abs(target[i] - here[i] - shift[i]) <= 1e-9 and not _arrive(walker):
                continue
            going.append(walker)
        active = going


def _arrive(walker: Walker) -> bool:
    """Leave the solution at the grid point; return whether to go on to the next."""
    line = walker.line
    line.keep(walker.point, walker.q, walker.value, True, walker.information)
    if line.nll[walker.point] < walker.value - line.improvement:
        return False
    # whoever comes along in this direction later finds the work done
    line.changed[walker.point] &= walker.direction == 0
    walker.point += walker.direction
    inside = 0 <= walker.point < len(line.grid) and walker.direction != 0
    return inside and line.nll[walker.point] > walker.value - line.improvement
