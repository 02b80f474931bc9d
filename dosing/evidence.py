"""What is known about one patient's dose before the decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dosing.dose_support import best_supported_dose, dose_support, supported_doses
from dosing.lost_window import LostWindow, lost_window
from dosing.regimen import WindowRange
from dosing.window import DoseWindow, WindowUnavailable, dose_window, window_edges

if TYPE_CHECKING:
    from dosing.basin import Basin
    from dosing.dose_evidence import DoseEvidence
    from dosing.rules import DoseRules
    from dynamics.model import Model
    from fitting.result import Fit
    from identifiability.result import Diagnosis

GRID = np.linspace(0.0, 1.0, 201)


@dataclass
class Evidence:
    """Windows at the estimate and over the admitted sets, and the dose that follows from them.

    Parameters
    ----------
    window : DoseWindow or None
        At the point estimate; None where the model has none, and ``unavailable`` says why.
    window_range : WindowRange or None
    doses, share : ndarray, shape (d,)
        Support by the admitted sets over the whole range of doses.
    best_dose, best_share : float
        The dose that most sets support, anywhere between 0 and MTD.
    supported : tuple of (low, high)
        Doses that enough sets support.
    point_dose, dose, support : float
        Dose by the point estimate alone; dose by the sets, with its support; NaN where there is none.
    lost : LostWindow or None
        The parameter that leaves some sets without any window.
    misfit : float
        Typical factor between measured and fitted burdens.
    basin : Basin or None
        Where the point estimate ends under the dose.
    astray : float
        Weight of the sets whose window holds the dose but which do not end with sensitive cells alone.
    likelihood : DoseEvidence or None
        Profile likelihood of the dose itself.
    """

    window: DoseWindow | None = None
    unavailable: str = ""
    window_range: WindowRange | None = None
    doses: np.ndarray = field(default_factory=lambda: GRID.copy())
    share: np.ndarray = field(default_factory=lambda: np.zeros(len(GRID)))
    best_dose: float = float("nan")
    best_share: float = 0.0
    supported: tuple[tuple[float, float], ...] = ()
    point_dose: float = float("nan")
    dose: float = float("nan")
    support: float = 0.0
    lost: LostWindow | None = None
    misfit: float = 1.0
    basin: Basin | None = None
    astray: float = 0.0
    likelihood: DoseEvidence | None = None

    @property
    def rise_outside(self) -> float:
        """Rise of the negative log-likelihood that puts the dose outside the window; NaN where it is not known."""
        if self.likelihood is None or not np.isfinite(self.dose):
            return float("nan")
        return float(
            np.interp(self.dose, self.likelihood.doses, np.minimum(self.likelihood.rise_outside, 1e6))
        )

    @property
    def best_rise_outside(self) -> float:
        """Largest such rise among the doses that enough sets support and the estimate's window holds."""
        if self.likelihood is None or self.window is None:
            return float("nan")
        doses, rise = self.likelihood.doses, self.likelihood.rise_outside
        inside = (doses > self.window.low) & (doses < self.window.high)
        inside &= np.any([(doses >= a) & (doses <= b) for a, b in self.supported] or [inside], axis=0)
        return float(rise[inside].max()) if inside.any() else 0.0

    @property
    def outside_is_admitted(self) -> bool:
        """Whether the likelihood, not the share of sets, is what speaks against every dose."""
        return self.likelihood is not None and self.best_rise_outside <= self.likelihood.threshold


def gather(
    fit: Fit,
    diagnosis: Diagnosis,
    model: Model,
    k_tol: float,
    rules: DoseRules,
    likelihood: DoseEvidence | None = None,
) -> Evidence:
    """Compute windows and support; nothing is simulated yet.

    Parameters
    ----------
    k_tol : float
        Tolerable burden, in the marker's unit.
    likelihood : DoseEvidence, optional
        Confines the candidates to doses that no admitted parameter set puts outside its window.
    """
    found = Evidence(likelihood=likelihood)
    try:
        found.window = window = dose_window(model, fit.estimates, fit.constants, k_tol)
    except WindowUnavailable as error:
        found.unavailable = str(error)
        return found
    ensemble = diagnosis.ensemble
    low, high, exists = window_edges(model, ensemble, k_tol)
    found.window_range = _window_range(low, high, exists, ensemble.weights)
    found.share = dose_support(model, ensemble, found.doses, k_tol)
    found.best_dose, found.best_share = best_supported_dose(model, ensemble, k_tol)
    found.supported = supported_doses(model, ensemble, k_tol, rules.required_support)
    found.lost = lost_window(model, ensemble)
    if not window.exists:
        return found
    found.point_dose = window.low + rules.margin * (window.high - window.low)
    # the point estimate is the likeliest of the admitted tumours: a dose outside its window is no candidate
    pieces = [(max(a, window.low), min(b, window.high)) for a, b in found.supported]
    if likelihood is not None:
        pieces = [(max(a, c), min(b, d)) for a, b in pieces for c, d in likelihood.supported_intervals]
    pieces = [(a, b) for a, b in pieces if b > a]
    if pieces:
        a, b = max(pieces, key=lambda piece: piece[1] - piece[0])
        found.dose = a + rules.margin * (b - a)
        found.support = float(dose_support(model, ensemble, np.array([found.dose]), k_tol)[0])
    return found


def _window_range(low: np.ndarray, high: np.ndarray, exists: np.ndarray, weights: np.ndarray) -> WindowRange:
    """Summarise the windows of the admitted sets."""
    nothing = (float("nan"), float("nan"))
    return WindowRange(
        lower=(float(low[exists].min()), float(low[exists].max())) if exists.any() else nothing,
        upper=(float(high[exists].min()), float(high[exists].max())) if exists.any() else nothing,
        share_without_window=float(weights[~exists].sum()),
        n_sets=len(weights),
    )
