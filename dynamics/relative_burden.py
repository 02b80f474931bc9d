"""Logarithms of burdens relative to the first, with growth rates, on any days under known doses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dynamics.simulate import Engine, solve_jobs

if TYPE_CHECKING:
    from dynamics.jobs import Courses
    from dynamics.model import Model


@lru_cache(maxsize=32)
def _growth(model: Model, output: int) -> Callable[..., np.ndarray]:
    """Compile d(log output)/dt, per day, of arrays of states, parameters, constants, inputs, time."""
    from dynamics.model import TIME

    h, rates = model.output.flat()[output], model.rhs.flat()
    moving = sum((h.diff(s) * f for s, f in zip(model.state_symbols, rates, strict=True)), h.diff(TIME))
    arguments = (model.state_symbols, model.parameter_symbols, model.constant_symbols, model.input_symbols)
    return sp.lambdify([*(list(a) for a in arguments), TIME], moving / h, "numpy", cse=True)


class RelativeBurdens:
    """Burdens of jobs, each on days of its own, on the adaptive solution.

    Parameters
    ----------
    courses : Courses
        Their first time is day 0; other times do not matter.
    who, parameters : ndarray, shape (b,), (b, p)
        As in :func:`dynamics.simulate.solve_jobs`.
    """

    def __init__(
        self,
        model: Model,
        courses: Courses,
        who: np.ndarray,
        parameters: np.ndarray,
        rtol: float,
        engine: Engine,
    ) -> None:
        """Keep what all questions share."""
        self.model, self.courses, self.who, self.parameters = model, courses, who, parameters
        self.rtol = rtol
        self.engine: Engine = engine
        self.start = courses.times[who, 0]

    def solve(
        self, jobs: np.ndarray, days: np.ndarray, sensitive: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """States (b, n, s), log burdens over the first (b, n), their slopes in log parameters (b, n, p)."""
        w = self.who[jobs]
        times = np.concatenate([self.start[jobs, None], self.start[jobs, None] + days], axis=1)
        c = self.courses
        courses = replace(
            c, times=times, n_times=np.full(len(jobs), times.shape[1]), switches=c.switches[w], doses=c.doses[w],
            n_switches=c.n_switches[w], constants=c.constants[w],
        )  # fmt: skip
        x, y, dy, _ = solve_jobs(
            self.model, courses, np.arange(len(jobs)), self.parameters[jobs], sensitive=sensitive, rtol=self.rtol,
            engine=self.engine,
        )  # fmt: skip
        with np.errstate(all="ignore"):
            z = np.log(y[:, 1:, 0] / y[:, :1, 0])
            slopes = dy[:, :, 0] / y[:, :, 0, None] if sensitive else np.zeros((len(jobs), 2, 1))
        return x[:, 1:], z, slopes[:, 1:] - slopes[:, :1]

    def growth(self, jobs: np.ndarray, days: np.ndarray, x: np.ndarray, *, before: bool) -> np.ndarray:
        """Growth rates per day, shape (b, n), under the dose just before or from these days on."""
        w = self.who[jobs]
        t = self.start[jobs, None] + days
        switches = self.courses.switches[w][:, None, :]
        passed = switches < t[..., None] if before else switches <= t[..., None]
        segment = np.maximum(passed.sum(axis=2) - 1, 0)
        doses = np.take_along_axis(self.courses.doses[w], segment[..., None], axis=1)
        columns = (
            list(np.moveaxis(x, 2, 0)),
            list(self.parameters[jobs].T[:, :, None]),
            list(self.courses.constants[w].T[:, :, None]),
            list(np.moveaxis(doses, 2, 0)),
        )
        with np.errstate(all="ignore"):
            return np.broadcast_to(_growth(self.model, 0)(*columns, t), t.shape)
