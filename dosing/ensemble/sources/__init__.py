"""Where ensembles come from."""

from dosing.ensemble.sources.bootstrap import bootstrap_ensemble
from dosing.ensemble.sources.cohort_measure import cohort_measure
from dosing.ensemble.sources.posterior import posterior_ensemble, posterior_split
from dosing.ensemble.sources.product_grid import paper_grid, product_grid
from dosing.ensemble.sources.profiles import profile_ensemble
from dosing.ensemble.sources.published import published_ensemble

__all__ = [
    "bootstrap_ensemble",
    "cohort_measure",
    "paper_grid",
    "posterior_ensemble",
    "posterior_split",
    "product_grid",
    "profile_ensemble",
    "published_ensemble",
]
