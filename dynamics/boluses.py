"""Boluses: doses given at once, as jumps of the state."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp

from dynamics.controlled import ControlledCourse, integrate
from dynamics.expressions import ModelError
from dynamics.model import TIME, Model
from dynamics.pharmacodynamics import find_input
from dynamics.substitution import substitute


@dataclass(frozen=True, order=True)
class Bolus:
    """One dose given at once.

    Parameters
    ----------
    day : float
    amount : float
        In the unit of the input times days: what an infusion of rate 1 gives in a day is 1.
    input_name : str

    Raises
    ------
    ModelError
        A day or an amount that is no finite number, or a negative amount.
    """

    day: float
    amount: float
    input_name: str = "u"

    def __post_init__(self) -> None:
        """Refuse what cannot be given."""
        if not (math.isfinite(self.day) and math.isfinite(self.amount) and self.amount >= 0):
            raise ModelError(
                f"bolus of {self.amount:g} into {self.input_name} on day {self.day:g}: the day must be finite, the "
                "amount finite and not negative"
            )


def repeated(
    amount: float, every_days: float, count: int, start: float = 0.0, input_name: str = "u"
) -> tuple[Bolus, ...]:
    """Return ``count`` equal boluses, ``every_days`` apart, the first on day ``start``.

    Raises
    ------
    ModelError
        Days that do not increase, or an amount that cannot be given.
    """
    if not every_days > 0:
        raise ModelError(f"boluses every {every_days:g} days; the interval must be positive")
    return tuple(Bolus(start + i * every_days, amount, input_name) for i in range(count))


def jump(model: Model, input_name: str) -> sp.ImmutableMatrix:
    """Return how the states jump by a bolus of amount 1, shape (states, 1), derived from the equations.

    A bolus is an impulse of the input: where the equations are affine in it, with coefficients that no state enters,
    the state jumps by ``df/du`` times the amount.

    Raises
    ------
    ModelError
        The input acts on the states at once, as in a model without pharmacokinetics.
    """
    find_input(model, input_name)
    slopes = sp.ImmutableMatrix([s.rhs.diff(sp.Symbol(input_name)) for s in model.states])
    moving = {*model.state_symbols, *model.input_symbols, TIME}
    if slopes.free_symbols & moving or slopes.is_zero_matrix:
        raise ModelError(
            f"model {model.name!r}: a bolus of {input_name} has no meaning, for it acts on the cells at once; put "
            "kinetics before it with dynamics.pharmacokinetics.with_pharmacokinetics"
        )
    return slopes


def integrate_with_boluses(
    model: Model,
    values: Mapping[str, float],
    boluses: Iterable[Bolus],
    edges_days: np.ndarray | Sequence[float],
    controls: np.ndarray | Sequence[Sequence[float]],
    times_days: np.ndarray | Sequence[float],
    *,
    initial: Sequence[float] | np.ndarray | None = None,
    integrand: sp.Expr | None = None,
    rtol: float = 1e-10,
) -> ControlledCourse:
    """Integrate a model under infusions and boluses, starting anew at every switch and every bolus.

    Parameters
    ----------
    model : Model
    values, edges_days, controls, times_days, initial, integrand, rtol
        As in :func:`dynamics.controlled.integrate`; ``controls`` are the infusions.
    boluses : iterable of Bolus
        In any order, within the edges. On the day of a bolus the state is the one after it.

    Raises
    ------
    ModelError
        See :func:`dynamics.controlled.integrate` and :func:`jump`; a bolus outside the edges.
    """
    edges, times = np.asarray(edges_days, dtype=float), np.asarray(times_days, dtype=float)
    levels = np.asarray(controls, dtype=float).reshape(len(edges) - 1, -1)
    boluses = sorted(boluses)
    for bolus in boluses:
        if not edges[0] <= bolus.day <= edges[-1]:
            raise ModelError(
                f"model {model.name!r}: a bolus on day {bolus.day:g} is outside [{edges[0]:g}, {edges[-1]:g}] days"
            )
    jumps = {name: _number(model, name, values) for name in {b.input_name for b in boluses}}
    state = _initial(model, values) if initial is None else np.asarray(initial, dtype=float)
    days = np.unique([b.day for b in boluses])
    states = np.full((len(times), len(model.states)), np.nan)
    integral, so_far, message = np.full(len(times), np.nan), 0.0, ""
    stops = np.unique(np.concatenate([[edges[0]], days, [edges[-1]]]))
    for begin, end in zip(stops, [*stops[1:], np.inf], strict=True):
        state = state + sum(
            (b.amount * jumps[b.input_name] for b in boluses if b.day == begin), np.zeros(len(state))
        )
        inside = (times >= begin) & (times < end)
        if end == np.inf:
            # the last edge: nothing is left to integrate
            states[times >= begin], integral[times >= begin] = state, so_far
            break
        first = int(np.searchsorted(edges, begin, side="right")) - 1
        last = int(np.searchsorted(edges, end, side="left"))
        part = integrate(
            model, values, np.concatenate([[begin], edges[first + 1 : last], [end]]), levels[first:last],
            np.append(times[inside], end), initial=state, integrand=integrand, rtol=rtol,
        )  # fmt: skip
        states[inside], integral[inside] = part.states[:-1], so_far + part.integral[:-1]
        state, so_far, message = part.states[-1], so_far + float(part.integral[-1]), part.message
        if message:
            break
    return ControlledCourse(times, states, integral, message)


def _number(model: Model, input_name: str, values: Mapping[str, float]) -> np.ndarray:
    """Jump by a bolus of amount 1 at numbers, shape (states,)."""
    slopes = jump(model, input_name)
    known = {c.name: c.value for c in model.constants if c.value is not None} | dict(values)
    missing = sorted({str(s) for s in slopes.free_symbols} - set(known))
    if missing:
        raise ModelError(f"model {model.name!r}: no value for {', '.join(missing)}")
    rule = {sp.Symbol(n): sp.Float(v) for n, v in known.items()}
    return np.array([float(substitute(s, rule)) for s in slopes.flat()])


def _initial(model: Model, values: Mapping[str, float]) -> np.ndarray:
    """Return the initial state of the model at numbers, shape (states,)."""
    known = {c.name: c.value for c in model.constants if c.value is not None} | dict(values)
    rule = {sp.Symbol(n): sp.Float(v) for n, v in known.items()}
    try:
        return np.array([float(substitute(s.initial, rule)) for s in model.states])
    except TypeError:
        missing = sorted({str(s) for state in model.states for s in state.initial.free_symbols} - set(known))
        raise ModelError(f"model {model.name!r}: no value for {', '.join(missing)}") from None
