"""What visits are worth to a patient: time to progression against visit interval and marker noise."""

from dosing.monitoring.draw_split import split_ensemble
from dosing.monitoring.errors import MonitoringError
from dosing.monitoring.marker_noise import MarkerNoise
from dosing.monitoring.monitoring_result import (
    AS_WRITTEN,
    FILTER,
    RETUNED,
    MonitoringCell,
    MonitoringValue,
    UnmonitoredScore,
)
from dosing.monitoring.noisy_visits import VisitTimes, noisy_times
from dosing.monitoring.particle_policy import ParticlePolicy, filtered_times
from dosing.monitoring.retuned import retuned_rule, visit_family
from dosing.monitoring.visit_shocks import visit_shocks
from dosing.monitoring.visit_value import VISIT_DAYS, value_of_monitoring

__all__ = [
    "AS_WRITTEN",
    "FILTER",
    "RETUNED",
    "VISIT_DAYS",
    "MarkerNoise",
    "MonitoringCell",
    "MonitoringError",
    "MonitoringValue",
    "ParticlePolicy",
    "UnmonitoredScore",
    "VisitTimes",
    "filtered_times",
    "noisy_times",
    "retuned_rule",
    "split_ensemble",
    "value_of_monitoring",
    "visit_family",
    "visit_shocks",
]
