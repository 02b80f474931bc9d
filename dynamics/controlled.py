"""A model under controls that are constant between switches, integrated with an adaptive method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

import numpy as np
import sympy as sp

from dynamics.expressions import ModelError
from dynamics.model import TIME, Model
from dynamics.shared_terms import shared_terms
from dynamics.substitution import substitute

Method = Literal["auto", "DOP853", "LSODA", "Radau"]
# Steps of order 8 are few on smooth arcs; more than these mean that stability, not accuracy, sets their length.
_STEPS_BEFORE_STIFF, _MORE_PER_ARC = 3000, 30
_MOST_STEPS = 50_000


@dataclass(frozen=True)
class ControlledCourse:
    """What the integrator found.

    Parameters
    ----------
    times_days : ndarray, shape (k,)
    states : ndarray, shape (k, states)
        NaN from the time at which the integration failed.
    integral : ndarray, shape (k,)
        Of the integrand from the first switch to each time; zero where none was given.
    message : str
        Empty, or why the integration ended early.
    """

    times_days: np.ndarray
    states: np.ndarray
    integral: np.ndarray
    message: str = ""


def integrate(
    model: Model,
    values: Mapping[str, float],
    edges_days: np.ndarray | Sequence[float],
    controls: np.ndarray | Sequence[Sequence[float]],
    times_days: np.ndarray | Sequence[float],
    *,
    initial: Sequence[float] | np.ndarray | None = None,
    integrand: sp.Expr | None = None,
    sizes: Sequence[float] | np.ndarray | None = None,
    rtol: float = 1e-10,
    method: Method = "auto",
) -> ControlledCourse:
    """Integrate a model, starting the method anew at every switch.

    Parameters
    ----------
    model : Model
    values : mapping of str to float
        Parameters, constants, and what ``integrand`` names besides.
    edges_days : array, shape (m + 1,)
        Strictly increasing; ``controls[i]`` is held from ``edges_days[i]`` to ``edges_days[i + 1]``.
    controls : ndarray, shape (m, inputs)
        Any real numbers: bounds are the caller's matter.
    times_days : array, shape (k,)
        Not decreasing, within the edges.
    initial : array, shape (states,), optional
        State at the first edge; the model's own where None.
    integrand : sympy.Expr, optional
        In states, inputs, ``t`` and ``values``.
    sizes : array, shape (states,), optional
        Typical size of each state, where known: a state that starts at zero does not show its own.
    rtol : float
        Relative tolerance; the absolute one is ``rtol`` times the largest size that each state has had.
    method : {"auto", "DOP853", "LSODA", "Radau"}
        ``"auto"`` is order 8 of Dormand and Prince, and LSODA where that needs very many steps.

    Raises
    ------
    ModelError
        A number that is missing, shapes that do not fit, times outside the edges.
    """
    edges, times = np.asarray(edges_days, dtype=float), np.asarray(times_days, dtype=float)
    levels = np.asarray(controls, dtype=float).reshape(len(edges) - 1, -1)
    _check(model, edges, levels, times)
    field, slope, names = _compiled(model, integrand)
    given = {c.name: c.value for c in model.constants if c.value is not None} | dict(values)
    missing = [n for n in names if n not in given]
    if missing:
        raise ModelError(f"model {model.name!r}: no value for {', '.join(missing)}")
    numbers = tuple(float(given[n]) for n in names)  # type: ignore[arg-type]
    if initial is None:
        known = {sp.Symbol(n): float(v) for n, v in given.items() if v is not None}
        initial = [float(substitute(s.initial, known)) for s in model.states]
    begin = np.append(np.asarray(initial, dtype=float), 0.0)
    job = _Job(field, slope, numbers, edges, levels, times, begin, _sizes(begin, sizes), rtol)
    if method == "auto":
        try:
            return job.run("DOP853", _STEPS_BEFORE_STIFF + _MORE_PER_ARC * len(levels))
        except _TooManyStepsError:
            method = "LSODA"
    most = _MOST_STEPS + 10 * _MORE_PER_ARC * len(levels)
    try:
        return job.run(method, most)
    except _TooManyStepsError as stopped:
        return job.cut_short(f"{method} used {most} steps before day {stopped.args[0]:g}")


def _check(model: Model, edges: np.ndarray, levels: np.ndarray, times: np.ndarray) -> None:
    """Refuse arrays that do not fit."""
    where = f"model {model.name!r}"
    if levels.shape[1] != len(model.inputs):
        raise ModelError(
            f"{where} has {len(model.inputs)} inputs, but controls come in {levels.shape[1]} columns"
        )
    if len(edges) < 2 or not np.all(np.diff(edges) > 0):
        raise ModelError(f"{where}: switching days must increase strictly, got {edges}")
    slack = 1e-9 * (edges[-1] - edges[0])
    if len(times) and (
        np.any(np.diff(times) < 0) or times[0] < edges[0] - slack or times[-1] > edges[-1] + slack
    ):
        raise ModelError(
            f"{where}: times must not decrease and must lie in [{edges[0]:g}, {edges[-1]:g}] days, "
            f"got {times[0]:g} to {times[-1]:g}"
        )


def _sizes(begin: np.ndarray, given: Sequence[float] | np.ndarray | None) -> np.ndarray:
    """Sizes that absolute tolerances start from; those of states that start at zero lie far below the others."""
    largest = float(np.max(np.abs(begin)))
    size = np.maximum(np.abs(begin), 1e-6 * largest if largest > 0 else 1e-6)
    if given is not None:
        size[:-1] = np.maximum(size[:-1], np.abs(np.asarray(given, dtype=float)))
    return size


@lru_cache(maxsize=64)
def _compiled(model: Model, integrand: sp.Expr | None) -> tuple[Callable, Callable, tuple[str, ...]]:
    """Right-hand side with the integrand as last row, its Jacobian, and the numbers they ask for."""
    rows = [s.rhs for s in model.states] + [integrand if integrand is not None else sp.S.Zero]
    moving = {*model.state_symbols, *model.input_symbols, TIME}
    numbers = sorted({s for e in rows for s in e.free_symbols} - moving, key=str)
    arguments = [list(model.state_symbols), list(model.input_symbols), TIME, numbers]

    @cache
    def slopes() -> Callable:
        # only stiff methods ask for it, and with hundreds of populations deriving it takes longer than any solution
        table = [[row.diff(s) for s in model.state_symbols] + [sp.S.Zero] for row in rows]
        return sp.lambdify(arguments, table, modules="math", cse=shared_terms)  # type: ignore[arg-type]

    # `math` on scalars is several times faster than numpy on arrays of a few numbers
    field = sp.lambdify(arguments, rows, modules="math", cse=shared_terms)  # type: ignore[arg-type]
    return field, lambda *point: slopes()(*point), tuple(map(str, numbers))


class _TooManyStepsError(Exception):
    """The method used all its steps; holds the day that it reached."""


@dataclass
class _Job:
    """One integration, arc after arc."""

    field: Callable
    slope: Callable
    numbers: tuple[float, ...]
    edges: np.ndarray
    levels: np.ndarray
    times: np.ndarray
    begin: np.ndarray
    sizes: np.ndarray
    rtol: float

    def run(self, method: str, most_steps: int) -> ControlledCourse:
        """Integrate all arcs with one method."""
        self.found = np.full((len(self.times), len(self.begin)), np.nan)
        done = int(np.searchsorted(self.times, self.edges[0], side="right"))
        self.found[:done] = self.begin
        state, size, steps, first = self.begin, self.sizes, 0, None
        for k, level in enumerate(self.levels.tolist()):
            end = float(self.edges[k + 1])
            last = (
                len(self.times)
                if k == len(self.levels) - 1
                else int(np.searchsorted(self.times, end, side="right"))
            )
            try:
                solver = self._start(method, k, level, state, size, first)
            except (OverflowError, ValueError, ZeroDivisionError, TypeError) as problem:
                return self.cut_short(f"right-hand side on day {self.edges[k]:g}: {problem}")
            while solver.status == "running":
                try:
                    # a runaway state is told by its message, not by NumPy's warnings on the way there
                    with np.errstate(all="ignore"):
                        solver.step()
                except (OverflowError, ValueError, ZeroDivisionError, TypeError) as problem:
                    return self.cut_short(f"right-hand side near day {solver.t:g}: {problem}")
                steps += 1
                if solver.status == "failed" or not np.all(np.isfinite(solver.y)):
                    return self.cut_short(
                        f"{method} could not go on from day {solver.t:g}: the state runs away"
                    )
                if steps > most_steps:
                    raise _TooManyStepsError(solver.t)
                within = int(np.searchsorted(self.times[:last], solver.t, side="right"))
                if within > done:
                    self.found[done:within] = solver.dense_output()(self.times[done:within]).T
                    done = within
            self.found[done:last], done = solver.y, last
            state = solver.y
            size = np.maximum(size, np.abs(state))
            first = getattr(solver, "h_abs", None)
        return ControlledCourse(self.times, self.found[:, :-1], self.found[:, -1])

    def cut_short(self, why: str) -> ControlledCourse:
        """Return what there is."""
        return ControlledCourse(self.times, self.found[:, :-1], self.found[:, -1], why)

    def _start(
        self,
        method: str,
        k: int,
        level: list[float],
        state: np.ndarray,
        size: np.ndarray,
        first: float | None,
    ) -> Any:
        """Set up the method on one arc."""
        import scipy.integrate

        field, slope, numbers = self.field, self.slope, self.numbers
        begin, end = float(self.edges[k]), float(self.edges[k + 1])
        options: dict[str, Any] = {"rtol": self.rtol, "atol": self.rtol * size}
        if method != "DOP853":
            options["jac"] = lambda t, y: np.array(slope(y[:-1].tolist(), level, t, numbers), dtype=float)
        if first is not None and method == "DOP853":
            options["first_step"] = min(first, end - begin)
        return getattr(scipy.integrate, method)(
            lambda t, y: np.array(field(y[:-1].tolist(), level, t, numbers), dtype=float),
            begin, state, end, **options,
        )  # fmt: skip
