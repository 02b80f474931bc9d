"""From a model with a likelihood to compiled kernels."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from dynamics.kernels.compile import compiled, generated

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.likelihood import Likelihood

_HERE = Path(__file__).parent


@lru_cache(maxsize=64)
def scoring_kernel(model: Model, likelihood: Likelihood, censored: bool) -> ModuleType:
    """Return the compiled Fisher scoring of a model under a likelihood: ``minimise_one``, ``minimise_range``."""
    objective = _objective(model, likelihood, censored)
    return generated(_HERE / "scoring.py", "evaluate", f"from {objective.__name__} import evaluate_one")


@lru_cache(maxsize=64)
def penalised_objective(model: Model, likelihood: Likelihood, censored: bool) -> ModuleType:
    """Return the compiled posterior of a model: ``evaluate_one``, ``PenalisedData``."""
    likelihood_name = _objective(model, likelihood, censored).__name__
    source = f"from {likelihood_name} import evaluate_one as likelihood_one"
    return generated(_HERE / "penalised.py", "likelihood", source)


@lru_cache(maxsize=64)
def penalised_kernel(model: Model, likelihood: Likelihood, censored: bool) -> ModuleType:
    """Return the compiled Fisher scoring of a posterior: ``minimise_one``, ``evaluate_one``."""
    objective = penalised_objective(model, likelihood, censored)
    return generated(_HERE / "scoring.py", "evaluate", f"from {objective.__name__} import evaluate_one")


@lru_cache(maxsize=64)
def penalised_values(model: Model, likelihood: Likelihood, censored: bool) -> ModuleType:
    """Return the compiled posterior at many points: ``evaluate_many``."""
    objective = penalised_objective(model, likelihood, censored)
    return generated(_HERE / "values.py", "evaluate", f"from {objective.__name__} import evaluate_one")


@lru_cache(maxsize=64)
def output_kernel(model: Model) -> ModuleType:
    """Return the compiled outputs of several patients: ``cohort_outputs``."""
    solver = compiled(model, "open_loop").__name__
    source = f"from {solver} import N_PARAMETERS, N_STATES, solve_one"
    return generated(_HERE / "outputs.py", "solver", source)


def _objective(model: Model, likelihood: Likelihood, censored: bool) -> ModuleType:
    """Return the compiled likelihood with gradient and information."""
    from fitting.kernels.printing import likelihood_source

    solver = compiled(model, "open_loop").__name__
    return generated(
        _HERE / "objective.py",
        "objective",
        f"from {solver} import N_PARAMETERS, N_STATES, solve_one\n\n{likelihood_source(likelihood, censored)}",
    )
