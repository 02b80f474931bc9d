"""From a model to the compiled loops of its visits."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dynamics.kernels.compile import compiled, generated

if TYPE_CHECKING:
    from types import ModuleType

    from dynamics.model import Model

_HERE = Path(__file__).parent
_OF_SOLVER = (
    "LOGARITHMIC", "MAX_SUBSTEPS", "N_OUTPUTS", "N_STATES", "_advance", "_all_exceeded", "_allowed", "_burden",
    "_inspect", "_watch", "plain_field", "plain_initial",
)  # fmt: skip
_OF_VISITS = (
    "BEFORE", "LOGARITHMIC", "LOOKS", "N_OUTPUTS", "N_STATES", "NO_BURDEN", "ON_LOOKS", "RISES", "SUCCESS", "TOTAL",
    "_all_exceeded", "_burden", "_inspect", "log_spread", "look", "plain_initial", "reading", "step",
)  # fmt: skip


@lru_cache(maxsize=64)
def visits_kernel(model: Model) -> ModuleType:
    """Return the compiled loop of rules that read a noisy marker: ``run_range``."""
    solver = compiled(model, "closed_loop").__name__
    return generated(_HERE / "visits.py", "solver", f"from {solver} import {', '.join(_OF_SOLVER)}")


@lru_cache(maxsize=64)
def particles_kernel(model: Model) -> ModuleType:
    """Return the compiled loop of a particle filter that chooses the dose: ``filter_range``."""
    visits = visits_kernel(model).__name__
    return generated(_HERE / "particles.py", "visits", f"from {visits} import {', '.join(_OF_VISITS)}")
