"""Walking along the valleys of the likelihood, from grid point to grid point of a profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fitting.optimizer import minimise
from fitting.problem import CohortProblem
from identifiability.follow import profile_curvature, tangent_in_parameters
from identifiability.line import Line

FIRST_STRIDE, SHORTEST_STRIDE, LONGEST_STRIDE = 0.05, 0.006, 0.3  # in the logarithm of the moving parameter
JUMP = (
    0.3  # unexpected rise of the negative log-likelihood in one step beyond which the valley counts as lost
)
LEAP = 1.0  # expected rise to which a step is limited, so that steep profiles are climbed, not jumped
CORRECTIONS, PATIENCE = 8, 6  # scoring steps after each move; moves on the spot until the floor is reached


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
    waited: int = 0


def walk(
    problem: CohortProblem, walkers: Sequence[Walker], lowest: np.ndarray, give_up_above: np.ndarray
) -> None:
    """Let walkers go until they lose the valley, leave the range of interest, or meet ground known to be lower.

    Valleys of growth models are narrow beyond what a jump can meet: with r = 2 per day a relative error of
    1e-5 in K moves the burden after half a year by a percent. A walker predicts along the tangent, corrects
    with a few scoring steps, lengthens its stride where that was easy and shortens it where the floor was lost.
    All walkers move in lockstep, so that one call of the compiled model serves them all.

    Parameters
    ----------
    problem : CohortProblem
    walkers : sequence of Walker
    lowest : ndarray, shape (w,)
        For each patient, the value at the optimum.
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
        low, high = problem.lower[who], problem.upper[who]
        information = np.array([w.information for w in active])
        height = np.maximum(np.array([w.value for w in active]) - lowest[who], 0.0)
        curvature = np.maximum(profile_curvature(q, information, index, low, high), 1e-12)
        slope = np.sqrt(2 * height * curvature)
        leap = (np.sqrt(slope**2 + 2 * LEAP * curvature) - slope) / curvature
        stride = np.minimum(np.array([w.stride for w in active]), leap)
        shift = np.clip(target - here, -stride, stride)
        start, shift = tangent_in_parameters(q, information, index, shift, low, high)
        expected = slope * np.abs(shift) + 0.5 * curvature * shift**2
        fixed = np.zeros(start.shape, dtype=bool)
        fixed[rows, index] = True
        minima = minimise(
            problem.evaluate, start, who, low, high, fixed=fixed, tolerance=1e-5, max_iterations=CORRECTIONS
        )
        going = []
        for i, walker in enumerate(active):
            kept = minima.value[i] < walker.value + JUMP + 2 * expected[i]
            settled = bool(minima.converged[i])
            if kept:
                walker.q, walker.value = minima.q[i], float(minima.value[i])
                walker.information = minima.information[i]
            if kept and settled:
                walker.stride = min(1.6 * walker.stride, LONGEST_STRIDE)
            elif not kept:
                walker.stride *= 0.4
            if walker.stride < SHORTEST_STRIDE:
                continue
            if walker.value > give_up_above[walker.line.w]:
                walker.line.beyond.append((walker.q, walker.value, settled, walker.information))
                continue
            if kept and abs(target[i] - here[i] - shift[i]) <= 1e-9:
                walker.waited += 1
                # a solution left half-way down would pass for a higher profile, that is for a shorter interval
                if (settled or walker.waited > PATIENCE) and not _arrive(walker, settled):
                    continue
            going.append(walker)
        active = going
    for line in {id(w.line): w.line for w in walkers}.values():
        line.absorb()


def _arrive(walker: Walker, settled: bool) -> bool:
    """Leave the solution at the grid point; return whether to go on to the next."""
    line = walker.line
    walker.waited = 0
    line.keep(walker.point, walker.q, walker.value, settled, walker.information)
    if line.nll[walker.point] < walker.value - line.improvement:
        return False
    # whoever comes along in this direction later finds the work done
    line.changed[walker.point] &= walker.direction == 0
    walker.point += walker.direction
    inside = 0 <= walker.point < len(line.grid) and walker.direction != 0
    return inside and line.nll[walker.point] > walker.value - line.improvement
