"""Coverage of several kinds of intervals, as measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class CoverageRow:
    """How often one kind of interval held the truth, for one target.

    Parameters
    ----------
    method : str
        ``"profile"``, ``"wald"`` or ``"bootstrap"``.
    target : str
    covered : int
        Patients whose interval holds the truth.
    trials : int
        Patients with an interval.
    missing : int
        Patients without one: a singular information, or a quantity that does not exist.
    open_share : float
        Share of the intervals that the data do not close: an open or bound-closed side of a profile, an
        estimate or more than 2.5 % of the replicates on a bound.
    median_width : float
        Of the closed intervals, relative to the truth; NaN where there are none.
    """

    method: str
    target: str
    covered: int
    trials: int
    missing: int
    open_share: float
    median_width: float

    @property
    def share(self) -> float:
        """Coverage."""
        return self.covered / self.trials if self.trials else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the coverage itself (Wilson), as so many patients tell it."""
        if not self.trials:
            return 0.0, 1.0
        z, n, share = 1.959964, self.trials, self.share
        centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))


@dataclass(frozen=True)
class Coverage:
    """Coverage of several kinds of intervals.

    Parameters
    ----------
    rows : tuple of CoverageRow
    level : float
        What the intervals claim.
    patients : int
    failed : int
        Patients who could not be fitted; they are not among the trials.
    """

    rows: tuple[CoverageRow, ...]
    level: float
    patients: int
    failed: int

    def row(self, method: str, target: str) -> CoverageRow:
        """Return one row.

        Raises
        ------
        KeyError
            A method or a target that was not measured.
        """
        for row in self.rows:
            if (row.method, row.target) == (method, target):
                return row
        raise KeyError(f"no coverage of {method!r} for {target!r}")
