"""The expected births and deaths of a process as compiled functions, printed from its symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np

from dynamics.birth_death import BirthDeathProcess
from dynamics.kernels.compile import generated
from dynamics.kernels.printing import print_function

__all__ = ["compiled_rates", "constant_vector", "rates_at"]


@lru_cache(maxsize=64)
def _module(process: BirthDeathProcess) -> ModuleType:
    """Return the template with the process's equations in it."""
    known = {s: f"n[{i}]" for i, s in enumerate(process.type_symbols)}
    known |= {s: f"c[{i}]" for i, s in enumerate(process.constant_symbols)}
    known |= {s: f"u[{i}]" for i, s in enumerate(process.input_symbols)}
    targets = [(f"births[{i}]", e) for i, e in enumerate(process.births)]
    targets += [(f"deaths[{i}]", e) for i, e in enumerate(process.deaths)]
    text = "import math\n\n\n" + print_function("unclipped", "n, u, c, births, deaths", known, targets)
    return generated(Path(__file__).parent / "rates_template.py", "process", text)


def compiled_rates(process: BirthDeathProcess) -> Callable[..., None]:
    """Return the numba function ``rates(n, u, c, births, deaths)`` of a process.

    It writes the expected births and deaths of one generation, (types,), for ``n`` (types,) cells, ``u`` (inputs,)
    doses and ``c`` (constants,) as :func:`constant_vector` orders them. Negative numbers are written as zero. Other
    numba functions may call it; it is compiled once and then read from disk.
    """
    return _module(process).rates


def constant_vector(process: BirthDeathProcess, values: Mapping[str, float] | None = None) -> np.ndarray:
    """Return the constants in declared order, (constants,), defaults replaced by what is given.

    Raises
    ------
    ModelError
        A name that is no constant; a constant without a value.
    """
    found = process.values(values)
    return np.array([found[c.name] for c in process.constants], dtype=float)


def rates_at(
    process: BirthDeathProcess, states: np.ndarray, dose: np.ndarray, constants: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return births and deaths, each (states, types), of many states under one dose.

    Parameters
    ----------
    states : array, (states, types)
        Cells of each type.
    dose : array, (inputs,)
    constants : array, (constants,)
        See :func:`constant_vector`.
    """
    cells = np.ascontiguousarray(states, dtype=float)
    births, deaths = np.empty_like(cells), np.empty_like(cells)
    _module(process).rates_of_states(
        cells, np.ascontiguousarray(dose, dtype=float), constants, births, deaths
    )
    return births, deaths
