"""Which model predicts left-out visits best over the patients of a cohort."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from fitting.posterior_checks.comparison import likelihood_notes, require_same_visits, scored
from fitting.posterior_checks.comparison_result import Comparison
from fitting.posterior_checks.leave_one_out import LeaveOneOut


def compare_over_cohort(patients: Mapping[str, Mapping[str, LeaveOneOut]]) -> Comparison:
    """Compare models by their leave-one-out densities summed over the patients of a cohort.

    Patients are the units of the standard errors: visits of one patient share the patient's parameters and are
    not independent. A patient enters only with all models; the others are named in the notes.

    Parameters
    ----------
    patients : mapping of str to mapping of str to LeaveOneOut
        By patient, then by model.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        No patient with all models, or models of one patient that were fitted to different visits.
    """
    models = list(dict.fromkeys(name for candidates in patients.values() for name in candidates))
    complete = {who: each for who, each in patients.items() if set(each) == set(models)}
    if not models or not complete:
        raise ValueError(
            f"none of {len(patients)} patients was fitted with all of the models {', '.join(models) or '(none)'}; "
            "compare fewer models, or fit the missing ones"
        )
    notes: list[str] = []
    for candidates in complete.values():
        require_same_visits(candidates)
        notes += [note for note in likelihood_notes(candidates) if note not in notes]
    missing = [
        f"{who} lacks {', '.join(m for m in models if m not in each)}"
        for who, each in patients.items()
        if who not in complete
    ]
    if missing:
        notes.append(f"not counted: {'; '.join(missing)}")
    joined = {name: _concatenated([each[name] for each in complete.values()]) for name in models}
    sizes = [each[models[0]].times_days.size for each in complete.values()]
    units = np.repeat(np.arange(len(sizes)), sizes)
    label = f"{len(complete)} patients" if len(complete) != 1 else f"patient {next(iter(complete))}"
    return scored(label, joined, units, tuple(notes))


def _concatenated(parts: list[LeaveOneOut]) -> LeaveOneOut:
    """Put the visits of several patients in a row; each patient's own limit of Pareto k still holds."""
    # a limit common to all: each k relative to its own patient's limit
    relative = [part.pareto_k - part.k_limit for part in parts]
    return dataclasses.replace(
        parts[0],
        patient_id="",
        times_days=np.concatenate([part.times_days for part in parts]),
        burdens=np.concatenate([part.burdens for part in parts]),
        elpd_visits=np.concatenate([part.elpd_visits for part in parts]),
        density_visits=np.concatenate([part.density_visits for part in parts]),
        pareto_k=np.concatenate(relative),
        k_limit=0.0,
        refitted=np.concatenate([part.refitted for part in parts]),
        log_weights=np.empty((0, 0, 0)),
    )
