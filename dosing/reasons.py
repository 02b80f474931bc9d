"""The sentences of a decision: why this dose, why none, what would change it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from dosing.basin import Basin
from identifiability.remedy import remedy
from identifiability.result import SideStatus

if TYPE_CHECKING:
    from dosing.evidence import Evidence
    from dosing.rules import DoseRules
    from dynamics.model import Model
    from fitting.result import Fit
    from identifiability.result import Diagnosis


class Reason(StrEnum):
    """Why a regimen is recommended or refused; each member is the head of the sentence."""

    IDENTIFIED = "Every parameter is closed by the data, and the admitted parameter sets agree on a dose"
    SUPPORTED = "Some parameters remain open, but the admitted parameter sets agree on a dose"
    TOO_FEW_POINTS = "There are no more measurements than estimated quantities"
    NOT_CONVERGED = "The fit did not converge"
    POOR_FIT = "The model does not describe these measurements"
    NO_WINDOW_IN_MODEL = "No dose window can be derived for this model"
    EMPTY_WINDOW = "The point estimate has no dose window"
    NOT_SUPPORTED = "The admitted parameter sets do not agree on a dose"
    OUTSIDE_BASIN = (
        "From its state at the first visit, the tumour does not surely end with sensitive cells alone"
    )

    @property
    def recommends(self) -> bool:
        """Whether a dose is recommended."""
        return self in (Reason.IDENTIFIED, Reason.SUPPORTED)


def reason_sentence(
    reason: Reason, fit: Fit, diagnosis: Diagnosis, evidence: Evidence, rules: DoseRules
) -> str:
    """Say in one sentence why this dose, or why none."""
    match reason:
        case Reason.IDENTIFIED | Reason.SUPPORTED:
            text = _recommendation(reason, diagnosis, evidence, rules)
        case Reason.TOO_FEW_POINTS:
            text = (
                f"{reason}: {_count(fit.n_points, 'measurement')}, {fit.n_estimated} estimated; at least "
                f"{_missing_visits(fit)} needed before a dose can rest on them"
            )
        case Reason.NOT_CONVERGED:
            text = f"{reason}: {fit.status.value.removeprefix('Did not converge: ')}"
        case Reason.POOR_FIT:
            text = (
                f"{reason}: a typical burden lies a factor {evidence.misfit:.2g} from the fitted one (admitted: "
                f"{rules.worst_misfit:g})"
            )
        case Reason.NO_WINDOW_IN_MODEL:
            text = _capital(evidence.unavailable) or str(reason)
        case Reason.EMPTY_WINDOW:
            text = f"{reason}: {_continued(evidence.window.sentence)}" if evidence.window else str(reason)
        case Reason.NOT_SUPPORTED:
            text = f"{reason}: {_disagreement(diagnosis, evidence, rules)}"
        case Reason.OUTSIDE_BASIN:
            text = f"{reason} under {_percent(evidence.dose)} of MTD: {_astray(evidence, rules)}"
    return f"{text.rstrip('.')}."


def point_sentence(evidence: Evidence, rules: DoseRules) -> str:
    """Say what the point estimate alone would have said."""
    window = evidence.window
    if window is None:
        return "The point estimate alone says nothing either: the model has no dose window."
    if not window.exists:
        return f"The point estimate alone says: {_continued(window.sentence)}."
    return (
        f"The point estimate alone would have said {_percent(evidence.point_dose)} of MTD: window "
        f"{_percent(window.low)} to {_percent(window.high)}, dose {100 * rules.margin:g} % of its width "
        "above the lower edge."
    )


def what_would_change(
    reason: Reason, fit: Fit, diagnosis: Diagnosis, evidence: Evidence, model: Model
) -> str:
    """Say what further evidence would change the decision."""
    match reason:
        case Reason.TOO_FEW_POINTS:
            text = f"At least {_missing_visits(fit)} needed, better under another dose level"
        case Reason.NOT_CONVERGED:
            text = "A fit that converges: more starts, or a check of the dose schedule and units"
        case Reason.POOR_FIT:
            text = (
                "Another model (`evodose models`), or a check of the dose schedule: a drug that was given but not "
                "recorded looks like this"
            )
        case Reason.NO_WINDOW_IN_MODEL:
            text = "A model with one sensitive and one resistant population whose equilibria can be found"
        case Reason.EMPTY_WINDOW:
            smallest = evidence.window.smallest_tolerable_burden if evidence.window else float("nan")
            text = (
                f"A tolerable burden above {smallest:.4g}, the smallest for which a window exists"
                if np.isfinite(smallest)
                else "Evidence that sensitive cells hold resistant ones down more than these data say"
            )
        case Reason.NOT_SUPPORTED | Reason.OUTSIDE_BASIN:
            measure = remedy(model, _open_parameters(diagnosis)) or remedy(
                model, diagnosis.ensemble.parameter_names
            )
            text = (
                f"Further measurements: {measure}. Where sets differ in the window's lower edge, a higher "
                "tolerable burden widens it"
            )
        case _:
            text = (
                "A burden above the tolerable one under this dose, or further visits that move a window edge "
                f"past {_percent(evidence.dose)}"
            )
    return f"{text}."


def _recommendation(reason: Reason, diagnosis: Diagnosis, evidence: Evidence, rules: DoseRules) -> str:
    """Say how well the dose is supported."""
    names = ", ".join(_open_parameters(diagnosis))
    aside = f" ({names} not closed)" if names else ""
    ensemble = diagnosis.ensemble
    single = f"; beware: one parameter set is all there is ({_continued(ensemble.provenance)})"
    return (
        f"{reason}{aside}: {_percent(evidence.dose)} of MTD lies inside the dose window of "
        f"{_share(evidence.support)} of them (asked for: {100 * rules.required_support:g} %)"
        f"{_cost_of_outside(evidence)}"
        f"{single if len(ensemble) == 1 else ''}"
    )


def _cost_of_outside(evidence: Evidence) -> str:
    """Say how much worse a tumour fits whose window does not hold the dose."""
    if evidence.likelihood is None:
        return ""
    return (
        f"; a tumour whose window does not hold it fits worse by {evidence.rise_outside:.2g} in the negative "
        f"log-likelihood (admitted: {evidence.likelihood.threshold:.2g})"
    )


def _disagreement(diagnosis: Diagnosis, evidence: Evidence, rules: DoseRules) -> str:
    """Say how far the admitted sets are from agreeing, and which parameter takes the window away."""
    need = f"{100 * rules.required_support:g} %"
    spread = evidence.window_range
    if not np.isfinite(evidence.best_dose):
        return f"none of them has a window between 0 and MTD, {need} are asked for"
    if evidence.supported and evidence.likelihood is not None and evidence.outside_is_admitted:
        pieces = " or ".join(f"{_percent(a)} to {_percent(b)}" for a, b in evidence.supported)
        return (
            f"{need} of those that the profiles met support {pieces} of MTD, but others put each of these doses "
            f"outside the window and fit hardly worse (rise of the negative log-likelihood "
            f"{evidence.best_rise_outside:.2g} at the best dose, admitted are {evidence.likelihood.threshold:.2g})"
        )
    if evidence.supported:
        pieces = " or ".join(f"{_percent(a)} to {_percent(b)}" for a, b in evidence.supported)
        return (
            f"{need} of them support {pieces} of MTD, but the window of the point estimate, the likeliest "
            "tumour, lies elsewhere"
        )
    text = (
        f"the best supported dose, {_percent(evidence.best_dose)} of MTD, lies inside the window of "
        f"{_share(evidence.best_share)} of them, {need} are asked for"
    )
    if spread is not None and spread.share_without_window > 0.0005:
        text += f"; for {_share(spread.share_without_window)} of them no dose window exists at all"
        text += f" ({_lost(diagnosis, evidence)})" if evidence.lost else ""
    return text


def _lost(diagnosis: Diagnosis, evidence: Evidence) -> str:
    """Name the parameter beyond whose boundary no window exists, and how its profile ends on that side."""
    lost = evidence.lost
    if lost is None:
        return ""
    profile = next((p for p in diagnosis.profiles if p.parameter == lost.parameter), None)
    aside = ""
    if profile is not None:
        status = profile.upper_status if lost.above else profile.lower_status
        aside = f", open {'upwards' if lost.above else 'downwards'}," if status == SideStatus.OPEN else ""
    sign = "≥" if lost.above else "≤"
    return (
        f"{lost.parameter}{aside} reaches {lost.reached:.3g}, and at {lost.parameter} {sign} "
        f"{lost.boundary:.3g} there is none whatever burden is tolerated"
    )


def _astray(evidence: Evidence, rules: DoseRules) -> str:
    """Say which tumours do not end with sensitive cells alone."""
    if evidence.basin is not None and evidence.basin is not Basin.INSIDE:
        return f"for the point estimate: {_continued(evidence.basin)}"
    return (
        f"the point estimate does, but {_share(evidence.astray)} of the admitted parameter sets, whose "
        f"window holds the dose, do not, which leaves {_share(evidence.support)} in support of it, "
        f"{100 * rules.required_support:g} % are asked for"
    )


def _open_parameters(diagnosis: Diagnosis) -> list[str]:
    """Parameters that the profiles leave open."""
    return [
        v.parameter
        for v in diagnosis.verdicts
        if v.criterion.startswith("profile") and v.parameter != "all" and not v.identified
    ]


def _missing_visits(fit: Fit) -> str:
    """Say how many visits are missing, with the verb."""
    more = fit.n_estimated + 1 - fit.n_points
    return f"{_count(more, 'further visit')} {'is' if more == 1 else 'are'}"


def _count(number: int, noun: str) -> str:
    """Put number and noun in agreement."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _percent(fraction: float) -> str:
    """Write a dose fraction in percent."""
    return f"{100 * fraction:.1f} %"


def _share(share: float) -> str:
    """Write a share in percent, rounded down, so that none seems to reach what it misses."""
    return "all" if share >= 1.0 else f"{np.floor(1000 * share + 1e-6) / 10:.1f} %"


def _continued(sentence: str) -> str:
    """Make a sentence go on after a colon: a small letter, no full stop."""
    return (sentence[:1].lower() + sentence[1:]).rstrip(".")


def _capital(sentence: str) -> str:
    """Start with a capital."""
    return sentence[:1].upper() + sentence[1:]
