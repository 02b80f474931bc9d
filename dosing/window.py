"""The effective dose window: which constant doses contain a tumour below a tolerable burden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.dose_support import best_supported_dose, dose_support, supported_doses
from dosing.window_numeric import WindowEdges, WindowNumbers, window_numbers
from dosing.window_symbolic import WindowExpressions, WindowUnavailable, window_expressions
from dynamics.jobs import parameter_row

if TYPE_CHECKING:
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

__all__ = [
    "DoseWindow",
    "WindowEdges",
    "WindowExpressions",
    "WindowUnavailable",
    "best_supported_dose",
    "dose_support",
    "dose_window",
    "supported_doses",
    "window_against_tolerable",
    "window_edges",
    "window_expressions",
]

_CASES = {
    "I": "Case I: under the maximum tolerated dose (MTD) the sensitive cells die out, and nothing holds "
    "the resistant cells back.",
    "I, no growth": "Case I: under the maximum tolerated dose (MTD) the sensitive cells die out; the "
    "resistant cells cannot grow either.",
    "II": "Case II: under the maximum tolerated dose (MTD) sensitive cells alone would persist, but too "
    "few of them to keep resistant cells from growing.",
    "III": "Case III: under the maximum tolerated dose (MTD) sensitive cells alone keep resistant cells "
    "down, and resistant cells alone keep sensitive ones down; the start decides which of them wins.",
    "III, one winner": "Case III: under the maximum tolerated dose (MTD) sensitive cells alone keep "
    "resistant cells down, from any start.",
    "": "The case under the maximum tolerated dose (MTD) cannot be told: at these parameters no "
    "equilibrium is stable.",
}


@dataclass(frozen=True)
class DoseWindow:
    """Effective dose window (EDW) of one parameter set: Masud 2023, eq. 4.

    Parameters
    ----------
    lower, upper : float
        Edges as fractions of the maximum tolerated dose (MTD), not clipped: below 0, above 1 or infinite
        where the condition holds at every possible dose (or at none); NaN where it cannot be told.
    k_tol : float
        Tolerable burden, in the marker's unit.
    smallest_tolerable_burden : float
        No dose from 0 to MTD contains the tumour below this burden; infinite where none contains it at all.
    kill_rate_per_day : float
        Rate at which the MTD kills sensitive cells; NaN where the model has no single such rate.
    untreated_burden : float
        Burden at which sensitive cells alone rest without a drug.
    case : str
        ``"I"``, ``"II"`` or ``"III"`` of Masud 2023 under the MTD; empty where it cannot be told.
    case_sentence : str
        What the case means.
    """

    lower: float
    upper: float
    k_tol: float
    smallest_tolerable_burden: float
    kill_rate_per_day: float
    untreated_burden: float
    case: str
    case_sentence: str

    @property
    def low(self) -> float:
        """Lower edge within [0, 1]."""
        return float(np.clip(self.lower, 0.0, 1.0))

    @property
    def high(self) -> float:
        """Upper edge within [0, 1]."""
        return float(np.clip(self.upper, 0.0, 1.0))

    @property
    def exists(self) -> bool:
        """Whether any dose from 0 to MTD lies inside the window."""
        return self.low < self.high

    @property
    def lower_rate_per_day(self) -> float:
        """Lower edge as a kill rate of sensitive cells, r (1 - K_tol/K) in Masud 2023, eq. 4."""
        return self.lower * self.kill_rate_per_day

    @property
    def upper_rate_per_day(self) -> float:
        """Upper edge as a kill rate of sensitive cells, r (1 - 1/c) in Masud 2023, eq. 4."""
        return self.upper * self.kill_rate_per_day

    @property
    def minimum_effective_dose(self) -> float:
        """Minimum effective dose (MED): the lower edge within [0, 1]; NaN where no window exists."""
        return self.low if self.exists else float("nan")

    def __contains__(self, dose: float) -> bool:
        """Whether a dose lies strictly inside the window."""
        return self.lower < dose < self.upper

    @property
    def sentence(self) -> str:
        """What the window says, in words."""
        if np.isnan(self.lower) or np.isnan(self.upper):
            return "The dose window cannot be computed at these parameters."
        if self.exists:
            start = "even without a drug" if self.low == 0 else f"from {100 * self.low:.1f} %"
            return (
                f"Constant doses {start} to {100 * self.high:.1f} % of the MTD contain the tumour below "
                f"{self.k_tol:.4g}, once sensitive cells prevail."
            )
        if self.upper <= 0:
            return (
                "No dose contains the tumour: resistant cells grow beside sensitive cells even without a "
                "drug, so no burden of sensitive cells keeps them down."
            )
        return (
            f"No dose contains the tumour below {self.k_tol:.4g}: the smallest burden that sensitive cells "
            f"can hold against resistant ones is {self.smallest_tolerable_burden:.4g}."
        )


def dose_window(
    model: Model,
    parameters: Mapping[str, float] | Sequence[float] | np.ndarray,
    constants: Mapping[str, float] | None,
    k_tol: float,
) -> DoseWindow:
    """Compute the effective dose window of one parameter set.

    Parameters
    ----------
    model : Model
        With the roles ``"sensitive"`` and ``"resistant"``.
    parameters : mapping or array, shape (p,)
        In the model's units and order.
    constants : mapping
        Such as ``{"V0": 359.0}``; those the window does not depend on may be left out.
    k_tol : float
        Tolerable burden (TTV), in the marker's unit.

    Raises
    ------
    WindowUnavailable
        No window can be derived for this model.
    ValueError
        A tolerable burden that is not a positive number.
    """
    if not (np.isfinite(k_tol) and k_tol > 0):
        raise ValueError(f"the tolerable burden must be a positive number in the marker's unit, got {k_tol}")
    window = window_numbers(model)
    row = parameter_row(model, parameters)
    numbers = window.numbers(model.parameter_names, row[None, :], constants or {})
    edges = window.edges(numbers, k_tol)
    case, sentence = _case_at_mtd(window, numbers)
    return DoseWindow(
        lower=float(edges.lower[0]),
        upper=float(edges.upper[0]),
        k_tol=float(k_tol),
        smallest_tolerable_burden=float(edges.smallest_tolerable[0]),
        kill_rate_per_day=float(window.kill_rate(numbers)[0]),
        untreated_burden=float(window.attractor(numbers, 0.0).output[0]),
        case=case,
        case_sentence=sentence,
    )


def _case_at_mtd(window: WindowNumbers, numbers: list[np.ndarray]) -> tuple[str, str]:
    """Name the case of Masud 2023 under the maximum tolerated dose, for the first parameter set."""
    rest = window.attractor(numbers, 1.0)
    if rest.branch[0] < 0 or not np.isfinite(rest.invasion[0]):
        return "", _CASES[""]
    if not rest.present[0]:
        return "I", _CASES["I" if rest.invasion[0] > 0 else "I, no growth"]
    if rest.invasion[0] >= 0:
        return "II", _CASES["II"]
    rivals = window.resistant_attractor(numbers, 1.0)
    return "III", _CASES["III" if rivals.present[0] and rivals.invasion[0] < 0 else "III, one winner"]


def window_edges(
    model: Model, ensemble: Ensemble, k_tol: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the window of every parameter set of an ensemble.

    Parameters
    ----------
    model : Model
    ensemble : Ensemble
        m parameter sets; sets that are not finite get NaN.
    k_tol : float or ndarray, shape (m,)
        Tolerable burden, in the marker's unit.

    Returns
    -------
    low, high : ndarray, shape (m,)
        Edges within [0, 1], as fractions of the MTD.
    exists : ndarray of bool, shape (m,)
        Whether any dose lies inside.

    Raises
    ------
    WindowUnavailable
        No window can be derived for this model.
    """
    window = window_numbers(model)
    edges = window.edges(window.numbers(ensemble.parameter_names, ensemble.values, ensemble.constants), k_tol)
    return edges.low, edges.high, edges.exists


def window_against_tolerable(
    model: Model,
    parameters: Mapping[str, float] | Sequence[float] | np.ndarray,
    constants: Mapping[str, float] | None,
    k_tol_grid: np.ndarray,
) -> WindowEdges:
    """Compute the window's edges against the tolerable burden: Masud 2023, Fig. 9.

    Parameters
    ----------
    k_tol_grid : ndarray, shape (g,)
        Tolerable burdens, in the marker's unit.

    Returns
    -------
    WindowEdges
        With one entry a burden, not clipped.

    Raises
    ------
    WindowUnavailable
        No window can be derived for this model.
    """
    window = window_numbers(model)
    grid = np.asarray(k_tol_grid, dtype=float)
    rows = np.repeat(parameter_row(model, parameters)[None, :], len(grid), axis=0)
    return window.edges(window.numbers(model.parameter_names, rows, constants or {}), grid)
