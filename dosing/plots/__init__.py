"""Pictures of doses: functions that draw on given Axes or a given Figure and return it."""

from dosing.plots.containment import plot_containment, plot_weights
from dosing.plots.minimum_dose import plot_minimum_doses
from dosing.plots.pause_map import plot_ttp_map
from dosing.plots.tolerable import plot_window_against_tolerable

__all__ = [
    "plot_containment",
    "plot_minimum_doses",
    "plot_ttp_map",
    "plot_weights",
    "plot_window_against_tolerable",
]
