"""Running the block kernels over all members, on all cores."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np

from dosing.ensemble.kernels.equations import EnsembleEquations, Scheme
from dosing.ensemble.kernels.printing import LANES, block_source
from dynamics.kernels.compile import generated
from dynamics.kernels.engine import in_threads

__all__ = ["compiled_block", "over_blocks"]

# rows of partial sums: enough for the cores of a large machine, few enough that they need little memory
MOST_TASKS = 64
_local = threading.local()


@lru_cache(maxsize=64)
def compiled_block(equations: EnsembleEquations, scheme: Scheme) -> ModuleType:
    """Return the template with a model and its cost in it; compiled at the first call, then read from disk."""
    return generated(Path(__file__).parent / "block.py", "model", block_source(equations, scheme))


def scratch(size: int) -> np.ndarray:
    """Work array of this thread, kept between calls: touching fresh memory costs more than the loops."""
    held = getattr(_local, "work", None)
    if held is None or len(held) < size:
        held = _local.work = np.zeros(size)
    return held


def tasks_of(members: int) -> int:
    """Return the number of tasks that share the blocks; nothing else decides the order of summation."""
    return min(-(-members // LANES), MOST_TASKS)


def over_blocks(members: int, work: Callable[[int, int, int], None], *, warm: bool) -> None:
    """Call ``work(task, first, last)`` for blocks of members that cover them all, tasks in threads."""
    tasks, blocks = tasks_of(members), -(-members // LANES)

    def run(task: int) -> None:
        for block in range(task, blocks, tasks):
            work(task, block * LANES, min((block + 1) * LANES, members))

    in_threads(run, range(tasks), warm=warm)
