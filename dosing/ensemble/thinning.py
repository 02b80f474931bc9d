"""A smaller problem that stands for a large one: where a solver starts, never where it ends."""

from __future__ import annotations

import dataclasses

from dosing.ensemble.problem import EnsembleProblem
from dosing.ensemble.reduction import thin_ensemble
from dynamics.ensemble import Ensemble

__all__ = ["thinned"]

# a start does not need the best clusters, and with 10⁵ members they would take longer than the solution
SWEEPS = 20


def thinned(problem: EnsembleProblem, members: int, *, seed: int = 0) -> EnsembleProblem:
    """Replace the members by the representatives of :func:`~dosing.ensemble.reduction.thin_ensemble`.

    Minimisers of the reduced problems approach those of the whole as the measures do (Scagliotti 2026, Theorem 2.2).

    Parameters
    ----------
    problem : EnsembleProblem
    members : int
        At most so many representatives. A problem with no more members than this is returned as it is.
    seed : int
        Of the first centres.
    """
    if members >= len(problem):
        return problem
    own, model = problem.ensemble, problem.model
    known = [c.name for c in model.constants]
    # all in which members may differ: what the problem gives besides its ensemble is part of the measure, too
    besides = {n: v for n, v in own.constants.items() if n in known}
    besides |= {**problem.constants, **problem.numbers}
    columns = [own.parameter_names.index(n) for n in model.parameter_names]
    whole = Ensemble(model.parameter_names, own.values[:, columns], own.weights, besides, own.provenance)
    few = thin_ensemble(whole, members, seed=seed, starts=1, sweeps=SWEEPS).ensemble
    return dataclasses.replace(
        problem,
        ensemble=few,
        constants={n: few.constants[n] for n in problem.constants},
        numbers={n: few.constants[n] for n in problem.numbers},
    )
