"""The forecasters that this workbench offers beside the baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitting.forecast.baselines.standard import standard_baselines
from fitting.forecast.model_forecast import ModelForecaster
from fitting.forecast.reverting_forecast import RevertingForecaster
from fitting.forecast.stacking import Rehearsed, Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fitting.forecast.mechanistic_draws import Doses


def default_stack(
    model_names: Sequence[str] = (), *, doses: Doses = "planned", simple: Sequence[Rehearsed] | None = None
) -> Stack:
    """Mix the stochastic Gompertz law, models of the catalogue and the simple forecasters.

    Parameters
    ----------
    model_names : sequence of str
        Models of the catalogue to add, such as ``"turnover+b0"``: minutes a cohort, where the others take seconds.
    doses : {"planned", "held"}
    simple : sequence of Rehearsed, optional
        The simple forecasters; fresh baselines where absent.
    """
    # the law without drift is a special case of the one with it, and forecast no better inside training parts
    own: list[Rehearsed] = [RevertingForecaster(doses=doses)]
    own += [ModelForecaster(name, doses=doses) for name in model_names]
    if simple is None:
        simple = list(standard_baselines().values())
    # what reads the others to their end is left out: it knows of them what no clinic does on the day of the cut
    kept = [b for b in simple if "to their end" not in b.name]
    return Stack([*own, *kept], "evodose" if doses == "planned" else "evodose, last dose held")


def own_forecasters(simple: Sequence[Rehearsed] | None = None) -> dict[str, Rehearsed]:
    """Return forecasters by the names that tables show: the law alone, then the stack.

    Parameters
    ----------
    simple : sequence of Rehearsed, optional
        Baselines that have their own rows in the table, so that nothing is learned twice.
    """
    stack = default_stack(simple=simple)
    laws = [m for m in stack.members if isinstance(m, RevertingForecaster)]
    return {m.name: m for m in (*laws, stack)}
