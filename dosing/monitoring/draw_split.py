"""Draws to plan on, and draws to judge on, that share no tumour."""

from __future__ import annotations

import numpy as np

from dosing.monitoring.errors import MonitoringError
from dynamics.ensemble import Ensemble

FEWEST = 10


def split_ensemble(
    whole: Ensemble, planned: int = 200, held_out: int = 200, *, seed: int = 0
) -> tuple[Ensemble, Ensemble]:
    """Split plausible tumours at random.

    Importance sampling draws a tumour more than once; whatever is held out is taken out of the planning draws.

    Parameters
    ----------
    whole : Ensemble
    planned, held_out : int
        At most so many; where there are too few, both shrink in proportion.
    seed : int

    Returns
    -------
    planned, held_out : Ensemble

    Raises
    ------
    MonitoringError
        Fewer than ten tumours in one of the two.
    """
    if planned < FEWEST or held_out < FEWEST:
        raise MonitoringError(
            f"{planned} draws to plan on and {held_out} to judge on are too few for a mean; take at least {FEWEST} each"
        )
    order = np.random.default_rng([seed, 2]).permutation(np.flatnonzero(whole.weights > 0))
    second = max(FEWEST, min(held_out, len(order) * held_out // (planned + held_out)))
    judged = np.sort(order[:second])
    # of several equal tumours one held out is enough to leave the others out of the planning
    seen = {tuple(row) for row in _rows(whole)[judged].tolist()}
    rows = _rows(whole).tolist()
    rest = [int(j) for j in order[second:] if tuple(rows[j]) not in seen][:planned]
    if len(rest) < FEWEST or len(judged) < FEWEST:
        raise MonitoringError(
            f"{len(order)} plausible tumours ({whole.provenance}) leave {len(rest)} to plan on and {len(judged)} to "
            f"judge on; at least {FEWEST} different ones are needed in each: sample the posterior with more draws"
        )
    return (
        whole.take(np.sort(np.array(rest)), f"{len(rest)} planned on (seed {seed}); {whole.provenance}"),
        whole.take(judged, f"{len(judged)} held out (seed {seed}); {whole.provenance}"),
    )


def _rows(ensemble: Ensemble) -> np.ndarray:
    """Parameters and constants of every member."""
    own = [np.asarray(ensemble.constant(n)) for n, v in ensemble.constants.items() if np.ndim(v) > 0]
    return np.column_stack([ensemble.values, *own])
