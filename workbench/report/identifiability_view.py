"""What the report shows of a patient's identifiability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from identifiability.codes import VerdictCode
from workbench.report.labels import marker_unit, number, percent, symbol_html
from workbench.report.quantity_labels import product_text

if TYPE_CHECKING:
    from fitting.result import Fit
    from identifiability.result import Diagnosis, Verdict

View = dict[str, Any]
_UNSOUND = (VerdictCode.TOO_FEW_POINTS, VerdictCode.NOT_CONVERGED)
_REMEDY = "Measure next: "
_SHOWN = 4  # combinations: the best determined say what there is to say


def identifiability_part(fit: Fit, diagnosis: Diagnosis, marker: str) -> View:
    """Return profiles, verdicts, information."""
    from workbench.report.plots.profiles import profiles_figure
    from workbench.report.plots.spectrum import spectrum_figure

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
            _criterion(diagnosis, name)
            for name in sorted({v.criterion for v in diagnosis.verdicts}, key=_place)
            if any(v.criterion == name and v.parameter == "all" for v in diagnosis.verdicts)
        ],
        "combinations": [c.sentence for c in diagnosis.combinations[:_SHOWN]],
        "more_combinations": max(len(diagnosis.combinations) - _SHOWN, 0),
        "directions": _directions(diagnosis),
        "spectrum": spectrum_figure(diagnosis, fit.parameter_names),
        "spectrum_caption": "Eigenvalues of the Fisher information, best determined direction first. Left: expected, "
        "of the log parameters, weighted by the likelihood; each direction as the power product that it moves (to "
        "the data only the product counts). Right: Masud 2023, eq. 10, of the parameters in their own units. Open: "
        "beyond the rank.",
        "information_facts": facts,
    }


def _directions(diagnosis: Diagnosis) -> str:
    """Say what is determined best and worst, with symbols."""
    from identifiability.information.directions import directions_sentence

    if not diagnosis.directions:
        return ""
    sentence = directions_sentence(diagnosis.directions)
    for direction in (diagnosis.directions[0], diagnosis.directions[-1]):
        sentence = sentence.replace(direction.product, product_text(direction.product))
    return sentence


def _place(criterion: str) -> tuple[int, str]:
    """Order of the criteria: from what no data can change to what the dose rests on."""
    order = {"structural": 0, "paper": 1, "window": 3}
    return order.get(criterion, 2), criterion


def _criterion(diagnosis: Diagnosis, name: str) -> View:
    """Verdict of one criterion: the sentence for all parameters, then those parameters that add something to it."""
    overall = diagnosis.verdict(name, "all")
    own = [v for v in diagnosis.verdicts if v.criterion == name and v.parameter != "all"]
    if name == "structural":  # where all parameters are alike the sentence for all says it
        own = own if len({v.code for v in own}) > 1 else []
    unsound = overall.code in _UNSOUND
    if unsound and name == "paper":  # the same reason, told once
        own = []
    rows = []
    for verdict in own:
        if verdict.sentence != overall.sentence:
            head, below = symbol_html(verdict.parameter)
            rows.append(
                {
                    "head": head,
                    "below": below,
                    "identified": verdict.identified,
                    "word": "✓" if verdict.identified else "✗",
                    "sentence": _what_next(verdict.sentence) if unsound else verdict.sentence,
                    "code": "" if unsound else _code(verdict),
                }
            )
    word = "identified" if overall.identified else "not identified"
    return {
        "name": name,
        "identified": overall.identified,
        "word": word,
        "sentence": overall.sentence,
        "code": _code(overall),
        "rows": rows,
    }


def _what_next(sentence: str) -> str:
    """Keep of a sentence what it says of one parameter alone."""
    remedy = sentence.partition(_REMEDY)[2]
    return f"Measure {remedy}" if remedy else sentence


def _code(verdict: Verdict) -> str:
    """Code of a verdict; nothing where none was given."""
    return "" if verdict.code is VerdictCode.UNSTATED else verdict.code.code
