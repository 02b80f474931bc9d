"""Padded arrays of visits, doses, constants: many patients as one batch of equal shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dynamics.model import Model, ModelError
from dynamics.schedule import DoseSchedule


@dataclass(frozen=True)
class Courses:
    """Visits, doses of several courses of treatment, padded to one shape.

    Parameters
    ----------
    times : ndarray, shape (w, n)
        Visit days, padded by repeating the last one; the model starts at the first.
    n_times : ndarray of int, shape (w,)
    switches : ndarray, shape (w, m)
        Days from which each dose holds; the first is minus infinity, padding plus infinity.
    doses : ndarray, shape (w, m, i)
        Dose of each input.
    n_switches : ndarray of int, shape (w,)
    constants : ndarray, shape (w, q)
        In the model's order.
    """

    times: np.ndarray
    n_times: np.ndarray
    switches: np.ndarray
    doses: np.ndarray
    n_switches: np.ndarray
    constants: np.ndarray


def constant_row(model: Model, constants: Mapping[str, float]) -> np.ndarray:
    """Constants in the model's order; given values win over the model's own.

    Raises
    ------
    ModelError
        A constant without a value, or a value for an unknown constant.
    """
    known = {c.name for c in model.constants}
    unknown = [name for name in constants if name not in known]
    if unknown:
        raise ModelError(f"model {model.name!r} has no constant {', '.join(unknown)}; it has {sorted(known)}")
    row = [constants.get(c.name, c.value) for c in model.constants]
    for constant, value in zip(model.constants, row, strict=True):
        if value is None:
            raise ModelError(
                f"model {model.name!r} needs the constant {constant.name} ({constant.meaning}); give "
                f"constants={{'{constant.name}': ...}}"
            )
    return np.array(row, dtype=float)


def parameter_row(model: Model, parameters: Mapping[str, float] | Sequence[float] | np.ndarray) -> np.ndarray:
    """Parameters in the model's order.

    Raises
    ------
    ModelError
        A missing or unknown name, or the wrong number of values.
    """
    if isinstance(parameters, Mapping):
        if set(parameters) != set(model.parameter_names):
            raise ModelError(
                f"model {model.name!r} needs the parameters {model.parameter_names}, got {tuple(parameters)}"
            )
        return np.array([parameters[name] for name in model.parameter_names], dtype=float)
    row = np.asarray(parameters, dtype=float)
    if row.shape != (len(model.parameters),):
        raise ModelError(
            f"model {model.name!r} needs {len(model.parameters)} parameters, got shape {row.shape}"
        )
    return row


def pad_courses(
    model: Model,
    times: Sequence[np.ndarray],
    schedules: Sequence[DoseSchedule],
    constants: Sequence[Mapping[str, float]],
) -> Courses:
    """Pad the courses of several patients.

    Raises
    ------
    ModelError
        Visit days that decrease, or a model with more than one input (a schedule carries one dose).
    """
    if len(model.inputs) > 1:
        raise ModelError(f"model {model.name!r} has {len(model.inputs)} inputs; a dose schedule carries one")
    width = max(len(t) for t in times)
    levels = []
    for schedule in schedules:
        starts = np.array([-np.inf, *schedule.edges])
        doses = np.array([0.0, *schedule.doses, 0.0])
        keep = np.isfinite(starts) | (np.arange(len(starts)) == 0)
        levels.append((starts[keep], doses[keep]))
    depth = max(len(starts) for starts, _ in levels)
    padded_times = np.empty((len(times), width))
    switches = np.full((len(times), depth), np.inf)
    padded_doses = np.zeros((len(times), depth, len(model.inputs)))
    for w, (t, (starts, doses)) in enumerate(zip(times, levels, strict=True)):
        t = np.asarray(t, dtype=float)
        if len(t) == 0 or np.any(np.diff(t) < 0) or not np.all(np.isfinite(t)):
            raise ModelError(f"simulation times must be finite and must not decrease, got {t[:10]}")
        padded_times[w, : len(t)] = t
        padded_times[w, len(t) :] = t[-1]
        switches[w, : len(starts)] = starts
        if len(model.inputs):
            padded_doses[w, : len(starts), 0] = doses
    return Courses(
        times=padded_times,
        n_times=np.array([len(t) for t in times]),
        switches=switches,
        doses=padded_doses,
        n_switches=np.array([len(starts) for starts, _ in levels]),
        constants=np.array([constant_row(model, c) for c in constants]).reshape(
            len(times), len(model.constants)
        ),
    )
