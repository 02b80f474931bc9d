"""Time to progression over dose x pause level of adaptive therapy: Masud 2023, Fig. 7."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from dosing.policies import OnOffAdaptiveTherapy, run_policy
from dosing.progression import ProgressionRule, progression
from dynamics.feedback import first_burdens
from dynamics.member_rows import parameter_rows

if TYPE_CHECKING:
    from dynamics.member_rows import Constants
    from dynamics.model import Model

HORIZON_DAYS = 1460.0
BLOCK = 256


@dataclass(frozen=True)
class TtpMap:
    """Times to progression of one tumour.

    Parameters
    ----------
    doses : ndarray, shape (d,)
        Dose while treated, fractions of the maximum tolerated dose, increasing.
    pause_levels : ndarray, shape (a,)
        Multiples of the first burden.
    days : ndarray, shape (d, a)
        Whole days until the burden exceeds the tolerable burden; the horizon where it never does, 1 where it
        increases from the start, NaN where the simulation failed.
    censored : ndarray of bool, shape (d, a)
        Whether the horizon ended first.
    k_tol : float
        Tolerable burden, in the marker's unit.
    tolerable_level : float
        The same as a multiple of the first burden.
    horizon_days : float
    """

    doses: np.ndarray
    pause_levels: np.ndarray
    days: np.ndarray
    censored: np.ndarray
    k_tol: float
    tolerable_level: float
    horizon_days: float


@dataclass(frozen=True)
class PauseFreeWindow:
    """Doses that contain a tumour whatever the pause level, as far as the grid of doses can say.

    Parameters
    ----------
    low, high : float
        Smallest and largest dose of the grid inside, fractions of the maximum tolerated dose.
    below, above : float
        Next doses of the grid, which lie outside; NaN at the end of the grid. The true edges lie in between.
    required_days : float
        Time to progression that every pause level had to reach.
    """

    low: float
    high: float
    below: float
    above: float
    required_days: float


def ttp_map(
    model: Model,
    parameters: Mapping[str, float] | Sequence[float] | np.ndarray,
    constants: Constants | None,
    *,
    doses: Sequence[float] | np.ndarray,
    pause_levels: Sequence[float] | np.ndarray,
    k_tol: float | None = None,
    horizon_days: float = HORIZON_DAYS,
    steps_per_day: int = 2,
    above: Literal["tolerable", "first"] = "tolerable",
    progress: Callable[[int, int], None] | None = None,
) -> TtpMap:
    """Simulate on-off adaptive therapy (Masud 2023, eq. 20) for every dose and pause level.

    Runge-Kutta of order 4; pauses begin and end at the moment the level is crossed, because between 0.999 and
    1 times the tolerable burden lies less than these tumours grow in an eighth of a day.

    Parameters
    ----------
    model : Model
    parameters : mapping, or array of shape (p,)
        One tumour.
    constants : mapping
        Such as ``{"V0": 359.0}``.
    doses : array, shape (d,)
        Fractions of the maximum tolerated dose, increasing.
    pause_levels : array, shape (a,)
        Multiples of the first burden; 0.5 to 0.9 in the paper.
    k_tol : float, optional
        Tolerable burden in the marker's unit; the first burden by default, as in the paper.
    horizon_days : float
        Values are capped here; 1460 days in the paper.
    steps_per_day : int
        Whole days are the same with 2, 4 and 8 for the melanoma patients: crossings are interpolated, steps are not.
    above : {"tolerable", "first"}
        What counts as progression: the first burden above the tolerable one, as the text of Masud 2023 says, or its
        first return above the burden at the start, as the authors' program counts; the same where both burdens are.
    progress : callable, optional
        Called with (simulations done, simulations in all).

    Raises
    ------
    ValueError
        Doses that do not increase, more than one tumour, a tolerable burden that is not positive, a pause
        level above the resume level (the message of :class:`dosing.policies.OnOffAdaptiveTherapy`).
    """
    row = parameter_rows(model, parameters)
    if len(row) != 1:
        raise ValueError(f"a map is of one tumour, got {len(row)} parameter sets; call ttp_map for each")
    grid = np.asarray(doses, dtype=float)
    pauses = np.asarray(pause_levels, dtype=float)
    if grid.ndim != 1 or not len(grid) or np.any(np.diff(grid) <= 0):
        raise ValueError(f"doses must be a list that increases, got {grid}")
    if pauses.ndim != 1 or not len(pauses):
        raise ValueError(f"pause levels must be a list of at least one level, got {pauses}")
    first = float(first_burdens(model, row, constants)[0])
    level = 1.0 if k_tol is None else float(k_tol) / first
    if not level > 0:
        raise ValueError(f"the tolerable burden {k_tol} must be positive (the first burden is {first:g})")
    policies = [
        OnOffAdaptiveTherapy.below_tolerable(float(d), float(a), level) for d in doses for a in pause_levels
    ]
    days, censored = np.empty(len(policies)), np.empty(len(policies), dtype=bool)
    for begin in range(0, len(policies), BLOCK):
        block = slice(begin, min(begin + BLOCK, len(policies)))
        run = run_policy(
            model,
            np.repeat(row, len(policies[block]), axis=0),
            constants,
            policies[block],
            horizon_days,
            steps_per_day,
            "rk4",
            decisions="crossing",
            levels=(level if above == "tolerable" else 1.0,),
            every=0,
            until_exceeded=True,
        )
        times = progression(run.course, ProgressionRule.ABOVE_TOLERABLE)
        days[block], censored[block] = times.days, times.censored
        if progress is not None:
            progress(block.stop, len(policies))
    shape = (len(grid), len(pauses))
    return TtpMap(
        grid,
        pauses,
        days.reshape(shape),
        censored.reshape(shape),
        level * first,
        level,
        float(horizon_days),
    )


def dose_window_whatever_pause(ttp: TtpMap, required_days: float | None = None) -> PauseFreeWindow | None:
    """Return the widest run of neighbouring doses whose time to progression suffices at every pause level.

    Parameters
    ----------
    ttp : TtpMap
    required_days : float, optional
        Time to progression that suffices; the horizon of the map by default.

    Returns
    -------
    PauseFreeWindow or None
        None where no dose of the grid suffices.

    Raises
    ------
    ValueError
        More days required than the map simulated.

    Notes
    -----
    Masud 2023 prints [0.57, 0.84], [0.21, 1], [0.815, 0.82], [0.015, 0.74] for patients 2, 6, 7, 8. With
    pause levels from 0.5 to 0.9, all four come out exactly on doses in steps of 0.01 (patients 2, 6) and
    0.005 (7, 8) where 746 to 851 days are required, a fact found after the event whose cause is unknown. With
    the stated 1460 days the lower edges stay, the upper ones become 0.83, 1, 0.815, 0.725: a constant 84 %
    lets patient 2 progress on day 1203, 82 % patient 7 on day 1439, 74 % patient 8 on day 851.
    """
    required = ttp.horizon_days if required_days is None else float(required_days)
    if required > ttp.horizon_days:
        raise ValueError(
            f"{required:g} days are required, but the map ends at {ttp.horizon_days:g}; simulate longer"
        )
    inside = np.concatenate([[False], np.all(ttp.days >= required, axis=1), [False]]).astype(int)
    begins, ends = np.flatnonzero(np.diff(inside) == 1), np.flatnonzero(np.diff(inside) == -1)
    if not len(begins):
        return None
    padded = np.concatenate([[np.nan], ttp.doses, [np.nan]])
    widest = int(np.argmax(ttp.doses[ends - 1] - ttp.doses[begins]))
    first, last = int(begins[widest]), int(ends[widest]) - 1
    return PauseFreeWindow(
        low=float(ttp.doses[first]),
        high=float(ttp.doses[last]),
        below=float(padded[first]),
        above=float(padded[last + 2]),
        required_days=required,
    )
