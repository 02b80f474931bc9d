"""What the page of ``evodose monitor`` shows of one patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.monitor_standing import NOTHING, RECOMMENDED, REFUSED
from workbench.report.labels import days, percent
from workbench.report.patient_view import anchor

if TYPE_CHECKING:
    from dosing.monitoring.monitoring_result import MonitoringCell, MonitoringValue
    from workbench.monitor_record import PatientMonitoring
    from workbench.monitor_standing import MonitoringStanding

View = dict[str, Any]
BADGES = {
    RECOMMENDED: ("dose recommended", "recommend"), REFUSED: ("refused; for study only", "refuse"),
    NOTHING: ("no result", "failed"),
}  # fmt: skip
_CELLS = {RECOMMENDED: "good", REFUSED: "open", NOTHING: "bad"}
_NOISE = {"none": "exact", "own": "own"}


def monitoring_row(found: PatientMonitoring, standing: MonitoringStanding, *, linked: bool) -> View:
    """One row of the cohort's table."""
    return {
        "id": found.patient_id, "anchor": anchor(found.patient_id), "linked": linked,
        "badge": BADGES[standing.action][0], "style": _CELLS[standing.action],
        "sentence": found.value.sentence if found.value is not None else standing.reason,
        "evidence": found.evidence or "–",
    }  # fmt: skip


def monitoring_view(found: PatientMonitoring, standing: MonitoringStanding) -> View:
    """Everything of one patient; the figure apart, for it may fail."""
    word, kind = BADGES[standing.action]
    view: View = {
        "badge": word, "badge_class": kind, "lead": standing.reason, "found": found.value is not None,
        "notes": found.notes, "figure": "",
    }  # fmt: skip
    if found.value is None:
        return view
    value = found.value
    return view | {
        "sentences": value.sentences, "progression": value.progression, "notes": (*found.notes, *value.notes),
        "rows": [_cell_row(c, value) for c in value.cells], "references": [
            {"name": r.name, "mean": _mean(r.mean_days, r.error_days),
             "median": _ttp(r.median_days, value.horizon_days), "censored": percent(r.censored)}
            for r in value.references
        ],
        "facts": [
            {"name": "Treated", "text": value.judged_on}, {"name": "Planned on", "text": value.planned_on},
            {"name": "Noise", "text": "; ".join(f"{n.name}: {n.source}" for n in value.noises)},
            {"name": "Horizon", "text": f"{days(value.horizon_days)} days"}, {"name": "Seed", "text": str(value.seed)},
            {"name": "Time", "text": f"{found.seconds:.1f} s"},
        ],
    }  # fmt: skip


def _cell_row(cell: MonitoringCell, value: MonitoringValue) -> View:
    """One row of the table of a patient."""
    dense = cell.visit_days == value.visit_days[0]
    return {
        "policy": cell.policy, "rule": cell.rule, "noise": _NOISE.get(cell.noise, cell.noise),
        "every": days(cell.visit_days), "mean": _mean(cell.mean_days, cell.error_days),
        "median": _ttp(cell.median_days, value.horizon_days), "censored": percent(cell.censored),
        "loss": "–" if dense else _mean(cell.loss_days, cell.loss_error_days), "dose": percent(cell.mean_dose),
    }  # fmt: skip


def _mean(value: float, error: float) -> str:
    """Write a number of days with its error; a loss may be a gain."""
    return f"{value:.0f} ± {error:.2g}".replace("-", "−").replace("−0 ±", "0 ±")


def _ttp(value: float, horizon: float) -> str:
    """Write a time to progression; the horizon is no progression."""
    return f"> {days(horizon)}" if value >= horizon else days(value)
