"""Running the compiled open-loop kernel on all cores."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from dynamics.jobs import Courses
from dynamics.kernels.compile import compiled
from dynamics.model import Model

LARGEST_CHUNK, SMALLEST_CHUNK = 32, 4  # jobs a thread takes at once
MAX_STEPS = 20_000


@cache
def _pool() -> ThreadPoolExecutor:
    """One thread a core; the kernels release the interpreter lock."""
    return ThreadPoolExecutor(max_workers=_cores())


def _cores() -> int:
    """Cores this process may use: ``EVODOSE_THREADS``, else all it is allowed to."""
    return int(os.environ.get("EVODOSE_THREADS", "0")) or len(os.sched_getaffinity(0))


def in_threads[T](work: Callable[[T], None], items: Sequence[T], *, warm: bool = True) -> None:
    """Do the work for every item, on all cores.

    Parameters
    ----------
    work : callable
        Spends its time in compiled code that releases the interpreter lock.
    items : sequence
    warm : bool
        False where the first item will compile a kernel, which threads must not race for.
    """
    begin = 0 if warm else 1
    for item in items[:begin]:
        work(item)
    rest = items[begin:]
    if len(rest) <= 1:
        for item in rest:
            work(item)
    else:
        _share(work, rest)


def _share[T](work: Callable[[T], None], items: Sequence[T]) -> None:
    """Let every thread take the next item until none is left: no queue entry an item, no idle core at the end."""
    remaining = iter(items)
    lock = threading.Lock()

    def take() -> None:
        while True:
            with lock:
                item = next(remaining, None)
            if item is None:
                return
            work(item)

    for done in [_pool().submit(take) for _ in range(min(_cores(), len(items)))]:
        done.result()


def solve(
    model: Model, courses: Courses, who: np.ndarray, parameters: np.ndarray, *, sensitive: bool, rtol: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Solve jobs of (parameter set, course) with the numba kernel; see :func:`dynamics.simulate.solve_jobs`."""
    kernel = compiled(model, "open_loop")
    jobs, width = len(who), courses.times.shape[1]
    outputs = len(model.outputs)
    x = np.full((jobs, width, len(model.states)), np.nan)
    y = np.full((jobs, width, outputs), np.nan)
    dy = np.full((jobs, width, outputs, len(model.parameters)) if sensitive else (jobs, 1, 1, 1), np.nan)
    status = np.zeros(jobs, dtype=np.int64)
    fixed = (
        sensitive,
        np.ascontiguousarray(who, dtype=np.int64),
        np.ascontiguousarray(parameters, dtype=float),
        courses.constants,
        courses.times,
        courses.n_times,
        courses.switches,
        courses.doses,
        courses.n_switches,
        rtol,
        MAX_STEPS,
        x,
        y,
        dy,
        status,
    )
    if jobs <= SMALLEST_CHUNK:
        kernel.solve_range(0, jobs, *fixed)
    else:
        chunk = int(np.clip(jobs // (4 * _cores()), SMALLEST_CHUNK, LARGEST_CHUNK))
        ranges = [(first, min(first + chunk, jobs)) for first in range(0, jobs, chunk)]
        in_threads(lambda r: kernel.solve_range(*r, *fixed), ranges, warm=bool(kernel.solve_range.signatures))
    return x, y, dy, status
