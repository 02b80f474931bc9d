"""A course of one drug at a time made better by changes of one stretch, or of two at once, until none helps."""

from __future__ import annotations

import numpy as np

from dosing.switching.general.pure_cost import PureCost, PureSweep

__all__ = ["improve"]

_CHANGES = 400
_TRIED = 400
# beyond this many steps, summed over members, pairs of changes take longer than they bring
_MOST_FOR_PAIRS = 400


def improve(problem: PureCost, drugs: np.ndarray, *, pairs: bool = True) -> PureSweep:
    """Change the course while that makes it cheaper and keeps the dwell time; never ends dearer than it began.

    Parameters
    ----------
    problem : PureCost
    drugs : ndarray of int, shape (M,)
        A course that obeys the dwell time.
    pairs : bool
        Also try two stretches at once (a swap is one of these), which leaves durations as they are.
    """
    sweep = problem.sweep(drugs)
    for _ in range(_CHANGES):
        found = _best(problem, sweep, _singles(problem, sweep))
        if found is None and pairs and len(drugs) * len(sweep.values) <= _MOST_FOR_PAIRS:
            found = _best(problem, sweep, _pairs(problem, sweep))
        if found is None:
            break
        sweep = found
    return sweep


def _target(sweep: PureSweep) -> float:
    """Return what a change must come below: rounding errors are no gain."""
    return sweep.value * (1 - 1e-10) if sweep.value > 0 else sweep.value


def _singles(problem: PureCost, sweep: PureSweep) -> list[tuple[float, list[tuple[int, int, int]]]]:
    """List changes of one stretch, as cost and (begin, width, drug)."""
    moves = []
    for width in range(1, min(2 * problem.grid.per_dwell, len(sweep.drugs)) + 1):
        costs = sweep.single_changes(width)
        moves += [
            (float(costs[i, s]), [(int(i), width, int(s))]) for i, s in np.argwhere(costs < _target(sweep))
        ]
    return moves


def _pairs(problem: PureCost, sweep: PureSweep) -> list[tuple[float, list[tuple[int, int, int]]]]:
    """List changes of two stretches; of one step each (borders move), and of a dwell time each."""
    moves = []
    for width in sorted({1, problem.grid.per_dwell}):
        if 2 * width > len(sweep.drugs):
            continue
        for q, costs in sweep.pair_changes(width):
            better = np.argwhere(costs < _target(sweep))
            if len(better) > 20:
                better = better[np.argsort(costs[tuple(better.T)])[:20]]
            moves += [
                (float(costs[p, s, r]), [(int(p), width, int(s)), (q, width, int(r))]) for p, s, r in better
            ]
    return moves


def _best(
    problem: PureCost, sweep: PureSweep, moves: list[tuple[float, list[tuple[int, int, int]]]]
) -> PureSweep | None:
    """Make the cheapest change that keeps the dwell time; None where none does."""
    for _, changes in sorted(moves)[:_TRIED]:
        drugs = sweep.drugs.copy()
        for begin, width, drug in changes:
            drugs[begin : begin + width] = drug
        if problem.grid.obeys(drugs):
            changed = problem.sweep(drugs)
            if changed.value < sweep.value:
                return changed
    return None
