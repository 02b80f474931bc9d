"""Which unknowns have one value only, among all that give the same output: the fibre through a random point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from identifiability.structural.elimination import rank
from identifiability.structural.groebner import GroebnerBasis
from identifiability.structural.polynomials import PRIME, Poly
from identifiability.structural.prime_functions import Function
from identifiability.structural.quotient import SolutionSet
from identifiability.structural.result import Structural


@dataclass
class Fibre:
    """All values of the unknowns that give some functions the values that they have at a random point.

    An unknown is globally identifiable if it is a rational function of the given ones, which holds if and only if
    it is constant on the fibre through a generic point. Where the fibre has a dimension, as many unknowns as that
    are set to their values first: they are algebraically independent of everything that is determined, so that
    what is determined stays so, and nothing else becomes so.

    Parameters
    ----------
    ring : flint.nmod_mpoly_ctx
        One generator for each unknown, then a spare one.
    point : sequence of int
    """

    ring: Poly
    point: Sequence[int]

    def __post_init__(self) -> None:
        """Start with no equation."""
        self._rows: list[list[int]] = []
        self._chosen: list[Function] = []
        self._functions: list[Function] = []
        self._fixed: list[int] = []
        # Constant on what is left of the fibre; for an unknown that moves this says nothing.
        self._constant: set[int] = set()
        self._algebraic: list[int] = []
        self._basis: GroebnerBasis | None = None
        self._solutions: SolutionSet | None = None

    @property
    def unknowns(self) -> range:
        """Positions of the unknowns."""
        return range(len(self.point) - 1)

    @property
    def rows(self) -> list[list[int]]:
        """Gradients of the functions, an independent set of them."""
        return self._rows

    @property
    def fixed(self) -> tuple[int, ...]:
        """Unknowns that were set to their values, as they move freely."""
        return tuple(self._fixed)

    def add(self, functions: Iterable[Function]) -> None:
        """Add functions that are determined; nothing is solved yet."""
        for function in functions:
            if function not in self._functions:
                self._functions.append(function)

    def solve(self) -> None:
        """Find unknowns with one value, with as few of the functions as do it: the simplest come first."""
        ordered = sorted(self._functions, key=_size)
        rows: list[list[int]] = []
        needed: list[Function] = []
        for function in ordered:
            gradient = function.gradient(self.point)[:-1]
            if rank([*rows, gradient]) > len(rows):
                rows.append(gradient)
                needed.append(function)
        self._rows = rows
        pivots = self._pivots(rows)
        self._fixed = [i for i in self.unknowns if i not in pivots]
        self._constant &= set(self.settled)
        self._algebraic = [i for i in self.unknowns if self._spans([int(i == j) for j in self.unknowns])]
        spare = len(self.point) - 1
        self._basis = GroebnerBasis(self.ring)
        self._basis.add([self.ring.gen(spare)])
        self._basis.add([self.ring.gen(i) - self.point[i] for i in (*self._fixed, *self._constant)])
        self._chosen = needed
        self._add_equations(needed)
        self._read()
        for function in ordered:
            if not self.unsettled:
                return
            if function not in needed and self._add_equations([function]):
                self._read()

    @property
    def settled(self) -> list[int]:
        """Unknowns that have one value only."""
        return [i for i in self._algebraic if i in self._constant]

    @property
    def unsettled(self) -> list[int]:
        """Unknowns that are determined up to isolated values, and not known to have one only."""
        return [i for i in self._algebraic if i not in self._constant]

    @property
    def algebraic(self) -> list[int]:
        """Unknowns that the functions determine up to isolated values."""
        return self._algebraic

    def _spans(self, gradient: list[int]) -> bool:
        """Whether a function with this gradient is determined up to isolated values."""
        return rank([*self._rows, gradient]) == len(self._rows)

    def _pivots(self, rows: Sequence[Sequence[int]]) -> list[int]:
        """Return unknowns on which the functions depend independently, the first ones possible."""
        chosen: list[int] = []
        for i in self.unknowns:
            columns = [[row[j] for j in (*chosen, i)] for row in rows]
            if rank(columns) > len(chosen):
                chosen.append(i)
        return chosen

    def _add_equations(self, functions: Iterable[Function]) -> bool:
        """Add equations, with what is settled put in; return whether they said anything new."""
        assert self._basis is not None
        known = {i: self.point[i] for i in (*self._fixed, *self._constant)}
        grown = self._basis.add([f.equation().subs(known) if known else f.equation() for f in functions])
        if grown:
            self._solutions = None
        return grown

    def _read(self) -> None:
        """Note the unknowns that have become constant."""
        assert self._basis is not None
        for i in self.unknowns:
            open_ = i not in self._fixed and i not in self._constant
            if open_ and self._basis.normal_form(self.ring.gen(i)).is_constant():
                self._constant.add(i)

    def solutions(self, nonzero: Iterable[Poly]) -> SolutionSet:
        """Return the fibre as a set of solutions, those left out at which a denominator vanishes."""
        assert self._basis is not None
        if self._solutions is None:
            known = {i: self.point[i] for i in (*self._fixed, *self._constant)}
            factors = [f.subs(known) if known else f for f in nonzero]
            factors = [f for f in factors if not f.is_constant()]
            try:
                self._solutions = SolutionSet(self._basis, factors)
            except ValueError:
                self._solutions = SolutionSet(self._saturated(factors), [])
        return self._solutions

    def _saturated(self, factors: Sequence[Poly]) -> GroebnerBasis:
        """Return the basis after the spare generator was made the inverse of what must not vanish."""
        assert self._basis is not None
        spare = self.ring.gen(len(self.point) - 1)
        product = spare
        for factor in factors:
            product = product * factor
        basis = GroebnerBasis(self.ring)
        basis.add_together([*(p for p in self._basis.polys if p != spare), product - 1])
        return basis

    def verdicts(self, nonzero: Iterable[Poly], complete: bool) -> dict[int, Structural]:
        """Return what is known of each unknown; those that are missing move, or were not settled.

        Parameters
        ----------
        nonzero : iterable of flint polynomials
            What does not vanish at admissible values.
        complete : bool
            Whether the functions are all that can be determined: only then can an unknown have several values.
        """
        found = dict.fromkeys(self.settled, Structural.GLOBAL)
        if complete and self.unsettled:
            solutions = self.solutions(nonzero)
            for i in self.unsettled:
                one = solutions.is_constant(self.ring.gen(i), self.point[i])
                found[i] = Structural.GLOBAL if one else Structural.LOCAL
        return found

    def determines(self, num: Poly, den: Poly, nonzero: Iterable[Poly]) -> bool:
        """Whether a quotient of polynomials in the unknowns is a rational function of the given functions."""
        function = Function(num, den, int(num(*self.point)) * pow(int(den(*self.point)), -1, PRIME) % PRIME)
        if not self._spans(function.gradient(self.point)[:-1]):
            return False
        known = {i: self.point[i] for i in (*self._fixed, *self._constant)}
        equation = function.equation().subs(known) if known else function.equation()
        return equation.is_zero() or self.solutions(nonzero).is_constant(equation, 0)


def _size(function: Function) -> tuple[int, int]:
    """Return a sort key by which simple functions come first."""
    poly = function.equation()
    return (int(poly.total_degree()), len(poly))
