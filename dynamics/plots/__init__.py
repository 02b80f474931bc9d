"""Pictures of a model's dynamics: functions that draw on given Axes and return them."""

from dynamics.plots.basins import plot_basins
from dynamics.plots.bifurcation import plot_bifurcation
from dynamics.plots.dose_planes import plot_dose_planes
from dynamics.plots.phase_plane import plot_phase_plane

__all__ = ["plot_basins", "plot_bifurcation", "plot_dose_planes", "plot_phase_plane"]
