"""An ensemble of the parameter sets that a patient's profile likelihoods admit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics.ensemble import Ensemble

if TYPE_CHECKING:
    from identifiability.result import Diagnosis


def profile_ensemble(diagnosis: Diagnosis) -> Ensemble:
    """Every parameter set within the threshold of the profile likelihoods.

    The weights are lengths of profile, not probabilities (see
    :func:`identifiability.profiles.parameter_sets.admitted_sets`): an expected time to progression over them is an
    average over what the data do not exclude, and the worst case over them is the honest reading.

    Parameters
    ----------
    diagnosis : Diagnosis

    Raises
    ------
    ValueError
        A diagnosis without an admitted set.
    """
    found = diagnosis.ensemble
    if not len(found):
        raise ValueError(
            f"patient {diagnosis.patient_id!r}: the profiles admit no parameter set, so there is nothing to plan "
            "for; look at the fit's status"
        )
    return Ensemble(
        found.parameter_names,
        found.values,
        found.weights,
        found.constants,
        f"patient {diagnosis.patient_id}: {found.provenance}",
        found.nll_rise,
    )
