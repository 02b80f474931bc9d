"""The effective dose window as expressions, derived from the roles of a model's states."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import sympy as sp

from dynamics.derivatives import growth_per_head, jacobian
from dynamics.model import Model, ModelError, Output
from dynamics.solving import solve_system
from dynamics.substitution import substitute
from dynamics.symbolic_equilibria import signed_symbols, symbolic_equilibria


class WindowUnavailable(ValueError):  # noqa: N818 - it names a finding, not a fault
    """No dose window can be derived for this model; the message is a sentence that says why."""


@dataclass(frozen=True)
class Branch:
    """An equilibrium without one of the two populations, as a function of the dose.

    Parameters
    ----------
    point : tuple of sympy.Expr
        Coordinates of the remaining states, in the model's order.
    output : sympy.Expr
        What a visit would measure there, in burden units.
    own : sympy.ImmutableMatrix
        Jacobian among the remaining states; its eigenvalues say whether they rest there.
    invasion : sympy.Expr
        Growth rate per day of the missing population when it is rare (its eigenvalue).
    tolerable_at : tuple of sympy.Expr
        Doses at which ``output`` equals the tolerable burden; empty where none is asked for.
    invaded_from : tuple of sympy.Expr
        Doses at which ``invasion`` is zero; empty where none is asked for.
    """

    point: tuple[sp.Expr, ...]
    output: sp.Expr
    own: sp.ImmutableMatrix
    invasion: sp.Expr
    tolerable_at: tuple[sp.Expr, ...] = ()
    invaded_from: tuple[sp.Expr, ...] = ()


@dataclass(frozen=True)
class WindowExpressions:
    """Everything that the dose window is computed from.

    Parameters
    ----------
    model : Model
    dose, k_tol : sympy.Symbol
        Dose as a fraction of the maximum tolerated dose (MTD), and tolerable burden.
    sensitive_only : tuple of Branch
        Equilibria with sensitive and without resistant cells (Masud 2023: (K(1 - δ/r), 0)).
    tumour_free : tuple of Branch
        Equilibria without either.
    resistant_only : tuple of Branch
        Equilibria with resistant and without sensitive cells; ``invasion`` is that of the sensitive cells.
    kill_rate : sympy.Expr or None
        Rate per day at which the MTD kills sensitive cells, where it is a single rate.
    """

    model: Model
    dose: sp.Symbol
    k_tol: sp.Symbol
    sensitive_only: tuple[Branch, ...]
    tumour_free: tuple[Branch, ...]
    resistant_only: tuple[Branch, ...]
    kill_rate: sp.Expr | None

    @property
    def lower_dose(self) -> sp.Expr:
        """Dose at which the output at the sensitive-only equilibrium equals the tolerable burden."""
        return self._single("tolerable_at", "lower edge")

    @property
    def upper_dose(self) -> sp.Expr:
        """Dose from which resistant cells can invade the sensitive-only equilibrium."""
        return self._single("invaded_from", "upper edge")

    @property
    def smallest_tolerable(self) -> sp.Expr:
        """Output at the sensitive-only equilibrium at the upper edge: no window exists below this burden."""
        upper = self.upper_dose
        return _simple(substitute(self.sensitive_only[0].output, {self.dose: upper}))

    @property
    def invasion_at_mtd(self) -> sp.Expr:
        """Growth rate of rare resistant cells under the MTD: case II where positive, III where negative."""
        if len(self.sensitive_only) != 1:
            raise WindowUnavailable(f"model {self.model.name!r} has several sensitive-only equilibria")
        return _simple(substitute(self.sensitive_only[0].invasion, {self.dose: sp.S.One}))

    def _single(self, field: str, what: str) -> sp.Expr:
        """Return the one formula there is, or say that there is not one."""
        found = [expr for branch in self.sensitive_only for expr in getattr(branch, field)]
        if len(found) != 1:
            raise WindowUnavailable(
                f"the {what} of model {self.model.name!r} has {len(found)} formulas, not one; use dose_window"
            )
        return found[0]


@lru_cache(maxsize=16)
def window_expressions(model: Model, *, time_limit_s: float = 10.0) -> WindowExpressions:
    """Derive the dose window of a model with one sensitive and one resistant population.

    The window is Masud 2023, eq. 4, read generically: a constant dose contains the tumour where the burden
    of the sensitive cells alone rests below the tolerable burden, and where resistant cells cannot invade it.

    Parameters
    ----------
    model : Model
        With the roles ``"sensitive"`` and ``"resistant"``, and one input: the dose as a fraction of the MTD.
    time_limit_s : float
        For each system of equations that SymPy has to solve.

    Raises
    ------
    WindowUnavailable
        Roles or dose input missing, resistance that arises from sensitive cells, or equations that SymPy
        cannot solve.
    """
    name = f"model {model.name!r}"
    sensitive, resistant = model.state_with_role("sensitive"), model.state_with_role("resistant")
    if len(model.states) == 1:
        raise WindowUnavailable(
            f"{name} has no dose window: it has one population, and the window is the range of doses at which "
            "sensitive cells keep resistant ones down; fit a model with both, such as competition"
        )
    if sensitive is None or resistant is None:
        raise WindowUnavailable(
            f"{name} has no dose window: it needs one state with the role 'sensitive' and one with the role "
            "'resistant'; give them in `roles`"
        )
    if len(model.inputs) != 1 or not model.rhs.has(*model.input_symbols):
        raise WindowUnavailable(
            f"{name} has no dose window: it needs one input, the dose, in its equations (it has "
            f"{', '.join(i.name for i in model.inputs) or 'none'})"
        )
    if (model.inputs[0].lower, model.inputs[0].upper) != (0.0, 1.0):
        raise WindowUnavailable(
            f"{name} has no dose window: its dose {model.inputs[0].name} is bounded by "
            f"[{model.inputs[0].lower:g}, {model.inputs[0].upper:g}]; divide by the maximum tolerated dose, "
            "so that it lies in [0, 1]"
        )
    dose = model.input_symbols[0]
    k_tol = (
        sp.Symbol("K_tol") if "K_tol" not in {str(s) for s in signed_symbols(model)} else sp.Dummy("K_tol")
    )
    at = model.state_names.index(sensitive.name)
    growth = growth_per_head(model)
    if growth[model.state_names.index(resistant.name)] is None:
        raise WindowUnavailable(
            f"{name} has no dose window: resistant cells {resistant.name} appear where there are none (by "
            "mutation or influx), so that no dose keeps them away"
        )
    try:
        without_resistant = _branches(model, resistant.name, time_limit_s)
        without_sensitive = _branches(model, sensitive.name, time_limit_s) if growth[at] is not None else []
    except ModelError as error:
        raise WindowUnavailable(f"{name} has no dose window: {error}") from None
    where = [s for s in model.state_names if s != resistant.name].index(sensitive.name)
    present = [b for b in without_resistant if b.point[where] != 0]
    if not present:
        raise WindowUnavailable(
            f"{name} has no dose window: sensitive cells alone have no equilibrium, so that no constant dose "
            "holds their burden steady"
        )
    return WindowExpressions(
        model=model,
        dose=dose,
        k_tol=k_tol,
        sensitive_only=tuple(_with_doses(model, b, dose, k_tol, time_limit_s) for b in present),
        tumour_free=tuple(b for b in without_resistant if b.point[where] == 0),
        resistant_only=tuple(b for b in without_sensitive if any(x != 0 for x in b.point)),
        kill_rate=_kill_rate(model, growth[at], dose),
    )


def _branches(model: Model, missing: str, time_limit_s: float) -> list[Branch]:
    """Equilibria without one population, each with the growth rate of that population when rare."""
    index = model.state_names.index(missing)
    none = {model.state_symbols[index]: sp.S.Zero}
    rest = [s for s in model.states if s.name != missing]
    face = dataclasses.replace(
        model,
        states=tuple(dataclasses.replace(s, rhs=substitute(s.rhs, none)) for s in rest),
        outputs=(Output("any", sp.Symbol(rest[0].name)),),
    )
    found = symbolic_equilibria(face, time_limit_s=time_limit_s, eigenvalues=False)
    if found is None:
        raise WindowUnavailable(
            f"model {model.name!r} has no dose window in symbols: SymPy finds no formula for the equilibria "
            f"without {missing}"
        )
    rare = substitute(model.rhs.flat()[index].diff(model.state_symbols[index]), none)
    branches = []
    for equilibrium in found:
        rule = dict(zip(face.state_symbols, equilibrium.point, strict=True))
        own = jacobian(face).applyfunc(lambda entry, rule=rule: _simple(substitute(entry, rule)))
        branches.append(
            Branch(
                point=equilibrium.point,
                output=_simple(substitute(model.output.flat()[0], none | rule)),
                own=sp.ImmutableMatrix(own),
                invasion=_simple(substitute(rare, rule)),
            )
        )
    return branches


def _simple(expression: sp.Expr) -> sp.Expr:
    """Cancel what cancels; what is infinite, as log(0), becomes NaN."""
    if expression.has(sp.zoo, sp.oo, sp.nan):
        return sp.nan
    tidy = sp.factor(expression) if expression.is_rational_function() else sp.simplify(expression)
    return cast("sp.Expr", tidy)


def _with_doses(
    model: Model, branch: Branch, dose: sp.Symbol, k_tol: sp.Symbol, time_limit_s: float
) -> Branch:
    """Solve for the doses at which the branch becomes tolerable, and is invaded."""
    signed = signed_symbols(model) | {k_tol: sp.Symbol(k_tol.name, positive=True)}
    back = {new: old for old, new in signed.items()}

    def doses(equation: sp.Expr, what: str) -> tuple[sp.Expr, ...]:
        found = solve_system([substitute(equation, signed)], [signed[dose]], time_limit_s=time_limit_s)
        if found is None:
            raise WindowUnavailable(
                f"model {model.name!r} has no dose window in symbols: SymPy finds no formula for the dose at "
                f"which {what}"
            )
        return tuple(substitute(solution[signed[dose]], back) for solution in found)

    return dataclasses.replace(
        branch,
        tolerable_at=doses(branch.output - k_tol, "the sensitive cells rest at the tolerable burden"),
        invaded_from=doses(branch.invasion, "resistant cells begin to invade"),
    )


def _kill_rate(model: Model, growth: sp.Expr | None, dose: sp.Symbol) -> sp.Expr | None:
    """Return the loss of growth per head from dose 0 to 1, if it is one rate in any state."""
    if growth is None:
        return None
    effect = sp.simplify(-growth.diff(dose))
    depends: Sequence[sp.Symbol] = (*model.state_symbols, dose)
    return None if effect.has(*depends) or effect == 0 else effect
