"""The minimum effective dose by three routes that share no method: Masud 2023, Fig. 8."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.conditions import ProblemError
from dosing.ttp_map import PauseFreeWindow, TtpMap, dose_window_whatever_pause, ttp_map
from dosing.window import DoseWindow, dose_window

if TYPE_CHECKING:
    from dosing.optimal.solution import OptimalSolution
    from dynamics.model import Model

HORIZON_DAYS = 1460.0
DOSES = np.round(np.arange(0.0, 1.0001, 0.01), 4)
PAUSES = np.round(np.arange(0.5, 0.9001, 0.01), 4)
STEP = 0.001  # of the doses around the edge that the coarse map found
NEAR = 0.02


@dataclass(frozen=True)
class MinimumEffectiveDose:
    """The smallest dose that contains one tumour, three times.

    Parameters
    ----------
    window : DoseWindow
        Its lower edge is the first route: equilibria and their stability (eq. 4).
    plateau : float
        Second route: the dose in the middle of the optimal course (eqs 12-19); NaN where it could not be computed.
    solution : OptimalSolution or None
    adaptive : PauseFreeWindow or None
        Third route: doses under which adaptive therapy never progresses, whatever the pause level (eq. 20, Fig. 7).
    map : TtpMap
    notes : tuple of str
        Why a route has no answer.
    """

    window: DoseWindow
    plateau: float
    solution: OptimalSolution | None
    adaptive: PauseFreeWindow | None
    map: TtpMap
    notes: tuple[str, ...] = ()

    @property
    def routes(self) -> dict[str, float]:
        """Route to dose, fractions of the MTD; NaN where a route has no answer."""
        return {
            "window edge": self.window.minimum_effective_dose, "control plateau": self.plateau,
            "adaptive therapy": self.adaptive.low if self.adaptive else float("nan"),
        }  # fmt: skip

    @property
    def sentence(self) -> str:
        """Say whether the routes agree."""
        told = {k: v for k, v in self.routes.items() if np.isfinite(v)}
        if len(told) < 2:
            return "Fewer than two routes give a minimum effective dose. " + " ".join(self.notes)
        spread = max(told.values()) - min(told.values())
        listed = ", ".join(f"{name} {100 * value:.2f} %" for name, value in told.items())
        return f"{len(told)} routes, {100 * spread:.2f} % of the MTD apart: {listed}."


def minimum_effective_dose(
    model: Model,
    values: Mapping[str, float],
    k_tol: float,
    *,
    horizon_days: float = HORIZON_DAYS,
    intervals: int = 400,
    doses: np.ndarray = DOSES,
    pause_levels: np.ndarray = PAUSES,
    progress: Callable[[str, float], None] | None = None,
) -> MinimumEffectiveDose:
    """Find the minimum effective dose by the window's edge, the optimal control's plateau, the adaptive-therapy map.

    Parameters
    ----------
    model : Model
        With roles, one dose.
    values : mapping of str to float
        Parameters and constants from data.
    k_tol : float
        Tolerable burden, in the marker's unit.
    horizon_days : float
    intervals : int
        Of the collocation.
    doses, pause_levels : ndarray
        Of the map; the lower edge is then refined to 0.001.
    progress : callable, optional
        Called with (route, share done).

    Raises
    ------
    WindowUnavailable
        No window can be derived for this model.
    """
    from dosing.optimal.collocation import solve
    from dosing.optimal.containment import containment_problem, plateau

    tell = progress or (lambda _route, _share: None)
    parameters = np.array([values[name] for name in model.parameter_names])
    constants = {c.name: values[c.name] for c in model.constants if c.name in values}
    window = dose_window(model, parameters, constants, k_tol)
    notes, solution, resting = [], None, float("nan")
    tell("optimal control", 0.0)
    try:
        problem = containment_problem(model, values, k_tol, horizon_days=horizon_days)
        solution = solve(problem, intervals=intervals)
        if solution.status.usable:
            resting = plateau(solution)
        else:
            notes.append(f"Optimal control: {solution.status.value}")
    except ProblemError as error:
        notes.append(f"Optimal control: {error}.")

    def mapped(grid: np.ndarray) -> TtpMap:
        return ttp_map(
            model, parameters, constants, doses=grid, pause_levels=pause_levels, k_tol=k_tol, horizon_days=horizon_days,
            progress=lambda done, total: tell("adaptive therapy", done / total),
        )  # fmt: skip

    whole = mapped(np.asarray(doses, dtype=float))
    found = dose_window_whatever_pause(whole)
    if found is None:
        # a window narrower than the grid lies where the worst pause level fares best
        best = float(whole.doses[int(np.argmax(np.min(whole.days, axis=1)))])
        found = dose_window_whatever_pause(mapped(_around(best - NEAR, best + NEAR)))
    elif np.isfinite(found.below):
        edge = dose_window_whatever_pause(mapped(_around(found.below + STEP, found.low)))
        if edge is not None:
            found = PauseFreeWindow(edge.low, found.high, edge.low - STEP, found.above, found.required_days)
    if found is None:
        notes.append(
            "Adaptive therapy: no dose holds at every pause level, as far as a grid of 0.1 % can tell."
        )
    return MinimumEffectiveDose(window, resting, solution, found, whole, tuple(notes))


def _around(low: float, high: float) -> np.ndarray:
    """Doses in steps of ``STEP`` between two, within [0, 1]."""
    return np.round(np.arange(max(low, 0.0), min(high, 1.0) + STEP / 2, STEP), 6)
