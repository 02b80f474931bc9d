"""Running costs of Scagliotti 2026 as expressions that :meth:`EnsembleProblem.define` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynamics.model import Model

__all__ = ["hyperbolic_cost", "linear_cost"]


def _deviation(model: Model, reference: str, unit: str) -> str:
    """Burden above the reference, in the unit."""
    return f"((({model.outputs[0].expr}) - ({reference}))/({unit}))"


def linear_cost(model: Model, *, reference: str = "V0", unit: str = "1", rate: str = "1") -> str:
    """Return ``n - n0`` (eq. 3.10): growth costs what the same shrinkage earns.

    Parameters
    ----------
    model : Model
        The burden n is its first output.
    reference : str
        n0, an expression in parameters and constants.
    unit : str
        What the burden is measured in; the carrying capacity ``"K"`` in the paper.
    rate : str
        Rate that makes the time dimensionless, per day; ``"r_S"`` in the paper.
    """
    return f"({rate})*{_deviation(model, reference, unit)}"


def hyperbolic_cost(model: Model, *, reference: str = "V0", unit: str = "1", rate: str = "1") -> str:
    """Return ``sqrt(1 + (n - n0)^2) - 1 + (n - n0)`` (eq. 3.11): growth costs more than shrinkage earns.

    Parameters are those of :func:`linear_cost`.
    """
    d = _deviation(model, reference, unit)
    return f"({rate})*(sqrt(1 + {d}**2) - 1 + {d})"
