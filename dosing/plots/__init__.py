"""Pictures of doses: functions that draw on given Axes or a given Figure and return it."""

from dosing.plots.containment import plot_containment, plot_weights
from dosing.plots.control_profiles import plot_control_profile, plot_control_profiles
from dosing.plots.ensemble_cohort import plot_cohort_schedules
from dosing.plots.ensemble_feedback import plot_feedback_search
from dosing.plots.ensemble_reduction import plot_reduction_error, plot_thinned_members
from dosing.plots.ensemble_schedule import plot_ensemble_schedule
from dosing.plots.ensemble_switching import plot_ensemble_switching, plot_held_doses, plot_switching
from dosing.plots.ensemble_ttp import plot_progression_curves
from dosing.plots.minimum_dose import plot_minimum_doses
from dosing.plots.monitoring import plot_policy_monitoring, plot_value_of_monitoring
from dosing.plots.pause_map import plot_ttp_map
from dosing.plots.stochastic_therapies import (
    plot_monitoring_value,
    plot_predictions,
    plot_size_policy,
    plot_therapies,
)
from dosing.plots.tolerable import plot_window_against_tolerable

__all__ = [
    "plot_cohort_schedules",
    "plot_containment",
    "plot_control_profile",
    "plot_control_profiles",
    "plot_ensemble_schedule",
    "plot_ensemble_switching",
    "plot_feedback_search",
    "plot_held_doses",
    "plot_minimum_doses",
    "plot_monitoring_value",
    "plot_policy_monitoring",
    "plot_predictions",
    "plot_progression_curves",
    "plot_reduction_error",
    "plot_size_policy",
    "plot_switching",
    "plot_therapies",
    "plot_thinned_members",
    "plot_ttp_map",
    "plot_value_of_monitoring",
    "plot_weights",
    "plot_window_against_tolerable",
]
