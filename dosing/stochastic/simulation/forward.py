"""Many tumours simulated forwards on all cores."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np

from dosing.stochastic.process_kernel import compiled_rates
from dosing.stochastic.simulation.policies import StochasticPolicy
from dosing.stochastic.simulation.runs import Runs
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting
from dosing.stochastic.simulation.streams import run_keys
from dynamics.birth_death import BirthDeathProcess
from dynamics.kernels.compile import generated

__all__ = ["in_blocks", "process_section", "run_kernel", "simulate"]

_BLOCK = 25


def process_section(process: BirthDeathProcess) -> str:
    """Return the text that puts a process's rates into a template.

    It names the versions of what every template is compiled with, so that a change there makes a new kernel.
    """
    sources = (Path(__file__).parent / "streams.py", Path(__file__).parents[1] / "birth_death" / "skellam.py")
    version = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    return f"from {compiled_rates(process).__module__} import rates  # noqa\n\n# compiled with {version}"


@lru_cache(maxsize=16)
def run_kernel(process: BirthDeathProcess) -> ModuleType:
    """Return the compiled loop with the process's equations in it."""
    return generated(Path(__file__).parent / "run_template.py", "process", process_section(process))


def in_blocks(
    work: Callable[[int, int], None],
    runs: int,
    threads: int | None,
    progress: Callable[[float], None] | None,
    block: int = _BLOCK,
) -> None:
    """Call ``work(first, last)`` for blocks of runs on several threads."""
    starts = range(0, runs, block)
    with ThreadPoolExecutor(max_workers=threads or len(os.sched_getaffinity(0))) as pool:
        jobs = pool.map(lambda first: work(first, min(first + block, runs)), starts)
        for done, _ in enumerate(jobs, start=1):
            if progress is not None:
                progress(done / len(starts))


def simulate(
    setting: SimulationSetting,
    policy: StochasticPolicy,
    *,
    runs: int = 1000,
    seed: int | np.random.Generator = 0,
    marks: int = 100,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Runs:
    """Simulate tumours under a policy (Fischer 2015, eqs 5 to 8).

    Two policies with the same seed meet the same random numbers, so that their difference has a smaller error than
    either value. The result does not depend on the number of threads.

    Parameters
    ----------
    setting : SimulationSetting
    policy : StochasticPolicy
    runs : int
    seed : int or numpy.random.Generator
    marks : int
        Intervals between the recorded times, evenly over the horizon.
    threads : int, optional
        All cores where none is given.
    progress : callable, optional
        Is told the share of the runs that are done.

    Raises
    ------
    SimulationError
        Fewer than two runs or one interval; a policy that does not fit the tumour.
    """
    if runs < 2 or marks < 1:
        raise SimulationError(
            f"{runs} runs with {marks} recorded intervals: give at least two runs and one interval"
        )
    program = policy.program(setting)
    if program.visit < 1:
        raise SimulationError(f"{program.visit} generations between visits: give at least one")
    kernel = run_kernel(setting.process)
    at = recorded(setting.generations, marks)
    types, start = len(setting.start), np.array(setting.start, dtype=float)
    keys = run_keys(seed, runs)
    driver, extinct = np.full(runs, -1, np.int64), np.full(runs, -1, np.int64)
    hazard, cells = np.empty((runs, len(at))), np.empty((runs, len(at), types))
    given = np.zeros((runs, len(program.doses)), np.int64)

    def work(first: int, last: int) -> None:
        kernel.run_block(
            first, last, keys, start, setting.generations, setting.constants, program.doses,
            setting.driver_chance_per_cell, float(setting.edge), setting.edge_rule.name == "LOST", program.kind,
            program.lengths, program.rows, program.tables, program.axis_a, program.axis_b, program.stage_of,
            program.visit, at, driver, hazard, cells, given, extinct,
        )  # fmt: skip

    in_blocks(work, runs, threads, progress)
    return Runs(policy.name, setting, program.doses, at, driver, hazard, cells, given, extinct)


def recorded(generations: int, marks: int) -> np.ndarray:
    """Return the generations to record at, evenly spread, both ends among them."""
    return np.unique(np.rint(np.linspace(0, generations, min(marks, generations) + 1)).astype(np.int64))
