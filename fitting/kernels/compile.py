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
    from fitting.kernels.printing import likelihood_source

    solver = compiled(model, "open_loop").__name__
    objective = generated(
        _HERE / "objective.py",
        "objective",
        f"from {solver} import N_PARAMETERS, N_STATES, solve_one\n\n{likelihood_source(likelihood, censored)}",
    )
    return generated(_HERE / "scoring.py", "evaluate", f"from {objective.__name__} import evaluate_one")
