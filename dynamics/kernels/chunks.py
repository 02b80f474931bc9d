"""Spreading the jobs of one compiled kernel over all cores."""

from __future__ import annotations

from typing import Any

from dynamics.kernels.engine import _pool


def run_chunks(kernel: Any, jobs: int, chunk: int, fixed: tuple) -> None:
    """Call ``kernel(begin, end, *fixed)`` for ranges that cover ``0 .. jobs - 1``, on all cores.

    Parameters
    ----------
    kernel : numba dispatcher
        Releases the interpreter lock.
    jobs, chunk : int
        Number of jobs, and how many of them a call takes.
    fixed : tuple
        The kernel's other arguments.
    """
    begin = 0
    if jobs and not kernel.signatures:
        kernel(0, 1, *fixed)  # compiles once, before the threads would race for it
        begin = 1
    ranges = [(first, min(first + chunk, jobs)) for first in range(begin, jobs, chunk)]
    if len(ranges) == 1:
        kernel(*ranges[0], *fixed)
    else:
        list(_pool().map(lambda r: kernel(*r, *fixed), ranges))
