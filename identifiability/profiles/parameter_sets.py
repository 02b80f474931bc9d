"""Parameter sets that the data admit, collected from a patient's profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dynamics.ensemble import Ensemble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fitting.result import Fit
    from identifiability.result import Profile


def admitted_sets(fit: Fit, profiles: Sequence[Profile]) -> Ensemble:
    """Collect every profile point within the threshold, with weights that do not depend on the grid.

    A point weighs the length of the confidence set that lies nearer to it than to any other point, in the
    logarithm of the profiled parameter; each parameter's profile weighs the same in total. Refining a grid
    therefore changes no share, it only resolves it better. The optimum is always a member, without a weight
    of its own.

    A share of this ensemble is a share of what the data do not exclude, not a probability: there is no prior
    in it, an open side counts up to its declared bound, and only the profiles' paths through the confidence
    region are sampled, not its inside.

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
        length = _lengths(profile)
        member = length >= 0
        values.append(profile.sets[member])
        rises.append(profile.rise[member])
        total = length[member].sum()
        weights.append(length[member] / total if total > 0 else np.ones(member.sum()) / max(member.sum(), 1))
    weight = np.concatenate(weights)
    weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(weight), 1.0 / len(weight))
    level = profiles[0].level if profiles else 0.95
    return Ensemble(
        parameter_names=fit.parameter_names,
        values=np.concatenate(values),
        weights=weight,
        constants=dict(fit.constants),
        provenance=(
            f"parameter sets on the {100 * level:g} % profile likelihoods, weighted by the length of profile "
            "they stand for in the logarithm; open sides end at the declared bounds"
        ),
        nll_rise=np.concatenate(rises),
    )


def _lengths(profile: Profile) -> np.ndarray:
    """Length of the confidence set that each grid point stands for, shape (g,); -1 outside the threshold."""
    x = np.log(profile.values)
    inside = profile.rise <= profile.threshold
    length = np.where(inside, 0.0, -1.0)
    for low, high in profile.intervals:
        a, b = np.log(low), np.log(high)
        members = np.flatnonzero(inside & (x >= a - 1e-12) & (x <= b + 1e-12))
        if len(members):
            middle = 0.5 * (x[members][1:] + x[members][:-1])
            length[members] = np.diff(np.concatenate([[a], middle, [b]]))
    return length
