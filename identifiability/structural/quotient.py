"""Finitely many solutions, as linear algebra: which functions take one value on all of them."""

from __future__ import annotations

from collections.abc import Iterable

from flint import nmod_mat, nmod_poly

from identifiability.structural.groebner import GroebnerBasis
from identifiability.structural.polynomials import PRIME, Poly


class SolutionSet:
    """The solutions of a zero-dimensional ideal at which some polynomials do not vanish.

    The quotient ring is a vector space on the standard monomials. A power of the product of the polynomials that
    must not vanish, high enough, is zero exactly at the solutions to be left out, so that functions are compared
    after multiplication by it: saturation without another Gröbner basis.

    Parameters
    ----------
    basis : GroebnerBasis
        Of dimension zero.
    nonzero : iterable of flint polynomials

    Raises
    ------
    ValueError
        An ideal with infinitely many solutions.
    """

    def __init__(self, basis: GroebnerBasis, nonzero: Iterable[Poly]) -> None:
        monomials = basis.standard_monomials()
        if monomials is None:
            raise ValueError("the equations leave infinitely many solutions")
        self._basis = basis
        self._position = {m: i for i, m in enumerate(monomials)}
        weight = basis.normal_form(basis.ring.constant(1))
        for factor in nonzero:
            weight = basis.normal_form(weight * basis.normal_form(factor))
        power = 1
        while power < len(monomials):  # an idempotent part survives, a nilpotent one does not
            weight, power = basis.normal_form(weight * weight), 2 * power
        self._weight = weight

    @property
    def empty(self) -> bool:
        """Whether no solution is left."""
        return self._weight.is_zero()

    def is_constant(self, function: Poly, value: int) -> bool:
        """Whether a polynomial has this value at every solution."""
        rest = self._basis.normal_form(function - value)
        power = 1
        while True:
            if self._basis.normal_form(self._weight * rest).is_zero():
                return True
            if power >= len(self._position):
                return False
            rest, power = self._basis.normal_form(rest * rest), 2 * power

    def number_of_values(self, function: Poly) -> int:
        """Return how many different values a polynomial takes at the solutions, in an extension of the field."""
        step = self._basis.normal_form(function)
        rows, power = [self._vector(self._weight)], self._weight
        while True:
            power = self._basis.normal_form(power * step)
            rows.append(self._vector(power))
            matrix = nmod_mat(len(rows), len(rows[0]), [c for row in rows for c in row], PRIME)
            if matrix.rank() < len(rows):
                break
        kernel, _ = matrix.transpose().nullspace()
        minimal = nmod_poly([int(kernel[i, 0]) for i in range(len(rows))], PRIME)
        return (minimal // minimal.gcd(minimal.derivative())).degree()

    def _vector(self, poly: Poly) -> list[int]:
        """Return a normal form's coordinates."""
        row = [0] * len(self._position)
        for monomial, coefficient in poly.to_dict().items():
            row[self._position[tuple(map(int, monomial))]] = int(coefficient)
        return row
