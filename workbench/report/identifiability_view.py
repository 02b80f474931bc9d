"""What the report shows of a patient's identifiability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.report.labels import marker_unit, number, percent, symbol_html

if TYPE_CHECKING:
    from fitting.result import Fit
    from identifiability.result import Diagnosis

View = dict[str, Any]


def identifiability_part(fit: Fit, diagnosis: Diagnosis, marker: str) -> View:
    """Return profiles, verdicts, information."""
    from workbench.report.plots.profiles import profiles_figure

    own = {"burden": marker_unit(marker)}
    units = {n: own.get(u, u) for n, u in zip(fit.parameter_names, fit.parameter_units, strict=True)}
    first = diagnosis.profiles[0]
    p = len(fit.parameter_names)
    facts = [
        {
            "name": f"FIM, {label}",
            "text": f"rank {i.rank} of {p} (tolerance {number(i.tolerance, 1)}), condition number "
            f"{number(i.condition, 2)}",
        }
        for label, i in (("expected", diagnosis.fisher), ("paper", diagnosis.fisher_paper))
    ]
    return {
        "profiles": profiles_figure(diagnosis.profiles, units),
        "profiles_caption": "Rise of the negative log-likelihood with one parameter fixed and the others re-optimised. "
        f"Dashed: threshold {number(first.threshold)} ({percent(first.level)}, χ² with {first.df} df, halved). Shaded: "
        "confidence set. Grey bar at the foot: ±20 % around the estimate, all that the criterion paper looks at.",
        "criteria": [
            _criterion(diagnosis, name) for name in sorted({v.criterion for v in diagnosis.verdicts})
        ],
        "information_facts": facts,
    }


def _criterion(diagnosis: Diagnosis, name: str) -> View:
    """Verdict of one criterion: the sentence for all parameters, then those parameters that add something to it."""
    overall = diagnosis.verdict(name, "all")
    rows = []
    for verdict in diagnosis.verdicts:
        if verdict.criterion == name and verdict.parameter != "all" and verdict.sentence != overall.sentence:
            head, below = symbol_html(verdict.parameter)
            rows.append(
                {
                    "head": head,
                    "below": below,
                    "identified": verdict.identified,
                    "word": "✓" if verdict.identified else "✗",
                    "sentence": verdict.sentence,
                }
            )
    word = "identified" if overall.identified else "not identified"
    return {
        "name": name,
        "identified": overall.identified,
        "word": word,
        "sentence": overall.sentence,
        "rows": rows,
    }
