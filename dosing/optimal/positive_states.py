"""Which states stay positive once they are: those that nothing takes below zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

if TYPE_CHECKING:
    from dynamics.model import Input, Model

_POINTS = 40
_LARGEST = 3.0


def finite_range(control: Input) -> tuple[float, float]:
    """Bounds of a control, or a range to draw from where there are none."""
    return max(control.lower, -_LARGEST), min(control.upper, _LARGEST)


def staying_positive(model: Model) -> set[sp.Symbol]:
    """Return the states whose equation is nowhere negative where they are zero and the others are as they may be.

    Decided at points drawn at random: positive parameters, controls within their bounds, states positive where they
    stay so. An equation without a value at zero, as ``x*log(K/x)``, counts as zero there.

    Parameters
    ----------
    model : Model
    """
    positive = set(model.state_symbols)
    symbols = sorted(set().union(*(s.rhs.free_symbols for s in model.states)) | positive, key=str)
    rates = sp.lambdify([symbols], list(model.rhs.flat()), "numpy", cse=True)
    bounds = {sp.Symbol(i.name): finite_range(i) for i in model.inputs}
    draw = np.random.default_rng(4)

    def drawn(symbol: sp.Basic) -> float:
        if symbol in bounds:
            return draw.uniform(*bounds[symbol])  # type: ignore[index]
        sign = 1.0 if symbol in positive or symbol not in model.state_symbols else draw.choice([-1.0, 1.0])
        return sign * draw.uniform(0.3, _LARGEST)

    while True:
        falling = set()
        for _ in range(_POINTS):
            for row, state in enumerate(model.state_symbols):
                point = np.array([0.0 if s == state else drawn(s) for s in symbols])
                with np.errstate(all="ignore"):
                    rate = rates(point)[row]
                if np.isreal(rate) and rate < -1e-12:
                    falling.add(state)
        if not falling & positive:
            return positive
        # a state that may be negative may pull others down with it
        positive -= falling
