"""Writing a system with logarithms, powers or exponentials as a rational one with the same unknowns.

``N**gamma`` becomes a state of its own, whose equation is ``gamma * N**gamma * N' / N``. Its initial value is no
new unknown: it is ``N(0)**gamma``, a transcendental value whose partial derivatives in N(0) and gamma are
known (``log(N(0))`` comes with them). So the lifted system has the solutions of the first one only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from math import lcm
from typing import cast

import sympy as sp

from identifiability.structural.generators import Generator, GeneratorError, exponential, factors, terms
from identifiability.structural.system import StructuralSystem
from identifiability.structural.unknowns import initial_symbol, unknown_initial_states, unknowns_of

type Derivation = Callable[[sp.Expr], sp.Expr]

_MOST_GENERATORS = 40


class LiftingError(ValueError):
    """A function that no rational system can carry; the message names it."""


class InputFunctionError(LiftingError):
    """A function of an input, whose derivative a generic input does not tell."""


class _Again(Exception):  # noqa: N818
    """A finer root is needed than the one in use."""


def lift(system: StructuralSystem) -> StructuralSystem:
    """Return a rational system with the same outputs and unknowns.

    Functions of one state are brought to a common form first (``log(K/N)`` is ``log(K) - log(N)``, ``N**(1-g)`` is
    ``N/N**g``), so that no hidden relation is left between new states.

    Parameters
    ----------
    system : StructuralSystem
        With ``log``, ``exp``, ``sqrt``, powers, and trigonometric or hyperbolic functions, if any. A rational system
        comes back as it is.

    Raises
    ------
    LiftingError
        ``Abs``, ``Min``, ``Max``, ``Piecewise`` and other functions without a rational differential equation; a
        function without a value at a known initial state.
    InputFunctionError
        A function of an input.
    """
    expressions = (*system.rhs, *system.outputs, *system.initial.values())
    if all(e.is_rational_function(*e.free_symbols) and not _numbers_only(e) for e in expressions):
        return system
    roots: dict[Generator, int] = {}
    for _ in range(_MOST_GENERATORS):
        try:
            return _Lifter(system, roots).lifted()
        except _Again:
            continue
        except GeneratorError as error:
            raise LiftingError(f"{system.name!r}: {error}") from None
    raise LiftingError(f"{system.name!r}: roots of ever higher order; write the powers with one exponent")


def _numbers_only(e: sp.Expr) -> bool:
    """Whether an expression holds numbers such as sqrt(2) or pi."""
    return any(n.is_number and not n.is_Rational for n in sp.preorder_traversal(e))


class _Lifter:
    """One attempt with fixed orders of the roots."""

    def __init__(self, system: StructuralSystem, roots: dict[Generator, int]) -> None:
        self.system = system
        self.roots = roots
        self.symbols: dict[Generator, sp.Symbol] = {}
        self.rhs: dict[sp.Symbol, sp.Expr] = {}
        self.initial: dict[sp.Symbol, sp.Expr] = {}
        self.transcendental: dict[sp.Symbol, dict[sp.Symbol, sp.Expr]] = {}
        self.definitions: dict[sp.Symbol, sp.Expr] = {}
        self.flow = dict(zip(system.states, system.rhs, strict=True))
        self.start: dict[sp.Symbol, sp.Expr] = {s: initial_symbol(s) for s in unknown_initial_states(system)}
        self.start.update(system.initial)
        self.taken = {
            s.name
            for s in (*system.states, *system.parameters, *system.inputs, *system.known, *unknowns_of(system))
        }

    def lifted(self) -> StructuralSystem:
        """Return the rational system."""
        rhs = [self.rational(e) for e in self.system.rhs]
        outputs = [self.rational(e) for e in self.system.outputs]
        initial = {state: self.rational(e) for state, e in self.system.initial.items()}
        return replace(
            self.system,
            states=(*self.system.states, *self.rhs),
            rhs=(*rhs, *self.rhs.values()),
            outputs=tuple(outputs),
            initial={**initial, **self.initial},
            transcendental={**self.system.transcendental, **self.transcendental},
            definitions={**self.system.definitions, **self.definitions},
        )

    # ---- expressions -------------------------------------------------------------------------------------
    def rational(self, e: sp.Expr) -> sp.Expr:
        """Return an expression with generators for whatever is not rational."""
        if e.is_Symbol or e.is_Rational:
            return e
        if isinstance(e, (sp.Add, sp.Mul)):
            return e.func(*(self.rational(a) for a in e.args))
        if isinstance(e, sp.Pow):
            if e.exp.is_Integer:
                return self.rational(e.base) ** e.exp
            return self.exponential(e.exp) if e.base == sp.E else self.power(e.base, e.exp)
        if isinstance(e, sp.exp):
            return self.exponential(cast("sp.Expr", e.args[0]))
        if isinstance(e, sp.log):
            return self.logarithm(e.args[0])
        if isinstance(e, (sp.sin, sp.cos, sp.tan)):
            return self.circular(e.func, cast("sp.Expr", e.args[0]))
        if isinstance(e, (sp.sinh, sp.cosh, sp.tanh)):
            return self.rational(e.rewrite(sp.exp))
        if e == sp.E:
            return self.exponential(sp.S.One)
        if e.is_number and e.is_real and not e.args:
            return self.generator(Generator("number", e))
        what = e.func.__name__ if e.args else str(e)
        raise LiftingError(
            f"{self.system.name!r}: {what} in {e} has no rational differential equation, so this analysis "
            "cannot treat it; write the model without it, or analyse each branch as a model of its own"
        )

    def power(self, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        """Return ``base**exponent``."""
        product: sp.Expr = sp.S.One
        for b, k in factors(base):
            if b == sp.E:
                product *= self.exponential(k * exponent)
                continue
            for c, m in terms(k * exponent):
                if m == 1 and c.is_Integer:
                    product *= self.rational(b) ** c
                elif m.free_symbols & set(self.flow):
                    product *= self.exponential(c * m * sp.log(b))
                else:
                    product *= self.generator(Generator("power", b, m), c)
        return product

    def exponential(self, exponent: sp.Expr) -> sp.Expr:
        """Return ``exp(exponent)``."""
        product: sp.Expr = sp.S.One
        for c, m in terms(exponent):
            base, rest = exponential(m)
            if base is not None and not rest.free_symbols & set(self.flow):
                product *= self.power(base, c * rest)
            else:
                product *= self.generator(Generator("exp", m), c)
        return product

    def logarithm(self, argument: sp.Expr) -> sp.Expr:
        """Return ``log(argument)``."""
        total: sp.Expr = sp.S.Zero
        for b, k in factors(argument):
            total += self.rational(k) * (sp.S.One if b == sp.E else self.generator(Generator("log", b)))
        return total

    def circular(self, function: type[sp.Function], argument: sp.Expr) -> sp.Expr:
        """Return a sine, cosine or tangent, in tangents of half angles."""
        whole = sp.S.One
        for c, m in terms(argument):
            q = self.finest(Generator("tan", m), int(c.q))
            half = self.generator(Generator("tan", m))
            turn = (1 + sp.I * half) ** 2 / (1 + half**2)
            whole *= turn ** (c * q) if c > 0 else ((1 - sp.I * half) ** 2 / (1 + half**2)) ** (-c * q)
        # With half angles real, real part and imaginary part are cosine and sine.
        real = {s: sp.Dummy(real=True) for s in whole.free_symbols}
        cosine, sine = (
            cast("sp.Expr", sp.factor(part)) for part in sp.expand(whole.xreplace(real)).as_real_imag()
        )
        value = {sp.sin: sine, sp.cos: cosine, sp.tan: sine / cosine}[function]
        return cast("sp.Expr", value.xreplace({dummy: s for s, dummy in real.items()}))

    # ---- generators --------------------------------------------------------------------------------------
    def finest(self, generator: Generator, q: int) -> int:
        """Return the order of the root in use, of which q is a divisor; starts again if it is not."""
        have = self.roots.setdefault(generator, q)
        if have % q:
            self.roots[generator] = lcm(have, q)
            raise _Again
        return have

    def generator(self, generator: Generator, times: sp.Rational = sp.S.One) -> sp.Expr:
        """Return the generator's symbol, to the power that makes it ``times`` the exponent."""
        q = self.finest(generator, int(times.q))
        if generator not in self.symbols:
            self.add(generator, q)
        return self.symbols[generator] ** (times * q)

    def add(self, generator: Generator, q: int) -> None:
        """Make a state, or a transcendental value where nothing in the generator changes with time."""
        if len(self.symbols) >= _MOST_GENERATORS:
            raise LiftingError(f"{self.system.name!r}: its functions do not close under differentiation")
        expression = generator.expression(q)
        inputs = expression.free_symbols & set(self.system.inputs)
        if inputs:
            raise InputFunctionError(
                f"{self.system.name!r}: {expression} is a function of the input {', '.join(map(str, inputs))}; "
                "ask under constant doses or phases, where the input is a number"
            )
        symbol = self.symbols[generator] = self.name(expression)
        if expression.free_symbols & set(self.flow):
            self.rhs[symbol] = sp.S.Zero  # keeps the order of appearance
            self.rhs[symbol] = self.differential(generator, symbol, q, self.time_derivative)
            at_start = generator.at(self.start)
            if generator.kind == "tan":
                angle = at_start.subject / q
                self.initial[symbol] = self.generator(Generator("tan", angle)) if angle != 0 else sp.S.Zero
            else:
                self.initial[symbol] = self.rational(at_start.expression(q))
            return
        partials = {}
        for unknown in unknowns_of(self.system):
            if unknown in expression.free_symbols:
                partials[unknown] = self.differential(
                    generator, symbol, q, lambda e, x=unknown: self.rational(sp.diff(e, x))
                )
        self.definitions[symbol] = generator.rewritten(self.rational).expression(q)
        self.transcendental[symbol] = partials

    def time_derivative(self, e: sp.Expr) -> sp.Expr:
        """Return d/dt of an expression along the system."""
        return self.rational(sp.Add(*(sp.diff(e, x) * f for x, f in self.flow.items())))

    def differential(self, generator: Generator, symbol: sp.Symbol, q: int, d: Derivation) -> sp.Expr:
        """Return a derivative of the generator by the chain rule."""
        inner = d(generator.subject)
        match generator.kind:
            case "power":
                m = generator.exponent
                slope = self.rational(m) * inner / self.rational(generator.subject)
                change = d(m)
                if change != 0:
                    slope += change * self.logarithm(generator.subject)
                return symbol * slope / q
            case "exp":
                return symbol * inner / q
            case "log":
                return inner / self.rational(generator.subject)
            case "tan":
                return (1 + symbol**2) * inner / (2 * q)
        return sp.S.Zero

    def name(self, expression: sp.Expr) -> sp.Symbol:
        """Return a new symbol that reads like the expression."""
        words = str(expression).replace("**", "_pow_").replace("(0)", "0").replace("/", "_by_")
        name = re.sub(r"\W+", "_", words).strip("_")
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return sp.Symbol(name)
