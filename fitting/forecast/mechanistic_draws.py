"""What draws of a model's parameters say of training visits and of held-out ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from dynamics.jobs import pad_courses
from dynamics.simulate import solve_jobs
from fitting.problem import patient_constants

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.bayesian.prior_set import PriorSet
    from fitting.forecast.split import Split

Doses = Literal["planned", "held"]
SMALLEST = 1e-12


def log_outputs(
    model: Model, splits: Sequence[Split], draws: Sequence[np.ndarray], priors: PriorSet, doses: Doses
) -> list[np.ndarray]:
    """Solve a model through the training part and on to the held-out days.

    The measured burdens of the held-out visits are not read.

    Parameters
    ----------
    model : Model
    splits : sequence of Split, length b
    draws : sequence of ndarray, each of shape (m, c)
        Log coordinates in units of the scales; a dispersion at their end is not used.
    priors : PriorSet
        For the scales.
    doses : {"planned", "held"}
        Doses as given, or the last known dose held from the cut on.

    Returns
    -------
    list of ndarray, each of shape (m, training visits + held-out visits)
        Natural logarithms; a draw that cannot be solved takes the row of the next one that can.

    Raises
    ------
    ValueError
        A patient for whom no draw can be solved.
    """
    constants = [patient_constants(model, s.training) for s in splits]
    days = [np.concatenate([s.training.times, s.held_out_days]) for s in splits]
    schedules = [s.planned_schedule if doses == "planned" else s.held_schedule for s in splits]
    courses = pad_courses(model, days, schedules, constants)
    p = len(model.parameters)
    scales = np.array([[np.log(c[s]) if s else 0.0 for s in priors.scales[:p]] for c in constants])
    who = np.repeat(np.arange(len(splits)), [len(d) for d in draws])
    q = np.concatenate([d[:, :p] for d in draws]) + scales[who]
    _, y, _, status = solve_jobs(model, courses, who, np.exp(q), sensitive=False, rtol=1e-6)
    result = []
    for b, split in enumerate(splits):
        mine = y[who == b, : len(days[b]), 0]
        good = (status[who == b] == 0) & np.all(np.isfinite(mine), axis=1)
        if not good.any():
            raise ValueError(f"patient {split.patient_id!r}: {model.name} could not be solved for any draw")
        rows = np.flatnonzero(good)
        following = rows[np.searchsorted(rows, np.arange(len(mine))).clip(max=len(rows) - 1)]
        result.append(np.log(np.maximum(mine[following], SMALLEST)))
    return result


def last_misses(split: Split, logs: np.ndarray) -> np.ndarray:
    """Logarithm of the last training burden less the model's, shape (m,); 0 where a limit does not contradict it."""
    n = len(split.training)
    miss = np.log(split.training.burdens[-1]) - logs[:, n - 1]
    censoring = split.training.censoring[-1]
    if censoring < 0:
        return np.minimum(miss, 0.0)
    return np.maximum(miss, 0.0) if censoring > 0 else miss
