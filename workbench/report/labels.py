"""Words and numbers as a reader of the report expects them."""

from __future__ import annotations

import math
import re

_UNITS = {"mm", "cm", "cm3", "mm3", "ml", "mg", "ug", "ng", "percent", "au", "cells"}
_SUPERSCRIPT = {"cm3": "cm³", "mm3": "mm³", "percent": "%", "au": "a.u.", "ml": "mL", "ug": "µg"}
_GREEK = {
    "delta": "δ",
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "mu": "µ",
    "sigma": "σ",
    "kappa": "κ",
    "phi": "φ",
}
_GREEK |= {
    "epsilon": "ε",
    "lambda": "λ",
    "theta": "θ",
    "rho": "ρ",
    "eta": "η",
    "omega": "ω",
    "tau": "τ",
    "nu": "ν",
}


def marker_label(marker: str) -> str:
    """Turn a marker's column name into words: ``LDH_U_per_L`` into ``LDH (U/L)``."""
    if not marker:
        return "burden"
    if marker.endswith("_virtual"):
        return f"{marker_label(marker.removesuffix('_virtual'))}, virtual"
    rate = re.fullmatch(r"(.+)_([^_]+)_per_([^_]+)", marker)
    if rate:
        return f"{rate[1].replace('_', ' ')} ({_unit(rate[2])}/{_unit(rate[3])})"
    name, _, unit = marker.rpartition("_")
    if name and unit.lower() in _UNITS:
        return f"{name.replace('_', ' ')} ({_unit(unit)})"
    return marker.replace("_", " ")


def marker_unit(marker: str) -> str:
    """Return the unit in a marker's name, or ``marker unit`` where it states none."""
    inside = re.search(r"\(([^()]+)\)", marker_label(marker))
    return inside[1] if inside else "marker unit"


def _unit(text: str) -> str:
    return _SUPERSCRIPT.get(text.lower(), text)


def symbol_html(name: str) -> tuple[str, str]:
    """Split a parameter's name into its letter and its subscript: ``r_S`` into ``("r", "S")``."""
    head, _, below = name.partition("_")
    return _GREEK.get(head, head), below


def number(value: float | None, digits: int = 3) -> str:
    """Write a number with this many significant digits, powers of ten beyond a million."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e6:
        decimals = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
        return f"{value:.{decimals}f}".replace("-", "−")
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = str(int(exponent)).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))
    return f"{mantissa} × 10{power}".replace("-", "−")


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share as a percentage, without decimals that say nothing."""
    if share is None or math.isnan(share):
        return "–"
    text = f"{100 * share:.{digits}f}"
    return f"{text.removesuffix('.' + '0' * digits)} %"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """Write an interval, or a dash where there is none."""
    if low is None or high is None or (math.isnan(low) and math.isnan(high)):
        return "–"
    return f"{number(low, digits)} – {number(high, digits)}"


def days(value: float | None) -> str:
    """Write a number of days."""
    if value is None or math.isnan(value):
        return "–"
    return "∞" if math.isinf(value) else f"{value:.1f}".removesuffix(".0").replace("-", "−")


def plain(value: float) -> str:
    """Write a known number as it was given, without trailing zeros."""
    return number(value) if value and not 1e-4 <= abs(value) < 1e6 else f"{value:.6g}".replace("-", "−")


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 patient``, ``2 patients``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def people(count: int, *, virtual: bool) -> str:
    """Return ``3 patients`` or ``3 virtual patients``: simulated data never pass for measured ones."""
    return plural(count, "virtual patient" if virtual else "patient")
