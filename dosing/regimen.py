"""A regimen: the recommended dose with its evidence, or a refusal with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from dynamics.schedule import DoseSchedule

if TYPE_CHECKING:
    from dosing.dose_evidence import DoseEvidence
    from dosing.strategies import StrategyOutcome
    from dosing.window import DoseWindow

Action = Literal["recommend", "refuse"]


@dataclass(frozen=True)
class WindowRange:
    """How far the window's edges move over the parameter sets that the data admit, fractions of MTD.

    Parameters
    ----------
    lower, upper : tuple of (float, float)
        Smallest and largest lower edge, smallest and largest upper edge, among sets that have a window.
    share_without_window : float
        Weight of the sets for which no dose window exists.
    n_sets : int
    """

    lower: tuple[float, float]
    upper: tuple[float, float]
    share_without_window: float
    n_sets: int


@dataclass(frozen=True)
class Regimen:
    """The last thing that flows through the house.

    Parameters
    ----------
    patient_id : str
    action : {"recommend", "refuse"}
        Refusing is a result.
    dose_fraction : float
        Recommended constant dose as a fraction of MTD; NaN for a refusal.
    reason : str
        One sentence: why this dose, or why none.
    code : str
        Machine-readable reason, a member name of ``dosing.recommendation.Reason``.
    window : DoseWindow or None
        At the point estimate.
    window_range : WindowRange or None
        Over the parameter sets within the threshold.
    support : float
        Weighted share of the parameter sets whose window contains the dose (for a refusal: of the best
        supported dose).
    best_supported_dose : float
        Dose inside the windows of the largest share of parameter sets; NaN where there is none.
    support_doses, support_share : ndarray, shape (d,)
        The whole curve of support over doses.
    required_support : float
        Share that a recommendation needs.
    point_estimate_says : str
        What the point estimate alone would have said; a refusal shows it beside the reason.
    would_change : str
        What further evidence would change the decision.
    basin : str
        Whether the patient's state at the first visit leads to the sensitive-only equilibrium under the dose.
    strategies : tuple of StrategyOutcome
        Recommended dose, MTD, adaptive therapy, each simulated at the point estimate.
    schedule : DoseSchedule or None
        The recommended regimen.
    dose_evidence : DoseEvidence or None
        Profile likelihood of "this dose is inside the window", for every dose; None where it was not asked for.
    """

    patient_id: str
    action: Action
    dose_fraction: float
    reason: str
    code: str
    window: DoseWindow | None
    window_range: WindowRange | None
    support: float
    best_supported_dose: float
    support_doses: np.ndarray
    support_share: np.ndarray
    required_support: float
    point_estimate_says: str
    would_change: str
    basin: str
    strategies: tuple[StrategyOutcome, ...]
    schedule: DoseSchedule | None
    settings: Mapping[str, float] = field(default_factory=dict)
    dose_evidence: DoseEvidence | None = None
