"""Which parameter, beyond which value, leaves a tumour without any dose window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.window_numeric import window_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

_POINTS, _ROUNDS = 65, 6  # every round narrows the bracket 64-fold
_BESIDE = 1e-3  # in the logarithm


@dataclass(frozen=True)
class LostWindow:
    """Values of one parameter at which no dose contains the tumour, whatever burden is tolerated.

    Parameters
    ----------
    parameter : str
    boundary : float
        In the model's units.
    above : bool
        True where the window is lost above the boundary, False where below.
    reached : float
        Most extreme value beyond the boundary among the parameter sets.
    share : float
        Weight of the sets beyond the boundary.
    """

    parameter: str
    boundary: float
    above: bool
    reached: float
    share: float


def lost_window(model: Model, ensemble: Ensemble) -> LostWindow | None:
    """Find the parameter that decides alone, whatever the others, whether a dose window can exist.

    Found from the numbers, so that it needs no knowledge of the model: a parameter whose values separate the
    sets without a window at any tolerable burden from all others, and whose boundary does so for every set
    when only this parameter is moved across it. For Masud 2023 it is c, and the boundary is 1.

    Parameters
    ----------
    model : Model
    ensemble : Ensemble
        m parameter sets; those that are not finite are left out.

    Returns
    -------
    LostWindow or None
        None where all sets can have a window, where none can, or where no parameter decides alone.

    Raises
    ------
    WindowUnavailable
        No window can be derived for this model.
    """
    window = window_numbers(model)
    names = ensemble.parameter_names
    finite = np.all(np.isfinite(ensemble.values), axis=1) & np.all(ensemble.values > 0, axis=1)
    values, weights = ensemble.values[finite], ensemble.weights[finite]

    def never(rows: np.ndarray) -> np.ndarray:
        edges = window.edges(window.numbers(names, rows, ensemble.constants), 1.0)
        return np.isposinf(edges.smallest_tolerable)

    lost = never(values) if len(values) else np.zeros(0, dtype=bool)
    if not np.any(lost) or np.all(lost):
        return None
    logs = np.log(values)
    for i, name in enumerate(names):
        x = logs[:, i]
        if x[lost].max() < x[~lost].min():
            above, inner, outer = False, int(np.argmin(np.where(lost, np.inf, x))), x[lost].max()
        elif x[lost].min() > x[~lost].max():
            above, inner, outer = True, int(np.argmax(np.where(lost, -np.inf, x))), x[lost].min()
        else:
            continue
        boundary = _boundary(never, values[inner], i, outer)
        if boundary is None:
            continue
        kept, gone = values.copy(), values.copy()
        away = _BESIDE if above else -_BESIDE
        kept[:, i], gone[:, i] = np.exp(boundary - away), np.exp(boundary + away)
        if np.all(never(gone)) and not np.any(never(kept)):
            reached = x[lost].max() if above else x[lost].min()
            return LostWindow(
                name, float(np.exp(boundary)), above, float(np.exp(reached)), float(weights[lost].sum())
            )
    return None


def _boundary(
    never: Callable[[np.ndarray], np.ndarray], inner: np.ndarray, i: int, outer: float
) -> float | None:
    """Logarithm of component i at which a set that can have a window loses it; None where it does not."""
    a, b = float(np.log(inner[i])), outer
    for _ in range(_ROUNDS):
        path = np.linspace(a, b, _POINTS)
        rows = np.repeat(inner[None, :], _POINTS, axis=0)
        rows[:, i] = np.exp(path)
        lost = never(rows)
        if lost[0] or not lost[-1]:
            return None
        first = int(np.argmax(lost))
        a, b = float(path[first - 1]), float(path[first])
    return 0.5 * (a + b)
