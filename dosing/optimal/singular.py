"""Singular controls from the symbols: order, formula and the generalised Legendre-Clebsch condition.

Where a control enters linearly, ``H = H0 + u Φ``, and Φ vanishes over an interval, so do its derivatives. With the
running cost as an additional state (whose costate is 1) and the time as another, H0 and Φ are the lifts of two vector
fields F and G, and ``Φ' = <λ, [F, G]>``, ``Φ'' = <λ, [F, [F, G]]> + u <λ, [G, [F, G]]>``. The first derivative that
holds u, the 2k-th for a control of order k, gives the singular control; for minimisation it can only be optimal where
``(-1)^k ∂/∂u d^{2k}Φ/dt^{2k} >= 0`` (Kelley).

Ledzewicz 2018, eq. 10, prints that condition for k = 1 without the factor ``(-1)^k``. For her bilinear model the factor
is needed: her Proposition 1 then says that the denominator of eq. 11 is positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np
import sympy as sp

from dosing.optimal.conditions import ProblemError
from dosing.optimal.lie_brackets import lie_bracket, lift
from dosing.optimal.pontryagin import Pontryagin, pontryagin
from dosing.optimal.positive_states import finite_range, staying_positive
from dosing.optimal.singular_set import SingularSet
from dynamics.model import TIME
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem

__all__ = ["SingularControl", "singular_control"]

_MOST_ORDER = 4


@dataclass(frozen=True)
class SingularControl:
    """What a control must be while its switching function stays at zero.

    Parameters
    ----------
    name : str
        Of the control; others that the problem has stand in the formulas as constants.
    order : int
        Half the number of derivatives until the control appears.
    derivatives : tuple of Expr
        Φ and its derivatives below the 2k-th, none of which holds the control (on the arc).
    drift, slope : Expr
        The 2k-th derivative is ``drift + u slope``.
    states, costates : tuple of Symbol
    """

    name: str
    order: int
    derivatives: tuple[sp.Expr, ...]
    drift: sp.Expr
    slope: sp.Expr
    states: tuple[sp.Symbol, ...]
    costates: tuple[sp.Symbol, ...]

    @property
    def numerator(self) -> sp.Expr:
        """Of the singular control."""
        return self.drift

    @property
    def denominator(self) -> sp.Expr:
        """Of the singular control."""
        return -self.slope

    @cached_property
    def expression(self) -> sp.Expr:
        """Singular control in states and costates."""
        return sp.cancel(self.drift / -self.slope) if self._rational else self.drift / -self.slope

    @property
    def _rational(self) -> bool:
        """Whether cancelling common factors is cheap."""
        both = self.drift + self.slope
        return bool(both.is_rational_function(*both.free_symbols)) and sp.count_ops(both) < 400

    @property
    def legendre_clebsch(self) -> sp.Expr:
        """``(-1)^k ∂/∂u d^{2k}Φ/dt^{2k}``: not negative along an optimal arc, positive in the strengthened form."""
        return (-1) ** self.order * self.slope

    @cached_property
    def feedback(self) -> sp.Expr | None:
        """Singular control in the states alone, or None where the vanishing derivatives do not fix the costates.

        Φ and its derivatives are linear in the costates; those that they fix are eliminated, and what is left must
        cancel.
        """
        duals = [s for s in self.costates if (self.drift + self.slope).has(s)]
        if not duals:
            return self._tidy(self.expression)
        rule = self._fixed_costates()
        drift, slope = (substitute(e, rule) for e in (self.drift, self.slope))
        # asked in numbers first: simplifying what does not cancel may take minutes
        if _depends(drift, slope, [s for s in self.costates if s not in rule]):
            return None
        ratio = self._tidy(-drift / slope)
        return None if ratio.free_symbols & set(self.costates) else ratio

    def _fixed_costates(self) -> dict[sp.Symbol, sp.Expr]:
        """Costates that the vanishing derivatives fix, in terms of the states and the other costates.

        Equations that are left over without a costate say where in the states the arc lies, and are not used.
        """
        rows, right = sp.linear_eq_to_matrix(list(self.derivatives), *self.costates)
        used = list(rows.T.rref(simplify=True)[1])
        rows, right = rows.extract(used, range(rows.cols)), right.extract(used, [0])
        fixed = list(rows.rref(simplify=True)[1])
        free = [j for j in range(rows.cols) if j not in fixed]
        others = sp.Matrix([self.costates[j] for j in free])
        rest = right - rows.extract(range(rows.rows), free) * others if free else right
        solved = rows.extract(range(rows.rows), fixed).LUsolve(rest)
        return {self.costates[j]: value for j, value in zip(fixed, solved.flat(), strict=True)}

    @staticmethod
    def _tidy(expression: sp.Expr) -> sp.Expr:
        """Shortest form that SymPy finds without much search."""
        return cast("sp.Expr", sp.factor(sp.simplify(expression)))


def singular_control(problem: OptimalControlProblem, control: str | None = None) -> SingularControl:
    """Derive the singular control of one input, the others constant on a bound.

    Parameters
    ----------
    problem : OptimalControlProblem
        With a Hamiltonian that is linear in the control. Conditions along the path are taken not to bind.
    control : str, optional
        Needed where the problem has more than one.

    Raises
    ------
    ProblemError
        A control that is not there or not linear; one that no derivative of Φ holds.
    """
    names = list(problem.control_names)
    if control is None and len(names) != 1:
        raise ProblemError(
            f"optimal control of model {problem.model.name!r} has {len(names)} controls ({', '.join(names)}); say "
            "which one is singular, the others then stay on their bounds"
        )
    name = control if control is not None else names[0]
    if name not in names:
        raise ProblemError(f"no control {name!r}; there is {', '.join(names)}")
    return _derived(pontryagin(problem), names.index(name))


@lru_cache(maxsize=64)
def _derived(conditions: Pontryagin, index: int) -> SingularControl:
    """Differentiate the switching function until the control appears."""
    model, u = conditions.model, conditions.controls[index]
    where = f"optimal control of model {model.name!r}"
    if not conditions.affine[index]:
        raise ProblemError(
            f"{where}: the Hamiltonian is not linear in {u}, so its minimiser is regular and no arc is singular"
        )
    rates = sp.Matrix([conditions.running, *model.rhs.flat(), 1]).applyfunc(sp.expand)
    F, G = rates.subs(u, 0), rates.diff(u)
    coordinates = (sp.Symbol("cost "), *model.state_symbols, TIME)
    duals = (sp.S.One, *conditions.costates, sp.S.Zero)
    bracket, derivatives = sp.ImmutableMatrix(G), [lift(G, duals)]
    ranges = {v: finite_range(i) for v, i in zip(conditions.controls, model.inputs, strict=True)}
    alive = staying_positive(model)
    # a running cost that no state enters gives the costates nothing: all zero, they meet every condition emptily
    trivial = not conditions.running.free_symbols & {*model.state_symbols}
    for derivative in range(1, 2 * _MOST_ORDER + 1):
        across, bracket = lie_bracket(G, bracket, coordinates), lie_bracket(F, bracket, coordinates)
        drift, slope = lift(bracket, duals), lift(across, duals)
        on_arc = SingularSet(derivatives, model.state_symbols, conditions.costates, alive, trivial, ranges)
        if not on_arc.points:
            raise ProblemError(
                f"{where}: no arc of {u} is singular: its switching function and {derivative - 1} derivatives vanish "
                "together at no point that was tried (costates all zero, and populations that died out, do not count)"
            )
        if not on_arc.vanishes(slope):
            if derivative % 2:
                raise ProblemError(
                    f"{where}: {u} appears in derivative {derivative} of its switching function; an odd one admits no "
                    "optimal singular arc in the interior"
                )
            return SingularControl(
                str(u),
                derivative // 2,
                tuple(derivatives),
                drift,
                slope,
                model.state_symbols,
                conditions.costates,
            )
        if on_arc.vanishes(drift):
            raise ProblemError(
                f"{where}: derivative {derivative} of the switching function of {u} vanishes with the lower ones, so "
                "any control in the interior is singular"
            )
        derivatives.append(drift)
    raise ProblemError(
        f"{where}: {u} appears in none of the first {2 * _MOST_ORDER} derivatives of its switching function"
    )


def _depends(above: sp.Expr, below: sp.Expr, on: Sequence[sp.Symbol]) -> bool:
    """Say whether a ratio moves with these symbols, or has no value, at points drawn at random."""
    symbols = sorted((above + below).free_symbols | {*on}, key=str)
    value = sp.lambdify([symbols], [above, below], "numpy", cse=True)
    draw = np.random.default_rng(3)
    with np.errstate(all="ignore"):
        for _ in range(3):
            point = draw.uniform(0.5, 2.0, len(symbols))
            ratios = []
            for _ in range(3):
                moved = [
                    draw.uniform(-2.0, 2.0) if s in on else x for s, x in zip(symbols, point, strict=True)
                ]
                top, bottom = map(float, value(moved))
                ratios.append(top / bottom if bottom else np.nan)
            if not np.ptp(ratios) <= 1e-8 * max(1.0, float(np.max(np.abs(ratios)))):  # also true for NaN
                return True
    return False
