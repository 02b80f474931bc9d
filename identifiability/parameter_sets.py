"""Parameter sets that the data admit, collected from a patient's profiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dynamics.ensemble import Ensemble
from fitting.result import Fit
from identifiability.result import Profile


def admitted_sets(fit: Fit, profiles: Sequence[Profile]) -> Ensemble:
    """Collect every profile point within the threshold, with weights that do not depend on the grid.

    A point weighs the width of its grid cell in the logarithm of the profiled parameter; each parameter's
    profile weighs the same in total. Refining a grid therefore changes no share, it only resolves it better.
    A side that is open contributes up to the declared bound and no further, which the provenance says.

    Parameters
    ----------
    fit : Fit
    profiles : sequence of Profile

    Returns
    -------
    Ensemble
    """
    values, weights, rises = [fit.estimates[None, :]], [np.zeros(1)], [np.zeros(1)]
    for profile in profiles:
        x = np.log(profile.values)
        inside = profile.rise <= profile.threshold
        middle = 0.5 * (x[1:] + x[:-1])
        cell = np.diff(np.concatenate([x[:1], middle, x[-1:]]))
        width = cell[inside]
        values.append(profile.sets[inside])
        weights.append(width / width.sum() if width.sum() > 0 else np.full(len(width), 1.0 / max(len(width), 1)))
        rises.append(profile.rise[inside])
    weight = np.concatenate(weights)
    weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(weight), 1.0 / len(weight))
    level = profiles[0].level if profiles else 0.95
    return Ensemble(
        parameter_names=fit.parameter_names,
        values=np.concatenate(values),
        weights=weight,
        constants=dict(fit.constants),
        provenance=(
            f"parameter sets on the {100 * level:g} % profile likelihoods, weighted by the length of profile they "
            "stand for in the logarithm; open sides end at the declared bounds"
        ),
        nll_rise=np.concatenate(rises),
    )
