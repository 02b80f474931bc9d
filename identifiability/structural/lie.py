"""Derivatives of the outputs, as functions of the state at one moment."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from identifiability.structural.polynomials import Poly, Ratio, Ring, reduced
from identifiability.structural.system import StructuralSystem


@dataclass(frozen=True)
class Derivatives:
    """Outputs and their derivatives along the flow of a rational system.

    Parameters
    ----------
    system : StructuralSystem
    ring : Ring
        In constants, states, and the inputs' derivatives up to ``order``.
    input_derivatives : tuple of tuple of Symbol
        For each input, itself and its derivatives.
    field : tuple of Ratio
        Right-hand sides.
    table : list of list of Ratio
        For each output, the derivatives that were asked for so far.
    """

    system: StructuralSystem
    ring: Ring
    input_derivatives: tuple[tuple[sp.Symbol, ...], ...]
    field: tuple[Ratio, ...]
    table: list[list[Ratio]]

    @classmethod
    def of(cls, system: StructuralSystem, order: int) -> Derivatives:
        """Prepare a rational system for derivatives up to an order."""
        jets = tuple(tuple(sp.Dummy(f"{u}_{k}") for k in range(order + 1)) for u in system.inputs)
        ring = Ring((*constants_of(system), *system.states, *(s for jet in jets for s in jet)))
        to_jet = {u: jet[0] for u, jet in zip(system.inputs, jets, strict=True)}

        def ratio(expr: Any) -> Ratio:
            return ring.ratio(expr.xreplace(to_jet))

        outputs = [[ratio(h)] for h in system.outputs]
        return cls(system, ring, jets, tuple(map(ratio, system.rhs)), outputs)

    def get(self, output: int, order: int) -> Ratio:
        """Return a derivative of an output."""
        known = self.table[output]
        while len(known) <= order:
            known.append(self._along_flow(known[-1]))
        return known[order]

    def _along_flow(self, ratio: Ratio) -> Ratio:
        """Differentiate in time, by the quotient rule and over one denominator."""
        ring, n, d = self.ring, ratio.num, ratio.den
        present = set(_present(n)) | set(_present(d))
        parts: list[tuple[int, Ratio]] = [
            (ring.index[state], f)
            for state, f in zip(self.system.states, self.field, strict=True)
            if ring.index[state] in present and not f.num.is_zero()
        ]
        for jet in self.input_derivatives:
            for here, following in itertools.pairwise(jet):
                if ring.index[here] in present:
                    parts.append((ring.index[here], Ratio(ring.generator(following), ring.one)))
        common = ring.one
        for _, f in parts:
            common = common * (f.den // common.gcd(f.den))
        top = ring.context.constant(0)
        for i, f in parts:
            slope = n.derivative(i) * d - n * d.derivative(i)
            top += slope * f.num * (common // f.den)
        return reduced(top, d * d * common)


def constants_of(system: StructuralSystem) -> tuple[sp.Symbol, ...]:
    """Return every symbol that does not change in time, unknowns first."""
    lifted = tuple(s for s in system.transcendental if s not in system.parameters)
    return (*system.parameters, *lifted, *(k for k in system.known if k not in lifted))


def _present(poly: Poly) -> Sequence[int]:
    """Return the generators that appear in a polynomial."""
    return [i for i, degree in enumerate(poly.degrees()) if degree]
