"""The page of ``evodose switch``."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from dosing.switching.table.switching_table import RULE
from workbench.manifest import evodose_version, file_fingerprint, now
from workbench.report.labels import days, number, percent
from workbench.report.page import _environment, _template_text
from workbench.report.switch_figures import band_figure, course_figures, schedule_bar
from workbench.switch_files import schedule_rows

if TYPE_CHECKING:
    from workbench.switch_pipeline import SwitchOutcome
    from workbench.switch_request import SwitchRequest

View = dict[str, Any]


def switch_page(request: SwitchRequest, outcome: SwitchOutcome, *, seconds: float) -> str:
    """Return the page as one HTML file without anything outside of it."""
    view: View = {
        "css": _template_text("page.css"), "source": outcome.table.source, "finished": now(), "lead": outcome.lead,
        "found": outcome.schedule is not None, "limiting": outcome.limiting.sentence,
        "drugs": outcome.model.drugs, "growth": _growth(outcome), "rule": RULE,
        "assumptions": outcome.assumptions, "reason": outcome.plan.reason, "facts": _facts(request, outcome, seconds),
        "transient": outcome.cost.counts_transient, "interrupted": "", "bar": "", "figures": [], "rows": [], "uses": [],
        "parts": [], "robust": [], "bands": [], "certificate": outcome.certificate, "bound": "",
    }  # fmt: skip
    if outcome.schedule is None or outcome.parts is None:
        return _environment().get_template("switch_page.html.j2").render(view)
    parts = outcome.parts
    view |= {
        "bar": schedule_bar(outcome), "figures": course_figures(outcome), "uses": _uses(outcome),
        "rows": [
            {"start": days(a), "end": days(b), "drug": drug, "days": days(b - a)}
            for a, b, drug in schedule_rows(outcome)
        ],
        "bound": outcome.bound,
        "parts": [
            {"name": name, "value": number(value, 4), "share": percent(value / parts.total)}
            for name, value in (
                ("Cells at the end", parts.final), ("Drugs (toxicity)", parts.toxicity),
                ("Cells on the way", parts.transient),
            )
        ] + [
            {"name": "Whole cost", "value": number(parts.total, 4), "share": percent(1.0)},
            {
                "name": "Lower bound", "value": number(outcome.lower_bound, 4),
                "share": percent(outcome.lower_bound / parts.total, 2),
            },
        ],
        "robust": [_robust_row(name, found) for r in outcome.robust for name, found in (
            (f"{r.nominal.name}: this schedule", r.nominal), (f"{r.nominal.name}: planned for draws", r.robust)
        )],
        "bands": [band_figure(r.nominal) for r in outcome.robust],
    }  # fmt: skip
    if outcome.general is None:
        view["interrupted"] = (
            f"Ended early, it costs at worst {percent(outcome.plan.interruption_excess)} more than the best schedule "
            f"for that length (day {days(outcome.plan.interruption_day)})."
        )
    return _environment().get_template("switch_page.html.j2").render(view)


def _growth(outcome: SwitchOutcome) -> list[View]:
    """Net growth of each line under each drug; what shrinks and what grows are told apart by more than colour."""
    rows = []
    for j, label in enumerate(outcome.model.labels):
        rates = outcome.model.net_growth[:, j]
        best = int(rates.argmin())
        rows.append({
            "line": label, "cells": number(outcome.model.cells[j]), "limits": label == outcome.limiting.line,
            "rates": [
                {
                    "text": f"{rate:+.3f}".replace("-", "−") + (" *" if s == best and rate < 0 else ""),
                    "style": "good" if rate < 0 else "open",
                }
                for s, rate in enumerate(rates)
            ],
        })  # fmt: skip
    return rows


def _uses(outcome: SwitchOutcome) -> list[View]:
    """One row a drug: its days, what they cost."""
    assert outcome.schedule is not None  # asked for where there is one
    durations, table = outcome.schedule.durations, outcome.table
    prices = outcome.cost.weights(outcome.model)[1]
    return [
        {
            "drug": drug, "days": f"{durations[s]:.2f}", "share": percent(durations[s] / durations.sum()),
            "level": number(table.concentration_nM[s]), "price": number(prices[s]),
            "cost": number(prices[s] * durations[s]),
        }
        for s, drug in enumerate(outcome.model.drugs)
    ]  # fmt: skip


def _robust_row(name: str, found: Any) -> View:
    """One row of the table over draws."""
    return {
        "name": name, "planned": number(found.planned), "average": number(found.average), "worst": number(found.worst),
        "growing": str(found.growing), "members": str(len(found.costs)),
    }  # fmt: skip


def _facts(request: SwitchRequest, outcome: SwitchOutcome, seconds: float) -> list[View]:
    """How it was computed, and from what."""
    length = (
        f"{days(request.horizon_days)} days"
        if request.limit_days is None
        else f"free, at most {days(request.limit_days)} days"
    )
    plan, weight = outcome.plan, request.transient_weight
    draws = f"{request.members}, seed {request.seed} to plan, {request.seed + 1} to judge"
    arranged = outcome.general is None and plan.schedule is not None
    facts = {
        "Table": f"{outcome.table.source}, SHA-256 {file_fingerprint(request.table)['sha256'][:16]}…",
        "Length": length, "Dwell time": f"{days(request.dwell_days)} days",
        "Weights": f"toxicity {request.toxicity_weight:g}; a cell at the end 1; a cell on the way {weight:g} per day",
        "Subintervals": str(plan.subintervals) if arranged else "",
        "Dwelling": plan.dwell.sentence if plan.dwell is not None and arranged else "",
        "Most cells": f"{number(plan.peak_cells)} on day {days(plan.peak_day)}" if arranged else "",
        "Draws": draws if outcome.robust else "",
        "Computed": f"in {seconds:.1f} s by evodose {evodose_version()}",
        "Command": shlex.join(_command(request)),
    }  # fmt: skip
    return [{"name": name, "text": text} for name, text in facts.items() if text]


def _command(request: SwitchRequest) -> list[str]:
    """Return the command that makes this page again."""
    said = ["evodose", "switch", request.table.name]
    for flag, value, usual in (
        ("--horizon", request.horizon_days, None), ("--free-horizon", request.limit_days, None),
        ("--dwell", request.dwell_days, None), ("--subintervals", request.subintervals, None),
        ("--toxicity-weight", request.toxicity_weight, 1.0), ("--transient-weight", request.transient_weight, 0.0),
        ("--mutation", request.mutation_per_day, 0.0), ("--migration", request.migration_per_day, 0.0),
        ("--uncertainty", request.uncertainty, 0.0),
    ):  # fmt: skip
        if value is not None and value != usual:
            said += [flag, f"{value:g}"]
    if request.uncertainty > 0:
        said += ["--members", str(request.members), "--seed", str(request.seed)]
    return said
