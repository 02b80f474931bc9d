"""Optimal durations and horizon in closed form, where as many drugs as lines are all used: Theorem 5."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.model import SwitchingModel

__all__ = ["ClosedForm", "ClosedFormStatus", "closed_form"]

_SINGULAR = 1e13  # condition number at which a solved system has three digits left


class ClosedFormStatus(StrEnum):
    """Whether the assumptions of Theorem 5 hold, as a sentence."""

    HOLDS = "The assumptions of the closed form hold: the optimum uses every drug, and has no constraint that binds."
    FLOWS = (
        "Lines flow into each other (Assumption 1 fails); take `model.diagonal()` if mutation and migration "
        "may be left out."
    )
    TRANSIENT = "The transient has a weight (f is not zero); the closed form is for f = 0."
    NOT_SQUARE = (
        "The numbers of lines and drugs differ; the closed form needs them equal. Solve the cone problem."
    )
    SINGULAR = (
        "The growth rates under the drugs, or their weights, form a singular matrix: two drugs or lines act alike, "
        "or a line has no cells. Solve the cone problem."
    )
    NO_POSITIVE_BURDEN = (
        "S v = b has no positive solution, so no choice of durations is stationary. Solve the cone problem."
    )
    NEGATIVE_DURATION = (
        "The stationary point gives a drug no positive duration, so at the optimum that drug is not used. Solve the "
        "cone problem."
    )


@dataclass(frozen=True)
class ClosedForm:
    """The stationary point of the unconstrained cost, if there is one.

    Parameters
    ----------
    status : ClosedFormStatus
    durations : ndarray, shape (d,), days, or None
        Also given where a duration is not positive, as a reason; None where there is no stationary point.
    horizon_days, cost : float
        NaN unless the assumptions hold.
    message : str
        Which line or drug the status is about.
    """

    status: ClosedFormStatus
    durations: np.ndarray | None = None
    horizon_days: float = float("nan")
    cost: float = float("nan")
    message: str = ""

    @property
    def holds(self) -> bool:
        """Whether the durations are the optimum."""
        return self.status is ClosedFormStatus.HOLDS

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        if not self.holds:
            return f"{self.message} {self.status}".strip()
        return (
            f"The best treatment lasts {self.horizon_days:.6g} days and costs {self.cost:.6g}. {self.status}"
        )


def closed_form(model: SwitchingModel, cost: SwitchingCost) -> ClosedForm:
    """Solve ``S v = b`` and ``D tau = log v`` (Theorem 5), and check that the answer is the optimum.

    Raises
    ------
    SwitchingError
        Weights that do not fit the model.
    """
    h, toxicity, _ = cost.weights(model)
    weight = h * model.cells
    rates = model.net_growth
    if not model.is_diagonal:
        return ClosedForm(ClosedFormStatus.FLOWS)
    if cost.counts_transient:
        return ClosedForm(ClosedFormStatus.TRANSIENT)
    if rates.shape[0] != rates.shape[1]:
        return ClosedForm(
            ClosedFormStatus.NOT_SQUARE, message=f"{rates.shape[1]} lines and {rates.shape[0]} drugs."
        )
    if np.any(weight == 0):
        empty = model.label(int(np.flatnonzero(weight == 0)[0]))
        return ClosedForm(ClosedFormStatus.SINGULAR, message=f"{empty} has no cells or no weight.")
    number = float(np.linalg.cond(rates))
    if not number < _SINGULAR:
        return ClosedForm(ClosedFormStatus.SINGULAR, message=f"Condition number {number:.1e}.")
    # S = rates diag(weight); solving for diag(weight) v keeps cell numbers out of the conditioning
    burden = np.linalg.solve(rates, -toxicity)
    if np.any(burden <= 0):
        j = int(np.argmin(burden))
        return ClosedForm(
            ClosedFormStatus.NO_POSITIVE_BURDEN,
            message=f"{model.label(j)} would end with a burden of {burden[j]:.3g}.",
        )
    durations = np.linalg.solve(rates.T, np.log(burden / weight))
    if np.any(durations <= 0):
        s = int(np.argmin(durations))
        return ClosedForm(
            ClosedFormStatus.NEGATIVE_DURATION, durations,
            message=f"{model.drugs[s]} would be given for {durations[s]:.4g} days.",
        )  # fmt: skip
    return ClosedForm(
        ClosedFormStatus.HOLDS, durations, float(durations.sum()),
        float(burden.sum() + toxicity @ durations),
    )  # fmt: skip
