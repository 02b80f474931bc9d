"""In which order drugs are given, for the smallest transient: Devia and Giordano, Remark 3.

Without mutation and migration the cells at any time depend on how much of each drug has been given by then, not on the
order. So courses are paths through a lattice of amounts given, and the best path follows from dynamic programming over
its points, which are far fewer than the orders. Between switches the burden is a sum of exponentials, hence convex in
time: its largest value is taken at a switch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dosing.switching.model import SwitchingError, SwitchingModel
from dosing.switching.order_lattice import best_path, lattice_size
from dosing.switching.order_search import local_search

__all__ = ["Criterion", "DrugOrder", "best_order", "course_order"]

Criterion = Literal["peak", "area"]
_LARGEST_LATTICE = 60_000


@dataclass(frozen=True)
class DrugOrder:
    """Runs of one drug each, in the order found.

    Parameters
    ----------
    drugs : tuple of int
    days : ndarray, shape (m,)
    criterion : {"peak", "area"}
    peak : float
        Largest weighted number of cells, the start included.
    area : float
        Integral of the weighted number of cells, cell days.
    is_proven : bool
        Whether no other order of these runs is better.
    """

    drugs: tuple[int, ...]
    days: np.ndarray
    criterion: Criterion
    peak: float
    area: float
    is_proven: bool


def best_order(
    model: SwitchingModel,
    drugs: Sequence[int],
    days: Sequence[float] | np.ndarray,
    *,
    criterion: Criterion = "peak",
    given_days: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> DrugOrder:
    """Order runs so that the largest burden on the way, or its integral, is the least.

    Of orders with the same largest burden, the one with the least integral is taken. Runs of the same drug and length
    are interchangeable. Up to 60 000 points of the lattice the answer is proven by dynamic programming; beyond, runs
    are chosen greedily and exchanged in pairs while that helps.

    Parameters
    ----------
    model : SwitchingModel
        Its flows between lines are left out.
    drugs, days : sequences of the same length
        Drug and length of each run.
    criterion : {"peak", "area"}
    given_days : ndarray, shape (d,), optional
        Days under each drug before the first of these runs.
    weights : ndarray, shape (n,), optional
        Of a cell of each line; one where None.

    Raises
    ------
    SwitchingError
    """
    if criterion not in ("peak", "area"):
        raise SwitchingError(f"criterion {criterion!r}; give 'peak' or 'area'")
    lengths = np.asarray(days, dtype=float)
    if len(drugs) != len(lengths):
        raise SwitchingError(f"{len(drugs)} drugs, but {len(lengths)} durations")
    rates = model.net_growth
    weight = np.ones(len(model.lines)) if weights is None else np.asarray(weights, dtype=float)
    counted = weight * model.cells > 0
    rates = rates[:, counted]
    before = np.zeros(len(rates)) if given_days is None else np.asarray(given_days, dtype=float)
    log_start = np.log((weight * model.cells)[counted]) + before @ rates
    kinds: dict[tuple[int, float], int] = {}
    for s, length in zip(drugs, lengths, strict=True):
        key = (int(s), float(length))
        kinds[key] = kinds.get(key, 0) + 1
    kind_rates = np.array([rates[s] for s, _ in kinds]).reshape(len(kinds), rates.shape[1])
    kind_days = np.array([length for _, length in kinds])
    counts = tuple(kinds.values())
    exact = lattice_size(counts) <= _LARGEST_LATTICE
    search = best_path if exact else local_search
    path, peak, area = search(log_start, kind_rates, kind_days, counts, criterion)
    order = list(kinds)
    return DrugOrder(
        tuple(order[i][0] for i in path), np.array([order[i][1] for i in path]), criterion, peak, area, exact
    )


def course_order(
    model: SwitchingModel,
    durations: np.ndarray,
    dwell_days: float,
    *,
    criterion: Criterion = "peak",
    weights: np.ndarray | None = None,
) -> DrugOrder:
    """Cut each drug's total into runs of at least the dwell time and order all of them (Remark 3).

    A drug is cut into as many equal runs as the dwell time allows, or into fewer where the lattice would have more than
    60 000 points.

    Parameters
    ----------
    model : SwitchingModel
    durations : ndarray, shape (d,), days
        Zero, or at least the dwell time.
    dwell_days : float
    criterion : {"peak", "area"}
    weights : ndarray, shape (n,), optional

    Raises
    ------
    SwitchingError
    """
    if not dwell_days > 0:
        raise SwitchingError(
            f"a dwell time of {dwell_days:g} days leaves the number of runs open; give a positive one"
        )
    used = np.flatnonzero(np.asarray(durations) > 0)
    counts = [max(1, int(durations[s] / dwell_days * (1 + 1e-9))) for s in used]
    while lattice_size(counts) > _LARGEST_LATTICE and max(counts) > 1:
        counts[int(np.argmax(counts))] -= 1
    drugs = [int(s) for s, count in zip(used, counts, strict=True) for _ in range(count)]
    days = [durations[s] / count for s, count in zip(used, counts, strict=True) for _ in range(count)]
    return best_order(model, drugs, days, criterion=criterion, weights=weights)
