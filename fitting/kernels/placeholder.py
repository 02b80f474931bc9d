"""Signatures of the functions that generated code puts in place of a template's imports."""

from __future__ import annotations

UNCOMPILED = "this stands in a template and is replaced before compilation"
HAS_DISPERSION = False
N_STATES, N_PARAMETERS = 0, 0


def at_most(k, mu, phi) -> float:
    """P(Y <= k)."""
    raise RuntimeError(UNCOMPILED)


def at_least(k, mu, phi) -> float:
    """P(Y >= k)."""
    raise RuntimeError(UNCOMPILED)


def count_terms(k, mu, phi, out):
    """Fill log P(Y = k), the logarithm of the drain from "at most k", its slope in log mu."""
    raise RuntimeError(UNCOMPILED)


def measured_terms(y, mu, phi, out):
    """Fill value, slope and information in mu, slope and curvature in log phi of a measurement."""
    raise RuntimeError(UNCOMPILED)


def tail_terms(y, mu, phi, side, out, work):
    """Fill the same for a value beyond a limit."""
    raise RuntimeError(UNCOMPILED)


def solve_one(sensitive, p, k, times, n_times, switches, doses, n_switches, rtol, max_steps, x, y, dy) -> int:
    """Solve the model for one patient."""
    raise RuntimeError(UNCOMPILED)


def evaluate_one(w, q, data, gradient, information) -> float:
    """Fill gradient and information, return the negative log-likelihood of patient ``w`` at ``q``."""
    raise RuntimeError(UNCOMPILED)


def minimise_one(
    w, q, fixed, low, high, tolerance, max_iterations, give_up_above, data, gradient, information
) -> tuple[float, bool, int]:
    """Minimise from ``q`` in place; return value, convergence, iterations."""
    raise RuntimeError(UNCOMPILED)
