"""``switching.csv`` and ``switching.json``."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.manifest import evodose_version, file_fingerprint, now

if TYPE_CHECKING:
    from workbench.switch_pipeline import SwitchOutcome
    from workbench.switch_request import SwitchRequest

PAGE_FILE, TABLE_FILE, JSON_FILE = "switching.html", "switching.csv", "switching.json"


def schedule_rows(outcome: SwitchOutcome) -> list[tuple[float, float, str]]:
    """Return start, end and drug of every part of the schedule, days."""
    schedule = outcome.schedule
    if schedule is None:
        return []
    ends = np.cumsum(schedule.days)
    drugs = schedule.mixtures.argmax(axis=1)
    return [
        (float(end - days), float(end), outcome.model.drugs[s])
        for end, days, s in zip(ends, schedule.days, drugs, strict=True)
    ]


def schedule_csv(outcome: SwitchOutcome) -> str:
    """Return the schedule as CSV; a refusal has a header only."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("start", "end", "drug"))
    for start, end, drug in schedule_rows(outcome):
        # what a spreadsheet would take for a formula is text here
        writer.writerow((f"{start:.6f}", f"{end:.6f}", f"'{drug}" if drug[0] in "=+-@" else drug))
    return out.getvalue()


def outcome_json(request: SwitchRequest, outcome: SwitchOutcome) -> str:
    """Return everything as JSON; numbers that do not exist are null."""
    plan, parts = outcome.plan, outcome.parts
    durations = outcome.schedule.durations.tolist() if outcome.schedule is not None else None
    content: dict[str, Any] = {
        "status": plan.status.name.lower(), "sentence": outcome.lead, "detail": plan.sentence,
        "drugs": outcome.model.drugs, "lines": outcome.model.labels, "days_under_each_drug": durations,
        "schedule": [{"start": a, "end": b, "drug": drug} for a, b, drug in schedule_rows(outcome)],
        "cost": None if parts is None else {
            "total": parts.total, "cells_at_the_end": parts.final, "toxicity": parts.toxicity,
            "cells_on_the_way": parts.transient,
        },
        "lower_bound": outcome.lower_bound, "gap": outcome.gap, "certificate": outcome.certificate,
        "subintervals": plan.subintervals, "interruption_excess": plan.interruption_excess,
        "interruption_day": plan.interruption_day,
        "net_growth_per_day": outcome.model.net_growth.tolist(),
        "limiting_line": {
            "line": outcome.limiting.line, "drug": outcome.limiting.drug, "rate_per_day": outcome.limiting.rate,
            "no_drug_shrinks": outcome.limiting.growing,
        },
        "uncertainty": [
            {
                "what": r.nominal.name, "members": len(r.nominal.costs), "planned": r.nominal.planned,
                "average": r.nominal.average, "worst": r.nominal.worst, "robust_average": r.robust.average,
                "robust_worst": r.robust.worst, "members_with_a_growing_line": r.nominal.growing,
            }
            for r in outcome.robust
        ],
        "assumptions": outcome.assumptions,
        "options": {
            name: getattr(request, name)
            for name in (
                "horizon_days", "dwell_days", "limit_days", "subintervals", "toxicity_weight", "transient_weight",
                "mutation_per_day", "migration_per_day", "uncertainty", "members", "seed",
            )
        },
        "input": file_fingerprint(request.table), "evodose": evodose_version(), "finished": now(),
        "notice": "Research use only; not a medical device, and not a treatment instruction.",
    }  # fmt: skip
    return json.dumps(_finite(content), indent=1, ensure_ascii=False) + "\n"


def _finite(value: Any) -> Any:
    """Turn numbers that JSON does not know into null."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
