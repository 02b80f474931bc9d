"""The rectangle of states that a phase plane shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dynamics.model import ModelError

if TYPE_CHECKING:
    from dynamics.equilibria import Equilibrium
    from dynamics.model import Model

_MARGIN = 1.15  # beyond the largest equilibrium


def plane_box(
    model: Model, box: Mapping[str, tuple[float, float]] | None, found: Iterable[Equilibrium] = ()
) -> np.ndarray:
    """Return lower and upper ends of every state, shape (states, 2).

    Parameters
    ----------
    model : Model
    box : mapping of str to (float, float), optional
        Per state; states that are not named reach from 0 to 1.15 times their largest equilibrium, or, where
        that is 0, the largest of a state with the same unit.
    found : iterable of Equilibrium
        Equilibria that the rectangle should hold.

    Raises
    ------
    ModelError
        A name that is no state, an empty or infinite interval, or no equilibrium to take the size from.
    """
    box = box or {}
    strangers = [name for name in box if name not in model.state_names]
    if strangers:
        raise ModelError(f"box names {', '.join(strangers)}; the states are {', '.join(model.state_names)}")
    points = np.array([e.point for e in found]).reshape(-1, len(model.states))
    ends = []
    for i, name in enumerate(model.state_names):
        if name in box:
            low, high = (float(v) for v in box[name])
            if not (np.isfinite(low) and np.isfinite(high) and low < high):
                raise ModelError(f"box of {name} is [{low:g}, {high:g}]; need low < high, finite")
        else:
            own = float(np.max(points[:, i], initial=0.0))
            alike = [j for j, s in enumerate(model.states) if s.unit == model.states[i].unit]
            low, high = 0.0, _MARGIN * (own if own > 0 else float(np.max(points[:, alike], initial=0.0)))
            if high <= 0:
                raise ModelError(
                    f"no equilibrium of model {model.name!r} has a positive {name}, so the box has no natural "
                    f"size; give box={{'{name}': (low, high)}}"
                )
        ends.append((low, high))
    return np.array(ends)
