"""Printing a likelihood's terms, derived from its equation, as scalar Python that numba compiles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sympy as sp

from dynamics.kernels.compile import generated
from dynamics.kernels.printing import ScalarPrinter, print_function
from fitting.censoring import MU, PHI, TAILS, CountTail, K

if TYPE_CHECKING:
    from fitting.likelihood import Likelihood

# how SciPy names the tail of each count distribution; see the callables of :mod:`fitting.censoring`
_COUNT_TAILS = {
    "poisson": ("gammaincc(k + 1.0, mu)", "gammainc(k, mu)"),
    "negative_binomial": (
        "betainc(phi, k + 1.0, phi / (phi + mu))",
        "betainc(k, phi, mu / (phi + mu))",
    ),
}
_IMPORTS = """import math
from numba import njit
from fitting.kernels.special import betainc, digamma, gammainc, gammaincc, trigamma
from fitting.kernels.tails import normal_tail"""


_TAIL_HEAD = "@njit(cache=True, error_model='numpy')\ndef tail_terms(y, mu, phi, side, out, work):\n"


class _Printer(ScalarPrinter):
    """Adds the derivatives of log gamma."""

    def _print_polygamma(self, expr: sp.Expr) -> str:
        order, argument = expr.args
        if order not in (0, 1):
            raise ValueError(f"polygamma of order {order}")
        return f"{'digamma' if order == 0 else 'trigamma'}({self._print(argument)})"


_PRINTER = _Printer({"fully_qualified_modules": True})


def likelihood_source(likelihood: Likelihood, censored: bool) -> str:
    """Print ``measured_terms`` and ``tail_terms`` of a likelihood, as Python text.

    Parameters
    ----------
    likelihood : Likelihood
    censored : bool
        Whether the data hold values beyond a limit; without them the tails need not be compiled.

    Raises
    ------
    ValueError
        A tail that has no compiled form.
    """
    from fitting.likelihood import Y

    where = {Y: "y", MU: "mu", PHI: "phi"}
    targets = [(f"out[{i}]", sp.sympify(e)) for i, e in enumerate(likelihood.derivatives)]
    return "\n\n\n".join(
        [
            _IMPORTS,
            f"HAS_DISPERSION = {likelihood.has_dispersion}",
            print_function("measured_terms", "y, mu, phi, out", where, targets, _PRINTER),
            _tail_source(likelihood) if censored else f"{_TAIL_HEAD}    pass",
        ]
    )


def _tail_source(likelihood: Likelihood) -> str:
    """Print ``tail_terms``."""
    head = _TAIL_HEAD
    match likelihood.tail:
        case "normal":
            return f"{head}    normal_tail((y - mu) / phi, -1.0 / phi, side, out)"
        case "log_normal":
            return (
                f"{head}    z = (math.log(max(y, 1e-300)) - math.log(mu)) / phi\n"
                "    normal_tail(z, -1.0 / (phi * mu), side, out)"
            )
        case name if name in _COUNT_TAILS:
            module = generated(
                Path(__file__).parent / "count_tail.py", "distribution", _distribution_source(name)
            )
            return (
                f"from {module.__name__} import count_tail\n\n\n"
                f"{head}    count_tail(y, mu, phi, side, HAS_DISPERSION, out, work)"
            )
    raise ValueError(f"the tail {likelihood.tail!r} has no compiled form")


def _distribution_source(name: str) -> str:
    """Print what the template of count tails imports."""
    tail = TAILS[name]
    if not isinstance(tail, CountTail):
        raise TypeError(f"{name!r} is no count distribution")
    at_most, at_least = _COUNT_TAILS[name]
    targets = [(f"out[{i}]", e) for i, e in enumerate(tail.expressions)]
    head = "@njit(cache=True, error_model='numpy')\n"
    return "\n\n\n".join(
        [
            _IMPORTS,
            f"{head}def at_most(k, mu, phi):\n    return {at_most}",
            f"{head}def at_least(k, mu, phi):\n    return {at_least}",
            print_function(
                "count_terms", "k, mu, phi, out", {K: "k", MU: "mu", PHI: "phi"}, targets, _PRINTER
            ),
        ]
    )
