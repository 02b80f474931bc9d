"""What the report shows of the whole cohort."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from workbench.decision import Decision
from workbench.report.labels import people, percent, plural
from workbench.report.patient_view import anchor, decision_word, open_text
from workbench.report.plots.overview import overview_figure
from workbench.store import CohortIndex

_IN_OVERVIEW = 60

View = dict[str, Any]


def cohort_view(decisions: Sequence[Decision], index: CohortIndex, finished: str, criterion: str) -> View:
    """Return counts, sentences, the overview figure, one row a patient.

    Parameters
    ----------
    decisions : sequence of Decision
        One a patient, in the order of the file.
    index : CohortIndex
    finished : str
        When the run ended, as text.
    criterion : str
        Name of the profiles' criterion, ``profile95`` at the default level.
    """
    person = "virtual patient" if index.virtual else "patient"
    with_window = [d for d in decisions if not math.isnan(d.window_low) or d.action == "recommend"]
    first = sorted(with_window, key=lambda d: d.action != "recommend")[:_IN_OVERVIEW]
    shown = [d for d in with_window if d in first]
    return {
        "title": f"Dose recommendations for {people(len(decisions), virtual=index.virtual)}",
        "subtitle": f"{index.source}; evodose run finished {finished}",
        "virtual": index.virtual,
        "person": person,
        "profile_name": criterion,
        "counts": _counts(decisions, index, criterion),
        "sentences": _sentences(decisions, person, criterion),
        "overview": overview_figure(shown) if shown else None,
        "overview_caption": _overview_caption(len(shown), len(with_window), len(decisions), person),
        "rows": [_row(d) for d in decisions],
        "rejected": [{"id": patient_id, "reason": reason} for patient_id, reason in index.rejected],
        "disagreements": [_disagreement(d, criterion) for d in decisions if d.disagree],
    }


def _counts(decisions: Sequence[Decision], index: CohortIndex, criterion: str) -> list[View]:
    """Return the large numbers at the top."""
    total, failed = len(decisions), sum(d.failed for d in decisions)
    recommended = sum(d.action == "recommend" for d in decisions)
    counts = [
        ("recommended", recommended),
        ("refused", sum(d.action == "refuse" and not d.failed for d in decisions)),
        ("identified, paper", sum(d.paper is True for d in decisions)),
        (f"identified, {criterion}", sum(d.profile is True for d in decisions)),
    ]
    if failed:
        counts.append(("failed", failed))
    if index.rejected:
        counts.append(("left out", len(index.rejected)))
    return [
        {"number": total, "label": "in this report"},
        *({"number": n, "label": label} for label, n in counts),
    ]


def _sentences(decisions: Sequence[Decision], person: str, criterion: str) -> list[str]:
    """Say how the two criteria compare, and how the doses compare with them."""
    judged = [d for d in decisions if d.paper is not None and d.profile is not None]
    if not judged:
        return ["No patient could be judged for identifiability."]
    both = sum(bool(d.paper and d.profile) for d in judged)
    paper_only = sum(bool(d.paper and not d.profile) for d in judged)
    profile_only = sum(bool(d.profile and not d.paper) for d in judged)
    neither = len(judged) - both - paper_only - profile_only
    sentences = [
        f"Of {plural(len(judged), person)} judged, {both} are identified under both criteria, {paper_only} under paper "
        f"only, {profile_only} under {criterion} only, {neither} under neither."
    ]
    dosed = sum(d.action == "recommend" and not d.profile for d in judged)
    if dosed:
        sentences.append(
            f"{plural(dosed, person)} {'has' if dosed == 1 else 'have'} a recommended dose although not all parameters "
            f"are identified under {criterion}: enough of the parameter sets that the data admit support that one dose."
        )
    return sentences


def _overview_caption(shown: int, with_window: int, total: int, person: str) -> str:
    """Say who is in the overview, and who is not."""
    text = "Green: effective dose window at the point estimate. Lines: range of its lower (blue) and upper (red) edge "
    text += "over the admitted parameter sets. Dot: recommended dose."
    if shown < with_window:
        text += f" {shown} of {plural(with_window, person)} with a window are shown, recommended doses first."
    elif shown < total:
        verb = "is" if total - shown == 1 else "are"
        text += f" {plural(total - shown, person)} without a window {verb} not shown."
    return text


def _row(d: Decision) -> View:
    """One row of the table."""
    word, style = decision_word(d)
    window = "–" if math.isnan(d.window_low) else f"{100 * d.window_low:.1f} – {100 * d.window_high:.1f}"
    return {
        "id": d.patient_id,
        "anchor": anchor(d.patient_id),
        "points": f"{d.n_points}" + (f" (−{d.n_excluded})" if d.n_excluded else ""),
        "fit": d.fit_status.replace("_", " "),
        "paper": _verdict(d.paper),
        "paper_class": _verdict_class(d.paper),
        "profile": _verdict(d.profile),
        "profile_class": _verdict_class(d.profile),
        "open": open_text(d.open_sides) or ("none" if d.profile is not None else "–"),
        "window": window,
        "decision": "recommended" if d.action == "recommend" else word,
        "decision_class": style,
        "dose": percent(d.dose_fraction),
        "support": percent(d.support),
        "disagree": d.disagree,
    }


def _verdict(identified: bool | None) -> str:
    return "–" if identified is None else "identified" if identified else "not identified"


def _verdict_class(identified: bool | None) -> str:
    return "" if identified is None else "yes" if identified else "no"


def _disagreement(d: Decision, criterion: str) -> View:
    """Say how the criteria disagree on a patient."""
    passed, other = ("paper", criterion) if d.paper else (criterion, "paper")
    open_ = f"; not closed: {open_text(d.open_sides)}" if d.open_sides else ""
    return {
        "id": d.patient_id,
        "anchor": anchor(d.patient_id),
        "text": f"identified under {passed}, not under {other}{open_}",
    }
