"""Parameters, constants of an ensemble as arrays in the model's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dynamics.jobs import constant_row, parameter_row
from dynamics.model import Model, ModelError

Constants = Mapping[str, float | np.ndarray]


def constant_rows(model: Model, constants: Constants | None, members: int) -> np.ndarray:
    """Constants of every member in the model's order, shape (members, q).

    Parameters
    ----------
    constants : mapping of str to float or ndarray of shape (members,)

    Raises
    ------
    ModelError
        A constant without a value, an unknown one, or an array of another length.
    """
    constants = constants or {}
    for name, value in constants.items():
        if np.ndim(value) > 0 and np.shape(value) != (members,):
            raise ModelError(
                f"constant {name} has shape {np.shape(value)}; {members} parameter sets need one number or "
                f"{members} of them"
            )
    row = constant_row(
        model, {n: float(np.ravel(np.asarray(v, dtype=float))[0]) for n, v in constants.items()}
    )
    rows = np.tile(row, (members, 1))
    for i, constant in enumerate(model.constants):
        if np.ndim(constants.get(constant.name, 0.0)) > 0:
            rows[:, i] = constants[constant.name]
    if not np.all(np.isfinite(rows)):
        member, i = np.argwhere(~np.isfinite(rows))[0]
        raise ModelError(f"constant {model.constants[i].name} of parameter set {member} is {rows[member, i]}")
    return rows


def parameter_rows(
    model: Model, parameters: Mapping[str, float] | np.ndarray | Sequence[float]
) -> np.ndarray:
    """Parameters of every member in the model's order, shape (members, p).

    Raises
    ------
    ModelError
        A missing or unknown name, the wrong number of columns, a value that is not finite.
    """
    if isinstance(parameters, Mapping) or np.ndim(parameters) == 1:
        rows = parameter_row(model, parameters)[None, :]
    else:
        rows = np.array(parameters, dtype=float)
    if rows.ndim != 2 or rows.shape[1] != len(model.parameters):
        raise ModelError(
            f"model {model.name!r} needs {len(model.parameters)} parameters a set {model.parameter_names}, "
            f"got an array of shape {rows.shape}"
        )
    if not np.all(np.isfinite(rows)):
        member, i = np.argwhere(~np.isfinite(rows))[0]
        raise ModelError(
            f"parameter {model.parameter_names[i]} of parameter set {member} is {rows[member, i]}"
        )
    return np.ascontiguousarray(rows)
