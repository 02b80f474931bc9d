"""Product grids of parameters and constants: Scagliotti 2026, eqs 3.5 to 3.7."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dynamics.ensemble import Ensemble

if TYPE_CHECKING:
    from dynamics.model import Model


def product_grid(
    model: Model, values: Mapping[str, float | Sequence[float] | np.ndarray], provenance: str = ""
) -> Ensemble:
    """All combinations of the given values, all of one weight.

    Parameters
    ----------
    model : Model
    values : mapping of str to float, or to a sequence of floats
        Every parameter, and the constants that the model does not declare itself. Sequences are the axes of the
        grid, the last one running fastest.
    provenance : str
        Where the values come from; the axes are added.

    Raises
    ------
    ValueError
        A name that the model does not have, a parameter or constant without a value, an empty axis.

    Examples
    --------
    >>> from dynamics import get_model
    >>> grid = product_grid(
    ...     get_model("turnover"),
    ...     {"r_S": 0.027, "r_R": [0.02, 0.025], "K": 1, "d_D": 0.75, "d_T": 0, "V0": 0.5, "f_R": [0.01, 0.02, 0.03]},
    ... )
    >>> len(grid)
    6
    """
    constants = [c.name for c in model.constants]
    known = {*model.parameter_names, *constants}
    unknown = sorted(set(values) - known)
    needed = {*model.parameter_names, *(c.name for c in model.constants if c.value is None)}
    missing = sorted(needed - set(values))
    if unknown or missing:
        what = f"has no {', '.join(unknown)}" if unknown else f"also needs {', '.join(missing)}"
        raise ValueError(
            f"grid for model {model.name!r}: the model {what}; it has {', '.join(sorted(known))}"
        )
    axes = {name: np.atleast_1d(np.asarray(value, dtype=float)) for name, value in values.items()}
    for name, axis in axes.items():
        if axis.ndim != 1 or not len(axis) or not np.all(np.isfinite(axis)):
            raise ValueError(
                f"grid for model {model.name!r}: {name} needs finite numbers, got {values[name]}"
            )
    mesh = np.meshgrid(*axes.values(), indexing="ij")
    columns = {name: grid.ravel() for name, grid in zip(axes, mesh, strict=True)}
    members = math.prod(len(axis) for axis in axes.values())
    sizes = [f"{len(a)} of {n} ({a[0]:g} to {a[-1]:g})" for n, a in axes.items() if len(a) > 1]
    return Ensemble(
        model.parameter_names,
        np.stack([columns[name] for name in model.parameter_names], axis=1)
        if model.parameters
        else np.empty((members, 0)),
        np.full(members, 1.0 / members),
        {n: columns[n] if len(axes[n]) > 1 else float(axes[n][0]) for n in constants if n in axes},
        f"{provenance}{': ' if provenance else ''}product grid of {' times '.join(sizes) or 'one value each'}, all of "
        "one weight",
    )


def paper_grid(initial_burden: float = 0.5) -> Ensemble:
    """Return the 1225 tumours behind Tables 4, 6 and 7 of Scagliotti 2026, for the model ``turnover``.

    r_R = 0.50, 0.52 ... 0.98 times r_S and f_R = 0.002, 0.004 ... 0.098: the values with which the tables are reached,
    not the closed lists of eqs 3.6 and 3.7. The capacity is 1.

    Parameters
    ----------
    initial_burden : float
        n_0; 0.25, 0.50 and 0.75 in the paper.

    Raises
    ------
    ValueError
        A burden that is not between 0 and the capacity.
    """
    from dynamics.catalogue import get_model

    if not 0 < initial_burden < 1:
        raise ValueError(
            f"initial burden {initial_burden:g}: a share of the carrying capacity, between 0 and 1"
        )
    r_S = 0.027
    return product_grid(
        get_model("turnover"),
        {
            "r_S": r_S,
            "r_R": r_S * (0.50 + 0.02 * np.arange(25)),
            "K": 1.0,
            "d_D": 0.75,
            "d_T": 0.0,
            "V0": initial_burden,
            "f_R": 0.002 * np.arange(1, 50),
        },
        "Scagliotti 2026, eqs 3.5 to 3.7",
    )
