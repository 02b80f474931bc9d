"""Whether one experiment is enough to read off an equation's coefficients."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations_with_replacement
from math import comb

from flint import nmod_poly

from identifiability.structural.elimination import InputOutputEquation, rank
from identifiability.structural.lie import Derivatives
from identifiability.structural.polynomials import PRIME, Poly, Ratio

# An equation with more monomials than this is not checked, and so not used.
MOST_MONOMIALS = 600
_MOST_COMPARED = 70


def one_experiment_suffices(
    equation: InputOutputEquation, derivatives: Derivatives, point: Sequence[int], seed: int = 0
) -> bool:
    """Whether the equation's coefficients are unique along one solution.

    The coefficients are the only linear relation between the equation's monomials along the solution, and so
    can be read off from it, if and only if the rank of the monomials over the constants is their number less
    one. Monomials that depend on each other in every experiment hide coefficients that the equation shows:
    Ovchinnikov, Pillay, Pogudin & Scanlon, "Computing all identifiable functions of parameters for ODE models",
    Systems & Control Letters 157 (2021).

    Parameters
    ----------
    equation : InputOutputEquation
    derivatives : Derivatives
        Of the same system.
    point : sequence of int
        Constants and initial state, modulo the prime; the solution that starts there is looked at. What follows
        them, the input's derivatives, is not read: every input is a random series.
    seed : int
        Of the input.
    """
    monomials = list(equation.coefficients())
    if len(monomials) > MOST_MONOMIALS:
        return False
    length = len(monomials) + 8 + max(equation.order, len(derivatives.system.states))
    rng = random.Random(seed)
    jets = derivatives.input_derivatives
    inputs = [nmod_poly([rng.randrange(PRIME) for _ in range(length)], PRIME) for _ in jets]
    paths = solution(derivatives, point, inputs, length)
    outputs = [_on_series(r[0], paths, length) for r in derivatives.table]
    seen: dict[int, nmod_poly] = {}
    for symbol, (which, order) in equation.jets.items():
        if symbol in equation.constant:
            continue
        series = outputs[which] if which >= 0 else inputs[-1 - which]
        for _ in range(order):
            series = series.derivative()
        seen[equation.ring.index[symbol]] = series
    terms = len(monomials) + 6
    rows = [_coefficients(_product(monomial, seen, terms), terms) for monomial in monomials]
    return rank(rows) == len(rows) - 1


def is_confined(derivatives: Derivatives, point: Sequence[int]) -> bool:
    """Whether the solution through a point obeys a polynomial equation of low degree in the states.

    A state that stays at zero, or a conserved sum whose value is known, makes what holds for a generic state wrong
    for the states that are reached. Only systems without inputs are asked about.
    """
    moving = [
        s for s, f in zip(derivatives.system.states, derivatives.field, strict=True) if not f.num.is_zero()
    ]
    if not moving:
        return False
    degree = max(1, max(d for d in range(1, 11) if d == 1 or comb(len(moving) + d, d) <= _MOST_COMPARED))
    powers = [m for d in range(degree + 1) for m in combinations_with_replacement(range(len(moving)), d)]
    length = len(powers) + 8
    paths = solution(derivatives, point, [], length)
    rows = []
    for chosen in powers:
        series = nmod_poly([1], PRIME)
        for i in chosen:
            series = series.mul_low(paths[derivatives.ring.index[moving[i]]], length)
        rows.append(_coefficients(series, length))
    return rank(rows) < len(rows)


def solution(
    derivatives: Derivatives, point: Sequence[int], inputs: Sequence[nmod_poly], length: int
) -> list[nmod_poly]:
    """Return all of the ring's symbols as power series in time along the solution through a point.

    Parameters
    ----------
    derivatives : Derivatives
    point : sequence of int
        Constants and states at time zero; more is ignored.
    inputs : sequence of nmod_poly
        One series for each input.
    length : int
        Number of terms.
    """
    ring, states = derivatives.ring, derivatives.system.states
    symbols = len(ring.symbols)
    paths = [nmod_poly([value], PRIME) for value in (*point, *[0] * symbols)][:symbols]
    for jet, series in zip(derivatives.input_derivatives, inputs, strict=True):
        for symbol in jet:
            paths[ring.index[symbol]] = series
            series = series.derivative()
    start = [nmod_poly([point[ring.index[s]]], PRIME) for s in states]
    done = 1
    while done < length:  # each round of Picard's iteration gains at least one term
        done += 1
        speeds = [_on_series(f, paths, done) for f in derivatives.field]
        for state, x0, speed in zip(states, start, speeds, strict=True):
            paths[ring.index[state]] = (x0 + speed.integral()).truncate(done)
    return paths


def _on_series(ratio: Ratio, paths: Sequence[nmod_poly], length: int) -> nmod_poly:
    """Return a quotient of polynomials along a solution."""
    num = _polynomial_on_series(ratio.num, paths, length)
    if ratio.den.is_one():
        return num
    return num.mul_low(_polynomial_on_series(ratio.den, paths, length).inverse_series_trunc(length), length)


def _polynomial_on_series(poly: Poly, paths: Sequence[nmod_poly], length: int) -> nmod_poly:
    """Return a polynomial along a solution."""
    total = nmod_poly([0], PRIME)
    for monomial, coefficient in poly.to_dict().items():
        used = {i: paths[i] for i, e in enumerate(monomial) if e}
        total += _product(monomial, used, length) * (int(coefficient) % PRIME)
    return total


def _product(monomial: Sequence[int], series: dict[int, nmod_poly], length: int) -> nmod_poly:
    """Return a product of powers of series."""
    result = nmod_poly([1], PRIME)
    for i, exponent in enumerate(monomial):
        if exponent:
            result = result.mul_low(series[i].truncate(length).pow_trunc(int(exponent), length), length)
    return result


def _coefficients(series: nmod_poly, length: int) -> list[int]:
    """Return the first coefficients."""
    found = list(map(int, series.coeffs()))[:length]
    return found + [0] * (length - len(found))
