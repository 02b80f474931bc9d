"""How a plan fares where effects and growth are not what they were taken for."""

from __future__ import annotations

import dataclasses

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.model import SwitchingError, SwitchingModel
from dosing.switching.schedule import SwitchingSchedule, evaluate

__all__ = ["member_costs", "uncertain_models"]


def uncertain_models(
    model: SwitchingModel,
    spread: float,
    count: int,
    seed: int,
    *,
    growth_spread: float | None = None,
    cells_spread: float = 0.0,
) -> SwitchingEnsemble:
    """Draw models whose effects, growth and cells differ from a model's by independent lognormal factors of median one.

    Parameters
    ----------
    model : SwitchingModel
    spread : float
        Standard deviation of the logarithm of each entry of ``kill``; 0.2 is about 20 %.
    count : int
        Number of models.
    seed : int
    growth_spread : float, optional
        The same for each line's net growth; as for effects where left out. Flows between lines stay as they are.
    cells_spread : float
        The same for each line's cells at the start.

    Raises
    ------
    SwitchingError
        A negative spread, no model to draw.
    """
    spreads = (spread, spread if growth_spread is None else growth_spread, cells_spread)
    if count < 1 or not all(np.isfinite(s) and s >= 0 for s in spreads):
        raise SwitchingError(
            f"{count} models with the spreads {spreads} cannot be drawn; give at least one model, no negative spread"
        )
    rng = np.random.default_rng(seed)
    note = (
        "sensitivity study: independent lognormal factors with standard deviations of the logarithm of "
        f"{spreads[0]:g} on effects, {spreads[1]:g} on growth and {spreads[2]:g} on cells, seed {seed}"
    )
    own = np.diag(model.growth)
    drawn = []
    for _ in range(count):
        kill = model.kill * np.exp(spreads[0] * rng.standard_normal(model.kill.shape))
        growth = own * np.exp(spreads[1] * rng.standard_normal(own.shape))
        cells = model.cells * np.exp(spreads[2] * rng.standard_normal(own.shape))
        drawn.append(
            dataclasses.replace(
                model, kill=kill, growth=model.growth + np.diag(growth - own), cells=cells,
                assumptions=(*model.assumptions, note),
            )
        )  # fmt: skip
    return SwitchingEnsemble(tuple(drawn))


def member_costs(ensemble: SwitchingEnsemble, cost: SwitchingCost, schedule: SwitchingSchedule) -> np.ndarray:
    """Return the exact cost of one schedule for each member, shape (K,)."""
    return np.array([evaluate(model, cost, schedule).total for model in ensemble.models])
