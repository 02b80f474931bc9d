"""What a dose rests on, as functions of the parameters: window edges, times to progression, burdens to come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dosing.progression_quantity import time_to_progression
from dosing.remembered import Remembered
from dosing.window_gradient import window_gradient
from identifiability.quantity import Parts, Quantity

if TYPE_CHECKING:
    from dynamics.model import Model
    from dynamics.schedule import DoseSchedule
    from dynamics.simulate import Engine

TINY = 1e-200  # its logarithm is a number
DOSE = "fraction of the maximum tolerated dose"


def _window(model: Model, constants: Mapping[str, float], k_tol: float) -> Remembered:
    """Lower edge, upper edge, their derivatives, of one patient's parameter sets."""
    gradient = window_gradient(model)
    return Remembered(lambda x: gradient.edges(model.parameter_names, x, dict(constants), float(k_tol)))


def window_quantities(
    model: Model, constants: Mapping[str, float], k_tol: float
) -> tuple[Quantity, Quantity, Quantity, Quantity]:
    """Lower edge, upper edge, width, smallest tolerable burden of the dose window.

    Edges and width are those within [0, 1], exist where any dose lies inside (Masud 2023, eq. 4), and have
    exact derivatives. The smallest tolerable burden does not depend on ``k_tol`` and is infinite where
    resistant cells grow beside sensitive ones at any dose.

    Parameters
    ----------
    model : Model
    constants : mapping
        Such as ``fit.constants``.
    k_tol : float
        Tolerable burden, in the marker's unit.

    Returns
    -------
    tuple of Quantity
        Named ``window_low``, ``window_high``, ``window_width``, ``smallest_tolerable``.

    Raises
    ------
    WindowUnavailable
        No window can be derived for this model.
    ValueError
        A tolerable burden that is not a positive number.
    """
    if not (np.isfinite(k_tol) and k_tol > 0):
        raise ValueError(f"the tolerable burden must be a positive number in the marker's unit, got {k_tol}")
    window = _window(model, constants, k_tol)
    below = f"that keep the burden below {k_tol:.4g}"
    low = _edge(window, 0, "window_low", f"smallest of the constant doses {below}")
    high = _edge(window, 1, "window_high", f"largest of the constant doses {below}")
    return low, high, _width(window, below), smallest_tolerable(model, constants)


def raw_edges(model: Model, constants: Mapping[str, float], k_tol: float) -> tuple[Quantity, Quantity]:
    """Both edges as they come, defined also where there is no window: what a dose is compared with.

    Returns
    -------
    tuple of Quantity
        Named ``lower_edge``, ``upper_edge``; minus or plus infinity where a condition holds at every dose or
        at none.
    """
    window = _window(model, constants, k_tol)
    return (
        Quantity(
            "lower_edge", DOSE, "dose from which sensitive cells rest below the tolerable burden",
            lambda x: window(x)[0], lambda x: window(x)[2], 0.0, 1.0, formula=True,
        ),
        Quantity(
            "upper_edge", DOSE, "dose from which resistant cells invade",
            lambda x: window(x)[1], lambda x: window(x)[3], 0.0, 1.0, formula=True,
        ),
    )  # fmt: skip


def _exists(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Whether any dose in [0, 1] lies inside."""
    return np.clip(lower, 0.0, 1.0) < np.clip(upper, 0.0, 1.0)


def _stack(*columns: np.ndarray) -> np.ndarray:
    return np.stack(columns, axis=1)


def _edge(window: Remembered, which: int, name: str, meaning: str) -> Quantity:
    """One edge within [0, 1], with the conditions for a window."""

    def value(x: np.ndarray) -> np.ndarray:
        lower, upper, *_ = window(x)
        return np.where(_exists(lower, upper), np.clip((lower, upper)[which], 0.0, 1.0), np.nan)

    def gradient(x: np.ndarray) -> np.ndarray:
        found = window(x)
        edge = found[which][:, None]
        return np.where((edge > 0) & (edge < 1), found[2 + which], 0.0)

    def parts(x: np.ndarray) -> np.ndarray:
        lower, upper, *_ = window(x)
        return _stack((lower, upper)[which], upper - lower, 1.0 - lower, upper)

    def slopes(x: np.ndarray) -> np.ndarray:
        _, _, d_lower, d_upper = window(x)
        return _stack((d_lower, d_upper)[which], d_upper - d_lower, -d_lower, d_upper)

    return Quantity(
        name,
        DOSE,
        meaning,
        value,
        gradient,
        0.0,
        1.0,
        parts=Parts(parts, slopes, 1, 3),
        closed_range=True,
        formula=True,
    )


def _width(window: Remembered, below: str) -> Quantity:
    """Width within [0, 1]: the least of three differences, or one."""

    def parts(x: np.ndarray) -> np.ndarray:
        lower, upper, *_ = window(x)
        differences = (upper - lower, 1.0 - lower, upper)
        return _stack(*differences, *differences)

    def slopes(x: np.ndarray) -> np.ndarray:
        _, _, d_lower, d_upper = window(x)
        differences = (d_upper - d_lower, -d_lower, d_upper)
        return _stack(*differences, *differences)

    def value(x: np.ndarray) -> np.ndarray:
        width = parts(x)[:, :3].min(axis=1)
        return np.where(width > 0, np.minimum(width, 1.0), np.nan)

    def gradient(x: np.ndarray) -> np.ndarray:
        found = parts(x)[:, :3]
        active = found.argmin(axis=1)
        return np.where(found.min(axis=1)[:, None] < 1, slopes(x)[np.arange(len(x)), active], 0.0)

    return Quantity(
        "window_width", DOSE, f"width of the range of constant doses {below}", value, gradient, 0.0, 1.0,
        parts=Parts(parts, slopes, 3, 3), closed_range=True, formula=True,
    )  # fmt: skip


def smallest_tolerable(model: Model, constants: Mapping[str, float]) -> Quantity:
    """Burden below which no constant dose contains the tumour; infinite where none does below any burden.

    It is what sensitive cells alone hold at the largest dose at which resistant ones cannot invade, or at the
    full dose where that comes first: the larger of two smooth functions.

    Raises
    ------
    WindowUnavailable
        No window can be derived for this model.
    """
    gradient = window_gradient(model)
    known = Remembered(lambda x: gradient.held_burdens(model.parameter_names, x, dict(constants)))

    def parts(x: np.ndarray) -> np.ndarray:
        at_edge, at_full, upper, *_ = known(x)
        # no sensitive cells left at the full dose: nothing is held there, and the edge counts
        return _stack(_or_nothing(at_edge), _or_nothing(at_full), upper)

    def slopes(x: np.ndarray) -> np.ndarray:
        _, _, _, d_edge, d_full, d_upper = known(x)
        return np.nan_to_num(_stack(d_edge, d_full, d_upper))

    def value(x: np.ndarray) -> np.ndarray:
        found = parts(x)
        return np.where(found[:, 2] > 0, found[:, :2].max(axis=1), np.inf)

    def chain(x: np.ndarray) -> np.ndarray:
        active = parts(x)[:, :2].argmax(axis=1)
        return np.where(np.isfinite(value(x))[:, None], slopes(x)[np.arange(len(x)), active], np.nan)

    return Quantity(
        "smallest_tolerable", "burden", "burden below which no constant dose contains the tumour", value, chain,
        positive=True, parts=Parts(parts, slopes, 2, 1, least=False), formula=True,
    )  # fmt: skip


def _or_nothing(burden: np.ndarray) -> np.ndarray:
    """Replace a burden that is not there by one too small to count."""
    return np.where(burden > TINY, burden, TINY)


def burden_on_day(
    model: Model,
    constants: Mapping[str, float],
    schedule: DoseSchedule,
    day: float,
    *,
    first_day: float = 0.0,
    rtol: float = 1e-8,
    engine: Engine = "kernel",
) -> Quantity:
    """Burden on a day under a schedule, with exact sensitivities.

    Parameters
    ----------
    schedule : DoseSchedule
        From the first visit on: the past doses with the planned ones.
    day, first_day : float
        The model's initial state holds on ``first_day``.

    Raises
    ------
    ValueError
        A day that does not lie after the first visit.
    ModelError
        Missing or unknown constants.
    """
    from dynamics.jobs import pad_courses
    from dynamics.simulate import solve_jobs

    if not day > first_day:
        raise ValueError(f"day {day:g} does not lie after the first visit, day {first_day:g}")
    courses = pad_courses(model, [np.array([first_day, day])], [schedule], [constants])

    def solve(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        who = np.zeros(len(x), dtype=int)
        _, y, dy, status = solve_jobs(model, courses, who, x, sensitive=True, rtol=rtol, engine=engine)
        good = status == 0
        return np.where(good, y[:, 1, 0], np.nan), np.where(good[:, None], dy[:, 1, 0], np.nan)

    known = Remembered(solve)
    return Quantity(
        f"burden_day_{day:g}", "burden", f"burden on day {day:g} under the given schedule",
        lambda x: known(x)[0], lambda x: known(x)[1], positive=True,
    )  # fmt: skip


__all__ = ["burden_on_day", "raw_edges", "smallest_tolerable", "time_to_progression", "window_quantities"]
