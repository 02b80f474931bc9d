"""The cohort at a glance: which parameter of which patient is identified, and why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from identifiability.codes import VerdictCode
from workbench.report.labels import people, symbol_html
from workbench.report.patient_view import anchor
from workbench.report.quantity_labels import quantity_words, said, side_settled, side_word

if TYPE_CHECKING:
    from dynamics.model import Model
    from identifiability.functions.function_profile import FunctionProfile
    from identifiability.result import Diagnosis
    from workbench.record import PatientRecord
    from workbench.store import CohortIndex

View = dict[str, Any]
EDGES = ("window_low", "window_high")
_STYLE = {
    VerdictCode.CLOSED: "good",
    VerdictCode.UNIQUE_MINIMUM: "good",
    VerdictCode.GLOBALLY_IDENTIFIABLE: "good",
    VerdictCode.LOCALLY_IDENTIFIABLE: "fair",
    VerdictCode.AT_BOUND: "fair",
    VerdictCode.OPEN_BELOW: "open",
    VerdictCode.OPEN_ABOVE: "open",
    VerdictCode.OPEN_BOTH: "bad",
    VerdictCode.NO_WINDOW_ADMITTED: "bad",
    VerdictCode.STRUCTURALLY_OPEN: "bad",
    VerdictCode.RANK_DEFICIENT: "bad",
    VerdictCode.FLAT: "open",
}  # what is not named says that nothing was found out


def overview(
    records: Sequence[PatientRecord],
    index: CohortIndex,
    model: Model,
    criterion: str,
    detailed: Collection[str],
) -> View:
    """Return sentences, the table of codes with their meanings.

    Parameters
    ----------
    records : sequence of PatientRecord
        Without their figures' data.
    index : CohortIndex
    model : Model
    criterion : str
        Name of the profiles' criterion.
    detailed : collection of str
        Patients who have a section to link to.
    """
    names = model.parameter_names
    with_edges = any(r.inquiry and any(r.inquiry.quantity(e) for e in EDGES) for r in records)
    rows, seen = [], Counter[VerdictCode]()
    for record in records:
        row = _row(record, names, criterion, with_edges)
        row["linked"] = record.patient.patient_id in detailed
        seen.update(cell["member"] for cell in row["cells"] if cell["member"] is not None)
        rows.append(row)
    return {
        "title": f"What the data of {people(len(records), virtual=index.virtual)} can tell",
        "source": index.source,
        "virtual": index.virtual,
        "person": "virtual patient" if index.virtual else "patient",
        "criterion": criterion,
        "columns": [
            {"head": "structural", "below": ""},
            *({"head": h, "below": b} for h, b in map(symbol_html, names)),
            *({"head": quantity_words(e).removesuffix(" of the window"), "below": ""} for e in EDGES if with_edges),
        ],
        "rows": rows,
        "legend": [
            {"code": c.code, "style": _STYLE.get(c, "unknown"), "text": c.value}
            for c in VerdictCode
            if seen[c]
        ],
        "sentences": _sentences(records, names, criterion),
        "further": sum(r.patient.patient_id not in detailed for r in records),
    }  # fmt: skip


def _row(record: PatientRecord, names: Sequence[str], criterion: str, with_edges: bool) -> View:
    """One patient: structural answer, parameters, edges, what would change that."""
    diagnosis, inquiry = record.diagnosis, record.inquiry
    cells = [_verdict_cell(diagnosis, "structural", "all")]
    cells += [_verdict_cell(diagnosis, criterion, name) for name in names]
    for edge in EDGES if with_edges else ():
        few = record.fit is not None and record.fit.too_few_points
        cells.append(_edge_cell(inquiry.quantity(edge) if inquiry else None, too_few=few))
    change = [said(a.sentence) for a in inquiry.inquiry.designs] if inquiry and inquiry.inquiry else []
    low = inquiry.quantity("window_low") if inquiry else None
    if change and low is not None and low.without_admitted:
        change.append("So far the data do not exclude that there is no window at all.")
    if not change:
        change = list(inquiry.notes[:1]) if inquiry else ["Not asked."]
    return {
        "id": record.patient.patient_id,
        "anchor": anchor(record.patient.patient_id),
        "points": len(record.patient),
        "cells": cells,
        "change": " ".join(change),
    }


def _cell(code: VerdictCode | None, title: str, text: str = "") -> View:
    shown = text or (code.code.replace("_", " ") if code is not None else "–")
    style = _STYLE.get(code, "unknown") if code is not None else "unknown"
    return {"text": shown.lower(), "style": style, "title": said(title), "member": code}


def _verdict_cell(diagnosis: Diagnosis | None, criterion: str, name: str) -> View:
    """Code of one verdict, with its sentence for who points at it."""
    if diagnosis is None:
        return _cell(None, "not diagnosed")
    for verdict in diagnosis.verdicts:
        if verdict.criterion == criterion and verdict.parameter == name:
            if verdict.code is VerdictCode.UNSTATED:
                code = VerdictCode.CLOSED if verdict.identified else None
                return _cell(code, verdict.sentence, "" if code else "not identified")
            return _cell(verdict.code, verdict.sentence)
    return _cell(None, "no verdict")


def _edge_cell(profile: FunctionProfile | None, *, too_few: bool) -> View:
    """Code of an edge of the window, from its profile."""
    from identifiability.verdict import side_code

    if profile is None:
        return _cell(None, "not profiled")
    if too_few:
        return _cell(VerdictCode.TOO_FEW_POINTS, profile.sentence)
    if profile.without_admitted or not profile.intervals:
        return _cell(VerdictCode.NO_WINDOW_ADMITTED, profile.sentence)
    open_sides = [lower for lower in (True, False) if not side_settled(profile, lower=lower)]
    if not open_sides:
        reached = [w for lower in (True, False) if (w := side_word(profile, lower=lower)) != "closed"]
        return _cell(VerdictCode.CLOSED, profile.sentence, " ".join(["closed", *(f"({w})" for w in reached)]))
    code = side_code(profile.lower_status, profile.upper_status)
    if code is VerdictCode.OPEN_BOTH and len(open_sides) == 1:
        code = VerdictCode.OPEN_BELOW if open_sides[0] else VerdictCode.OPEN_ABOVE
    return _cell(code, profile.sentence)


def _sentences(records: Sequence[PatientRecord], names: Sequence[str], criterion: str) -> list[str]:
    """Say what is identified, why not, what would change that, over the cohort."""
    judged = [r.diagnosis for r in records if r.diagnosis is not None]
    if not judged:
        return ["No patient could be diagnosed."]
    counts = {name: sum(_identified(d, criterion, name) for d in judged) for name in names}
    every = sum(_identified(d, criterion, "all") for d in judged)
    listed = ", ".join(f"{_symbol(n)} in {k}" for n, k in counts.items())
    told = [
        f"What is identified: of {len(judged)} diagnosed, all parameters are closed by the data ({criterion}) in "
        f"{every}; {listed}."
    ]
    structural = [
        v for d in judged for v in d.verdicts if v.criterion == "structural" and v.parameter == "all"
    ]
    if structural:
        fine = sum(v.identified for v in structural)
        told.append(
            "Why not: "
            + (
                "the equations under the patients’ own dosing leave nothing open for ideal data, so what is open is "
                "open for want of data: too few visits, too much noise, or visits where the parameters act alike."
                if fine == len(structural)
                else f"for {len(structural) - fine} of {len(structural)} the equations under their own dosing leave "
                "something open that no precision of the measurements can settle; for the others it is want of data."
            )
        )
    answers = [
        a
        for r in records
        if r.inquiry and r.inquiry.inquiry
        for a in r.inquiry.inquiry.designs
        if not a.closed
    ]
    if answers:
        from identifiability.design.design_result import ENOUGH

        helped = sum(
            any((c := a.best(n)) is not None and c.closed >= ENOUGH for n in range(1, a.most_visits + 1))
            for a in answers
        )
        told.append(
            f"What would change that: of {len(answers)} open targets, further visits on feasible days close {helped} "
            f"in at least {100 * ENOUGH:.0f} % of the simulations from the fit; see the last column."
        )
    return told


def _identified(diagnosis: Diagnosis, criterion: str, name: str) -> bool:
    return any(v.identified for v in diagnosis.verdicts if v.criterion == criterion and v.parameter == name)


def _symbol(name: str) -> str:
    head, below = symbol_html(name)
    return f"{head}_{below}" if below else head
