"""What the report shows of a patient's doses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.record import PatientRecord
from workbench.report.labels import interval, marker_unit, number, percent, plural

if TYPE_CHECKING:
    from dosing.progression import Progression
    from dynamics.model import Model

View = dict[str, Any]


def window_part(record: PatientRecord, model: Model) -> View:
    """Return the window against the tolerable burden, and its spread over the admitted sets."""
    from workbench.report.plots.window import window_figure

    fit, regimen, diagnosis = record.fit, record.regimen, record.diagnosis
    assert fit is not None
    assert regimen is not None
    assert regimen.window is not None
    window, unit, first = regimen.window, marker_unit(record.patient.marker), record.patient.first_burden
    facts = [
        ("Point estimate", window.sentence),
        ("Under MTD", window.case_sentence),
        (
            "Tolerable burden",
            f"{number(window.k_tol, 4)} {unit}, {percent(window.k_tol / first)} of the first",
        ),
    ]
    if math.isfinite(window.smallest_tolerable_burden):
        smallest = window.smallest_tolerable_burden
        facts.append(
            ("Smallest tolerable", f"{number(smallest, 4)} {unit}, {percent(smallest / first)} of the first")
        )
    if math.isfinite(window.kill_rate_per_day) and window.exists:
        low, high = window.low * window.kill_rate_per_day, window.high * window.kill_rate_per_day
        facts.append(("Window as kill rate", f"{interval(low, high)} per day"))
    spread = regimen.window_range
    if spread is not None:
        text = f"{plural(spread.n_sets, 'parameter set')}: lower edge {_percents(spread.lower)}, upper edge "
        text += f"{_percents(spread.upper)}; no window in {percent(spread.share_without_window)} of them"
        facts.append(("Over the admitted sets", text))
    required = f"required: {percent(regimen.required_support)}"
    if record.recommended:
        facts.append(("Support", f"{percent(regimen.support)} of the admitted sets; {required}"))
    elif math.isfinite(regimen.best_supported_dose) and regimen.support > 0:
        best = f"{percent(regimen.best_supported_dose)} of MTD, by {percent(regimen.support)} of the admitted sets"
        facts.append(("Best supported dose", f"{best}; {required}"))
    if regimen.dose_evidence is not None:
        facts.append(("Likelihood of the dose", regimen.dose_evidence.sentence))
    if regimen.basin:
        which = "recommended dose" if record.recommended else "dose considered"
        facts.append(("Basin", f"Under the {which}: {regimen.basin}"))
    return {
        "window": window_figure(model, fit, regimen, diagnosis.ensemble if diagnosis else None, first),
        "window_caption": "Left: doses that contain the tumour against the burden that is tolerated, as Masud 2023, "
        "Fig. 9 (green: point estimate; blue: doses that enough of the admitted parameter sets support). Grey line: "
        "tolerable burden of this run; dashed: below it no dose contains the tumour. Then: share of the admitted "
        "parameter sets whose window holds the dose, with the required share dashed."
        + (_LIKELIHOOD_CAPTION if regimen.dose_evidence else ""),
        "window_facts": [{"name": a, "text": b} for a, b in facts],
    }


_LIKELIHOOD_CAPTION = (
    " Beside it: profile likelihood of the dose itself, by how much the best tumour fits worse whose window does not "
    "hold the dose (line) or does (dots); beyond the dashed threshold a dose is supported, or excluded, by the data."
)


def _percents(pair: Sequence[float]) -> str:
    """Write a range of doses in percent of MTD."""
    if math.isnan(pair[0]):
        return "–"
    return f"{100 * pair[0]:.1f} – {100 * pair[1]:.1f} %"


def strategy_part(record: PatientRecord) -> View:
    """Return burden under each strategy, with times to progression and total doses."""
    from workbench.report.plots.strategies import strategies_figure

    assert record.regimen is not None
    outcomes, first = record.regimen.strategies, record.patient.first_burden
    window = record.regimen.window
    ratio = window.k_tol / first if window else 1.0
    totals = {o.name: o.total_dose for o in outcomes}
    doubtful = not record.recommended and any(o.name.startswith("constant") for o in outcomes)
    level = record.regimen.settings.get("progression_factor", 1.2)
    rows = [
        {
            "name": o.name + (" (point estimate only)" if doubtful and o.name.startswith("constant") else ""),
            "description": o.description,
            "contained": _days(o.ttp.above_tolerable if o.ttp else None),
            "ttp": _days(o.ttp.last_below if o.ttp else None),
            "total": number(o.total_dose, 4),
            "shares": [
                percent(o.total_dose / totals[other]) if totals.get(other, 0.0) > 0 else "–"
                for other in ("MTD", "AT50")
            ],
            "final": percent(o.final_burden / first),
        }
        for o in outcomes
    ]
    return {
        "strategies": strategies_figure(outcomes, first, ratio),
        "strategies_caption": "Simulated at the point estimate, from the first visit. Contained until: "
        f"first day above the tolerable burden, {percent(ratio)} of the first (Masud 2023; 1 where it grows "
        f"from the start). TTP: last day at or below {percent(level)} of the first (Scagliotti 2026, eq. 3.9). "
        "“>”: not within the horizon."
        + (
            " The constant dose is what the point estimate alone would suggest; it is not recommended."
            if doubtful
            else ""
        ),
        "strategy_rows": rows,
    }


def _days(progression: Progression | None) -> str:
    """Days as a cell: a dash where the simulation failed, ``>`` where censored."""
    if progression is None:
        return "–"
    return f"> {progression.days}" if progression.censored else str(progression.days)
