"""Where controls switch and where states are collocated, as fractions of the horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dosing.optimal.conditions import ProblemError
from dosing.optimal.radau import NODES


@dataclass(frozen=True)
class Grid:
    """Intervals of constant control, each cut into finite elements of equal length.

    Parameters
    ----------
    edges : ndarray, shape (m + 1,)
        From 0 to 1, strictly increasing.
    elements : tuple of int, length m
        Finite elements in each interval.
    """

    edges: np.ndarray
    elements: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse what is no grid."""
        if len(self.edges) != len(self.elements) + 1 or not np.all(np.diff(self.edges) > 0):
            raise ProblemError(f"{len(self.elements)} intervals need edges that increase, got {self.edges}")
        if min(self.elements) < 1:
            raise ProblemError(f"every interval needs at least one element, got {min(self.elements)}")

    @classmethod
    def even(cls, intervals: int, elements: int | Sequence[int] = 1) -> Grid:
        """Make intervals of equal length."""
        if intervals < 1:
            raise ProblemError(f"the control needs at least one interval, got {intervals}")
        return cls(np.linspace(0.0, 1.0, intervals + 1), _per_interval(elements, intervals))

    @classmethod
    def from_days(
        cls, edges_days: Sequence[float] | np.ndarray, final_day: float, elements: int | Sequence[int] = 1
    ) -> Grid:
        """Make intervals between given days; the first and the last are the ends of the horizon.

        Raises
        ------
        ProblemError
            Days that do not increase from 0 to the end of the horizon.
        """
        days = np.asarray(edges_days, dtype=float)
        if len(days) < 2 or days[0] != 0 or not np.all(np.diff(days) > 0):
            raise ProblemError(f"days of change must increase from 0, got {days}")
        if abs(days[-1] - final_day) > 1e-9 * final_day:
            raise ProblemError(
                f"the last day of change is {days[-1]:g}, the horizon ends on day {final_day:g}; end the days there"
            )
        return cls(days / days[-1], _per_interval(elements, len(days) - 1))

    @property
    def intervals(self) -> int:
        """Number of intervals of constant control."""
        return len(self.elements)

    @cached_property
    def owners(self) -> np.ndarray:
        """Interval of each element, shape (elements,)."""
        return np.repeat(np.arange(self.intervals), self.elements)

    @cached_property
    def element_edges(self) -> np.ndarray:
        """Ends of all elements, shape (elements + 1,)."""
        inner = [
            np.linspace(a, b, count, endpoint=False)
            for a, b, count in zip(self.edges[:-1], self.edges[1:], self.elements, strict=True)
        ]
        return np.concatenate([*inner, [1.0]])

    @cached_property
    def nodes(self) -> np.ndarray:
        """Start of the horizon and all collocation nodes, shape (3 elements + 1,)."""
        starts, widths = self.element_edges[:-1], np.diff(self.element_edges)
        inner = starts[:, None] + widths[:, None] * NODES[None, :]
        # the last node of an element is the edge itself, to the last bit
        inner[:, -1] = self.element_edges[1:]
        return np.concatenate([[0.0], inner.ravel()])

    def split(self, intervals: np.ndarray) -> Grid:
        """Halve the marked intervals, shape (m,); an interval with several elements shares them out."""
        edges, elements = [0.0], []
        for k, halve in enumerate(intervals):
            a, b, count = self.edges[k], self.edges[k + 1], self.elements[k]
            if halve:
                edges.append((a + b) / 2)
                elements += [(count + 1) // 2] * 2
            else:
                elements.append(count)
            edges.append(b)
        return Grid(np.array(edges), tuple(elements))

    def with_elements(self, factors: np.ndarray) -> Grid:
        """Multiply the number of elements of every interval, shape (m,)."""
        return Grid(self.edges, tuple(int(c * f) for c, f in zip(self.elements, factors, strict=True)))


def _per_interval(elements: int | Sequence[int], intervals: int) -> tuple[int, ...]:
    """Elements of every interval."""
    counts = (int(elements),) * intervals if isinstance(elements, int) else tuple(int(e) for e in elements)
    if len(counts) != intervals:
        raise ProblemError(f"{len(counts)} numbers of elements were given for {intervals} intervals")
    return counts
