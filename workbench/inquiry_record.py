"""What ``evodose identify`` found for one patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dynamics.ensemble import Ensemble

if TYPE_CHECKING:
    from dosing.bound_influence import BoundInfluence
    from fitting.result import Fit
    from identifiability.design.single_visits import SingleVisits
    from identifiability.functions.function_profile import FunctionProfile
    from identifiability.inquiry import Inquiry

INQUIRY = "inquiry"  # name of the file beside the stages of an ordinary run


@dataclass(frozen=True)
class PatientInquiry:
    """Answers beyond the ordinary run, for one patient.

    Parameters
    ----------
    patient_id : str
    basis : str
        Which fit this rests on, see :func:`basis_of`; an answer that rests on another fit is not shown.
    options : mapping
        As asked; an answer to other options is computed again.
    k_tol : float
        Tolerable burden that the window is meant for, in the marker's unit.
    quantities : tuple of FunctionProfile
        Profiles of the window's edges, its width, the smallest tolerable burden, a burden to come.
    bounds : tuple of BoundInfluence
        Which ends of the edges rest on data, which on a declared bound.
    inquiry : Inquiry or None
        Bootstrap, planes, what to measure next.
    curves : tuple of SingleVisits
        For each target, what a single further visit on each day would leave of its standard error.
    notes : tuple of str
        Sentences: what was left out and why, what the answers do not bear.
    failures : tuple of str
        Parts that could not be computed, with the reason.
    seconds : float
    """

    patient_id: str
    basis: str
    options: Mapping[str, Any]
    k_tol: float = float("nan")
    quantities: tuple[FunctionProfile, ...] = ()
    bounds: tuple[BoundInfluence, ...] = ()
    inquiry: Inquiry | None = None
    curves: tuple[SingleVisits, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    seconds: float = 0.0

    def quantity(self, name: str) -> FunctionProfile | None:
        """Return the profile of one quantity; None where there is none."""
        return next((q for q in self.quantities if q.parameter == name), None)


def admitted_ensemble(known: Ensemble, quantities: Sequence[FunctionProfile]) -> Ensemble:
    """Add what the profiles of quantities admit to sets that are known to be admitted.

    The sets that carry a quantity to its extremes may lie apart from those that carry a parameter to its own.
    """
    more = [q.sets[q.rise <= q.threshold] for q in quantities]
    more += [q.set_without[None, :] for q in quantities if q.without_admitted and len(q.set_without) > 0]
    values = np.concatenate([known.values, *more])
    values = values[np.all(np.isfinite(values) & (values > 0), axis=1)]
    _, first = np.unique(np.round(np.log(values), 4), axis=0, return_index=True)
    values = values[np.sort(first)]
    return Ensemble(
        known.parameter_names, values, np.full(len(values), 1 / len(values)), known.constants,
        "sets within the threshold, from the profiles of parameters and of what the dose rests on; equal weights",
    )  # fmt: skip


def basis_of(fit: Fit) -> str:
    """Say which fit it is: its height and its estimates, to eight digits."""
    return " ".join([fit.likelihood, f"{fit.nll:.8g}", *(f"{x:.8g}" for x in fit.estimates)])
