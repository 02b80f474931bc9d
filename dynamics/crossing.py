"""When a burden under known doses rises through a level, found on the adaptive solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dynamics.relative_burden import RelativeBurdens

if TYPE_CHECKING:
    from dynamics.jobs import Courses
    from dynamics.model import Model
    from dynamics.simulate import Engine

NODES = 64  # looks over the horizon, the switches of the dose besides; only brackets come from them
PARTS = 16  # into which an interval is divided that may hide a passage
ROUNDS = 8  # of dividing
SHORTEST = 1e-4  # days: no passage that is shorter is looked for
NEWTON = 12
CLOSE = 1e-5  # of the time itself; the error after the last step is about its square


@dataclass(frozen=True)
class Crossings:
    """When b burdens rose through their level.

    Parameters
    ----------
    days : ndarray, shape (b,)
        Since the first of ``courses.times``; infinite where it does not happen within the horizon, NaN where the
        solution failed before.
    gradient : ndarray, shape (b, p)
        Derivatives of ``days`` in the logarithms of the parameters; NaN where there is no crossing, or not asked.
    starts_above, ever_below, rises_first : ndarray of bool, shape (b,)
        Whether the first burden lies above the level; whether any look found it at or below; whether the burden
        grows at the start.
    """

    days: np.ndarray
    gradient: np.ndarray
    starts_above: np.ndarray
    ever_below: np.ndarray
    rises_first: np.ndarray


def crossings(
    model: Model,
    courses: Courses,
    who: np.ndarray,
    parameters: np.ndarray,
    level: float,
    horizon_days: float,
    *,
    last: bool = False,
    sensitive: bool = False,
    rtol: float = 1e-8,
    engine: Engine = "kernel",
) -> Crossings:
    """Find when burdens rise through a multiple of the first burden for the first (or last) time.

    Brackets come from looks at the adaptive solution, at every switch of the dose among others. Between two looks
    on one side of the level a passage may hide; where the tangents at both allow one, the interval is divided. The
    bracketed root is refined by Newton's method on the solution itself, with dy/dt from the model's symbols, so
    that the result depends on no step. The derivative is that of the implicit function theorem,
    ``dt*/dlog(theta) = -(dlog(y/y0)/dlog(theta)) / (dlog(y)/dt)``, from exact forward sensitivities.

    Parameters
    ----------
    courses : Courses
        Their first time is day 0; other times do not matter.
    who, parameters : ndarray, shape (b,), (b, p)
        As in :func:`dynamics.simulate.solve_jobs`.
    level : float
        Multiple of the first burden.
    horizon_days : float
    last : bool
        The last crossing within the horizon instead; infinite where the horizon ends at or below the level, 0
        where the burden never was there.
    sensitive : bool
    """
    who, parameters = np.asarray(who), np.atleast_2d(np.asarray(parameters, dtype=float))
    burdens, target = RelativeBurdens(model, courses, who, parameters, rtol, engine), float(np.log(level))
    b, p = len(who), parameters.shape[1]
    switches = courses.switches[who] - burdens.start[:, None]
    inner = np.where((switches > 0) & (switches < horizon_days), switches, horizon_days)
    days = np.concatenate(
        [np.broadcast_to(np.linspace(0, horizon_days, NODES + 1), (b, NODES + 1)), inner], axis=1
    )
    days = np.sort(days, axis=1)
    found = Crossings(
        np.full(b, np.nan), np.full((b, p), np.nan), *(np.zeros(b, dtype=bool) for _ in range(3))
    )
    bracket, guess = np.full((b, 2), np.nan), np.full(b, np.nan)
    jobs, first_look = np.arange(b), True
    for _ in range(ROUNDS):
        x, z, _ = burdens.solve(jobs, days)
        ahead = burdens.growth(jobs, days[:, :-1], x[:, :-1], before=False)
        behind = burdens.growth(jobs, days[:, 1:], x[:, 1:], before=True)
        if first_look:
            found.starts_above[:], found.rises_first[:] = z[:, 0] > target, ahead[:, 0] > 0
        found.ever_below[jobs] |= np.any(z <= target, axis=1)
        rises, hides = _events(days, z - target, ahead, behind, last)
        event = rises | hides
        if last:
            event &= ~(z[:, -1:] <= target)
        at = event.shape[1] - 1 - event[:, ::-1].argmax(axis=1) if last else event.argmax(axis=1)
        row = np.arange(len(jobs))
        none = ~event[row, at]
        found.days[jobs[none]] = _without(z[none], target, last)
        done = ~none & rises[row, at]
        who_done, i, r = jobs[done], at[done], row[done]
        bracket[who_done] = np.stack([days[r, i], days[r, i + 1]], axis=1)
        guess[who_done] = _inverse_cubic(
            days[r, i], days[r, i + 1], z[r, i] - target, z[r, i + 1] - target, ahead[r, i], behind[r, i]
        )
        rest = ~none & ~done
        if not np.any(rest):
            break
        jobs, r, i = jobs[rest], row[rest], at[rest]
        share = np.arange(1, PARTS) / PARTS
        between = days[r, i][:, None] + share * (days[r, i + 1] - days[r, i])[:, None]
        days, first_look = np.sort(np.concatenate([days[rest], between], axis=1), axis=1), False
    _refine(burdens, bracket, guess, target, sensitive, found)
    return found


def refined(
    model: Model,
    courses: Courses,
    who: np.ndarray,
    parameters: np.ndarray,
    level: float,
    days: np.ndarray,
    bracket: np.ndarray,
    *,
    rtol: float = 1e-8,
    engine: Engine = "kernel",
) -> np.ndarray:
    """Refine days at which burdens are known to rise through a level; others, without a root near, are kept.

    Parameters
    ----------
    days : ndarray, shape (b,)
    bracket : ndarray, shape (b, 2)
        Between two switches of the dose.

    Returns
    -------
    ndarray, shape (b,)
    """
    burdens = RelativeBurdens(
        model, courses, np.asarray(who), np.asarray(parameters, dtype=float), rtol, engine
    )
    target, every = float(np.log(level)), np.arange(len(days))
    _, z, _ = burdens.solve(every, bracket)
    good = (z[:, 0] <= target) & (z[:, 1] >= target)
    b, p = burdens.parameters.shape
    found = Crossings(days.copy(), np.empty((b, p)), *(np.zeros(b, dtype=bool) for _ in range(3)))
    _refine(burdens, bracket.copy(), np.where(good, days, np.nan), target, False, found)
    return np.where(np.isfinite(found.days), found.days, days)


def _events(
    days: np.ndarray, z: np.ndarray, ahead: np.ndarray, behind: np.ndarray, last: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Intervals in which the burden rises through the level; those in which a passage may hide, shape (b, n-1)."""
    width, left, right = np.diff(days, axis=1), z[:, :-1], z[:, 1:]
    with np.errstate(all="ignore"):
        rises = (left <= 0) & (right > 0) if last else (left < 0) & (right >= 0)
        # tangents of an arc that bends one way meet outside it
        meet = left + ahead * (right - left - behind * width) / (ahead - behind)
        hides = (left >= 0) & (right > 0) & (ahead < 0) & (behind > 0) & (meet <= 0)
        if not last:
            hides |= (left < 0) & (right < 0) & (ahead > 0) & (behind < 0) & (meet >= 0)
    return rises, hides & (width > SHORTEST)


def _without(z: np.ndarray, target: float, last: bool) -> np.ndarray:
    """Time where no crossing was found: none within the horizon, or a solution that failed."""
    solved = ~np.any(np.isnan(z), axis=1)  # an extinct tumour is solved: minus infinity
    never = np.where(z[:, -1] <= target, np.inf, 0.0) if last else np.full(len(z), np.inf)
    return np.where(solved, never, np.nan)


def _inverse_cubic(
    a: np.ndarray, b: np.ndarray, za: np.ndarray, zb: np.ndarray, ga: np.ndarray, gb: np.ndarray
) -> np.ndarray:
    """Day at which z = 0, by the cubic day(z) with the given slopes; by the secant where that leaves [a, b]."""
    with np.errstate(all="ignore"):
        s, rise = -za / (zb - za), zb - za
        cubic = (
            a * (1 + 2 * s) * (1 - s) ** 2 + b * s**2 * (3 - 2 * s)
            + rise / ga * s * (1 - s) ** 2 - rise / gb * s**2 * (1 - s)
        )  # fmt: skip
        secant = a + s * (b - a)
    return np.where((ga > 0) & (gb > 0) & (cubic > a) & (cubic <= b), cubic, secant)


def _refine(
    burdens: RelativeBurdens,
    bracket: np.ndarray,
    guess: np.ndarray,
    target: float,
    sensitive: bool,
    found: Crossings,
) -> None:
    """Newton's method inside the brackets, bisecting where it would leave them."""
    jobs = np.flatnonzero(np.isfinite(guess))
    t = guess.copy()
    for _ in range(NEWTON):
        if not len(jobs):
            return
        now = t[jobs, None]
        x, z, slopes = burdens.solve(jobs, now, sensitive)
        growth = burdens.growth(jobs, now, x, before=True)[:, 0]
        miss = z[:, 0] - target
        high = miss > 0
        bracket[jobs[high], 1], bracket[jobs[~high], 0] = t[jobs[high]], t[jobs[~high]]
        with np.errstate(all="ignore"):
            step = -miss / growth
            new = t[jobs] + step
            gradient = -slopes[:, 0] / growth[:, None]
        met = (np.abs(step) <= CLOSE * np.maximum(t[jobs], 1.0)) & (growth > 0)
        low, top = bracket[jobs].T
        new = np.where(met | ((new >= low) & (new <= top)), new, 0.5 * (low + top))
        # a bracket without width, at a switch or where the burden barely touches the level, is met as well
        met |= top - low <= 1e-12 * np.maximum(top, 1.0)
        t[jobs] = found.days[jobs] = np.where(np.isfinite(miss), new, np.nan)
        if sensitive:
            found.gradient[jobs] = gradient
        jobs = jobs[~met & np.isfinite(miss)]


__all__ = ["Crossings", "crossings", "refined"]
