"""The one place that solves a model: single, batched, with or without sensitivities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np

from dynamics.jobs import Courses, constant_row, pad_courses, parameter_row
from dynamics.model import Model
from dynamics.schedule import DoseSchedule

Engine = Literal["kernel", "diffrax"]
ENGINES: tuple[Engine, ...] = ("kernel", "diffrax")


class SolveStatus(StrEnum):
    """How a solve ended, as a sentence."""

    SUCCESS = "The solution is accurate to the requested tolerance."
    NON_FINITE = (
        "The solution left the range of numbers: some state grows without bound under these parameters. "
        "Tighten the parameter bounds."
    )
    TOO_MANY_STEPS = (
        "The solver used all its steps: these parameters make the equations stiff. "
        "Tighten the parameter bounds, or shorten the horizon."
    )


_STATUS = tuple(SolveStatus)


@dataclass(frozen=True)
class Trajectory:
    """One solution.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Days.
    states : ndarray, shape (n, states)
    outputs : ndarray, shape (n, outputs)
    status : SolveStatus
        Where it is not ``SUCCESS``, the values after the failure are NaN.
    """

    times: np.ndarray
    states: np.ndarray
    outputs: np.ndarray
    status: SolveStatus


@dataclass(frozen=True)
class BatchTrajectory:
    """Solutions for several parameter sets.

    Parameters
    ----------
    times : ndarray, shape (b, n)
        Days.
    states : ndarray, shape (b, n, states)
    outputs : ndarray, shape (b, n, outputs)
    status : ndarray of int, shape (b,)
        0 where the solve succeeded; see :meth:`status_of`.
    """

    times: np.ndarray
    states: np.ndarray
    outputs: np.ndarray
    status: np.ndarray

    def status_of(self, index: int) -> SolveStatus:
        """Return the status of one solve as a sentence."""
        return _STATUS[int(self.status[index])]


def solve_jobs(
    model: Model,
    courses: Courses,
    who: np.ndarray,
    parameters: np.ndarray,
    *,
    sensitive: bool = False,
    rtol: float = 1e-8,
    engine: Engine = "kernel",
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Solve many (parameter set, course) jobs of one model.

    Parameters
    ----------
    model : Model
    courses : Courses
        Padded visits and doses of w patients.
    who : ndarray of int, shape (b,)
        Which course each job belongs to.
    parameters : ndarray, shape (b, p)
        In the model's units.
    sensitive : bool
        Also return the derivatives of the outputs in the logarithms of the parameters.
    rtol : float
        Relative tolerance of the solver.
    engine : {"kernel", "diffrax"}
        Compiled kernels on the CPU, or JAX on whatever device it finds.

    Returns
    -------
    states : ndarray, shape (b, n, states)
    outputs : ndarray, shape (b, n, outputs)
    sensitivities : ndarray, shape (b, n, outputs, p)
        dy/d(log parameter); a single NaN or zero where not asked for.
    status : ndarray of int, shape (b,)
        0 where the solve succeeded. A failed solve holds NaN; it never raises.
    """
    if engine == "kernel":
        from dynamics.kernels.engine import solve
    elif engine == "diffrax":
        from dynamics.jax_engine import solve
    else:
        raise ValueError(f"unknown engine {engine!r}; known are {', '.join(ENGINES)}")
    x, y, dy, status = solve(model, courses, np.asarray(who), parameters, sensitive=sensitive, rtol=rtol)
    broken = (status == 0) & ~np.all(np.isfinite(y), axis=(1, 2)) & (courses.n_times[who] == y.shape[1])
    return x, y, dy, np.where(broken, 1, status)


def simulate(
    model: Model,
    parameters: Mapping[str, float] | Sequence[float] | np.ndarray,
    schedule: DoseSchedule,
    times: np.ndarray | Sequence[float],
    constants: Mapping[str, float] | None = None,
    *,
    rtol: float = 1e-8,
    engine: Engine = "kernel",
) -> Trajectory:
    """Solve one model for one patient.

    Parameters
    ----------
    model : Model
    parameters : mapping or array, shape (p,)
    schedule : DoseSchedule
    times : array, shape (n,)
        Days, not decreasing; the model's initial state holds at the first.
    constants : mapping
        Such as ``{"V0": 359.0}``.

    Returns
    -------
    Trajectory
        With a status; a solve that fails does not raise.

    Raises
    ------
    ModelError
        Missing or unknown parameters or constants, times that decrease.
    """
    courses = pad_courses(model, [np.asarray(times, dtype=float)], [schedule], [constants or {}])
    row = parameter_row(model, parameters)
    x, y, _, status = solve_jobs(
        model, courses, np.zeros(1, dtype=int), row[None, :], rtol=rtol, engine=engine
    )
    return Trajectory(courses.times[0], x[0], y[0], _STATUS[int(status[0])])


def simulate_batch(
    model: Model,
    parameters: np.ndarray,
    schedules: DoseSchedule | Sequence[DoseSchedule],
    times: np.ndarray,
    constants: Mapping[str, float | np.ndarray] | None = None,
    *,
    rtol: float = 1e-8,
    engine: Engine = "kernel",
) -> BatchTrajectory:
    """Solve one model for b parameter sets, under one schedule or one schedule each.

    Parameters
    ----------
    parameters : ndarray, shape (b, p)
    schedules : DoseSchedule or sequence of length b
    times : ndarray, shape (n,) or (b, n)
        Days.
    constants : mapping of str to float or ndarray of shape (b,)

    Raises
    ------
    ModelError
        See :func:`simulate`.
    """
    parameters = np.atleast_2d(np.asarray(parameters, dtype=float))
    jobs = len(parameters)
    shared = isinstance(schedules, DoseSchedule) and np.ndim(times) == 1
    constants = constants or {}
    shared = shared and all(np.ndim(v) == 0 for v in constants.values())
    if shared:
        scalar = {name: float(value) for name, value in constants.items()}
        courses = pad_courses(model, [np.asarray(times, dtype=float)], [schedules], [scalar])  # type: ignore[list-item]
        who = np.zeros(jobs, dtype=int)
    else:
        each = [schedules] * jobs if isinstance(schedules, DoseSchedule) else list(schedules)
        rows = np.broadcast_to(np.asarray(times, dtype=float), (jobs, np.shape(times)[-1]))
        spread = {name: np.broadcast_to(np.asarray(v, dtype=float), (jobs,)) for name, v in constants.items()}
        courses = pad_courses(
            model, list(rows), each, [{n: float(v[b]) for n, v in spread.items()} for b in range(jobs)]
        )
        who = np.arange(jobs)
    x, y, _, status = solve_jobs(model, courses, who, parameters, rtol=rtol, engine=engine)
    return BatchTrajectory(courses.times[who], x, y, status)


__all__ = [
    "ENGINES", "BatchTrajectory", "Engine", "SolveStatus", "Trajectory", "constant_row", "simulate",
    "simulate_batch", "solve_jobs",
]  # fmt: skip
