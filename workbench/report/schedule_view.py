"""What the page of schedules shows of one schedule."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from workbench.report.labels import days, marker_unit, number, percent
from workbench.report.patient_view import anchor
from workbench.report.plots.schedule import shows_derivative
from workbench.schedule_store import NONE, NOT_SUPPORTED, REFUSE, SUPPORTED

if TYPE_CHECKING:
    from dosing.schedule_result import PatientSchedule
    from dosing.schedule_scores import PolicyScore
    from patients.cohort import Patient
    from workbench.schedule_store import Standing

View = dict[str, Any]
BADGES = {
    SUPPORTED: ("supported", "recommend"), NOT_SUPPORTED: ("not supported", "refuse"),
    REFUSE: ("refused; for study only", "refuse"), NONE: ("no schedule", "failed"),
}  # fmt: skip
_CELLS = {SUPPORTED: "good", NOT_SUPPORTED: "open", REFUSE: "open", NONE: "bad"}
_ROWS = 400  # of the table of doses; the rest is in the CSV file


def overview_row(schedule: PatientSchedule, standing: Standing, *, linked: bool) -> View:
    """One row of the cohort's table."""
    score = schedule.scores[0] if schedule.scores else None
    return {
        "id": schedule.patient_id, "anchor": anchor(schedule.patient_id), "linked": linked,
        "objective": schedule.objective, "badge": BADGES[standing.action][0], "style": _CELLS[standing.action],
        "share": percent(score.share) if score else "–",
        "worst": ttp(score.worst_decile_days, schedule.horizon_days) if score else "–",
        "dose": percent(schedule.total_dose_days / schedule.horizon_days) if schedule.found else "–",
        "mtd": percent(schedule.scores[1].share) if score else "–", "reason": standing.reason,
    }  # fmt: skip


def schedule_view(schedule: PatientSchedule, standing: Standing, patient: Patient) -> View:
    """Everything of one schedule; the figure apart, for it may fail."""
    word, kind = BADGES[standing.action]
    merged = _merged(schedule)
    return {
        "objective": schedule.objective, "asked": schedule.asked, "badge": word, "badge_class": kind,
        "lead": standing.reason, "found": schedule.found, "rests_on": schedule.rests_on,
        "progression": schedule.progression, "structure": schedule.structure, "notes": schedule.notes,
        "scores": [score_row(s, schedule.horizon_days, first=i == 0) for i, s in enumerate(schedule.scores)],
        "facts": [{"name": a, "text": b} for a, b in _facts(schedule, marker_unit(patient.marker))],
        "rows": merged[:_ROWS], "more": max(len(merged) - _ROWS, 0), "linear": schedule.switching_linear,
        "deciding": shows_derivative(schedule), "band": schedule.members > 1,
    }  # fmt: skip


def score_row(score: PolicyScore, horizon: float, *, first: bool) -> View:
    """One row of the table of scores."""
    return {
        "name": score.name, "title": score.description, "first": first, "share": percent(score.share),
        "median": ttp(score.median_days, horizon), "worst": ttp(score.worst_decile_days, horizon),
        "point": ttp(score.point_days, horizon), "expected": expected(score), "total": days(score.total_dose_days),
        "mean": percent(score.mean_dose),
    }  # fmt: skip


def expected(score: PolicyScore) -> str:
    """Write the mean time to progression with its standard error."""
    if not math.isfinite(score.expected_days):
        return "–"
    error = f" ± {days(score.expected_error_days)}" if math.isfinite(score.expected_error_days) else ""
    return f"{days(score.expected_days)}{error}"


def ttp(value: float, horizon: float) -> str:
    """Write a time to progression; the horizon is no progression."""
    return f"> {days(horizon)}" if value >= horizon else days(value)


def _merged(schedule: PatientSchedule) -> list[View]:
    """Rows of the table of doses; neighbours that read alike are one row."""
    rows: list[View] = []
    for start, end, dose in zip(
        schedule.edges_days[:-1], schedule.edges_days[1:], schedule.doses, strict=True
    ):
        text = percent(float(dose))
        if rows and rows[-1]["dose"] == text:
            rows[-1]["end"] = days(float(end))
        else:
            rows.append({"start": days(float(start)), "end": days(float(end)), "dose": text})
    return rows


def _facts(schedule: PatientSchedule, unit: str) -> list[tuple[str, str]]:
    """How it was computed."""
    facts = [
        ("Objective", schedule.asked),
        (
            "Tolerable burden",
            f"{number(schedule.k_tol)} {unit}, first burden {number(schedule.first_burden)} {unit}",
        ),
        ("Doses", f"held for {days(schedule.every_days)} days, over {days(schedule.horizon_days)} days"),
    ]
    if schedule.running:
        values = ", ".join(f"{n} = {number(v, 4)}" for n, v in schedule.numbers.items())
        terminal = f", terminal cost {schedule.terminal}" if schedule.terminal not in ("", "0") else ""
        facts.append(
            ("Minimised", f"integral of {schedule.running}{terminal}{'; ' + values if values else ''}")
        )
    if schedule.violations:
        missed = "; ".join(f"{text} (missed by {number(v, 2)})" for text, v in schedule.violations.items())
        facts.append(("Subject to", missed))
    if schedule.status:
        facts.append(("Solver", schedule.status))
    if schedule.elements:
        apart = f"states differ by at most {schedule.defect:.1e} of their size"
        facts.append(
            ("Re-simulated", f"{apart}; {schedule.elements} finite elements of degree 3 an interval")
        )
    if schedule.witness:
        facts.append(("Witness", schedule.witness))
    facts.append(("Time", f"{schedule.seconds:.1f} s"))
    return facts
