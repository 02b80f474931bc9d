"""Functions of the unknowns that ideal data determine, at a random point of a prime field."""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import sympy as sp

from identifiability.structural.elimination import Elimination, InputOutputEquation, rank
from identifiability.structural.lie import Derivatives
from identifiability.structural.one_experiment import is_confined, one_experiment_suffices
from identifiability.structural.pieces import Piece, Pieces
from identifiability.structural.polynomials import PRIME, Poly, Ratio, Ring, divide, modulo, reduced
from identifiability.structural.prime_functions import Function, random_values, root_of, substituted
from identifiability.structural.system import StructuralSystem

# Further derivatives than the rank asks for, where no equation says what follows from the others.
FURTHER_DERIVATIVES = 2
# So many of the simplest coefficients are compared with each other; all are compared with the first.
MOST_PAIRED = 40

# Numerator and denominator, in the unknowns, of each state at one moment.
type Start = dict[sp.Symbol, tuple[Poly, Poly]]


@dataclass
class Summary:
    """An exhaustive summary of an experiment: what it determines, and nothing that it does not.

    Parameters
    ----------
    system : StructuralSystem
        Rational.
    pieces : Pieces
    seed : int

    Attributes
    ----------
    unknowns : tuple of Symbol
        Parameters, symbols that stand for transcendental values, unknown initial and auxiliary states.
    point : list of int
        A random value of each, modulo the prime.
    coefficients : list of Function
        Of the input-output equations, in parameters alone.
    jets : list of Function
        Values of outputs and derivatives at the pieces' moments.
    nonzero : list of polynomials
        What does not vanish at any admissible value of the unknowns.
    complete : bool
        Whether equal functions mean equal outputs.
    equations : list of InputOutputEquation
    monic : list of (Function, Ring, Ratio)
        The coefficients of the monic equations, and the same over the integers.
    relations : list of Function
        Roots among the transcendental values, and what stands under them: zero by definition.
    hidden : bool
        Whether an equation has coefficients that one experiment does not show.
    """

    system: StructuralSystem
    pieces: Pieces
    seed: int = 0
    coefficients: list[Function] = field(default_factory=list)
    jets: list[Function] = field(default_factory=list)
    nonzero: list[Poly] = field(default_factory=list)
    equations: list[InputOutputEquation] = field(default_factory=list)
    monic: list[tuple[Function, Ring, Ratio]] = field(default_factory=list)
    relations: list[Function] = field(default_factory=list)
    complete: bool = True
    hidden: bool = False

    def __post_init__(self) -> None:
        """Draw the random point."""
        system = self.system
        lifted = [s for s, slopes in system.transcendental.items() if any(v != 0 for v in slopes.values())]
        self.unknowns = (*system.parameters, *lifted, *self.pieces.initial, *self.pieces.auxiliary)
        numbers = [*self.pieces.known, *(s for s in system.transcendental if s not in lifted)]
        # The last generator is spare: it turns "does not vanish" into an equation where that is needed.
        self.ring = Ring((*self.unknowns, sp.Dummy("spare")))
        self._rng = random.Random(self.seed)
        self._numbers = random_values(system, (*self.unknowns, *numbers), self._rng)
        self.point = [*(self._numbers[s] for s in self.unknowns), 0]
        self.images: dict[sp.Symbol, Poly] = {s: self.ring.prime.gen(i) for i, s in enumerate(self.unknowns)}
        self.images |= {s: self.ring.prime.constant(self._numbers[s]) for s in numbers}
        self.complete = self.pieces.complete and not lifted
        for symbol in lifted:
            root = root_of(system.definitions.get(symbol))
            if root is not None:
                num, den = self.fraction(root[0])
                power = self.images[symbol] ** root[1]
                self.relations.append(Function(power * den - num, self.ring.prime.constant(1), 0))

    def fraction(self, expr: sp.Expr) -> tuple[Poly, Poly]:
        """Return a rational expression in unknowns and known constants, over the prime field.

        Raises
        ------
        ValueError
            An expression that is not rational in them.
        """
        ring = Ring(tuple(self.images))
        one = self.ring.prime.constant(1)
        return self._composed(ring.ratio(sp.sympify(expr)), [(p, one) for p in self.images.values()], ring)

    def function(self, expr: sp.Expr) -> Function:
        """Return a rational expression with its value at the random point."""
        return self._function(*self.fraction(expr))

    def collect(self, eliminate: bool = True) -> Iterator[str]:
        """Find the functions; yields what has been found, so that it can be used before the rest is.

        ``"equation"``: one more input-output equation; ``"functions"``: enough for a first look;
        ``"derivative"``: one more derivative, where no equation says what follows from the others.
        """
        eliminations: dict[tuple, Elimination] = {}
        further = []
        confined = self._confined()
        for piece in self.pieces.pieces:
            if confined and not {*self.pieces.auxiliary}.isdisjoint(piece.start.values()):
                continue
            key = (piece.system.rhs, piece.system.outputs)
            if key not in eliminations:
                eliminations[key] = Elimination(piece.system, self.seed)
            elimination = eliminations[key]
            start, inputs = self._start(piece), {}
            point, images = self._at_start(elimination.derivatives, start, inputs)
            missing = yield from self._from_equations(elimination, point, eliminate)
            for j in elimination.sequence:
                for k in range(elimination.orders[j] + 1):
                    d = elimination.derivatives
                    self._add_jet(d.get(j, k), d.ring, images)
            outputs = missing
            if not set(piece.start.values()) <= set(self.unknowns):
                # At a special state an equation may be singular, and say nothing of higher derivatives.
                outputs = [j for j in elimination.sequence if j not in elimination.constant_outputs]
            if outputs:
                further.append((piece, outputs, start, inputs))
        yield "functions"
        for arguments in further:
            yield from self._further(*arguments)

    def _confined(self) -> bool:
        """Whether known initial states may keep the state at a switch on an algebraic curve or surface."""
        if not self.pieces.auxiliary:
            return False
        return any(
            is_confined(Derivatives.of(piece.system, 1), self._numbers_at(piece))
            for piece in self.pieces.pieces
            if {*self.pieces.auxiliary}.isdisjoint(piece.start.values())
            and not set(piece.start.values()) <= set(self.unknowns)
        )

    def _numbers_at(self, piece: Piece) -> list[int]:
        """Return constants and states at a piece's moment, as numbers."""
        return self._at_start(Derivatives.of(piece.system, 1), self._start(piece), {})[0]

    def _from_equations(
        self, elimination: Elimination, point: Sequence[int], eliminate: bool
    ) -> Generator[str, None, list[int]]:
        """Add the coefficients of the equations; return the outputs whose equation cannot be used."""
        moving = [j for j in elimination.sequence if j not in elimination.constant_outputs]
        missing, curved = list(moving), 0
        for output in moving if eliminate else ():
            try:
                equation = elimination.equation(output)
            except ArithmeticError:
                break
            if output not in {e.output for e in self.equations}:
                self.equations.append(equation)
                yield "equation"
            if one_experiment_suffices(equation, elimination.derivatives, point, self.seed):
                missing.remove(output)
                curved += equation.degree > 1
                self._add_coefficients(equation, point, elimination)
            else:
                self.hidden = True
        # Two minimal polynomials of higher degree leave open how their roots go together.
        return missing if curved < 2 else moving

    def _further(
        self, piece: Piece, outputs: Sequence[int], start: Start, inputs: dict[tuple[int, int], int]
    ) -> Iterator[str]:
        """Add derivatives until they say nothing new, where no equation does that for all of them at once."""
        most = len(self.unknowns) + len(piece.system.states) + FURTHER_DERIVATIVES
        d = Derivatives.of(piece.system, most)
        _, images = self._at_start(d, start, inputs)
        rows = [f.gradient(self.point)[:-1] for f in (*self.coefficients, *self.jets)]
        reached, idle = rank(rows), 0
        for k in range(most + 1):
            for j in outputs:
                self._add_jet(d.get(j, k), d.ring, images)
                rows.append(self.jets[-1].gradient(self.point)[:-1])
            now = rank(rows)
            idle = 0 if now > reached else idle + 1
            reached = now
            yield "derivative"
            if idle > FURTHER_DERIVATIVES + len(piece.system.states):
                return

    def _start(self, piece: Piece) -> Start:
        """Return numerator and denominator of each state at the piece's moment."""
        symbols = tuple(self.images)
        ring = Ring(symbols)
        pictures = [(self.images[s], self.ring.prime.constant(1)) for s in symbols]
        found = {}
        for state, expr in piece.start.items():
            ratio = ring.ratio(sp.sympify(expr))
            found[state] = self._composed(ratio, pictures, ring)
            self._must_not_vanish(found[state][1])
        return found

    def _at_start(
        self, d: Derivatives, start: Start, inputs: dict[tuple[int, int], int]
    ) -> tuple[list[int], list[tuple[Poly, Poly]]]:
        """Return the derivatives' symbols at a piece's moment: as numbers, and in the unknowns.

        The input's derivatives are random numbers, drawn once for each piece and kept in ``inputs``.
        """
        given = {}
        for i, jet in enumerate(d.input_derivatives):
            for k, symbol in enumerate(jet):
                given[symbol] = inputs.setdefault((i, k), self._rng.randrange(1, PRIME))
        point, images = [], []
        for symbol in d.ring.symbols:
            if symbol in start:
                num, den = start[symbol]
                point.append(divide(int(num(*self.point)), int(den(*self.point))))
                images.append(start[symbol])
            else:
                point.append(given[symbol] if symbol in given else self._numbers.get(symbol, 0))
                images.append(self._image(symbol, point[-1]))
        return point, images

    def _image(self, symbol: sp.Symbol, value: int) -> tuple[Poly, Poly]:
        """Return a symbol as a fraction in the unknowns."""
        one = self.ring.prime.constant(1)
        return (self.images.get(symbol, self.ring.prime.constant(value)), one)

    def _composed(self, ratio: Ratio, images: Sequence[tuple[Poly, Poly]], ring: Ring) -> tuple[Poly, Poly]:
        """Return a quotient of polynomials with fractions put in for its generators, in lowest terms."""
        top, below = substituted(modulo(ratio.num, ring.prime), images, self.ring.prime)
        bottom, above = substituted(modulo(ratio.den, ring.prime), images, self.ring.prime)
        num, den = top * above, below * bottom
        common = num.gcd(den)
        return num // common, den // common

    def _add_jet(self, ratio: Ratio, ring: Ring, images: Sequence[tuple[Poly, Poly]]) -> None:
        """Add the value of an output or a derivative."""
        num, den = self._composed(ratio, images, ring)
        self._must_not_vanish(den)
        self.jets.append(self._function(num, den))

    def _function(self, num: Poly, den: Poly) -> Function:
        """Return a function with its value."""
        return Function(num, den, divide(int(num(*self.point)), int(den(*self.point))))

    def _must_not_vanish(self, poly: Poly) -> None:
        """Note the factors of a denominator."""
        if poly.is_constant():
            return
        for factor, _ in poly.factor()[1]:
            if factor not in self.nonzero:
                self.nonzero.append(factor)

    def _add_coefficients(
        self, equation: InputOutputEquation, point: Sequence[int], elimination: Elimination
    ) -> None:
        """Add the ratios of an equation's coefficients, each pair in lowest terms."""
        d = elimination.derivatives
        values = dict(zip(d.ring.symbols, point, strict=True))
        images = []
        for symbol in equation.ring.symbols:
            if symbol in equation.constant:
                value = d.get(equation.jets[symbol][0], 0).at(point, d.ring.prime)
                images.append(self._image(symbol, value))
            else:
                images.append(self._image(symbol, values.get(symbol, 0)))
        polys = [
            substituted(modulo(c, equation.ring.prime), images, self.ring.prime)[0]
            for c in equation.coefficients().values()
        ]
        self._must_not_vanish(polys[0])
        exact = list(equation.coefficients().values())
        for num, poly in zip(exact[1:], polys[1:], strict=True):
            common = polys[0].gcd(poly)
            function = self._function(poly // common, polys[0] // common)
            if any(function.gradient(self.point)):
                self.monic.append((function, equation.ring, reduced(num, exact[0])))
        simple = sorted(polys, key=lambda p: (int(p.total_degree()), len(p)))[:MOST_PAIRED]
        for first, other in [*((polys[0], p) for p in polys[1:]), *combinations(simple, 2)]:
            common = first.gcd(other)
            num, den = other // common, first // common
            if not (num.is_constant() and den.is_constant()):
                function = self._function(num, den)
                if function not in self.coefficients:
                    self.coefficients.append(function)
