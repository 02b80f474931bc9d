"""The table of ``evodose monitor``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.monitor_record import PatientMonitoring
    from workbench.monitor_standing import MonitoringStanding

Row = dict[str, Any]
COLUMNS = [
    "patient_id", "action", "policy", "noise", "log_sd_at_first_burden", "visit_days", "mean_ttp_days",
    "standard_error_days", "median_ttp_days", "share_without_progression", "loss_days", "loss_standard_error_days",
    "mean_dose", "horizon_days", "progression_level", "tolerable_level", "evidence", "tumours", "seed", "rule",
    "reason",
]  # fmt: skip


def monitoring_rows(
    found: PatientMonitoring, standing: MonitoringStanding, first_burden: float
) -> Iterator[Row]:
    """One row a policy, noise and interval, and one a treatment without visits; else one with the reason."""
    base: Row = {"patient_id": found.patient_id, "action": standing.action, "reason": standing.reason}
    value = found.value
    if value is None:
        yield base
        return
    base |= {
        "horizon_days": value.horizon_days, "progression_level": value.progression_level,
        "tolerable_level": value.tolerable_level, "evidence": found.evidence, "tumours": len(value.weights),
        "seed": value.seed,
    }  # fmt: skip
    spreads = {n.name: n.log_sd(first_burden) for n in value.noises}
    for c in value.cells:
        yield {
            **base, "policy": c.policy, "noise": c.noise, "log_sd_at_first_burden": spreads[c.noise],
            "visit_days": c.visit_days, "mean_ttp_days": c.mean_days, "standard_error_days": c.error_days,
            "median_ttp_days": c.median_days, "share_without_progression": c.censored, "loss_days": c.loss_days,
            "loss_standard_error_days": c.loss_error_days, "mean_dose": c.mean_dose, "rule": c.rule,
        }  # fmt: skip
    for r in value.references:
        yield {
            **base, "policy": r.name, "mean_ttp_days": r.mean_days, "standard_error_days": r.error_days,
            "median_ttp_days": r.median_days, "share_without_progression": r.censored, "rule": r.description,
        }  # fmt: skip
