"""Mean survival time of the polymorphism under bang-bang control, in closed form (Fischer 2015, supplement 6.1).

The printed closed form splits a double integral at its lower limit 0, where both halves diverge, and carries three
slips (see `side`). Here the inner integral starts at the initial frequency: then every term is positive, nothing
cancels, and all of them can be kept as logarithms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dosing.stochastic.wright_fisher.selection import ControlledSelection, WrightFisherError

__all__ = ["Threshold", "log_mean_survival_time", "mean_survival_time", "survival_threshold"]

_NEUTRAL = 0.05  # below this selection the terms cancel, and the value is interpolated
_NODES = np.array([-0.09, -0.06, -0.03, 0.03, 0.06, 0.09])


def scaled_expei(w: float) -> float:
    """Return ``exp(-w) Ei(w)`` without overflow (eq. 33)."""
    if abs(w) < 50.0:
        from scipy.special import expi

        return float(np.exp(-w) * expi(w))
    # the asymptotic series; its smallest term, near k = |w|, lies below 1e-21
    term = total = 1.0 / w
    for k in range(1, 40):
        term *= k / w
        total += term
        if abs(term) < 1e-17 * abs(total):
            break
    return total


def scaled_f(x: float, s: float) -> float:
    """Return ``exp(-2 s x) F(x, s)``, F of eq. 31: an antiderivative of ``exp(2 s x) / (x (1 - x))``."""
    return scaled_expei(2 * s * x) - scaled_expei(-2 * s * (1 - x))


def capital_g(x: float, s: float) -> float:
    """Return G of eq. 32, whose derivative is ``-exp(-2 s x) F(x, s)``; finite at both ends."""
    if x >= 1.0:
        return capital_g(0.0, -s)  # eq. 34 as it should read: G(x, s) = G(1 - x, -s)
    if x <= 0.0:
        # Ei(2 s x) - log(x) tends to Euler's constant plus log |2 s|
        return (np.euler_gamma + math.log(abs(2 * s)) - scaled_expei(-2 * s)) / (2 * s)
    return (scaled_f(x, s) + math.log((1 - x) / x)) / (2 * s)


@dataclass(frozen=True)
class Stretch:
    """Logarithms over [a, b] of constant selection, densities taken relative to those at a.

    ``scale``: ∫ 1/psi; ``speed``: ∫ psi / (z (1 - z)) (infinite if b = 1); ``double``: the second inside the first.
    """

    scale: float
    speed: float
    double: float


def _plain_stretch(a: float, b: float, s: float) -> Stretch:
    """Return the closed form for a selection that is not close to zero."""
    k, fall = 2 * s * (b - a), abs(2 * s * (b - a))
    f = scaled_f(a, s)
    growth = fall if s < 0 else 0.0  # exp(growth) is taken out of what grows along the stretch
    scale = math.log(-math.expm1(-fall) / abs(2 * s)) + growth
    # J of eqs 26-30 with the inner integral from a: G(a) - G(b) - f(a) (1 - exp(-k)) / (2 s)
    double = (capital_g(a, s) - capital_g(b, s)) * math.exp(-growth)
    double -= f * (math.exp(-growth) - math.exp(-k - growth)) / (2 * s)
    if b >= 1.0:
        return Stretch(scale, math.inf, math.log(double) + growth)
    rise = fall if s > 0 else 0.0
    speed = scaled_f(b, s) * math.exp(k - rise) - f * math.exp(-rise)
    return Stretch(scale, math.log(speed) + rise, math.log(double) + growth)


def stretch(a: float, b: float, s: float) -> Stretch:
    """Return the logarithms over [a, b] for any selection, zero included."""
    if abs(s) >= _NEUTRAL:
        return _plain_stretch(a, b, s)
    near = [_plain_stretch(a, b, float(node)) for node in _NODES]
    # all three are analytic in s: six nodes around zero leave 1e-11
    weights = [
        math.prod((s - other) / (node - other) for other in _NODES if other != node) for node in _NODES
    ]

    def at(values: list[float]) -> float:
        return math.inf if math.isinf(values[0]) else float(np.dot(weights, values))

    return Stretch(at([p.scale for p in near]), at([p.speed for p in near]), at([p.double for p in near]))


def side(pieces: list[tuple[float, float, float]]) -> tuple[float, float]:
    """Logarithms of I and J from a start to the right end over pieces (a, b, selection) (eqs 19-30, corrected).

    The slips of the supplement: its u_c is negative; inside the bracket of eqs 26, 27 and 30 ``F(x_c, sigma + u_c)``
    misses the factor ``exp(-2 u_c x_c)``; ``exp(2 u_c x_c)`` before the differences of G is one too many. Carrying the
    densities from piece to piece, as here, needs none of these factors.
    """
    total_i, total_j, inner, log_psi = -math.inf, -math.inf, -math.inf, 0.0
    for a, b, s in pieces:
        if b <= a:
            continue
        part = stretch(a, b, s)
        total_i = _logsum(total_i, part.scale - log_psi)
        total_j = _logsum(_logsum(total_j, part.double), part.scale - log_psi + inner)
        inner = _logsum(inner, part.speed + log_psi)
        log_psi += 2 * s * (b - a)
    return total_i, total_j


def _logsum(a: float, b: float) -> float:
    """Logarithm of the sum of two exponentials."""
    high, low = max(a, b), min(a, b)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def _sides(start: float, threshold: float, selection: ControlledSelection) -> tuple[tuple[float, float], ...]:
    """(log I, log J) to the left and to the right of the start; the left one is the right one mirrored."""
    cut = max(start, threshold)
    right = side([(start, cut, selection.sigma), (cut, 1.0, selection.opposed)])
    cut = min(start, threshold)
    left = side([(1 - start, 1 - cut, -selection.opposed), (1 - cut, 1.0, -selection.sigma)])
    return left, right


def log_mean_survival_time(start: float, threshold: float, selection: ControlledSelection) -> float:
    """Logarithm of the mean survival time; it does not overflow for strong selection.

    Parameters
    ----------
    start, threshold : float
        Frequencies inside (0, 1), [0, 1].
    selection : ControlledSelection
    """
    if not 0 < start < 1 or not 0 <= threshold <= 1:
        raise WrightFisherError(
            f"start {start:g} and threshold {threshold:g} must be frequencies, the start strictly between 0 and 1: at "
            "0 and 1 the polymorphism is lost already"
        )
    (left_i, left_j), (right_i, right_j) = _sides(start, threshold, selection)
    top = _logsum(left_i + right_j, right_i + left_j)
    return math.log(2.0) + top - _logsum(left_i, right_i)


def mean_survival_time(start: float, threshold: float, selection: ControlledSelection) -> float:
    """Mean time until an allele is lost, in N generations, control 0 below the threshold and strongest above (eq. 18).

    Parameters
    ----------
    start : float
        Frequency of the A allele at time 0.
    threshold : float
        Critical frequency x_c; 1 means no control, 0 constant control.
    selection : ControlledSelection
    """
    return math.exp(log_mean_survival_time(start, threshold, selection))


@dataclass(frozen=True)
class Threshold:
    """The best threshold.

    Parameters
    ----------
    frequency : float
        x_c.
    survival : float
        Mean survival time from x_c, in N generations; infinite where it exceeds the largest number.
    """

    frequency: float
    survival: float

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        return (
            f"Switch control on above a frequency of {self.frequency:.6f}: from there both alleles are kept for "
            f"{self.survival:.6g} times N generations on average"
        )


def survival_threshold(selection: ControlledSelection) -> Threshold:
    """Return the threshold that maximises the mean survival time (eq. 13), whatever the start.

    At the best threshold the derivative of the mean survival time vanishes there (else eq. 3 would switch
    elsewhere). That is ``J_left = J_right``: a root, found to rounding, where a maximum would be flat.
    """
    from scipy.optimize import brentq

    def imbalance(x: float) -> float:
        (_, left), (_, right) = _sides(x, x, selection)
        return left - right

    edge = 1e-12
    x = float(brentq(imbalance, edge, 1 - edge, xtol=1e-15, rtol=8.9e-16))
    log = log_mean_survival_time(x, x, selection)
    return Threshold(x, math.exp(log) if log < 709 else math.inf)
