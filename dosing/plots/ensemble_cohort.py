"""Patients of a cohort under one shared treatment and under their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.text import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dosing.ensemble.cohort_schedules import CohortSchedules


def plot_cohort_schedules(axes: Axes, found: CohortSchedules) -> Axes:
    """Draw each patient's objective under the shared treatment and under their own, joined by a line.

    Parameters
    ----------
    axes : Axes
    found : CohortSchedules
    """
    rows = np.arange(len(found.patients))[::-1]
    for row, patient in zip(rows, found.patients, strict=True):
        axes.plot(
            [patient.shared_days, patient.own_days],
            [row, row],
            "-",
            color=palette.FLOW,
            linewidth=3,
            zorder=1,
        )
        axes.annotate(
            patient.own if patient.gain_days > 0 else "shared", (patient.own_days, row), (7, 0),
            textcoords="offset points", va="center", fontsize=palette.SMALL - 0.5, color=palette.MUTED,
            annotation_clip=False,
        )  # fmt: skip
    shared = [p.shared_days for p in found.patients]
    own = [p.own_days for p in found.patients]
    axes.plot(
        shared,
        rows,
        "o",
        color=palette.FIRST,
        markersize=6,
        markerfacecolor="white",
        label=f"shared: {found.shared}",
    )
    axes.plot(own, rows, "D", color=palette.SECOND, markersize=4.5, label="own")
    axes.axvline(
        found.horizon_days,
        color=palette.MUTED,
        linestyle=palette.DOTTED,
        linewidth=1,
        label="horizon",
        zorder=0,
    )
    axes.set_yticks(rows, [p.patient_id for p in found.patients], parse_math=False)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(0, 1.02 * found.horizon_days)
    axes.set_xlabel(f"{found.objective.value} (days)")
    axes.set_ylabel("patient")
    quiet(axes)
    axes.legend(
        frameon=False,
        fontsize=palette.SMALL,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.01),
        ncols=3,
        borderaxespad=0.2,
    )
    return axes
