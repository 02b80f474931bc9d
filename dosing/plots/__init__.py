"""Pictures of doses: functions that draw on given Axes or a given Figure and return it."""

from dosing.plots.containment import plot_containment, plot_weights
from dosing.plots.ensemble_cohort import plot_cohort_schedules
from dosing.plots.ensemble_feedback import plot_feedback_search
from dosing.plots.ensemble_reduction import plot_reduction_error, plot_thinned_members
from dosing.plots.ensemble_schedule import plot_ensemble_schedule
from dosing.plots.ensemble_switching import plot_ensemble_switching, plot_held_doses, plot_switching
from dosing.plots.ensemble_ttp import plot_progression_curves
from dosing.plots.minimum_dose import plot_minimum_doses
from dosing.plots.pause_map import plot_ttp_map
from dosing.plots.tolerable import plot_window_against_tolerable

__all__ = [
    "plot_cohort_schedules",
    "plot_containment",
    "plot_ensemble_schedule",
    "plot_ensemble_switching",
    "plot_feedback_search",
    "plot_held_doses",
    "plot_minimum_doses",
    "plot_progression_curves",
    "plot_reduction_error",
    "plot_switching",
    "plot_thinned_members",
    "plot_ttp_map",
    "plot_weights",
    "plot_window_against_tolerable",
]
