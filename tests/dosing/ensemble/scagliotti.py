"""The ensemble and the costs of Scagliotti 2026, for the tests of this folder."""

import numpy as np

from dosing.ensemble import EnsembleProblem, hyperbolic_cost, linear_cost
from dynamics import get_model
from dynamics.ensemble import Ensemble

TURNOVER = get_model("turnover")
R_S = 0.027
HORIZON = {0.25: 750, 0.50: 1000, 0.75: 1500}  # Table 5
COSTS = {"linear": linear_cost, "hyperbolic": hyperbolic_cost}
# the grid behind eq. 3.6: 25 division rates x 49 resistant fractions
RATES, FRACTIONS = (
    a.ravel() for a in np.meshgrid(0.50 + 0.02 * np.arange(25), 0.002 * np.arange(1, 50), indexing="ij")
)


def problem(n0=0.5, cost="hyperbolic", members=None, **options):
    """All members, or those of the given indices; K = 1, 2 d_D = 1.5, no turnover, time in units of 1 / r_S."""
    chosen = np.arange(len(RATES)) if members is None else np.asarray(members)
    one = np.ones(len(chosen))
    values = np.column_stack([R_S * one, R_S * RATES[chosen], one, 0.75 * one, 0 * one])
    ensemble = Ensemble(
        TURNOVER.parameter_names, values, one / len(one), {"V0": n0}, "grid of Scagliotti 2026"
    )
    options = {"horizon_days": HORIZON[n0], "running": COSTS[cost](TURNOVER, unit="K", rate="r_S")} | options
    return EnsembleProblem.define(TURNOVER, ensemble, constants={"f_R": FRACTIONS[chosen]}, **options)


def spread_out(count):
    """Indices of ``count`` members from all over the grid."""
    return np.linspace(0, len(RATES) - 1, count).astype(int)
