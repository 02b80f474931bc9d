"""Dose schedules: piecewise-constant dose fractions over days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


class ScheduleError(ValueError):
    """A schedule that cannot be given; the message says which row and why."""


@dataclass(frozen=True)
class DoseSchedule:
    """A dose that is constant between switches and zero outside all segments.

    Parameters
    ----------
    edges : tuple of float, length n + 1
        Days, strictly increasing; segment i is ``[edges[i], edges[i + 1])``. The last may be infinite.
    doses : tuple of float, length n
        Dose in each segment as a fraction of the maximum tolerated dose, in [0, 1].

    Raises
    ------
    ScheduleError
        Doses outside [0, 1], days that do not increase, lengths that do not fit.
    """

    edges: tuple[float, ...]
    doses: tuple[float, ...]

    def __post_init__(self) -> None:
        """Validate, and store plain floats."""
        edges = tuple(float(e) for e in self.edges)
        doses = tuple(float(d) for d in self.doses)
        if len(edges) != len(doses) + 1 or not doses:
            raise ScheduleError(f"{len(doses)} doses need {len(doses) + 1} edges, got {len(edges)}")
        if not all(np.isfinite(edges[:-1])) or np.isnan(edges[-1]):
            raise ScheduleError(f"switching days must be finite numbers (the last may be inf), got {edges}")
        for i, (a, b) in enumerate(pairwise(edges)):
            if not b > a:
                raise ScheduleError(f"segment {i} ends on day {b:g}, not after its start on day {a:g}")
        for i, dose in enumerate(doses):
            if not 0.0 <= dose <= 1.0:
                raise ScheduleError(
                    f"dose {dose:g} from day {edges[i]:g} is outside [0, 1]; doses are fractions of the "
                    "maximum tolerated dose: divide by it"
                )
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "doses", doses)

    # ---- makers -----------------------------------------------------------------------------------------
    @classmethod
    def constant(cls, dose: float, start: float = 0.0, end: float = np.inf) -> DoseSchedule:
        """One dose from ``start`` to ``end`` (days)."""
        return cls((start, end), (dose,))

    @classmethod
    def held_forward(cls, times: Sequence[float], doses: Sequence[float]) -> DoseSchedule:
        """Hold the dose of each visit until the next visit, and the last one from then on.

        Raises
        ------
        ScheduleError
            No visit, days that do not increase, an invalid dose.
        """
        if len(times) != len(doses) or len(times) == 0:
            raise ScheduleError(f"need one dose a visit, got {len(doses)} doses for {len(times)} visits")
        for a, b in pairwise(times):
            if not b > a:
                raise ScheduleError(f"visit days must increase, but day {b:g} follows day {a:g}")
        edges, levels = [float(times[0])], [float(doses[0])]
        for time, dose in zip(times[1:], doses[1:], strict=True):
            if dose != levels[-1]:
                edges.append(float(time))
                levels.append(float(dose))
        return cls((*edges, np.inf), tuple(levels))

    @classmethod
    def cycles(
        cls, dose: float, on_days: float, off_days: float, count: int, start: float = 0.0
    ) -> DoseSchedule:
        """Return ``count`` cycles of ``on_days`` with the dose and ``off_days`` without."""
        lengths = np.tile([on_days, off_days], count)
        edges = start + np.concatenate([[0.0], np.cumsum(lengths)])
        return cls(tuple(edges), tuple(np.tile([dose, 0.0], count)))

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[float, float, float]]) -> DoseSchedule:
        """Build from ``(t_start, t_end, dose)`` rows in any order; gaps between rows carry no dose.

        Raises
        ------
        ScheduleError
            Rows that overlap or do not end after their start, or an invalid dose.
        """
        ordered = sorted((float(a), float(b), float(d)) for a, b, d in rows)
        if not ordered:
            raise ScheduleError("a schedule needs at least one row (t_start, t_end, dose)")
        edges, doses = [ordered[0][0]], []
        for start, end, dose in ordered:
            if not (np.isfinite(start) and end > start):
                raise ScheduleError(
                    f"row from day {start:g} to {end:g} (dose {dose:g}) does not end after its start"
                )
            if start < edges[-1]:
                raise ScheduleError(
                    f"segment from day {start:g} to {end:g} overlaps the one before, which ends on day "
                    f"{edges[-1]:g}"
                )
            if start > edges[-1]:
                edges.append(start)
                doses.append(0.0)
            edges.append(end)
            doses.append(dose)
        return cls(tuple(edges), tuple(doses))

    @classmethod
    def from_table(cls, table: pd.DataFrame) -> DoseSchedule:
        """Build from a table with columns ``t_start, t_end, dose``.

        Raises
        ------
        ScheduleError
            A missing column, or rows that :meth:`from_rows` refuses.
        """
        missing = [name for name in ("t_start", "t_end", "dose") if name not in table.columns]
        if missing:
            raise ScheduleError(
                f"schedule table has no column {', '.join(missing)}; it has {list(table.columns)}"
            )
        return cls.from_rows(table[["t_start", "t_end", "dose"]].itertuples(index=False, name=None))

    # ---- readings ---------------------------------------------------------------------------------------
    def to_table(self) -> pd.DataFrame:
        """Return columns ``t_start, t_end, dose``, one row a segment."""
        import pandas as pd

        return pd.DataFrame({"t_start": self.edges[:-1], "t_end": self.edges[1:], "dose": self.doses})

    def dose_at(self, time_days: np.ndarray | float) -> np.ndarray:
        """Dose at each time; at a switch, the dose that begins there."""
        index = np.searchsorted(np.asarray(self.edges), np.asarray(time_days, dtype=float), side="right")
        padded = np.array([0.0, *self.doses, 0.0])
        return padded[index]

    def switches_within(self, start: float, end: float) -> np.ndarray:
        """Days strictly between ``start`` and ``end`` at which the dose changes."""
        levels = (0.0, *self.doses, 0.0)
        changes = [e for i, e in enumerate(self.edges) if levels[i] != levels[i + 1]]
        return np.array([e for e in changes if start < e < end], dtype=float)

    def total_dose(self, start: float, end: float) -> float:
        """Integral of the dose from ``start`` to ``end``, in days at the maximum tolerated dose."""
        edges = np.clip(np.asarray(self.edges), start, end)
        # Not 0 * inf, which is NaN: a pause without end adds nothing.
        return float(
            sum(dose * (b - a) for dose, (a, b) in zip(self.doses, pairwise(edges), strict=True) if dose > 0)
        )
