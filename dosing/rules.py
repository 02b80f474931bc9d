"""What a recommended dose must satisfy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DoseRules:
    """Rules of a recommendation.

    Parameters
    ----------
    k_tol_ratio : float
        Tolerable burden as a multiple of the first burden (Masud 2023 takes 1).
    required_support : float
        Weighted share of the admitted parameter sets whose window must contain the dose.
    margin : float
        The dose lies this share of the supported interval's width above its lower end: low doses spare the
        patient, the very edge leaves nothing for error and lies outside the window, which is open.
    horizon_days : float
        Horizon of the strategies' comparison.
    worst_misfit : float
        Typical factor between measured and fitted burdens above which the model does not describe the patient.
    progression_factor : float
        Burden that counts as progression, as a multiple of the first (RECIST: 1.2).

    Raises
    ------
    ValueError
        Settings without meaning.
    """

    k_tol_ratio: float = 1.0
    required_support: float = 0.95
    margin: float = 0.2
    horizon_days: float = 1460.0
    progression_factor: float = 1.2
    worst_misfit: float = 2.0

    def __post_init__(self) -> None:
        """Refuse settings without meaning."""
        if not 0 < self.k_tol_ratio < float("inf"):
            raise ValueError(f"k_tol_ratio must be a positive number, got {self.k_tol_ratio}")
        if not 0 < self.required_support <= 1:
            raise ValueError(f"required_support must lie in (0, 1], got {self.required_support}")
        if not 0 < self.margin < 1:
            raise ValueError(
                f"margin must lie strictly between 0 and 1, got {self.margin}: a dose on an edge of the "
                "window is outside it"
            )
        if not 0 < self.horizon_days < float("inf"):
            raise ValueError(f"horizon_days must be a positive number, got {self.horizon_days}")
        if not self.worst_misfit > 1:
            raise ValueError(f"worst_misfit must exceed 1, got {self.worst_misfit}: it is a factor")
        if not self.progression_factor > 1:
            raise ValueError(
                f"progression_factor must exceed 1, got {self.progression_factor}: it is a multiple of the "
                "first burden"
            )
