"""What the report shows of a patient's inquiry: what the dose rests on, what to measure next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.inquiry_record import admitted_ensemble
from workbench.inquiry_rows import bootstrap_rows
from workbench.report.labels import interval, marker_unit, number, percent
from workbench.report.quantity_labels import quantity_words, said, short_unit, side_settled, side_word

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics.model import Model
    from identifiability.design.design_result import Candidate, DesignAnswer
    from workbench.inquiry_record import PatientInquiry
    from workbench.record import PatientRecord

View = dict[str, Any]
_LOGARITHMIC = {"smallest_tolerable"}


def inquiry_part(record: PatientRecord, model: Model, drawn: dict[str, View] | None = None) -> View | None:
    """Return everything that ``evodose identify`` found for one patient; None where it was not asked.

    Parameters
    ----------
    record : PatientRecord
    model : Model
    drawn : dict, optional
        Parts that were drawn already, by patient; both pages of a run show the same figures.
    """
    if record.inquiry is None:
        return None
    drawn = {} if drawn is None else drawn
    patient_id = record.patient.patient_id
    if patient_id not in drawn:
        drawn[patient_id] = _draw(record, record.inquiry, model)
    return drawn[patient_id]


def _draw(record: PatientRecord, inquiry: PatientInquiry, model: Model) -> View:
    """Make sentences, tables, figures."""
    view: View = {
        "notes": inquiry.notes,
        "failures": inquiry.failures,
        "quantities": None,
        "planes": [],
        "cloud": None,
        "bootstrap": None,
        "designs": [],
    }
    if record.fit is None or record.diagnosis is None:
        return view
    unit = marker_unit(record.patient.marker)
    edge = _lower_edge(record, inquiry, model)
    return view | _quantities(inquiry, unit) | _sets(record, inquiry, edge, unit) | {
        "bootstrap": _bootstrap(record, inquiry),
        "designs": [
            _design(answer, inquiry, float(record.patient.times[-1])) for answer in _designs(inquiry)
        ],
    }  # fmt: skip


def _designs(inquiry: PatientInquiry) -> tuple[DesignAnswer, ...]:
    return inquiry.inquiry.designs if inquiry.inquiry else ()


def _lower_edge(
    record: PatientRecord, inquiry: PatientInquiry, model: Model
) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return the window's lower edge as a function of parameter sets, where the model has a window."""
    from dosing.quantities import window_quantities
    from dosing.window import WindowUnavailable

    assert record.fit is not None
    if not (math.isfinite(inquiry.k_tol) and inquiry.k_tol > 0):
        return None
    try:
        return window_quantities(model, record.fit.constants, inquiry.k_tol)[0].value
    except WindowUnavailable:
        return None


def _quantities(inquiry: PatientInquiry, unit: str) -> View:
    """Profiles of quantities with a row each, and what the ends rest on."""
    from workbench.report.plots.quantities import quantities_figure

    drawn = [q for q in inquiry.quantities if q.intervals and len(q.values) > 1]
    rows = []
    for q in inquiry.quantities:
        own = short_unit(q.unit, unit)
        rows.append(
            {
                "name": quantity_words(q.parameter),
                "unit": own,
                "estimate": number(q.estimate, 3),
                "set": " ∪ ".join(interval(a, b) for a, b in q.intervals) or "–",
                "sides": _sides(*(side_word(q, lower=lower) for lower in (True, False)))
                if q.intervals
                else "–",
                "closed": all(side_settled(q, lower=lower) for lower in (True, False))
                and not q.without_admitted,
                "without": _without(q.rise_without, q.threshold),
            }
        )
    return {
        "quantities": quantities_figure(drawn, unit) if drawn else None,
        "quantities_caption": "Rise of the negative log-likelihood with the quantity held and all parameters "
        "re-optimised on its level set. Dashed: threshold; shaded: confidence set; dotted: the rise at which the "
        "quantity ceases to exist, where that lies on the axis."
        if drawn
        else "",
        "quantity_rows": rows,
        "bounds": [b.sentence for b in inquiry.bounds],
    }


def _sides(lower: str, upper: str) -> str:
    if lower == upper:
        return f"both {lower}"
    parts = ((lower, "below"), (upper, "above"))
    return ", ".join(word if word.startswith("reaches") else f"{word} {where}" for word, where in parts)


def _without(rise: float, threshold: float) -> str:
    """Say whether the data admit that the quantity does not exist."""
    if not math.isfinite(rise):
        return "no such set found"
    return f"{'admitted' if rise <= threshold else 'excluded'}, rise {number(max(rise, 0.0), 2)}"


def _sets(
    record: PatientRecord,
    inquiry: PatientInquiry,
    edge: Callable[[np.ndarray], np.ndarray] | None,
    unit: str,
) -> View:
    """Planes and the cloud of admitted sets."""
    from workbench.report.plots.cloud import cloud_figure
    from workbench.report.plots.plane import plane_figure

    fit, diagnosis = record.fit, record.diagnosis
    assert fit is not None
    assert diagnosis is not None
    units = {n: short_unit(u, unit) for n, u in zip(fit.parameter_names, fit.parameter_units, strict=True)}
    planes = []
    for plane in inquiry.inquiry.planes if inquiry.inquiry else ():
        over = None
        if edge is not None:
            flat = plane.sets.reshape(-1, plane.sets.shape[2])
            known = np.all(np.isfinite(flat), axis=1)
            over = np.full(len(flat), np.nan)
            over[known] = edge(flat[known])
            over = over.reshape(plane.rise.shape)
        planes.append(plane_figure(plane, over, units))
    values = admitted_ensemble(diagnosis.ensemble, inquiry.quantities).values
    cloud = len(values) > 1 and len(fit.parameter_names) > 1
    return {
        "planes": planes,
        "plane_caption": "Profile likelihood of two parameters together, the others re-optimised; darker fits "
        "better. Within the solid line a pair is admitted for each parameter alone (1 df), within the dashed one "
        "jointly (2 df)."
        + (" Green: lower edge of the dose window at these sets; where no line runs there is none." if edge else ""),
        "cloud": cloud_figure(values, fit.parameter_names, fit.estimates, edge(values) if edge else None)
        if cloud
        else None,
        "cloud_caption": f"{len(values)} parameter sets within the threshold, from all profiles"
        + (", coloured by the lower edge of the window; grey crosses have none" if edge else "")
        + ". Red: the estimate. A thin cloud means that a combination is known better than its members.",
    }  # fmt: skip


def _bootstrap(record: PatientRecord, inquiry: PatientInquiry) -> View | None:
    """Bootstrap intervals beside profile intervals."""
    from workbench.report.plots.resampling import Resampled, resampling_figure

    found = inquiry.inquiry.bootstrap if inquiry.inquiry else None
    if found is None or not len(found.sets):
        return None
    rows, panels = [], []
    values = {name: found.sets[:, k] for k, name in enumerate(found.parameter_names)}
    values |= {q.name: found.quantity_values[:, k] for k, q in enumerate(found.quantities)}
    for row in bootstrap_rows(record):
        name = row["name"]
        limits = []
        if row["on_bound"] > 0:
            limits.append(f"{percent(row['on_bound'], 0)} at a bound")
        if row["missing"] > 0:
            limits.append(f"{percent(row['missing'], 0)} without it")
        rows.append(
            {
                "name": quantity_words(name),
                "bootstrap": interval(row["lower"], row["upper"]),
                "profile": interval(row["profile_lower"], row["profile_upper"]),
                "limits": ", ".join(limits) or "–",
            }
        )
        some = values[name][np.isfinite(values[name])]
        if len(some) > 1 and np.all(some > 0) | (row["kind"] == "quantity"):
            panels.append(
                Resampled(
                    name, some, row["estimate"], (row["lower"], row["upper"]),
                    (row["profile_lower"], row["profile_upper"]), row["kind"] == "parameter" or name in _LOGARITHMIC,
                )
            )  # fmt: skip
    return {
        "figure": resampling_figure(panels) if panels else None,
        "caption": f"{len(found.sets)} data sets drawn from the fit (of {found.asked} asked) and refitted. A replicate "
        "at a declared bound cuts its interval off; the profile does not depend on where replicates fall.",
        "rows": rows,
        "level": percent(found.level),
    }


def _design(answer: DesignAnswer, inquiry: PatientInquiry, last_visit: float) -> View:
    """One target's answer: sentence, figure, table."""
    from workbench.report.plots.visits import visits_figure

    curves = next((c for c in inquiry.curves if c.target == answer.target), None)
    width = "factor" if answer.logarithmic else "width"
    return {
        "target": said(answer.target, start=False),
        "sentence": said(answer.sentence),
        "figure": visits_figure(curves, answer, last_visit) if curves is not None else None,
        "caption": "Expected standard error of the target after one further visit on that day, under the dose held "
        "until then, averaged over admitted sets, with the declared bounds as a weak prior. Squares: single visits "
        "that were simulated.",
        "width": width,
        "now": _width(answer.width, answer.logarithmic),
        "rows": [_plan(c, answer) for c in answer.candidates if c.simulations],
        "assumptions": list(answer.assumptions),
    }


def _plan(candidate: Candidate, answer: DesignAnswer) -> View:
    """One simulated plan."""
    return {
        "plan": candidate.plan.words,
        "se": f"{_se(candidate.se_now, answer.logarithmic)} → {_se(candidate.se_after, answer.logarithmic)}",
        "closed": percent(candidate.closed, 0),
        "elsewhere": percent(candidate.closed_elsewhere, 0),
        "width": _width(candidate.width_after, answer.logarithmic),
        "best": candidate is answer.best(len(candidate.plan.days)),
    }


def _se(value: float, logarithmic: bool) -> str:
    """Write a standard error: in percent where it is relative."""
    return percent(value) if logarithmic else number(value, 2)


def _width(value: float, logarithmic: bool) -> str:
    """Write a width: a factor or a difference."""
    text = number(value, 3)
    return f"× {text}" if logarithmic and math.isfinite(value) else text
