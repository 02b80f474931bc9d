"""What the two costs make of a burden above and below the first one: Scagliotti 2026, Fig. 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.studies.setting import COSTS
from dynamics.catalogue import get_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CostShapes", "cost_shapes", "cost_shapes_figure"]


@dataclass(frozen=True)
class CostShapes:
    """Costs per unit of scaled time over the burden.

    Parameters
    ----------
    initial_burden : float
        n_0.
    burdens : ndarray, shape (n,)
        Shares of the capacity.
    linear, hyperbolic : ndarray, shape (n,)
        Eqs 3.10 and 3.11.
    """

    initial_burden: float
    burdens: np.ndarray
    linear: np.ndarray
    hyperbolic: np.ndarray

    @property
    def statement(self) -> str:
        """What Fig. 2 shows, in numbers."""
        away = min(self.initial_burden, 1.0 - self.initial_burden)
        above, below = (
            float(np.interp(self.initial_burden + d, self.burdens, self.hyperbolic)) for d in (away, -away)
        )
        return (
            f"{away:g} above n_0 costs {above:.3f} and {away:g} below earns {-below:.3f} under the hyperbolic cost; "
            f"both are {away:g} under the linear one."
        )


def cost_shapes(initial_burden: float = 0.5, *, points: int = 401) -> CostShapes:
    """Evaluate both costs of the paper between an empty and a full capacity.

    Parameters
    ----------
    initial_burden : float
    points : int

    Raises
    ------
    ValueError
        A burden that is not between 0 and 1.
    """
    import sympy as sp

    from dynamics.expressions import parse_expression

    if not 0 < initial_burden < 1:
        raise ValueError(f"initial burden {initial_burden:g}: a share of the capacity, between 0 and 1")
    model = get_model("turnover")
    names = [*model.state_names, *model.parameter_names, *(c.name for c in model.constants)]
    burdens = np.linspace(0.0, 1.0, points)
    n = sp.Symbol("n")
    # the costs read the burden alone, so any split of it between the populations will do
    first, *others = model.state_names
    given = {first: n, **dict.fromkeys(others, 0), "V0": initial_burden, "K": 1}
    at = {sp.Symbol(name): sp.sympify(value) for name, value in given.items()}
    rows = []
    for cost in COSTS.values():
        expression = parse_expression(cost(model, unit="K"), names, where="cost of Scagliotti 2026")
        rows.append(sp.lambdify(n, expression.xreplace(at), "numpy")(burdens))
    return CostShapes(initial_burden, burdens, *rows)


def cost_shapes_figure(study: CostShapes, *, width: float = 3.6) -> Figure:
    """Draw both costs, like Fig. 2.

    Parameters
    ----------
    study : CostShapes
    width : float
        Inches.
    """
    from matplotlib.figure import Figure

    from dynamics.plots import palette
    from dynamics.plots.text import legend_above, math, quiet

    figure = Figure(figsize=(width, 0.75 * width), layout="constrained")
    axes = figure.subplots()
    axes.axhline(0, color=palette.FLOW, linewidth=0.8)
    axes.axvline(study.initial_burden, color=palette.MUTED, linewidth=0.9, linestyle=palette.DOTTED)
    axes.plot(
        study.burdens, study.linear, color=palette.FIRST, linestyle=palette.DASHED, label="linear, eq. 3.10"
    )
    axes.plot(study.burdens, study.hyperbolic, color=palette.SECOND, label="hyperbolic, eq. 3.11")
    low = float(study.linear.min())
    axes.annotate(
        f"{math('n_0')} = {study.initial_burden:g}", (study.initial_burden, low), (3, 0), textcoords="offset points",
        fontsize=palette.SMALL, color=palette.MUTED, va="bottom",
    )  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_xlabel("burden n (share of the capacity)")
    axes.set_ylabel("cost per 1/$r_S$")
    quiet(axes)
    legend_above(axes, 2)
    return figure
