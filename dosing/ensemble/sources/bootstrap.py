"""An ensemble of bootstrap replicates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dynamics.ensemble import Ensemble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from identifiability.resampling.bootstrap import Bootstrap

# more replicates at a bound than this are worth a word in the provenance
_ON_BOUND = 0.05


def bootstrap_ensemble(bootstrap: Bootstrap, constants: Mapping[str, float]) -> Ensemble:
    """Refits of data that a patient's fit made anew, all of one weight.

    Parameters
    ----------
    bootstrap : Bootstrap
    constants : mapping of str to float
        Those of the fit that was resampled, such as ``fit.constants``.

    Raises
    ------
    ValueError
        No replicate could be refitted.
    """
    replicates = len(bootstrap.sets)
    if not replicates:
        raise ValueError(
            f"patient {bootstrap.patient_id!r}: none of {bootstrap.asked} bootstrap replicates could be refitted"
        )
    on_bound = bootstrap.any_on_bound
    bounds = f"; up to {100 * on_bound:.0f} % of them end on a declared bound" if on_bound > _ON_BOUND else ""
    return Ensemble(
        bootstrap.parameter_names,
        np.asarray(bootstrap.sets, dtype=float),
        np.full(replicates, 1.0 / replicates),
        dict(constants),
        f"patient {bootstrap.patient_id}: {replicates} of {bootstrap.asked} replicates of a parametric bootstrap, all "
        f"of one weight{bounds}",
    )
