"""What it costs to see the size alone, and not the composition: Fischer 2015, section 4.3."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from dosing.stochastic.partial.next_cells import next_cells
from dosing.stochastic.partial.observed import FilterVote, LastTwoSizes, simulate_observed
from dosing.stochastic.partial.reduced_propagator import reduced_propagator
from dosing.stochastic.partial.size_policy import SizePolicy, solve_size_policy
from dosing.stochastic.simulation.compare import TherapyComparison
from dosing.stochastic.simulation.forward import simulate
from dosing.stochastic.simulation.policies import Adaptive, MaximumDose, NoDrug

if TYPE_CHECKING:
    from dosing.stochastic.control_table import ControlTable
    from dosing.stochastic.simulation.setting import SimulationSetting

__all__ = ["compare_size_only", "size_policy"]


def size_policy(
    setting: SimulationSetting, doses: np.ndarray, *, progress: Callable[[float], None] | None = None
) -> SizePolicy:
    """Compute the policy of the reduced propagator for a small tumour (Fischer 2015, eqs 51 to 53, Fig. S7).

    Parameters
    ----------
    setting : SimulationSetting
        K of about 50 to 150: the tables grow as K³.
    doses : ndarray, shape (controls, inputs)
    progress : callable, optional
        Is told the share of the recursion that is done.
    """
    return solve_size_policy(reduced_propagator(next_cells(setting, doses)), progress=progress)


def compare_size_only(
    setting: SimulationSetting,
    table: ControlTable,
    policy: SizePolicy,
    *,
    runs: int = 1000,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> TherapyComparison:
    """Simulate what is gained by seeing nothing, the last two sizes, all sizes, and the composition.

    Parameters
    ----------
    setting : SimulationSetting
    table : ControlTable
        Of perfect information.
    policy : SizePolicy
        Of the reduced propagator, for this setting.
    runs, seed, threads, progress
        See :func:`~dosing.stochastic.simulation.forward.simulate`.
    """
    blind = [simulate(setting, p, runs=runs, seed=seed, threads=threads) for p in (NoDrug(), MaximumDose())]
    seeing = []
    for done, rule in enumerate((LastTwoSizes(policy), FilterVote(), FilterVote(table))):
        seeing.append(simulate_observed(setting, rule, runs=runs, seed=seed, threads=threads))
        if progress is not None:
            progress((done + 1) / 3)
    perfect = Adaptive(table, by_time=table.stages is not None, name="perfect information")
    return TherapyComparison(
        (*blind, *seeing, simulate(setting, perfect, runs=runs, seed=seed, threads=threads))
    )
