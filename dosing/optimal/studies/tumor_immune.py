"""Tumour and immune system: across the separatrix, then rest (Ledzewicz 2018, Section 5, Figs 4 and 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.arcs import Arc, ArcLabel, label_arcs
from dosing.optimal.collocation import solve
from dosing.optimal.problem import OptimalControlProblem
from dosing.optimal.sign_consistency import sign_consistency
from dosing.optimal.singular_course import singular_course
from dosing.optimal.studies.study import Study, labels, schedule_words, weighted
from dynamics.catalogue import get_model
from dynamics.controlled import integrate
from dynamics.equilibria import equilibria
from dynamics.numeric_field import numeric_field
from dynamics.separatrix import only_separatrix, saddle_manifolds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from dosing.optimal.singular_course import SingularCourse
    from dynamics.equilibria import Equilibrium
    from dynamics.model import Model
    from dynamics.separatrix import SaddleManifolds

__all__ = ["TumorImmuneStudy", "malignant_weights", "tumor_immune_figure", "tumor_immune_study"]

BOX = {"x": (0.0, 800.0), "y": (0.0, 2.0)}
_OFF = {"u": 0.0, "v": 0.0}
_SYMPY_S = (
    0.2  # growth holds a logarithm, so SymPy finds no formula however long it searches; roots are searched
)
_LONG_DAYS = 150.0  # some fifty times that of the slowest return to an equilibrium
_ARRIVED = 1e-3  # of the benign state
_POINTS = 600

LEFT_OPEN = (
    "The paper prints no number of Figs 4 and 5: rates, drug effects, weights, bounds, start and horizon are declared "
    "here. It calls the penalty determined by the unstable eigenvector; read as the share of the state along that "
    "vector, which does not depend on units. Immunity has no upper limit in eq. 20, so a boost that may exceed its "
    "death rate would be given without end against this penalty; unless asked otherwise it is bounded below that rate. "
    "The renewed full dose that the paper sometimes finds before the rest does not occur with these numbers, and "
    "the answer is a local optimum."
)


@dataclass(frozen=True)
class TumorImmuneStudy(Study):
    """The study of Figs 4 and 5.

    Parameters
    ----------
    manifolds : SaddleManifolds
        Of the saddle of the model without drugs; its stable manifold is the separatrix.
    benign, malignant : Equilibrium
    weights : tuple of float
        Penalty on x and y at the end.
    crossed_days : float
        When the state enters the benign region for good; NaN if it does not.
    rests_from_days : float
        From when no drug is given any more; NaN if one is given at the end.
    rest_times_days : ndarray, shape (k,)
        From the end of the horizon onwards.
    rest_states, untreated_states : ndarray, shape (k, 2)
        Without drugs from the final state, and from the start.
    course : SingularCourse
        What the Lie brackets say on the singular arc of chemotherapy.
    """

    manifolds: SaddleManifolds
    benign: Equilibrium
    malignant: Equilibrium
    weights: tuple[float, float]
    crossed_days: float
    rests_from_days: float
    rest_times_days: np.ndarray
    rest_states: np.ndarray
    untreated_states: np.ndarray
    course: SingularCourse


def malignant_weights(model: Model, saddle: Equilibrium) -> tuple[float, float]:
    """Weights of x and y that measure how far a state lies along the unstable eigenvector of the saddle.

    The share of a state along that vector, when the rest lies along the stable one, is its product with the left
    eigenvector; scaled to weight 1 on y, positive towards the malignant side.

    Parameters
    ----------
    model : Model
        With states tumour and immunity.
    saddle : Equilibrium
        Without drugs.
    """
    rates, left = np.linalg.eig(numeric_field(model, _OFF).jacobian(saddle.point).T)
    along = np.real(left[:, int(np.argmax(np.real(rates)))])
    along = along / abs(along[1])
    along = along if along[0] > 0 else -along
    return float(along[0]), float(along[1])


def tumor_immune_study(
    *,
    start: tuple[float, float] = (600.0, 0.1),
    tumour: float = 0.005,
    chemotherapy: float = 0.5,
    boost: float = 2.0,
    largest_boost: float = 0.3,
    horizon_days: float = 15.0,
    intervals: int = 150,
) -> TumorImmuneStudy:
    """Bring a tumour back under the control of the immune system.

    Parameters
    ----------
    start : (float, float)
        Tumour volume in millions of cells, density of immunity.
    tumour : float
        Weight of the tumour along the way, per day and million cells.
    chemotherapy, boost : float
        Weights of the drugs, per day at dose 1. At rest the boost must be worth less than it costs: a weight above the
        density of immunity at the end.
    largest_boost : float
        Bound of v.
    horizon_days : float
    intervals : int
    """
    model = get_model("tumor_immune")
    points = equilibria(model, _OFF, time_limit_s=_SYMPY_S)
    manifolds = only_separatrix(saddle_manifolds(model, _OFF, box=BOX, found=points))
    benign, malignant = sorted(
        (e for e in manifolds.outcomes if e is not None), key=lambda e: float(e.point[0])
    )
    weights = malignant_weights(model, manifolds.saddle)
    problem = OptimalControlProblem.define(
        model,
        running=weighted((tumour, chemotherapy, boost), ("x", "u", "v")),
        terminal=weighted(weights, ("x", "y")),
        horizon_days=horizon_days,
        initial=dict(zip(("x", "y"), start, strict=True)),
        control_bounds={"v": (0.0, largest_boost)},
    )
    solution = solve(problem, intervals=intervals)
    arcs = label_arcs(solution)
    course = singular_course(solution, "u")
    times = np.linspace(0.0, _LONG_DAYS, _POINTS)

    def without_drugs(state: np.ndarray) -> np.ndarray:
        run = integrate(model, {}, [0.0, _LONG_DAYS], np.zeros((1, 2)), times, initial=state)
        return run.states

    rest, untreated = without_drugs(solution.states[-1]), without_drugs(np.array(start))
    crossed = _crossed(manifolds, benign, solution.times_days, solution.states)
    rests = _rests(arcs)
    arrives = bool(np.all(np.abs(rest[-1] - benign.point) <= _ARRIVED * np.abs(benign.point)))
    lost = bool(np.all(np.abs(untreated[-1] - malignant.point) <= _ARRIVED * np.abs(malignant.point)))
    signs = all(c.holds for c in sign_consistency(solution).values())
    signs = signs and (not len(course.times_days) or course.holds_legendre_clebsch)
    holds = bool(arrives and lost and signs and 0 < crossed < horizon_days and rests < horizon_days)
    return TumorImmuneStudy(
        solution=solution,
        arcs=arcs,
        holds=holds,
        statement=_statement(arcs, crossed, rests, arrives, lost, benign, malignant),
        left_open=LEFT_OPEN,
        manifolds=manifolds,
        benign=benign,
        malignant=malignant,
        weights=weights,
        crossed_days=crossed,
        rests_from_days=rests,
        rest_times_days=solution.final_time_days + times,
        rest_states=rest,
        untreated_states=untreated,
        course=course,
    )


def _crossed(manifolds: SaddleManifolds, benign: Equilibrium, times: np.ndarray, states: np.ndarray) -> float:
    """Day from which the states lie on the benign side for good."""
    good = 0 if manifolds.outcomes[0] is benign else 1
    bad = np.flatnonzero(manifolds.side(states) != good)
    if not len(bad):
        return 0.0
    return float(times[bad[-1] + 1]) if bad[-1] + 1 < len(times) else np.nan


def _rests(arcs: Mapping[str, tuple[Arc, ...]]) -> float:
    """Day from which every control is zero."""
    if any(labels(of_one)[-1] is not ArcLabel.ZERO for of_one in arcs.values()):
        return np.nan
    return max(of_one[-1].start_days for of_one in arcs.values())


def _statement(
    arcs: Mapping[str, tuple[Arc, ...]], crossed: float, rests: float, arrives: bool, lost: bool,
    benign: Equilibrium, malignant: Equilibrium,
) -> str:  # fmt: skip
    """Put the result into words."""
    untreated = (
        f"Untreated, the tumour grows to its malignant equilibrium ({malignant.point[0]:.3g} million cells). "
        if lost
        else "Untreated, the tumour does not grow to its malignant equilibrium. "
    )
    crosses = (
        "never crosses the separatrix"
        if np.isnan(crossed)
        else f"crosses the separatrix on day {crossed:.2f}"
    )
    then = "drugs are given to the end" if np.isnan(rests) else f"no drug is given from day {rests:.2f}"
    after = (
        f"left alone it then comes to the benign equilibrium ({benign.point[0]:.3g} million cells)"
        if arrives
        else "left alone it does not come to the benign equilibrium"
    )
    return f"{untreated}With treatment ({schedule_words(arcs)}) the state {crosses}, {then}, and {after}."


def tumor_immune_figure(study: TumorImmuneStudy, *, width: float = 6.4) -> Figure:
    """Draw the phase plane with separatrix and controlled path, and both controls, like Figs 4 and 5.

    Parameters
    ----------
    study : TumorImmuneStudy
    width : float
        Inches.
    """
    from matplotlib.figure import Figure

    from dosing.optimal.studies.panels import draw_schedule, label_x
    from dynamics.phase_plane import phase_plane
    from dynamics.plots import palette, plot_phase_plane
    from dynamics.plots.text import legend_above

    solution = study.solution
    plane = phase_plane(solution.problem.model, _OFF, box=BOX, time_limit_s=_SYMPY_S)
    nearest = {
        name: min(plane.equilibria, key=lambda e, to=wanted: float(np.abs(e.point - to.point).max()))
        for name, wanted in (("benign", study.benign), ("malignant", study.malignant))
    }
    figure = Figure(figsize=(width, 8.4), layout="constrained")
    panels = figure.subplots(3, 1, height_ratios=[3.4, 1, 1])
    given = solution.times_days <= np.nan_to_num(study.rests_from_days, nan=solution.final_time_days)
    path = {"with drugs": solution.states[given], "without": study.untreated_states}
    plot_phase_plane(panels[0], plane, courses=path, marks=nearest, columns=0)
    resting = np.concatenate([solution.states[given][-1:], solution.states[~given], study.rest_states])
    panels[0].plot(
        *resting.T, color=palette.COURSE, linewidth=1.2, linestyle=palette.DOTTED, label="at rest thereafter",
        zorder=4,
    )  # fmt: skip
    legend_above(panels[0], 3)
    most = solution.problem.bounds_of_controls()[1][1]
    draw_schedule(panels[1], study, "u", "chemotherapy u\n(fraction of the MTD)", width=width - 0.9)
    draw_schedule(panels[2], study, "v", f"immune boost v\n(at most {most:g})", width=width - 0.9)
    panels[2].sharex(panels[1])
    label_x(panels[2], "days")
    return figure
