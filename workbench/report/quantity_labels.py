"""Names of quantities as a reader of the report expects them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbench.report.labels import days, symbol_html

if TYPE_CHECKING:
    from identifiability.result import Profile

_WORDS = {
    "window_low": "lower edge of the window",
    "window_high": "upper edge of the window",
    "window_width": "width of the window",
    "smallest_tolerable": "smallest tolerable burden",
    "time_to_progression": "time to progression",
}
_HALF = 0.5  # of all doses: an edge anywhere among more of them is not known, wherever its set ends
_DOSE_UNIT = "fraction of the maximum tolerated dose"


def quantity_words(name: str) -> str:
    """Write ``window_low`` as words; a parameter's name as its symbol."""
    if name in _WORDS:
        return _WORDS[name]
    if name.startswith("burden_day_"):
        return f"burden on day {days(float(name.removeprefix('burden_day_')))}"
    return symbol_text(name)


def symbol_text(name: str) -> str:
    """Write ``r_S`` or ``delta`` as a plain text without markup."""
    head, below = symbol_html(name)
    return f"{head}_{below}" if below else head


def short_unit(unit: str, burden: str) -> str:
    """Shorten a quantity's unit; ``burden`` becomes the marker's."""
    return {"burden": burden, _DOSE_UNIT: "fraction of MTD", "1": ""}.get(unit, unit)


def product_text(product: str) -> str:
    """Write a power product such as ``r·K^-1·delta`` with symbols and raised powers."""
    raised = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
    parts = []
    for factor in product.split("·"):
        name, _, power = factor.partition("^")
        # a decimal power stays on the line: there is no raised point that reads well
        shown = f"^{power.replace('-', '−')}" if "." in power else power.translate(raised)
        parts.append(f"{symbol_text(name)}{shown}")
    return " · ".join(parts)


def side_word(profile: Profile, *, lower: bool) -> str:
    """Say how a side ends; an edge that reaches the end of all doses has nothing beyond it to be ruled out."""
    status = profile.lower_status if lower else profile.upper_status
    if status == "open" and _harmless(profile, lower=lower):
        return "reaches dose 0" if lower else "reaches the MTD"
    return status.value.replace("_", " ")


def side_settled(profile: Profile, *, lower: bool) -> bool:
    """Whether nothing remains to be learnt on a side."""
    status = profile.lower_status if lower else profile.upper_status
    return status == "closed" or (status == "open" and _harmless(profile, lower=lower))


def _harmless(profile: Profile, *, lower: bool) -> bool:
    """Whether the lower edge reaches dose 0, or the upper one the full dose, on a set that is not all doses."""
    if not profile.intervals:
        return False
    if lower:
        return profile.parameter == "window_low" and profile.ci[0] <= 0.0 and profile.ci[1] < _HALF
    return profile.parameter == "window_high" and profile.ci[1] >= 1.0 and profile.ci[0] > _HALF


def said(sentence: str, *, start: bool = True) -> str:
    """Put words for the names of quantities in a sentence made for tables."""
    for name, words in _WORDS.items():
        sentence = re.sub(rf"\b{name}\b", f"the {words}", sentence)
    sentence = re.sub(r"\bburden_day_(\d+(?:\.\d+)?)\b", r"the burden on day \1", sentence)
    sentence = sentence.replace(f"({_DOSE_UNIT})", "as a fraction of MTD")
    return f"T{sentence[1:]}" if start and sentence.startswith("the ") else sentence
