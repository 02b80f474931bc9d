"""Input-output equations: the states eliminated from the outputs' derivatives by resultants."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import sympy as sp
from flint import nmod_mat

from identifiability.structural.lie import Derivatives
from identifiability.structural.polynomials import PRIME, Poly, Ratio, Ring, evaluated, reduced
from identifiability.structural.system import StructuralSystem


@dataclass(frozen=True)
class InputOutputEquation:
    """One irreducible polynomial equation in an output, its derivatives and what was seen before it.

    Parameters
    ----------
    output, order : int
        The output that it adds, and the order of that output's highest derivative.
    ring : Ring
        In constants, then everything that is seen.
    jets : mapping of Symbol to tuple of int
        What is seen: (output, order of derivative), outputs counted from 0 and inputs from -1 downwards.
    constant : frozenset of Symbol
        Those among ``jets`` that do not change in time: they count among the known constants.
    poly : flint polynomial
    """

    output: int
    order: int
    ring: Ring
    jets: dict[sp.Symbol, tuple[int, int]]
    constant: frozenset[sp.Symbol]
    poly: Poly

    def coefficients(self) -> dict[tuple[int, ...], Poly]:
        """Return the coefficient, in constants, of every monomial in what is seen; highest rank first.

        A monomial is a tuple of exponents in the ring's symbols. The rank compares the order of the output's
        derivatives from the highest to the lowest.
        """
        moving = [s in self.jets and s not in self.constant for s in self.ring.symbols]
        grouped: dict[tuple[int, ...], dict[tuple[int, ...], int]] = {}
        for monomial, coefficient in self.poly.to_dict().items():
            seen = tuple(int(e) if m else 0 for e, m in zip(monomial, moving, strict=True))
            rest = tuple(0 if m else int(e) for e, m in zip(monomial, moving, strict=True))
            grouped.setdefault(seen, {})[rest] = coefficient
        order = [i for i, _ in sorted(enumerate(self.ring.symbols), key=lambda p: self._rank(p[1]))]
        ranked = sorted(grouped, key=lambda m: [m[i] for i in order], reverse=True)
        return {m: self.ring.context.from_dict(grouped[m]) for m in ranked}

    def _rank(self, symbol: sp.Symbol) -> tuple[int, int, int]:
        """Sort key that puts the new output's highest derivative first, inputs last, constants at the end."""
        if symbol not in self.jets:
            return (3, 0, 0)
        which, order = self.jets[symbol]
        return (0 if which == self.output else 1 if which >= 0 else 2, -order, which)

    @property
    def degree(self) -> int:
        """Degree in the output's highest derivative."""
        leader = next(s for s, jet in self.jets.items() if jet == (self.output, self.order))
        return int(self.poly.degrees()[self.ring.index[leader]])

    def ratios(self) -> list[Ratio]:
        """Return the coefficients of the monic equation: the functions that it determines."""
        first, *others = self.coefficients().values()
        return [r for r in (reduced(c, first) for c in others) if not r.is_constant]


@dataclass
class Elimination:
    """The input-output equations of a system, one for each output that moves.

    Parameters
    ----------
    system : StructuralSystem
        Rational.
    seed : int
        Of the random point at which factors are told apart.
    """

    system: StructuralSystem
    seed: int = 0

    def __post_init__(self) -> None:
        """Find the order of every output and the ring of what is seen."""
        n = len(self.system.states)
        self.derivatives = Derivatives.of(self.system, n)
        rng = random.Random(self.seed)
        self.point = [rng.randrange(1, PRIME) for _ in self.derivatives.ring.symbols]
        self._find_orders()
        seen = [
            (j, k, sp.Dummy(f"y{j}_{k}"))
            for j in range(len(self.system.outputs))
            for k in range(self.orders[j] + 1)
        ]
        self.seen = {(j, k): symbol for j, k, symbol in seen}
        small = self.derivatives.ring.symbols
        self.ring = Ring((*small, *(symbol for *_, symbol in seen)))
        self.jets: dict[sp.Symbol, tuple[int, int]] = {symbol: (j, k) for j, k, symbol in seen}
        for i, jet in enumerate(self.derivatives.input_derivatives):
            self.jets |= {symbol: (-1 - i, k) for k, symbol in enumerate(jet)}

    def _find_orders(self) -> None:
        """Differentiate the outputs in turn while that tells more about the state; constant outputs come first."""
        outputs = range(len(self.system.outputs))
        still = frozenset(j for j in outputs if self.derivatives.get(j, 1).num.is_zero())
        self.constant_outputs = still
        self.sequence = [*sorted(still), *(j for j in outputs if j not in still)]
        self.orders = [0 for _ in outputs]
        self._independent: dict[tuple[int, int], list[int]] = {}
        growing = list(self.sequence)
        while growing:
            for j in list(growing):
                row = self._gradient(j, self.orders[j])
                if rank([*self._independent.values(), row]) == len(self._independent):
                    growing.remove(j)
                    continue
                self._independent[j, self.orders[j]] = row
                if j in still:
                    growing.remove(j)
                else:
                    self.orders[j] += 1

    def _gradient(self, output: int, order: int) -> list[int]:
        """Return the derivatives in the states of one derivative of an output, at the random point."""
        ring = self.derivatives.ring
        ratio = self.derivatives.get(output, order)
        return [ratio.derivative(ring.index[s]).at(self.point, ring.prime) for s in self.system.states]

    @property
    def all_states_seen(self) -> bool:
        """Whether the outputs and their derivatives determine the state up to isolated values."""
        return len(self._independent) == len(self.system.states)

    def equations(self) -> list[InputOutputEquation]:
        """Return one equation for each output that is not constant; see :meth:`equation`."""
        return [self.equation(j) for j in self.sequence if j not in self.constant_outputs]

    def equation(self, output: int) -> InputOutputEquation:
        """Eliminate the states from an output's highest derivative, and those derivatives that it depends on.

        The derivatives below the outputs' orders are independent, and every output's next derivative is algebraic
        over them: its minimal polynomial is the equation.

        Raises
        ------
        ArithmeticError
            No equation is left: a resultant lost it.
        """
        leader = (output, self.orders[output])
        row = self._gradient(*leader)
        wanted = []
        for key in self._independent:
            others = [r for k, r in self._independent.items() if k != key]
            if rank([*others, row]) > len(others):
                wanted.append(key)
        free, fixed = self._split_states(wanted)
        wanted.append(leader)
        ratios = {key: self.derivatives.get(*key) for key in wanted}
        polys = [self._linked(key, ratio, fixed) for key, ratio in ratios.items()]
        point = [fixed.get(s, v) for s, v in zip(self.ring.symbols, self._full_point(), strict=True)]
        # With states fixed, what is seen takes other values at the random point.
        small = len(self.derivatives.ring.symbols)
        for key, ratio in ratios.items():
            point[self.ring.index[self.seen[key]]] = ratio.at(point[:small], self.derivatives.ring.prime)
        left = eliminate(polys, [self.ring.index[s] for s in free], point, self.ring.prime)
        if left is None:
            raise ArithmeticError(f"system {self.system.name!r}: the states could not be eliminated")
        return InputOutputEquation(
            output,
            self.orders[output],
            self.ring,
            self.jets,
            frozenset(self.seen[j, 0] for j in self.constant_outputs),
            left,
        )

    def _full_point(self) -> list[int]:
        """Return the random point, with room for what is seen."""
        return [*self.point, *(0 for _ in self.seen)]

    def _split_states(
        self, wanted: Sequence[tuple[int, int]]
    ) -> tuple[list[sp.Symbol], dict[sp.Symbol, int]]:
        """Return the states to eliminate, and numbers for those that what is seen does not depend on."""
        states = self.system.states
        gradients = [self._gradient(*key) for key in wanted]
        rows = [[gradient[i] for gradient in gradients] for i in range(len(states))]
        free: list[sp.Symbol] = []
        chosen: list[list[int]] = []
        for state, row in zip(states, rows, strict=True):
            if row and rank([*chosen, row]) > len(chosen):
                free.append(state)
                chosen.append(row)
        rng = random.Random(self.seed + 1)
        return free, {s: rng.randrange(2, 50) for s in states if s not in free}

    def _linked(self, key: tuple[int, int], ratio: Ratio, fixed: dict[sp.Symbol, int]) -> Poly:
        """Return the polynomial that says what a derivative is."""
        numbers = {f"v{self.ring.index[s]}": value for s, value in fixed.items()}
        num, den = (p.project_to_context(self.ring.context) for p in (ratio.num, ratio.den))
        poly = den * self.ring.generator(self.seen[key]) - num
        return poly.subs(numbers) if numbers else poly


def eliminate(
    polys: Sequence[Poly], indices: Sequence[int], point: Sequence[int], prime_ring: Poly
) -> Poly | None:
    """Eliminate generators one at a time by resultants; return what is left.

    Parameters
    ----------
    polys : sequence of flint polynomials over the integers
        All vanish at ``point``; one more than there are generators to eliminate.
    indices : sequence of int
        The generators to eliminate.
    point : sequence of int
        A random point of the variety, modulo the prime: of the factors of a resultant the one is kept that
        vanishes there.
    prime_ring : flint.nmod_mpoly_ctx

    Returns
    -------
    flint polynomial or None
        None where no equation, or more than one, is left.
    """
    left, remaining = list(polys), list(indices)
    while remaining:
        index = min(remaining, key=partial(_cost, left))
        degree, *_, k = _cost(left, index)
        remaining.remove(index)
        if degree < 0:
            continue
        pivot = left.pop(k)
        following: list[Poly] = []
        for poly in left:
            if poly.degrees()[index]:
                poly = vanishing_factor(pivot.resultant(poly, index), point, prime_ring)
                if poly is None:
                    return None
            if poly not in following:
                following.append(poly)
        left = following
    return left[0] if len(left) == 1 else None


def _cost(polys: Sequence[Poly], index: int) -> tuple[int, int, int, int]:
    """Return how laborious it is to eliminate a generator: degree first; the last is the pivot's position."""
    rows = []
    for k, poly in enumerate(polys):
        degree = int(poly.degrees()[index])
        if degree:
            rows.append((degree, len(poly), k))
    if not rows:
        return (-1, 0, 0, 0)
    degree, length, k = min(rows)
    others = sum(row[0] * row[1] for row in rows) - degree * length
    return (degree, others * degree + length * sum(row[0] for row in rows), length, k)


def vanishing_factor(poly: Poly, point: Sequence[int], prime_ring: Poly) -> Poly | None:
    """Return the irreducible factor that vanishes at a point; None where there is none."""
    if poly.is_zero():
        return None
    for factor, _ in sorted(poly.factor()[1], key=lambda f: len(f[0])):
        if evaluated(factor, point, prime_ring) == 0:
            return factor
    return None


def rank(rows: Sequence[Sequence[int]]) -> int:
    """Return the rank modulo the prime."""
    if not rows or not rows[0]:
        return 0
    return nmod_mat(len(rows), len(rows[0]), [c for row in rows for c in row], PRIME).rank()
