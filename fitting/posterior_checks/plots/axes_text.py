"""Names with units, and logarithmic axes with plain numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fitting.posterior_checks.plots import palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def label(name: str, units: Mapping[str, str] | None) -> str:
    """Return ``K (ng/mL)``, or the name alone where the unit is 1 or unknown."""
    unit = (units or {}).get(name, "")
    return name if unit in ("", "1") else f"{name} ({unit})"


def log_axis(axes: Axes, which: str = "x", most: int = 4) -> None:
    """Make one axis logarithmic with a few ticks in plain numbers, whatever its length."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    if which == "x":
        axes.set_xscale("log")
        low, high = sorted(axes.get_xlim())
        axis = axes.xaxis
    else:
        axes.set_yscale("log")
        low, high = sorted(axes.get_ylim())
        axis = axes.yaxis
    axis.set_major_locator(FixedLocator(_places(low, high, most)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def _places(low: float, high: float, most: int) -> list[float]:
    """Round numbers inside a positive interval: powers of ten, then 2 and 5, then an even spread."""
    exponents = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0)):
        places = [s * 10.0**e for e in exponents for s in steps if low <= s * 10.0**e <= high]
        if len(places) >= 2:
            return places[:: math.ceil(len(places) / most)]
    from matplotlib.ticker import MaxNLocator

    return [p for p in MaxNLocator(most).tick_values(low, high) if low <= p <= high]


def quiet(axes: Axes, *, left: bool = True) -> None:
    """Take away the lines that show nothing."""
    for side in ("top", "right") if left else ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=palette.SMALL)
