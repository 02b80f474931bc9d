"""An optimal control problem on a tumour model, written the way it stands in a paper."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import sympy as sp

from dosing.optimal.conditions import FINAL_TIME, Condition, ProblemError, parse_condition
from dynamics.expressions import check_names, parse_expression
from dynamics.model import TIME
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dynamics.model import Model

__all__ = ["Condition", "OptimalControlProblem", "ProblemError"]


@dataclass(frozen=True)
class OptimalControlProblem:
    """Minimise ``terminal(x(T), T) + ∫ running(x, u, t) dt`` subject to a model and to conditions.

    Use :meth:`define` to write one with strings.

    Parameters
    ----------
    model : Model
        Gives dynamics, initial state and the controls (its inputs, with their bounds).
    values : mapping of str to float
        Every parameter of the model, every constant that is read from data, and further numbers that the costs or
        conditions name. Solvers keep them as numbers that may change between solves, so a scan builds nothing anew.
    running, terminal : sympy.Expr
        Costs; ``t`` is the time in days, ``T`` the final time.
    conditions : tuple of Condition
        At the end, and along the path.
    horizon_days : (float, float)
        Bounds of the final time; equal where it is fixed.
    initial : mapping of str to float
        Initial states that replace those of the model.
    state_bounds, control_bounds : mapping of str to (float, float)
        Bounds of states, infinite where not given, and of controls, the model's where not given.

    Raises
    ------
    ProblemError
        A name that is not known, a number that is missing, an empty range.
    """

    model: Model
    values: Mapping[str, float]
    running: sp.Expr
    terminal: sp.Expr
    horizon_days: tuple[float, float]
    conditions: tuple[Condition, ...] = ()
    initial: Mapping[str, float] = field(default_factory=dict)
    state_bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    control_bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what could not be solved, with the remedy."""
        where = f"optimal control of model {self.model.name!r}"
        for name in ("values", "initial", "state_bounds", "control_bounds"):
            object.__setattr__(self, name, dict(getattr(self, name)))
        known = {q.name for q in (*self.model.parameters, *self.model.constants)}
        taken = {*self.model.state_names, *(i.name for i in self.model.inputs)}
        for name, value in self.values.items():
            if name in taken:
                raise ProblemError(f"{where}: {name} is a state or control and cannot be given a value")
            if not math.isfinite(value):
                raise ProblemError(f"{where}: {name} is {value}; it must be a finite number")
        needed = [p.name for p in self.model.parameters]
        needed += [c.name for c in self.model.constants if c.value is None and self._asks_for(c.name)]
        missing = [n for n in needed if n not in self.values]
        if missing:
            raise ProblemError(f"{where}: no value for {', '.join(missing)}; add it to `values`")
        check_names([n for n in self.values if n not in known], where)
        low, high = self.horizon_days
        if not 0 < low <= high < math.inf:
            raise ProblemError(
                f"{where}: the final time is bounded by [{low:g}, {high:g}] days; need 0 < low <= high"
            )
        self._check_ranges(where)

    def _asks_for(self, constant: str) -> bool:
        """Whether the equations or the initial states that are used hold this constant."""
        used = [s.rhs for s in self.model.states]
        used += [s.initial for s in self.model.states if s.name not in self.initial]
        return any(sp.Symbol(constant) in e.free_symbols for e in used)

    def _check_ranges(self, where: str) -> None:
        """Refuse names of nothing, and empty ranges."""
        for what, given, known in (
            ("initial state", self.initial, self.model.state_names),
            ("bound of state", self.state_bounds, self.model.state_names),
            ("bound of control", self.control_bounds, self.control_names),
        ):
            for name in given:
                if name not in known:
                    raise ProblemError(f"{where}: {what} {name!r}; there is only {', '.join(known)}")
        for name, (low, high) in (*self.state_bounds.items(), *self.control_bounds.items()):
            if not low < high:
                raise ProblemError(f"{where}: {name} is bounded by [{low:g}, {high:g}]; need lower < upper")

    @classmethod
    def define(
        cls,
        model: Model,
        values: Mapping[str, float] | None = None,
        *,
        horizon_days: float | tuple[float, float],
        running: str = "0",
        terminal: str = "0",
        subject_to: Sequence[str] = (),
        initial: Mapping[str, float] | None = None,
        state_bounds: Mapping[str, tuple[float, float]] | None = None,
        control_bounds: Mapping[str, tuple[float, float]] | None = None,
    ) -> OptimalControlProblem:
        """Write a problem with strings.

        Parameters
        ----------
        model : Model
        values : mapping of str to float, optional
            See the class.
        horizon_days : float or (float, float)
            Final time, or its bounds where it is free.
        running, terminal : str
            Costs to be minimised; in ``terminal`` a state's name stands for its value at the end.
        subject_to : sequence of str
            ``"S(T) == K_tol"`` at the end, ``"S + R <= 1.2*V0"`` along the path.
        initial, state_bounds, control_bounds : mappings, optional
            See the class.

        Raises
        ------
        ProblemError
            See the class.

        Examples
        --------
        >>> from dynamics import get_model
        >>> fit = {"r": 0.1318, "K": 580.9, "delta": 0.089, "c": 2.292, "V0": 359.0}
        >>> problem = OptimalControlProblem.define(
        ...     get_model("competition"),
        ...     fit | {"B": 691.9},
        ...     running="S + R + B*u**2/2",
        ...     subject_to=["S(T) == V0"],
        ...     horizon_days=1460,
        ... )
        >>> problem.control_names
        ('u',)
        """
        where = f"optimal control of model {model.name!r}"
        values = dict(values or {})
        names = [*model.state_names, *(i.name for i in model.inputs), *(p.name for p in model.parameters)]
        names += [c.name for c in model.constants] + [n for n in values if n not in names]
        if FINAL_TIME.name in names:
            raise ProblemError(f"{where}: {FINAL_TIME.name} is the final time and cannot name anything else")
        horizon = (horizon_days, horizon_days) if isinstance(horizon_days, int | float) else horizon_days
        controls = {i.name for i in model.inputs}
        at_end = [n for n in names if n not in controls] + [FINAL_TIME.name]
        return cls(
            model,
            values,
            parse_expression(running, [*names, "t"], where=f"{where}, running cost"),
            parse_expression(terminal, at_end, where=f"{where}, terminal cost"),
            (float(horizon[0]), float(horizon[1])),
            tuple(parse_condition(text, names, at_end, model.state_names, where) for text in subject_to),
            initial or {},
            state_bounds or {},
            control_bounds or {},
        )

    # ---- readings ---------------------------------------------------------------------------------------
    @property
    def control_names(self) -> tuple[str, ...]:
        """Names of the controls, in the order of every array."""
        return tuple(i.name for i in self.model.inputs)

    @property
    def has_free_horizon(self) -> bool:
        """Whether the final time is to be found."""
        return self.horizon_days[0] < self.horizon_days[1]

    @cached_property
    def numbers(self) -> dict[sp.Symbol, float]:
        """Known numbers of all expressions: parameters, constants, and what the costs name."""
        constants = {c.name: c.value for c in self.model.constants if c.value is not None}
        return {sp.Symbol(n): float(v) for n, v in {**constants, **self.values}.items()}

    @cached_property
    def initial_state(self) -> tuple[float, ...]:
        """State at time 0, in the order of the model's states."""
        return tuple(
            float(self.initial[s.name])
            if s.name in self.initial
            else float(substitute(s.initial, self.numbers))
            for s in self.model.states
        )

    def bounds_of_states(self) -> list[tuple[float, float]]:
        """Bounds of every state."""
        return [self.state_bounds.get(n, (-math.inf, math.inf)) for n in self.model.state_names]

    def bounds_of_controls(self) -> list[tuple[float, float]]:
        """Bounds of every control."""
        return [self.control_bounds.get(i.name, (i.lower, i.upper)) for i in self.model.inputs]

    @property
    def at_end(self) -> tuple[Condition, ...]:
        """Conditions on the final state."""
        return tuple(c for c in self.conditions if c.at_end)

    @property
    def along_path(self) -> tuple[Condition, ...]:
        """Conditions at every time."""
        return tuple(c for c in self.conditions if not c.at_end)

    def with_values(self, **values: float) -> OptimalControlProblem:
        """Return the problem with other numbers; a solver that was built for this one serves it too."""
        import dataclasses

        unknown = [n for n in values if sp.Symbol(n) not in self.numbers]
        if unknown:
            raise ProblemError(
                f"no number {', '.join(unknown)} to change; there is {[*map(str, self.numbers)]}"
            )
        return dataclasses.replace(self, values={**self.values, **values})

    @cached_property
    def shape(self) -> tuple[object, ...]:
        """What a built solver depends on: everything but the numbers."""
        return (
            self.model, tuple(self.numbers), self.running, self.terminal, self.conditions, TIME,
            self.has_free_horizon,
        )  # fmt: skip
