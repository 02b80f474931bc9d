"""The rows that ``evodose identify`` adds, and those of the information, for one patient."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

from workbench.record import PatientRecord

if TYPE_CHECKING:
    from identifiability.result import Profile

Row = dict[str, Any]


def known_quantities(record: PatientRecord) -> tuple[Profile, ...]:
    """Profiles of quantities: those of the inquiry, then what only the diagnosis has."""
    found = {q.parameter: q for q in (record.diagnosis.quantities if record.diagnosis else ())}
    found |= {q.parameter: q for q in (record.inquiry.quantities if record.inquiry else ())}
    return tuple(found.values())


def information_rows(record: PatientRecord) -> Iterator[Row]:
    """One row a standard error, eigenvalue, direction, correlation, combination."""
    diagnosis, fit, patient_id = record.diagnosis, record.fit, record.patient.patient_id
    if diagnosis is None or fit is None:
        return
    fisher = diagnosis.fisher
    names = fisher.names or fit.parameter_names
    values = {
        **dict(zip(fit.parameter_names, fit.estimates, strict=True)), "dispersion": fit.dispersion,
    }  # fmt: skip
    for name, se in zip(names, fisher.standard_errors, strict=True):
        yield {
            "patient_id": patient_id,
            "kind": "parameter",
            "name": name,
            "value": values.get(name),
            "relative_se": se,
        }
    for variant, information in (("eigenvalue", fisher), ("eigenvalue_paper", diagnosis.fisher_paper)):
        for k, value in enumerate(information.eigenvalues, start=1):
            yield {"patient_id": patient_id, "kind": variant, "name": str(k), "value": value}
    for direction in diagnosis.directions:
        yield {
            "patient_id": patient_id, "kind": "direction", "name": direction.product, "value": direction.eigenvalue,
            "relative_se": direction.relative_se, "sentence": direction.sentence,
        }  # fmt: skip
    correlations = fisher.correlations
    for i, j in combinations(range(len(names)), 2):
        yield {
            "patient_id": patient_id, "kind": "correlation", "name": f"{names[i]}:{names[j]}",
            "value": correlations[i, j],
        }  # fmt: skip
    for found in diagnosis.combinations:
        yield {
            "patient_id": patient_id, "kind": "combination", "name": found.expression, "value": found.value,
            "relative_se": found.relative_se, "sentence": found.sentence,
        }  # fmt: skip


def next_visit_rows(record: PatientRecord) -> Iterator[Row]:
    """One row a plan of further visits that was simulated."""
    inquiry = record.inquiry.inquiry if record.inquiry else None
    for answer in inquiry.designs if inquiry else ():
        best = {id(answer.best(n)) for n in range(1, answer.most_visits + 1)}
        for plan in answer.candidates:
            yield {
                "patient_id": record.patient.patient_id, "target": answer.target, "visits": len(plan.plan.days),
                "days": " ".join(f"{day:g}" for day in plan.plan.days), "dose": plan.plan.dose,
                "best": id(plan) in best, "se_now": plan.se_now, "se_after": plan.se_after, "se_worst": plan.se_worst,
                "closed_now": answer.closed, "closed": plan.closed, "closed_elsewhere": plan.closed_elsewhere,
                "lower_closed": plan.lower_closed, "upper_closed": plan.upper_closed, "width_now": answer.width,
                "width_after": plan.width_after, "width_is_factor": answer.logarithmic,
                "simulations": plan.simulations, "sentence": answer.sentence,
            }  # fmt: skip


def bootstrap_rows(record: PatientRecord) -> Iterator[Row]:
    """One row a parameter or quantity."""
    inquiry = record.inquiry.inquiry if record.inquiry else None
    if inquiry is None or inquiry.bootstrap is None or record.diagnosis is None:
        return
    found = inquiry.bootstrap
    profiles = {p.parameter: p for p in (*record.diagnosis.profiles, *known_quantities(record))}
    for kind, some in (("parameter", found.parameters), ("quantity", found.quantities)):
        for one in some:
            profile = profiles.get(one.name)
            low, high = profile.ci if profile and profile.intervals else (math.nan, math.nan)
            yield {
                "patient_id": record.patient.patient_id, "name": one.name, "kind": kind, "estimate": one.estimate,
                "lower": one.lower, "upper": one.upper, "level": one.level, "profile_lower": low,
                "profile_upper": high, "on_bound": one.on_bound, "missing": one.missing,
                "replicates": len(found.sets), "asked": found.asked, "sentence": one.sentence,
            }  # fmt: skip


def bound_rows(record: PatientRecord) -> Iterator[Row]:
    """One row an end of an edge's confidence set, and the bound that it sits on."""
    for found in record.inquiry.bounds if record.inquiry else ():
        yield {
            "patient_id": record.patient.patient_id, "edge": found.edge, "end": found.end, "value": found.value,
            "status": found.status, "parameter": found.parameter, "bound": found.bound,
            "moved_bound": found.moved_bound, "moved_value": found.moved_value,
            "rests_on_bound": found.rests_on_bound, "sentence": found.sentence,
        }  # fmt: skip
