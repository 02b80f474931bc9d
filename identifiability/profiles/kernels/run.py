"""Running walkers: compiled where the problem is, as plain Python where it is not."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dynamics.kernels.compile import generated
from fitting.optimizer import minimise

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics.model import Model
    from fitting.likelihood import Likelihood
    from fitting.problem import CohortProblem

_TEMPLATE = Path(__file__).parent / "walking.py"
_FOLLOW = "from identifiability.profiles.follow import profile_curvature, tangent_in_parameters"


class LineArrays(NamedTuple):
    """The arrays of a :class:`identifiability.profiles.line.Line` that walkers read and write."""

    grid: np.ndarray
    q: np.ndarray
    nll: np.ndarray
    converged: np.ndarray
    information: np.ndarray
    changed: np.ndarray


@lru_cache(maxsize=64)
def compiled_walking(model: Model, likelihood: Likelihood, censored: bool) -> ModuleType:
    """Return the walkers of a model under a likelihood, compiled."""
    from fitting.kernels.compile import scoring_kernel

    scoring = scoring_kernel(model, likelihood, censored).__name__
    return generated(_TEMPLATE, "minimise", f"from {scoring} import minimise_one\n{_FOLLOW}")


def walking(problem: CohortProblem) -> tuple[Callable, Any]:
    """Return ``walk_one`` with the data it takes."""
    if problem.is_compiled:
        from fitting.kernels.run import kernel_data

        return (
            compiled_walking(problem.model, problem.likelihood, problem.is_censored).walk_one,
            kernel_data(problem),
        )
    return _plain_walking()["walk_one"], SimpleNamespace(problem=problem)


@lru_cache(maxsize=1)
def _plain_walking() -> dict[str, Any]:
    """Execute the template as plain Python around the batch optimiser, for problems given by formulas."""
    from identifiability.profiles import follow

    text = _TEMPLATE.read_text(encoding="utf-8")
    head, rest = text.split("# <minimise>")
    body = (head + rest.split("# </minimise>")[1]).replace("from numba import njit", "")
    names: dict[str, Any] = {
        "njit": lambda **_: lambda function: function,
        "minimise_one": _minimise_one,
        "profile_curvature": follow.profile_curvature,
        "tangent_in_parameters": follow.tangent_in_parameters,
    }
    exec(compile(body, str(_TEMPLATE), "exec"), names)
    return names


def _minimise_one(
    w, q, fixed, low, high, tolerance, max_iterations, give_up_above, data, gradient, information
):
    """Minimise one job with the batch optimiser; see :mod:`fitting.kernels.scoring`."""
    found = minimise(
        data.problem.evaluate,
        q[None, :],
        np.array([w]),
        low[None, :],
        high[None, :],
        fixed=fixed[None, :],
        tolerance=tolerance,
        max_iterations=max_iterations,
        give_up_above=np.array([give_up_above]),
    )
    q[:], gradient[:], information[:, :] = found.q[0], found.gradient[0], found.information[0]
    return float(found.value[0]), bool(found.converged[0]), found.iterations
