"""One schedule for many tumours: dynamics, members, costs, bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.ensemble.kernels.equations import EnsembleEquations, Scheme, ensemble_equations
from dosing.optimal.conditions import FINAL_TIME, ProblemError
from dynamics.expressions import check_names, parse_expression
from dynamics.feedback import whole_steps
from dynamics.member_rows import constant_rows, parameter_rows

if TYPE_CHECKING:
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

__all__ = ["EnsembleProblem", "ProblemError"]


@dataclass(frozen=True, eq=False)
class EnsembleProblem:
    """Minimise a criterion of the members' costs ``terminal(x(T)) + ∫ running(x, u, t) dt`` by one schedule.

    Use :meth:`define` to write one with strings.

    Parameters
    ----------
    model : Model
        Its inputs are the doses.
    ensemble : Ensemble
        Members and their weights; its provenance goes into every result.
    horizon_days : float
        A whole number of steps.
    running, terminal, watched : sympy.Expr
        Costs, and what criteria on visits read (such as the burden over the tolerable burden).
    watch_days : ndarray
        Visits at which ``watched`` is read, each rounded to a node.
    constants : mapping of str to float or ndarray of shape (m,)
        Constants of the model, which win over those of the ensemble.
    numbers : mapping of str to float or ndarray of shape (m,)
        What the costs name besides.
    scheme : {"euler", "rk4"}
        Explicit Euler as in the paper, or Runge-Kutta of order 4.
    steps_per_day : int
    dose_bounds : mapping of str to (float, float)
        Bounds of the dose at every time; the model's where not given.
    total_dose : mapping of str to float
        Largest integral of an input over the horizon, in days at an input of one.

    Raises
    ------
    ProblemError
        A name that is not known, a number that is missing, an empty range.
    """

    model: Model
    ensemble: Ensemble
    horizon_days: float
    running: sp.Expr
    terminal: sp.Expr
    watched: sp.Expr
    watch_days: np.ndarray
    constants: Mapping[str, float | np.ndarray] = field(default_factory=dict)
    numbers: Mapping[str, float | np.ndarray] = field(default_factory=dict)
    scheme: Scheme = "euler"
    steps_per_day: int = 8
    dose_bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    total_dose: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what could not be solved, with the remedy."""
        where = self._where
        if not self.model.inputs:
            raise ProblemError(f"{where}: the model has no input, so there is no dose to choose")
        if self.scheme not in ("euler", "rk4"):
            raise ProblemError(f"{where}: scheme {self.scheme!r} is neither 'euler' nor 'rk4'")
        _ = self.steps
        missing = [n for n in self.model.parameter_names if n not in self.ensemble.parameter_names]
        if missing:
            raise ProblemError(
                f"{where}: the ensemble has no parameter {', '.join(missing)}; it has {self.ensemble.parameter_names}"
            )
        inputs = [i.name for i in self.model.inputs]
        for what, given in (("dose bounds", self.dose_bounds), ("total dose", self.total_dose)):
            for name in given:
                if name not in inputs:
                    raise ProblemError(f"{where}: {what} of {name!r}; the inputs are {', '.join(inputs)}")
        for name, (low, high) in zip(inputs, self.bounds, strict=True):
            if not (np.isfinite(low) and np.isfinite(high) and low < high):
                raise ProblemError(
                    f"{where}: {name} is bounded by [{low:g}, {high:g}]; need finite lower < upper"
                )
            least = low * self.horizon_days
            if self.total_dose.get(name, math.inf) <= least:
                raise ProblemError(
                    f"{where}: total dose {self.total_dose[name]:g} of {name} is not above {least:g}, what its lower "
                    "bound adds up to; raise one or lower the other"
                )
        days = np.asarray(self.watch_days, dtype=float)
        if np.any(days < 0) or np.any(days > self.horizon_days) or np.any(np.diff(days) <= 0):
            raise ProblemError(
                f"{where}: visit days must increase and lie in [0, {self.horizon_days:g}], got {days[:8]}"
            )
        if len(np.unique(self.watch_nodes)) < len(days):
            raise ProblemError(f"{where}: two visits fall on the same step of {self.step_days:g} days")
        _ = self.rows

    @property
    def _where(self) -> str:
        return f"ensemble control of model {self.model.name!r}"

    @classmethod
    def define(
        cls,
        model: Model,
        ensemble: Ensemble,
        *,
        horizon_days: float,
        running: str = "0",
        terminal: str = "0",
        watched: str | None = None,
        watch_days: float | Sequence[float] | np.ndarray | None = None,
        constants: Mapping[str, float | np.ndarray] | None = None,
        numbers: Mapping[str, float | np.ndarray] | None = None,
        scheme: Scheme = "euler",
        steps_per_day: int = 8,
        dose_bounds: Mapping[str, tuple[float, float]] | None = None,
        total_dose: Mapping[str, float] | None = None,
    ) -> EnsembleProblem:
        """Write a problem with strings.

        Parameters
        ----------
        running, terminal : str
            Costs of a member in states, parameters, constants and ``numbers``; ``running`` (per day) also in inputs
            and ``t``, so that a price of the drug is one of its terms; ``terminal`` reads the state at the end.
        watched : str, optional
            In states, parameters, constants and ``numbers``; the first output where None.
        watch_days : float or array, optional
            Days between visits, or the visit days; none where None.

        Others are those of the class.

        Raises
        ------
        ProblemError
            See the class.
        """
        where = f"ensemble control of model {model.name!r}"
        numbers = dict(numbers or {})
        names = [*model.state_names, *(i.name for i in model.inputs), *(p.name for p in model.parameters)]
        names += [c.name for c in model.constants]
        for name in numbers:
            if name in names or name == FINAL_TIME.name:
                raise ProblemError(f"{where}: number {name} has the name of something in the model")
        check_names(list(numbers), where)
        doses = {i.name for i in model.inputs}
        still = [n for n in names if n not in doses] + list(numbers)
        if watch_days is None:
            days = np.empty(0)
        elif isinstance(watch_days, int | float):
            days = np.arange(1, math.floor(horizon_days / watch_days + 1e-9) + 1) * float(watch_days)
        else:
            days = np.asarray(watch_days, dtype=float)
        return cls(
            model,
            ensemble,
            float(horizon_days),
            parse_expression(running, [*names, *numbers, "t"], where=f"{where}, running cost"),
            parse_expression(terminal, [*still, "T"], where=f"{where}, terminal cost"),
            parse_expression(watched, still, where=f"{where}, what is watched")
            if watched is not None
            else model.outputs[0].expr,
            days,
            dict(constants or {}),
            numbers,
            scheme,
            steps_per_day,
            dict(dose_bounds or {}),
            dict(total_dose or {}),
        )

    # ---- readings ---------------------------------------------------------------------------------------
    def __len__(self) -> int:
        """Return the number of members."""
        return len(self.ensemble)

    @property
    def weights(self) -> np.ndarray:
        """Weights of the members, shape (m,)."""
        return self.ensemble.weights

    @cached_property
    def steps(self) -> int:
        """Steps in the horizon."""
        return whole_steps(self.horizon_days, self.steps_per_day)

    @property
    def step_days(self) -> float:
        """Length of a step."""
        return 1.0 / self.steps_per_day

    @cached_property
    def watch_nodes(self) -> np.ndarray:
        """Nodes of the visits, shape (w,)."""
        return np.rint(np.asarray(self.watch_days, dtype=float) * self.steps_per_day).astype(np.int64)

    @cached_property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Bounds of every input."""
        return tuple(self.dose_bounds.get(i.name, (i.lower, i.upper)) for i in self.model.inputs)

    @cached_property
    def equations(self) -> EnsembleEquations:
        """Right-hand side, cost and their derivatives."""
        return ensemble_equations(
            self.model, self.running, self.terminal, self.watched, tuple(sp.Symbol(n) for n in self.numbers)
        )

    @cached_property
    def rows(self) -> np.ndarray:
        """Parameters, constants and numbers in the order of the kernels, shape (columns, m)."""
        members = len(self.ensemble)
        order = [self.ensemble.parameter_names.index(n) for n in self.model.parameter_names]
        parameters = parameter_rows(self.model, self.ensemble.values[:, order])
        known = {c.name for c in self.model.constants}
        held = {n: v for n, v in self.ensemble.constants.items() if n in known}
        constants = constant_rows(self.model, {**held, **self.constants}, members)
        columns = [*parameters.T, *constants.T]
        for name, value in self.numbers.items():
            column = np.broadcast_to(np.asarray(value, dtype=float), (members,))
            if not np.all(np.isfinite(column)):
                raise ProblemError(f"{self._where}: number {name} is not finite")
            columns.append(column)
        return np.ascontiguousarray(columns)
