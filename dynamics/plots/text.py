"""Names with meanings and units on the axes."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from dynamics.latex import latex_symbol
from dynamics.plots import palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST = 68  # letters in a line of an axis label


def math(name: str) -> str:
    r"""Return a symbol for mathtext: ``$\delta$``."""
    return f"${latex_symbol(name)}$"


def axis_label(name: str, meaning: str, unit: str, burden_unit: str) -> str:
    """Return ``$S$: drug-sensitive cells (U/L)``, in lines; a unit that says nothing more is left out."""
    shown = burden_unit if unit == "burden" else unit
    text = f"{math(name)}: {meaning}" if meaning else math(name)
    said = shown in ("", "1") or (shown.startswith("fraction") and "fraction" in meaning)
    return fill(text if said else f"{text} ({shown})", _LONGEST)


def present_label(present: tuple[str, ...]) -> str:
    """Return ``$S$ alone``, ``$S$ and $R$``, ``no population``."""
    names = [math(name) for name in present]
    if len(names) < 2:
        return f"{names[0]} alone" if names else "all absent"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def quiet(axes: Axes) -> None:
    """Take away the lines that show nothing."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=palette.SMALL)
    for label in (axes.xaxis.get_label(), axes.yaxis.get_label()):
        label.set_fontsize(palette.SMALL + 0.5)


def legend_above(axes: Axes, columns: int) -> None:
    """Put the legend above the axes, where it covers nothing; each label once."""
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    axes.legend(
        list(once.values()), list(once), loc="lower left", bbox_to_anchor=(0.0, 1.01), ncols=columns,
        frameon=False, fontsize=palette.SMALL, borderpad=0, borderaxespad=0.2, columnspacing=1.2,
        handletextpad=0.6, handlelength=2.2, labelspacing=0.35,
    )  # fmt: skip
