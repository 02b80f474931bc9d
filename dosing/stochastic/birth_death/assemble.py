"""From a grid to a table of controls: recursion on the nodes, then one generation on the full lattice."""

from __future__ import annotations

from dosing.stochastic.birth_death.backward import Progress, run_backward
from dosing.stochastic.birth_death.nodes import AxisNodes
from dosing.stochastic.birth_death.problem import BirthDeathProblem
from dosing.stochastic.birth_death.readout import read_lattice
from dosing.stochastic.control_table import ControlTable

__all__ = ["table_on"]


def table_on(
    problem: BirthDeathProblem, axis: AxisNodes, method: str, *, keep_stages: bool, progress: Progress | None
) -> ControlTable:
    """Solve a problem with the value kept on the nodes of an axis; each of the two parts counts as half the way."""
    half = None if progress is None else (lambda share: progress(share / 2))
    rest = None if progress is None else (lambda share: progress((1 + share) / 2))
    later, stages = run_backward(problem, axis, keep_stages=keep_stages, progress=half)
    value, indices = read_lattice(problem, axis, later, progress=rest)
    return ControlTable(
        process=problem.process,
        values=problem.values,
        driver_rate=problem.driver_rate,
        horizon_generations=problem.horizon_generations,
        controls=problem.controls,
        indices=indices,
        value=value,
        edge_rule=problem.edge_rule,
        tie_tolerance=problem.tie_tolerance,
        visit_generations=problem.visit_generations,
        drug_cost=problem.drug_cost,
        method=method,
        stages=stages,
    )
