"""Series of many patients side by side, and the same series cut again inside their training parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from patients.cohort import Patient


@dataclass(frozen=True)
class Series:
    """Logarithms of burdens of b series, padded to one length.

    Parameters
    ----------
    patient_ids : tuple of str
    days : ndarray, shape (b, n)
        Since each patient's first visit.
    logs : ndarray, shape (b, n)
        Natural logarithm of the burden; of the limit where the value was censored.
    counted : ndarray of bool, shape (b, n)
        False where the row is padded.
    censoring : ndarray of int, shape (b, n)
    """

    patient_ids: tuple[str, ...]
    days: np.ndarray
    logs: np.ndarray
    counted: np.ndarray
    censoring: np.ndarray

    def __len__(self) -> int:
        """Return the number of series."""
        return len(self.patient_ids)

    @property
    def last(self) -> np.ndarray:
        """Index of the last visit, shape (b,)."""
        return self.counted.sum(axis=1) - 1

    @property
    def last_day(self) -> np.ndarray:
        """Day of the last visit, shape (b,)."""
        return self.days[np.arange(len(self)), self.last]

    @property
    def last_log(self) -> np.ndarray:
        """Logarithm of the last burden, shape (b,)."""
        return self.logs[np.arange(len(self)), self.last]


def series_of(patients: Sequence[Patient]) -> Series:
    """Lay patients side by side.

    Raises
    ------
    ValueError
        A burden of zero that is not censored: it has no logarithm.
    """
    size = max(len(p) for p in patients)
    days, logs = np.zeros((len(patients), size)), np.zeros((len(patients), size))
    counted, censoring = np.zeros(days.shape, dtype=bool), np.zeros(days.shape, dtype=int)
    for i, p in enumerate(patients):
        if np.any(p.burdens <= 0):
            day = p.times[np.argmax(p.burdens <= 0)]
            raise ValueError(
                f"patient {p.patient_id!r}: the burden of day {day:g} is 0, which has no logarithm; give the "
                "detection limit (burden <0.1, or a lower_limit column), or use fitting.choice.censor_zeros"
            )
        n = len(p)
        days[i, :n], logs[i, :n] = p.times - p.times[0], np.log(p.burdens)
        counted[i, :n], censoring[i, :n] = True, p.censoring
    return Series(tuple(p.patient_id for p in patients), days, logs, counted, censoring)


@dataclass(frozen=True)
class Rehearsal:
    """Forecasts made inside training parts, from which the size of forecast errors is learned.

    Parameters
    ----------
    series : Series
        Training parts cut once more, one row an origin.
    target_days, target_logs : ndarray, shape (b, k)
    target_censoring : ndarray of int, shape (b, k)
    target_weights : ndarray, shape (b, k)
        0 where padded; every patient's sum to the same.
    """

    series: Series
    target_days: np.ndarray
    target_logs: np.ndarray
    target_censoring: np.ndarray
    target_weights: np.ndarray

    @property
    def horizons_days(self) -> np.ndarray:
        """Days from each origin to its targets, shape (b, k)."""
        return self.target_days - self.series.last_day[:, None]


def rehearse(whole: Series, *, fewest: int = 2, origins: int = 6, earliest: float = 0.4) -> Rehearsal:
    """Cut training parts at several of their visits; all later training visits are targets (rolling origin).

    Parameters
    ----------
    whole : Series
        The training parts.
    fewest : int
        Visits before the first origin.
    origins : int
        At most so many for each patient, evenly spaced.
    earliest : float
        No origin before this share of the training visits.

    Raises
    ------
    ValueError
        No training part is long enough.
    """
    rows, cuts = [], []
    for i, n in enumerate(whole.counted.sum(axis=1)):
        first = max(fewest, round(earliest * n))
        if first < n:
            mine = np.unique(np.linspace(first, n - 1, min(origins, n - first)).round().astype(int))
            rows += [i] * len(mine)
            cuts += mine.tolist()
    if not rows:
        raise ValueError(
            f"no training part has more than {fewest} visits, so the size of forecast errors cannot be learned; "
            "train on more visits"
        )
    who, cut = np.array(rows), np.array(cuts)
    position = np.arange(whole.days.shape[1])
    counted = whole.counted[who]
    before, after = position < cut[:, None], counted & (position >= cut[:, None])
    series = Series(
        tuple(whole.patient_ids[i] for i in who),
        np.where(before, whole.days[who], 0.0),
        np.where(before, whole.logs[who], 0.0),
        before,
        whole.censoring[who],
    )
    per_patient = np.bincount(who, after.sum(axis=1), len(whole))
    weights = after / per_patient[who][:, None]
    last = whole.days[who, cut - 1]
    return Rehearsal(
        series,
        np.where(after, whole.days[who], last[:, None]),
        whole.logs[who],
        whole.censoring[who],
        weights,
    )
