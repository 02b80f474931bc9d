"""First-order conditions of an optimal control problem, derived from its symbols.

With ``H = L + λ f`` (minimisation, λ a row): ``dx/dt = ∂H/∂λ``, ``dλ/dt = -∂H/∂x``, the control minimises H at every
time, and ``λ(T) = ∂(terminal)/∂x + Σ ν ∂ψ/∂x`` for conditions ``ψ(x(T)) = 0`` (Pontryagin's principle as in Masud 2023,
eqs 17-19, and Ledzewicz 2018, eqs 6-9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import sympy as sp

from dosing.optimal.conditions import Condition, ProblemError

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem
    from dynamics.model import Model

__all__ = ["Pontryagin", "costate_symbols", "pontryagin"]


_LONG = 300  # operations


def costate_symbols(model: Model) -> tuple[sp.Symbol, ...]:
    """Return one symbol for the costate of every state; a declared name holds no space, so none can clash."""
    return tuple(sp.Symbol(f"lambda {name}") for name in model.state_names)


@dataclass(frozen=True)
class Pontryagin:
    """The optimality system of a problem, as SymPy expressions.

    Use :func:`pontryagin` to derive it from a problem.

    Parameters
    ----------
    model : Model
    running, terminal : sympy.Expr
        Costs.
    at_end : tuple of Condition
        Conditions on the final state; each has a multiplier ν.
    """

    model: Model
    running: sp.Expr
    terminal: sp.Expr
    at_end: tuple[Condition, ...] = ()

    @property
    def costates(self) -> tuple[sp.Symbol, ...]:
        """Symbols of the costates λ, in the order of the states."""
        return costate_symbols(self.model)

    @property
    def controls(self) -> tuple[sp.Symbol, ...]:
        """Symbols of the controls."""
        return self.model.input_symbols

    @cached_property
    def end_multipliers(self) -> tuple[sp.Symbol, ...]:
        """Symbols of the multipliers ν of the conditions at the end."""
        return tuple(sp.Symbol(f"nu {i}") for i in range(len(self.at_end)))

    @cached_property
    def hamiltonian(self) -> sp.Expr:
        """H = L + λ f."""
        pairs = zip(self.costates, self.model.rhs.flat(), strict=True)
        return self.running + sp.Add(*(costate * rate for costate, rate in pairs))

    @cached_property
    def adjoint(self) -> sp.ImmutableMatrix:
        """Right-hand side of dλ/dt = -∂H/∂x, shape (states, 1)."""
        return sp.ImmutableMatrix([-self.hamiltonian.diff(x) for x in self.model.state_symbols])

    @cached_property
    def switching(self) -> tuple[sp.Expr, ...]:
        """∂H/∂u for every control: the switching function where H is linear in that control."""
        return tuple(sp.expand(self.hamiltonian.diff(u)) for u in self.controls)

    @cached_property
    def curvature(self) -> tuple[sp.Expr, ...]:
        """∂²H/∂u² for every control; zero exactly where H is linear in it."""
        pairs = zip(self.switching, self.controls, strict=True)
        return tuple(_tidy(phi.diff(u)) for phi, u in pairs)

    @property
    def affine(self) -> tuple[bool, ...]:
        """Whether H is linear in each control."""
        return tuple(c.is_zero is True for c in self.curvature)

    @cached_property
    def separable(self) -> bool:
        """Whether no control's derivative of H holds another control."""
        return not any(
            sp.simplify(phi.diff(other)) != 0
            for phi, own in zip(self.switching, self.controls, strict=True)
            for other in self.controls
            if other != own
        )

    @property
    def quadratic(self) -> bool:
        """Whether H is a quadratic in every control, separately: then ``∂H/∂u = 0`` has one solution."""
        pairs = zip(self.curvature, self.controls, strict=True)
        return self.separable and not any(self.affine) and not any(c.has(u) for c, u in pairs)

    @cached_property
    def interior_control(self) -> tuple[sp.Expr, ...]:
        """Solve ∂H/∂u = 0 for every control (eq. 19 of Masud 2023 before the bounds).

        Raises
        ------
        ProblemError
            H is not quadratic in the controls, one by one.
        """
        if not self.quadratic:
            raise ProblemError(
                f"optimal control of model {self.model.name!r}: the Hamiltonian is not a separate quadratic in every "
                "control, so ∂H/∂u = 0 is not solved by a formula; use the collocation"
            )
        return tuple(
            sp.simplify(-phi.subs(u, 0) / c)
            for phi, u, c in zip(self.switching, self.controls, self.curvature, strict=True)
        )

    def minimising_control(self, bounds: Sequence[tuple[float, float]]) -> tuple[sp.Expr, ...]:
        """Return the control that minimises H within its bounds, ``min{upper, max{lower, u*}}``.

        It is the minimiser where :attr:`curvature` is positive.

        Parameters
        ----------
        bounds : sequence of (float, float)
            Of every control.
        """
        return tuple(
            sp.Min(sp.nsimplify(high), sp.Max(sp.nsimplify(low), free))
            for free, (low, high) in zip(self.interior_control, bounds, strict=True)
        )

    @cached_property
    def transversality(self) -> sp.ImmutableMatrix:
        """λ(T), shape (states, 1), in the final state, T and the multipliers ν."""
        pairs = zip(self.end_multipliers, self.at_end, strict=True)
        end = self.terminal + sp.Add(*(nu * condition.expr for nu, condition in pairs))
        return sp.ImmutableMatrix([end.diff(x) for x in self.model.state_symbols])


def _tidy(expression: sp.Expr) -> sp.Expr:
    """Simplify, unless there is so much of it that SymPy takes minutes: the sums of many populations stay."""
    return sp.simplify(expression) if sp.count_ops(expression) < _LONG else expression


@lru_cache(maxsize=64)
def _derived(model: Model, running: sp.Expr, terminal: sp.Expr, at_end: tuple[Condition, ...]) -> Pontryagin:
    """Keep what was derived, so that a scan over numbers derives once."""
    return Pontryagin(model, running, terminal, at_end)


def pontryagin(problem: OptimalControlProblem) -> Pontryagin:
    """Derive the first-order conditions of a problem; numbers stay symbols.

    Parameters
    ----------
    problem : OptimalControlProblem
        Conditions along the path are not part of these conditions: their multipliers would enter the adjoint.
    """
    return _derived(problem.model, problem.running, problem.terminal, problem.at_end)
