"""Lie brackets of vector fields, Poisson brackets of their lifts.

Convention: ``[F, G] = DG F - DF G``, so that for linear fields ``F = A x``, ``G = B x`` the bracket is ``(BA - AB) x``,
the commutator ``[A, B] = BA - AB`` of Ledzewicz 2018. The lift of a field is ``<λ, F(x)>``; along a Hamiltonian flow
the derivative of the lift of G is the lift of the bracket, ``d<λ, G>/dt = <λ, [F, G]>`` for ``dx/dt = F``.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

__all__ = ["lie_bracket", "lift", "poisson_bracket"]


def lie_bracket(first: sp.MatrixBase, second: sp.MatrixBase, x: Sequence[sp.Symbol]) -> sp.ImmutableMatrix:
    """Return ``[F, G] = DG F - DF G``, shape (n, 1).

    Parameters
    ----------
    first, second : Matrix, shape (n, 1)
        The fields F and G.
    x : sequence of Symbol
        Coordinates, n of them.
    """
    variables = sp.Matrix(list(x))
    bracket = sp.Matrix(second).jacobian(variables) * first - sp.Matrix(first).jacobian(variables) * second
    return sp.ImmutableMatrix(bracket.applyfunc(sp.expand))


def lift(field: sp.MatrixBase, costates: Sequence[sp.Expr]) -> sp.Expr:
    """Return the Hamiltonian lift ``<λ, F>`` of a field.

    Parameters
    ----------
    field : Matrix, shape (n, 1)
    costates : sequence of Expr
        λ, n of them.
    """
    return sp.Add(*(costate * entry for costate, entry in zip(costates, field.flat(), strict=True)))


def poisson_bracket(
    first: sp.Expr, second: sp.Expr, x: Sequence[sp.Symbol], costates: Sequence[sp.Symbol]
) -> sp.Expr:
    """Return ``{P, Q} = ∂P/∂λ ∂Q/∂x - ∂P/∂x ∂Q/∂λ``: the derivative of Q along the flow of the Hamiltonian P.

    Parameters
    ----------
    first, second : Expr
        Functions P and Q of states and costates.
    x, costates : sequences of Symbol
    """
    return sp.expand(
        sp.Add(
            *(
                first.diff(p) * second.diff(q) - first.diff(q) * second.diff(p)
                for q, p in zip(x, costates, strict=True)
            )
        )
    )
