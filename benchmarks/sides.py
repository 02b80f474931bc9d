"""Sides of a comparison: what each took, and where its starts ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks.measure import Measurement
from benchmarks.record import Table

SAME_OPTIMUM = 0.01  # as fitting.maximum_likelihood counts starts


@dataclass
class Side:
    """One way to do the job, with what it took and where its starts ended.

    Parameters
    ----------
    name : str
    process, job : list of float
        Seconds of whole processes; seconds without start-up, imports and reading, compilation included.
    cpu : list of float
        Processor seconds of whole processes.
    reached : dict of str to tuple (float, int, int)
        For each patient: best NLL, starts within ``SAME_OPTIMUM`` of it, starts made.
    share : float
        Part of the starts that was run; times are divided by it.
    values : dict of str to list of float
        Where every start ended, for the sides that tell.
    """

    name: str
    process: list[float]
    cpu: list[float]
    job: list[float]
    reached: dict[str, tuple[float, int, int]] = field(default_factory=dict)
    share: float = 1.0
    values: dict[str, list[float]] = field(default_factory=dict)

    def starts_at(self, patient: str, best: float) -> tuple[int, int]:
        """Count the starts that reached ``best``, and the starts made."""
        if patient in self.values:
            ends = self.values[patient]
            return sum(v <= best + SAME_OPTIMUM for v in ends), len(ends)
        own, count, starts = self.reached[patient]
        return (count if own <= best + SAME_OPTIMUM else 0), starts

    def best(self, patient: str) -> float:
        """Best NLL of a patient."""
        return min(self.values[patient]) if patient in self.values else self.reached[patient][0]


def evodose(name: str, measured: Sequence[Measurement]) -> Side:
    """Make a side of fresh processes of this project."""
    said = measured[-1].said
    return Side(
        name,
        [m.wall_s for m in measured],
        [m.cpu_s for m in measured],
        [m.said["first_s"] for m in measured],
        reached={p: (v[0], v[1], v[2]) for p, v in said["best"].items()},
    )


def other(name: str, measured: Sequence[Measurement], share: float = 1.0) -> Side:
    """Make a side of fresh processes of another program; the time of a part of the starts is scaled up."""
    more = 1 / share - 1
    # what grows with the starts is neither the start of the process nor a compilation: the program itself tells
    return Side(
        name,
        [m.wall_s + more * m.said["starts_s"] for m in measured],
        [m.cpu_s + more * m.said["starts_cpu_s"] for m in measured],
        [m.said["first_s"] + more * m.said["starts_s"] for m in measured],
        share=share,
        values=measured[-1].said["values"],
    )


def compare(sides: Sequence[Side], reference: Side, warm: float) -> Table:
    """Put the sides' times beside the reference's."""
    cells: list[list[Any]] = []
    for side in sides:
        process, cpu, job = median(side.process), median(side.cpu), median(side.job)
        reached = sum(side.starts_at(p, best)[0] for p, best in best_of(sides).items()) / side.share
        cells.append(
            [
                side.name + (f" ({side.share:.0%} of the starts run, times scaled up)" if side.share < 1 else ""),
                f"{process:.1f}", f"{process / median(reference.process):.1f}",
                f"{cpu:.1f}", f"{cpu / median(reference.cpu):.1f}",
                f"{job:.2f}", f"{job / median(reference.job):.1f}", f"{job / warm:.0f}",
                f"{reached:.0f}", f"{1000 * process / reached:.0f}" if reached else "–",
            ]
        )  # fmt: skip
    return Table(
        "Times and ratios (medians, so that a quiet moment of one side is not held against a busy one of another; "
        "ratio = this row / first row). Process: from the start of the interpreter to its exit. CPU: user and system "
        "time of the same. Job: without imports and reading on any side, compilation included. Warm: this row's job "
        "against evodose's job repeated in one process. At optimum: starts of all patients within 0.01 of the best "
        "NLL that any row found (scaled like the times), and process ms for one.",
        [
            "",
            "process s",
            "ratio",
            "CPU s",
            "ratio",
            "job s",
            "ratio",
            "ratio to warm",
            "at optimum",
            "ms per start there",
        ],
        cells,
    )


def best_of(sides: Sequence[Side]) -> dict[str, float]:
    """Best NLL of each patient on any side."""
    return {p: min(side.best(p) for side in sides) for p in sides[0].reached}


def outcomes(sides: Sequence[Side]) -> Table:
    """Put the sides' answers beside each other."""
    best = best_of(sides)
    cells = []
    for patient, value in best.items():
        row: list[Any] = [patient]
        for side in sides:
            count, starts = side.starts_at(patient, value)
            row.append(f"{side.best(patient):.4f} ({count} of {starts})")
        cells.append(row)
    return Table(
        "Best NLL of each patient, and how many starts came within 0.01 of the best that any column found.",
        ["patient", *(side.name for side in sides)],
        cells,
    )
