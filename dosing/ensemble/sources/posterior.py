"""An ensemble of posterior draws, whole or split into one to plan on and one to judge on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dynamics.ensemble import Ensemble
    from fitting.bayesian.posterior import Posterior


def posterior_ensemble(posterior: Posterior, members: int = 500, *, allow_unusable: bool = False) -> Ensemble:
    """Evenly thinned draws of one patient's posterior, all of one weight.

    Parameters
    ----------
    posterior : Posterior
    members : int
        At most so many; a posterior with fewer draws gives them all.
    allow_unusable : bool
        Also take draws that did not converge; the provenance then says so.

    Raises
    ------
    ValueError
        A posterior that is not usable, no member.
    """
    from dynamics.ensemble import Ensemble

    if members < 1:
        raise ValueError(
            f"patient {posterior.patient_id!r}: an ensemble of {members} members; take at least 1"
        )
    found = posterior.ensemble(members, allow_unusable=allow_unusable)
    return Ensemble(
        found.parameter_names,
        found.values,
        found.weights,
        found.constants,
        f"{len(found)} draws of patient {posterior.patient_id}, {found.provenance}",
    )


def posterior_split(
    posterior: Posterior,
    members: int = 500,
    held_out: int = 500,
    *,
    seed: int = 0,
    allow_unusable: bool = False,
) -> tuple[Ensemble, Ensemble]:
    """Draws to plan a schedule on, and other draws to judge it on.

    A schedule that was chosen on some draws looks better on them than it is. The two ensembles share no draw; both
    are random subsets, so that neighbours in a chain, which resemble each other, do not fall one into each.

    Parameters
    ----------
    posterior : Posterior
    members, held_out : int
        Sizes; where there are too few draws, both shrink in proportion.
    seed : int
    allow_unusable : bool
        See :func:`posterior_ensemble`.

    Returns
    -------
    planned_on, held_out : Ensemble

    Raises
    ------
    ValueError
        A posterior that is not usable, or with fewer than two draws.
    """
    whole = posterior_ensemble(posterior, len(posterior.draws), allow_unusable=allow_unusable)
    if len(whole) < 2 or members < 1 or held_out < 1:
        raise ValueError(
            f"patient {posterior.patient_id!r}: {len(whole)} draws cannot be split into {members} and {held_out}; "
            "both parts need at least one"
        )
    shrink = min(1.0, len(whole) / (members + held_out))
    first = max(1, int(members * shrink))
    second = max(1, min(int(held_out * shrink), len(whole) - first))
    order = np.random.default_rng(seed).permutation(len(whole))
    parts = (("planned on", np.sort(order[:first])), ("held out", np.sort(order[first : first + second])))
    planned_on, judged_on = (
        whole.take(draws, f"{len(draws)} draws {use} (seed {seed}) of patient {posterior.patient_id}, "
                   f"{posterior.ensemble(1, allow_unusable=allow_unusable).provenance}")
        for use, draws in parts
    )  # fmt: skip
    return planned_on, judged_on
