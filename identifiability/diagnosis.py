"""One diagnosis a patient: profiles, information, verdicts, admitted parameter sets."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from fitting.likelihood import get_likelihood
from fitting.maximum_likelihood import FitFailure, prepare, refined
from fitting.problem import build_problem
from fitting.result import Fit
from identifiability.information.combinations import determined_combinations
from identifiability.information.directions import describe_directions
from identifiability.information.fisher import expected_information, paper_information
from identifiability.profiles.parameter_sets import admitted_sets
from identifiability.profiles.profile import profile_cohort
from identifiability.profiles.profile_settings import ProfileSettings
from identifiability.profiles.search import free_vector
from identifiability.result import Diagnosis
from identifiability.structural_verdict import structural_answer, structural_verdicts
from identifiability.verdict import paper_verdicts, profile_verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dynamics.model import Model
    from dynamics.simulate import Engine
    from patients.cohort import Patient

PROFILE_RTOL = 1e-7  # looser than a fit: a profile needs its height to 1e-3


def diagnose_cohort(
    patients: Sequence[Patient],
    fits: Sequence[Fit | FitFailure],
    model: Model,
    *,
    level: float = 0.95,
    seed: int = 0,
    engine: Engine = "kernel",
    settings: ProfileSettings | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[tuple[Fit | FitFailure, Diagnosis | None], ...]:
    """Diagnose every patient that has a fit.

    Parameters
    ----------
    patients, fits : sequences of equal length
        As given to and returned by :func:`fitting.maximum_likelihood.fit_cohort`.
    model : Model
    level : float
        Confidence level of the profiles.
    seed : int
    settings : ProfileSettings, optional
        Wins over ``level`` and ``seed``.
    progress : callable, optional
        Called with the share of the work done.

    Returns
    -------
    tuple of (Fit or FitFailure, Diagnosis or None)
        The fit comes back because a profile may find a better optimum; a failed fit has no diagnosis.
    """
    settings = settings or ProfileSettings(level=level, seed=seed)
    results: list[tuple[Fit | FitFailure, Diagnosis | None]] = [(fit, None) for fit in fits]
    by_likelihood: dict[str, list[int]] = {}
    for i, fit in enumerate(fits):
        if isinstance(fit, Fit):
            by_likelihood.setdefault(fit.likelihood, []).append(i)
    for name, members in by_likelihood.items():
        chosen, _, _ = prepare([patients[i] for i in members], name)
        problem = build_problem(chosen, model, get_likelihood(name), engine=engine)
        coarse = dataclasses.replace(problem, rtol=PROFILE_RTOL)
        given = [fit for i in members if isinstance(fit := fits[i], Fit)]
        profiled = profile_cohort(coarse, given, settings, progress)
        for w, i in enumerate(members):
            fit = given[w]
            if profiled[w].nll < fit.nll - 1e-4:
                fit = refined(problem, chosen[w], w, fit, profiled[w].best)
            q = free_vector(fit)
            fisher, paper = expected_information(problem, w, q), paper_information(problem, w, q)
            profiles = profiled[w].profiles
            structural = structural_answer(patients[i], model)
            results[i] = (
                fit,
                Diagnosis(
                    patient_id=fit.patient_id,
                    profiles=profiles,
                    fisher=fisher,
                    fisher_paper=paper,
                    verdicts=structural_verdicts(structural, model)
                    + paper_verdicts(fit, paper, profiles, model)
                    + profile_verdicts(fit, profiles, model, f"profile{round(100 * settings.level):d}"),
                    ensemble=admitted_sets(fit, profiles),
                    structural=structural,
                    directions=describe_directions(fisher),
                    combinations=determined_combinations(
                        fisher,
                        fit.estimates,
                        units={q.name: q.unit for q in model.parameters},
                        structural=structural.combinations if structural else (),
                    ),
                ),
            )
    return tuple(results)
