"""A model's parameters for one patient as lmfit ``Parameters``."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from fitting.likelihood import Likelihood, get_likelihood
from fitting.problem import log_bounds, patient_constants

if TYPE_CHECKING:
    from lmfit import Parameters

    from dynamics.model import Model
    from patients.cohort import Patient

DISPERSION = "dispersion"
ROUNDING = 1e-9  # a value this close to a bound sits on it


def to_lmfit_parameters(
    model: Model,
    patient: Patient,
    *,
    likelihood: str = "poisson",
    values: Mapping[str, float] | None = None,
) -> Parameters:
    """Return the parameters that a fit of this patient estimates, with the model's bounds.

    Parameters
    ----------
    model : Model
    patient : Patient
        Sets the scale of the bounds (the first burden, V0) and of a normal likelihood's dispersion.
    likelihood : str
        A member of :data:`fitting.likelihood.LIKELIHOODS`. Its dispersion, where it has one, becomes one more
        parameter, named ``dispersion``.
    values : mapping of str to float, optional
        Start values by name, in the model's units; the others start at the geometric middle of the model's
        start box.

    Returns
    -------
    lmfit.Parameters
        Unit and meaning of each stand in its ``user_data``.

    Raises
    ------
    ValueError
        A name that is not a parameter, or a start value outside the bounds.
    """
    from lmfit import Parameters

    member = get_likelihood(likelihood)
    names = _names(model, member)
    unknown = [name for name in values or {} if name not in names]
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no such parameter; {model.name} has {', '.join(names)}")
    parameters = Parameters()
    for name, (lower, upper, start) in _bounds(model, patient, member).items():
        value = float((values or {}).get(name, start))
        if not lower * (1 - ROUNDING) <= value <= upper * (1 + ROUNDING):
            raise ValueError(
                f"patient {patient.patient_id!r}: {name} cannot start at {value:g}, outside its bounds "
                f"[{lower:g}, {upper:g}]; choose another value, or set min and max of the lmfit parameter"
            )
        parameters.add(name, value=value, min=lower, max=upper)
        parameters[name].user_data = _describe(model, member, name)
    return parameters


def completed(parameters: Parameters, model: Model, patient: Patient, likelihood: str) -> Parameters:
    """Return a copy of a user's parameters that a fit can use.

    A missing dispersion is added. Where a parameter that is varied has no positive minimum or no finite
    maximum, the model's bound is put there, because models are declared for positive parameters.

    Raises
    ------
    ValueError
        A parameter of the model that is missing, nothing that varies, a start value that is missing, not
        positive or outside the bounds.
    """
    member = get_likelihood(likelihood)
    parameters = copy.deepcopy(parameters)
    who = f"patient {patient.patient_id!r}"
    missing = [name for name in model.parameter_names if name not in parameters]
    if missing:
        raise ValueError(
            f"{who}: the lmfit parameters lack {', '.join(missing)}; model {model.name!r} needs "
            f"{', '.join(model.parameter_names)} (to_lmfit_parameters makes them all)"
        )
    bounds = _bounds(model, patient, member)
    if member.has_dispersion and DISPERSION not in parameters:
        lower, upper, start = bounds[DISPERSION]
        parameters.add(DISPERSION, value=start, min=lower, max=upper)
    parameters.update_constraints()
    for name, (lower, upper, _) in bounds.items():
        parameter = parameters[name]
        value = float(parameter.value)
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{who}: {name} starts at {value:g}; give it a positive start value")
        if not parameter.vary:
            continue
        low = parameter.min if parameter.min > 0 else lower
        high = parameter.max if np.isfinite(parameter.max) else upper
        if not low * (1 - ROUNDING) <= value <= high * (1 + ROUNDING):
            raise ValueError(
                f"{who}: {name} cannot start at {value:g}, outside [{low:g}, {high:g}]; choose another "
                "value, or set a positive min and a finite max of the lmfit parameter"
            )
        parameter.set(min=low, max=high)
    if not any(parameter.vary for parameter in parameters.values()):
        raise ValueError(f"{who}: every lmfit parameter is held or tied, so there is nothing to fit")
    return parameters


def _names(model: Model, likelihood: Likelihood) -> tuple[str, ...]:
    """Name the estimated quantities, in the order of the free vector.

    Raises
    ------
    ValueError
        A model whose own parameter takes the name of the dispersion.
    """
    if not likelihood.has_dispersion:
        return model.parameter_names
    if DISPERSION in model.parameter_names:
        raise ValueError(
            f"model {model.name!r} calls a parameter {DISPERSION!r}, but that is the name of the "
            f"{likelihood.name} likelihood's own; rename it, or use the poisson likelihood"
        )
    return (*model.parameter_names, DISPERSION)


def _bounds(model: Model, patient: Patient, likelihood: Likelihood) -> dict[str, tuple[float, float, float]]:
    """Lower bound, upper bound, middle of the start box, by name."""
    lower, upper, start_lower, start_upper = log_bounds(
        model, likelihood, patient, patient_constants(model, patient)
    )
    middle = np.clip(0.5 * (start_lower + start_upper), lower, upper)
    rows = np.exp(np.column_stack([lower, upper, middle])).tolist()
    return {name: tuple(row) for name, row in zip(_names(model, likelihood), rows, strict=True)}


def _describe(model: Model, likelihood: Likelihood, name: str) -> dict[str, str]:
    """Return unit and meaning of a parameter."""
    if name == DISPERSION:
        return {"unit": "burden" if likelihood.dispersion_scales else "1", "meaning": likelihood.dispersion}
    parameter = next(p for p in model.parameters if p.name == name)
    return {"unit": parameter.unit, "meaning": parameter.meaning}
