"""Problems and tumours of Scagliotti 2026, sections 3.1 and 3.3."""

from __future__ import annotations

from typing import Literal

import numpy as np

from dosing.ensemble.costs import hyperbolic_cost, linear_cost
from dosing.ensemble.member_times import TtpSetting
from dosing.ensemble.problem import EnsembleProblem
from dosing.ensemble.sources.product_grid import paper_grid
from dosing.ensemble.thinning import thinned
from dynamics.catalogue import get_model
from dynamics.ensemble import Ensemble

Cost = Literal["linear", "hyperbolic"]
COSTS = {"linear": linear_cost, "hyperbolic": hyperbolic_cost}
BURDENS = (0.25, 0.50, 0.75)


def paper_problem(
    initial_burden: float = 0.5, cost: Cost = "hyperbolic", *, members: int | None = None
) -> EnsembleProblem:
    """Pose J1 (linear) or J2 (hyperbolic) of eq. 3.12 over the paper's tumours.

    Parameters
    ----------
    initial_burden : float
        n_0: 0.25, 0.50 or 0.75, which have a horizon in Table 5.
    cost : {"linear", "hyperbolic"}
        Eq. 3.10 or 3.11, in units of the capacity and of 1 / r_S.
    members : int, optional
        Thinned to at most so many; all 1225 where None.

    Raises
    ------
    ValueError
        A cost or an initial burden that the paper does not have.
    """
    if cost not in COSTS:
        raise ValueError(f"cost {cost!r}; the paper has {' and '.join(COSTS)}")
    model = get_model("turnover")
    problem = EnsembleProblem.define(
        model,
        paper_grid(initial_burden),
        horizon_days=TtpSetting.paper(initial_burden).horizon_days,
        running=COSTS[cost](model, unit="K", rate="r_S"),
    )
    return problem if members is None else thinned(problem, members)


def paper_tumour(
    division_ratio: float = 0.66, resistant_share: float = 0.01, initial_burden: float = 0.5
) -> Ensemble:
    """Return one tumour of the grid; that of Figs 1, 5 and 7 where nothing is given.

    Parameters
    ----------
    division_ratio : float
        r_R / r_S.
    resistant_share : float
        f_0.
    initial_burden : float

    Raises
    ------
    ValueError
        A tumour that is not in the grid.
    """
    grid = paper_grid(initial_burden)
    ratios, shares = grid.column("r_R") / grid.column("r_S"), grid.constant("f_R")
    found = np.flatnonzero(np.isclose(ratios, division_ratio) & np.isclose(shares, resistant_share))
    if not len(found):
        raise ValueError(
            f"no tumour with r_R = {division_ratio:g} r_S and f_0 = {resistant_share:g} among the {len(grid)}: the "
            f"rates go from {ratios.min():g} to {ratios.max():g} in steps of 0.02, the shares from {shares.min():g} to "
            f"{shares.max():g} in steps of 0.002"
        )
    return grid.take(found, f"one tumour of Scagliotti 2026: {tumour_words(division_ratio, resistant_share)}")


def tumour_words(division_ratio: float, resistant_share: float) -> str:
    """Name a tumour of the grid by what differs."""
    return f"r_R = {division_ratio:.3g} r_S, f_0 = {resistant_share:.3g}"
