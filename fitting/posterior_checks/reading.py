"""Draws and data of one patient's posterior, taken out of its DataTree as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xarray import DataArray, Dataset, DataTree

BURDEN = "burden"
VISIT = "visit"
_SAMPLE = ("chain", "draw")


class PosteriorContentError(ValueError):
    """A posterior lacks a group or a variable that a check needs."""


@dataclass(frozen=True)
class Measured:
    """What was measured in one patient.

    Parameters
    ----------
    times_days : ndarray, shape (n,)
        NaN-free; the visit's number where the posterior carries no days.
    burdens : ndarray, shape (n,)
        In the marker's unit; NaN at a visit without a measurement.
    censoring : ndarray of int, shape (n,)
        0 measured, -1 at or below the burden, +1 at or above it.
    """

    times_days: np.ndarray
    burdens: np.ndarray
    censoring: np.ndarray


def named(posterior: DataTree) -> str:
    """Return the patient and the model for a message, as far as the posterior states them."""
    patient = posterior.attrs.get("patient_id", "without a name")
    model = posterior.attrs.get("model")
    return f"patient {patient}" + (f", model {model}" if model else "")


def has_group(posterior: DataTree, group: str) -> bool:
    """Return whether a group is there and holds a variable."""
    return group in posterior.children and bool(posterior[group].data_vars)


def scalar_draws(posterior: DataTree, group: str = "posterior") -> dict[str, np.ndarray]:
    """Return the draws of every scalar variable of a group by name, each of shape (chain, draw).

    Raises
    ------
    PosteriorContentError
        No such group, or no scalar in it.
    """
    dataset = _group(posterior, group)
    found = {
        str(name): _sorted(array).astype(float)
        for name, array in dataset.data_vars.items()
        if set(array.dims) == set(_SAMPLE)
    }
    if not found:
        raise PosteriorContentError(
            f"{named(posterior)}: the group {group!r} holds no scalar variable with the dimensions chain and "
            f"draw, only {sorted(map(str, dataset.data_vars))}; parameters are stored one variable each"
        )
    return found


def visit_draws(posterior: DataTree, group: str) -> np.ndarray:
    """Return the draws of the burden at the visits, shape (chain, draw, visit).

    Raises
    ------
    PosteriorContentError
        No such group, no burden in it, or one without visits.
    """
    dataset = _group(posterior, group)
    if BURDEN not in dataset.data_vars or set(dataset[BURDEN].dims) != {*_SAMPLE, VISIT}:
        raise PosteriorContentError(
            f"{named(posterior)}: the group {group!r} holds no variable {BURDEN!r} with the dimensions chain, "
            f"draw and {VISIT}, only {sorted(map(str, dataset.data_vars))}"
        )
    return _sorted(dataset[BURDEN]).astype(float)


def log_prior_draws(posterior: DataTree) -> dict[str, np.ndarray]:
    """Return each coordinate's log prior density by name, shape (chain, draw), summed where it is a vector.

    Raises
    ------
    PosteriorContentError
        No group ``log_prior``.
    """
    found = {}
    for name, array in _group(posterior, "log_prior").data_vars.items():
        values = _sorted(array).astype(float)
        found[str(name)] = values.reshape(*values.shape[:2], -1).sum(axis=2)
    return found


def measured(posterior: DataTree) -> Measured:
    """Return days, burdens and censoring of the visits.

    Raises
    ------
    PosteriorContentError
        No observed burdens.
    """
    dataset = _group(posterior, "observed_data")
    if BURDEN not in dataset.data_vars:
        raise PosteriorContentError(
            f"{named(posterior)}: the observed data hold no variable {BURDEN!r}, only "
            f"{sorted(map(str, dataset.data_vars))}"
        )
    burdens = np.asarray(dataset[BURDEN].values, dtype=float)
    times = dataset[BURDEN].coords.get("time_days")
    censoring = dataset.data_vars.get("censoring")
    return Measured(
        np.arange(1.0, burdens.size + 1) if times is None else np.asarray(times.values, dtype=float),
        burdens,
        np.zeros(burdens.size, dtype=int) if censoring is None else np.asarray(censoring.values, dtype=int),
    )


def _group(posterior: DataTree, group: str) -> Dataset:
    if has_group(posterior, group):
        return posterior.children[group].to_dataset()
    raise PosteriorContentError(
        f"{named(posterior)}: the posterior has no group {group!r}, only {sorted(posterior.children)}; "
        "sample again with that group stored"
    )


def _sorted(array: DataArray) -> np.ndarray:
    """Put the chain first, the draw second."""
    return array.transpose(*_SAMPLE, ...).values
