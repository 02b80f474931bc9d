"""The optimal course of one tumour, and what the weight of the drug does to it: Masud 2023, Figs 5 and 6."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.text import quiet
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dosing.optimal.problem import OptimalControlProblem
    from dosing.optimal.solution import OptimalSolution

NODES = 1200


def plot_containment(figure: Figure, solution: OptimalSolution, *, unit: str = "marker unit") -> Figure:
    """Draw dose, total burden and resistant cells of the optimal course beside those under the MTD.

    Parameters
    ----------
    figure : Figure
        Empty.
    solution : OptimalSolution
        Of a model with one dose.
    unit : str
        Of the burden.
    """
    from dynamics.controlled import integrate

    problem = solution.problem
    model, end = problem.model, solution.final_time_days
    days = np.linspace(0, end, NODES)
    values = {str(k): v for k, v in problem.numbers.items()}
    courses = {}
    for name, edges, controls in (
        ("optimal", solution.edges_days, solution.controls),
        ("MTD", np.array([0.0, end]), np.ones((1, 1))),
    ):
        course = integrate(model, values, edges, controls, days, initial=problem.initial_state)
        courses[name] = course.states
    dose, burden, resistant = figure.subplots(3, 1, sharex=True, height_ratios=[1, 1.2, 1])
    dose.step(
        solution.edges_days, np.append(solution.controls[:, 0], solution.controls[-1, 0]), where="post",
        color=palette.FIRST,
    )  # fmt: skip
    dose.set_ylim(-0.03, 1.05)
    dose.set_ylabel("dose (fraction of MTD)")
    role = model.state_with_role("resistant")
    for name, colour, style in (("optimal", palette.FIRST, "-"), ("MTD", palette.INK, "--")):
        states = courses[name]
        total = _output(problem, states)
        burden.plot(days, total, color=colour, linestyle=style, label=name)
        if role is not None:
            resistant.plot(days, states[:, model.states.index(role)], color=colour, linestyle=style)
    if "K_tol" in values:
        burden.axhline(values["K_tol"], color=palette.MUTED, linewidth=0.8, linestyle=":")
        burden.annotate(
            "tolerable", (end, values["K_tol"]), (-2, 2), textcoords="offset points", ha="right", va="bottom",
            fontsize=palette.SMALL, color=palette.MUTED,
        )  # fmt: skip
    burden.set_ylabel(f"burden ({unit})")
    burden.set_ylim(0, None)
    burden.legend(frameon=False, fontsize=palette.SMALL + 1, loc="lower right")
    resistant.set_ylabel(f"resistant ({unit})")
    resistant.set_yscale("symlog", linthresh=1.0)
    resistant.set_ylim(0, None)
    resistant.set_xlabel("days")
    resistant.set_xlim(0, end)
    for axes in (dose, burden, resistant):
        quiet(axes)
    figure.align_ylabels()
    return figure


def plot_weights(
    axes: Axes, solutions: Sequence[OptimalSolution], *, weight: str = "B", edge: float | None = None
) -> Axes:
    """Draw the optimal dose for several weights of the drug: Masud 2023, Fig. 5a.

    Parameters
    ----------
    axes : Axes
    solutions : sequence of OptimalSolution
        Of one problem with different weights.
    weight : str
        Name of the weight among the problem's values.
    edge : float, optional
        Lower edge of the dose window.
    """
    from matplotlib import colormaps

    weights = np.array([s.problem.values[weight] for s in solutions])
    shades = colormaps["viridis"](np.linspace(0.9, 0.1, len(solutions)))
    for i in np.argsort(weights):
        s = solutions[i]
        axes.step(
            s.edges_days, np.append(s.controls[:, 0], s.controls[-1, 0]), where="post", color=shades[i],
            linewidth=1.2, label=f"{weight} = {weights[i]:.4g}",
        )  # fmt: skip
    if edge is not None:
        axes.axhline(
            edge, color=palette.MUTED, linewidth=0.9, linestyle=":", label="lower edge of the window"
        )
    axes.set_ylim(-0.03, 1.05)
    axes.set_xlim(0, solutions[0].final_time_days)
    axes.set_xlabel("days")
    axes.set_ylabel("dose (fraction of MTD)")
    axes.legend(frameon=False, fontsize=palette.SMALL, ncols=2)
    quiet(axes)
    return axes


def _output(problem: OptimalControlProblem, states: np.ndarray) -> np.ndarray:
    """Burden along states, shape (n,)."""
    import sympy as sp

    model = problem.model
    expression = substitute(model.outputs[0].expr, dict(problem.numbers))
    return np.broadcast_to(sp.lambdify(model.state_symbols, expression, "numpy")(*states.T), len(states))
