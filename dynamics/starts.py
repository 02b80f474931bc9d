"""Courses of a model from any starting states, under constant inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dynamics.equilibria import known_values
from dynamics.model import Constant, ModelError, Parameter

if TYPE_CHECKING:
    from dynamics.model import Model

_SUFFIX = "_on_day_0"


@lru_cache(maxsize=32)
def started_anywhere(model: Model) -> Model:
    """Return the model whose parameters are the starting states, and whose other quantities are constants.

    The equations are untouched, so that one compiled solver serves every set of numbers.
    """
    quantities = (*model.parameters, *model.inputs, *model.constants)
    return dataclasses.replace(
        model,
        states=tuple(dataclasses.replace(s, initial=sp.Symbol(s.name + _SUFFIX)) for s in model.states),
        parameters=tuple(Parameter(s.name + _SUFFIX, s.unit, 1e-300, 1e300) for s in model.states),
        inputs=(),
        constants=tuple(Constant(q.name, q.unit, q.meaning, value=0.0) for q in quantities),
    )


def courses_from(
    model: Model,
    values: Mapping[str, float],
    starts: np.ndarray,
    times: np.ndarray,
    *,
    rtol: float = 1e-9,
) -> tuple[np.ndarray, np.ndarray]:
    """Solve the model from many starting states at once.

    Parameters
    ----------
    model : Model
    values : mapping of str to float
        Parameters, inputs (held constant), and those constants of the equations without a declared value.
    starts : ndarray, shape (b, states)
        In the units of the states; populations positive, for they are followed as logarithms.
    times : ndarray, shape (n,)
        Days; the first is that of the start.
    rtol : float
        Relative tolerance.

    Returns
    -------
    states : ndarray, shape (b, n, states)
        NaN where the solver failed.
    status : ndarray of int, shape (b,)
        0 where the solve succeeded; see :class:`dynamics.simulate.BatchTrajectory`.

    Raises
    ------
    ModelError
        Unknown or missing values, or starts of another shape, not finite, or without a population.
    """
    from dynamics.derivatives import growth_per_head
    from dynamics.schedule import DoseSchedule
    from dynamics.simulate import simulate_batch

    starts = np.atleast_2d(np.asarray(starts, dtype=float))
    if starts.shape[1] != len(model.states) or not np.all(np.isfinite(starts)):
        raise ModelError(
            f"starts need {len(model.states)} finite columns ({', '.join(model.state_names)}), got shape "
            f"{starts.shape}"
        )
    populations = np.array([ratio is not None for ratio in growth_per_head(model)])
    if np.any(starts[:, populations] <= 0):
        raise ModelError(
            f"populations of a start must be positive, got {starts[:, populations].min():g}; use a small number "
            "for an absent one, or a model without it"
        )
    known = known_values(model, values)
    moved = started_anywhere(model)
    run = simulate_batch(
        moved,
        starts,
        DoseSchedule.constant(0.0),  # inputs are among the constants
        np.asarray(times, dtype=float),
        {c.name: known.get(c.name, 0.0) for c in moved.constants},
        rtol=rtol,
    )
    return run.states, run.status
