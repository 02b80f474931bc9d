"""What the report says of methods: equations, bounds, likelihood, criteria, provenance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from workbench.report.equations import equation_svg
from workbench.report.labels import number, plain, symbol_html
from workbench.report.patient_view import LIKELIHOOD_WORDS
from workbench.store import CohortIndex

if TYPE_CHECKING:
    from dynamics.model import Model
    from workbench.record import PatientRecord

_SHOWN_PROBLEMS = 100

View = dict[str, Any]


def methods_view(model: Model, manifest: Mapping[str, Any], example: PatientRecord | None) -> View:
    """Return the methods of a run.

    Parameters
    ----------
    model : Model
    manifest : mapping
        Content of the manifest.
    example : PatientRecord or None
        A diagnosed patient, from whom thresholds, tolerances, strategies are read.
    """
    from dynamics.latex import latex_equations, latex_initial, latex_outputs

    return {
        "model": model,
        "equations": [equation_svg(e) for e in latex_equations(model)],
        "initial": [equation_svg(e) for e in (*latex_initial(model), *latex_outputs(model))],
        "states": [
            {"name": s.name, "meaning": s.meaning, "role": s.role, "unit": s.unit}
            for s in model.states
            if s.meaning
        ],
        "parameters": [_parameter(p) for p in model.parameters],
        "constants": [
            {
                "name": c.name,
                "text": f"{c.meaning} ({'from the data' if c.from_data else plain(c.value or 0.0)})",
            }
            for c in model.constants
        ],
        "likelihood": _likelihood(manifest),
        "window": _window_equations(model),
        "criteria": _criteria(example),
        "settings": dict(example.regimen.settings) if example and example.regimen else {},
        "strategies": [(o.name, o.description) for o in example.regimen.strategies]
        if example and example.regimen
        else [],
        "options": manifest["options"],
    }


def _parameter(p: Any) -> View:
    """One row of the table of bounds."""
    head, below = symbol_html(p.name)
    scale = f" × {p.scale}" if p.scale else ""
    return {
        "head": head, "below": below, "unit": p.unit, "meaning": p.meaning, "reason": p.bounds_reason,
        "bounds": f"{p.lower:g} – {p.upper:g}{scale}", "start": f"{p.start_box[0]:g} – {p.start_box[1]:g}{scale}",
    }  # fmt: skip


def _likelihood(manifest: Mapping[str, Any]) -> View | None:
    """Equation and reason of the likelihood that was used."""
    from fitting.likelihood import LIKELIHOODS

    chosen = manifest.get("likelihood")
    if not chosen or chosen["name"] not in LIKELIHOODS:
        return None
    member = LIKELIHOODS[chosen["name"]]
    return {
        "name": LIKELIHOOD_WORDS.get(member.name, member.name),
        "reason": chosen["reason"],
        "equation": equation_svg(r"-\log L(y \mid \mu) = " + member.latex),
        "dispersion": member.dispersion,
        "dispersion_reason": member.dispersion_reason,
        "source": member.source,
    }


def _window_equations(model: Model) -> list[Markup]:
    """Edges of the dose window in the model's symbols, where there is one formula for each."""
    import sympy as sp

    from dosing.window import WindowUnavailable, window_expressions
    from dynamics.latex import latex_symbol

    try:
        found = window_expressions(model)
        formulas = [
            (r"u_{\mathrm{low}}", found.lower_dose),
            (r"u_{\mathrm{high}}", found.upper_dose),
            (r"K_{\mathrm{tol,min}}", found.smallest_tolerable),
        ]
    except WindowUnavailable:
        return []

    def text(expression: sp.Expr) -> str:
        names = {s: latex_symbol(s.name) for s in expression.free_symbols if isinstance(s, sp.Symbol)}
        return sp.latex(expression, symbol_names=names)

    return [equation_svg(f"{name} = {text(expression)}") for name, expression in formulas]


def _criteria(example: PatientRecord | None) -> View | None:
    """Thresholds and tolerances that were in force."""
    from identifiability.verdict import PAPER_RANGE, PAPER_RISE

    if example is None or example.diagnosis is None or not example.diagnosis.profiles:
        return None
    profile, diagnosis = example.diagnosis.profiles[0], example.diagnosis
    names = [v.criterion for v in diagnosis.verdicts if v.criterion.startswith("profile")]
    return {
        "name": names[0] if names else "profile95",
        "threshold": number(profile.threshold),
        "level": f"{100 * profile.level:g} %",
        "df": profile.df,
        "tolerance": f"{diagnosis.fisher.tolerance:g}",
        "tolerance_paper": f"{diagnosis.fisher_paper.tolerance:g}",
        "paper_rise": f"{PAPER_RISE:g}",
        "paper_range": f"{100 * PAPER_RANGE:g} %",
        "provenance": diagnosis.ensemble.provenance.rstrip(".") + ".",
    }


def provenance_view(manifest: Mapping[str, Any], index: CohortIndex) -> View:
    """Return hashes, versions, seed, options, timings, findings of the reader."""
    problems = list(index.problems)
    return {
        "facts": [{"name": a, "text": b} for a, b in _facts(manifest)],
        "notes": [*index.notes, *manifest.get("notes", [])],
        "problems": problems[:_SHOWN_PROBLEMS],
        "more_problems": max(len(problems) - _SHOWN_PROBLEMS, 0),
    }


def _facts(manifest: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Name and text of each fact."""
    facts = [("Input", _file(manifest["input"]))]
    if manifest.get("schedule"):
        facts.append(("Schedule", _file(manifest["schedule"])))
    model = manifest["model"]
    facts.append(("Model", model["name"] + (f", {_file(model)}" if model.get("file") else "")))
    facts += [
        ("Run", f"started {manifest['started']}, finished {manifest['finished']}"),
        ("Seed", str(manifest["seed"])),
        (
            "Options",
            ", ".join(f"{re.sub('_', '-', k)} {v}" for k, v in manifest["options"].items() if v is not None),
        ),
        ("evodose", manifest["evodose"]),
        ("Versions", ", ".join(f"{k} {v}" for k, v in manifest["versions"].items())),
        ("Time", ", ".join(f"{k} {v:.1f} s" for k, v in manifest["timings_s"].items() if v >= 0.05)),
    ]
    return facts


def _file(fingerprint: Mapping[str, str]) -> str:
    """Name and hash of a file."""
    return f"{fingerprint['file']}, SHA-256 {fingerprint['sha256']}"
