"""What is asked of one patient beyond the profiles: bootstrap, planes, what to measure next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from identifiability.design.design_result import DesignAnswer
from identifiability.profiles.plane import Plane, profile_plane
from identifiability.resampling.bootstrap import Bootstrap, bootstrap_cohort

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.result import Fit
    from identifiability.quantity import Quantity
    from identifiability.result import Diagnosis
    from patients.cohort import Patient

RTOL = 1e-7
SIDE = 31  # grid points along each axis of a plane


@dataclass(frozen=True)
class InquirySettings:
    """How deep to look.

    Parameters
    ----------
    replicates : int
        Data sets of the bootstrap; 0 leaves it out.
    planes : int
        Two-dimensional profiles, of the pairs that move the dose most.
    simulations : int
        Data sets that confirm each proposal of further visits; 0 leaves the proposals out.
    days : tuple of float or None
        Feasible days of further visits; every week of the coming year unless given.
    doses : tuple of float or None
        Dose levels that may be held until then.
    seed : int
    """

    replicates: int = 200
    planes: int = 1
    simulations: int = 40
    days: tuple[float, ...] | None = None
    doses: tuple[float, ...] | None = None
    seed: int = 0


@dataclass(frozen=True)
class Inquiry:
    """Answers beyond the profiles, for one patient.

    Parameters
    ----------
    patient_id : str
    bootstrap : Bootstrap or None
    planes : tuple of Plane
    designs : tuple of DesignAnswer
        One a target.
    """

    patient_id: str
    bootstrap: Bootstrap | None
    planes: tuple[Plane, ...]
    designs: tuple[DesignAnswer, ...]


def inquire(
    patient: Patient,
    fit: Fit,
    diagnosis: Diagnosis,
    model: Model,
    quantities: Sequence[Quantity] = (),
    targets: Sequence[str | Quantity] = (),
    settings: InquirySettings | None = None,
    *,
    progress: Callable[[float], None] | None = None,
) -> Inquiry:
    """Ask one patient's data for more than the profiles tell.

    Parameters
    ----------
    patient : Patient
    fit, diagnosis
        Of this patient.
    model : Model
    quantities : sequence of Quantity
        Get bootstrap intervals beside the parameters; the first one also picks the pairs of the planes.
    targets : sequence of str or Quantity
        What further visits should settle: parameters by name, or quantities.
    settings : InquirySettings, optional
    progress : callable, optional
        Called with the share of the work done.

    Raises
    ------
    ValueError
        Days, doses or targets that cannot be.
    """
    from fitting.likelihood import get_likelihood
    from fitting.maximum_likelihood import prepare
    from fitting.problem import build_problem
    from identifiability.design.next_visits import next_visits

    settings = settings or InquirySettings()
    report = progress or (lambda _: None)
    (prepared,), _, _ = prepare([patient], fit.likelihood)
    problem = build_problem([prepared], model, get_likelihood(fit.likelihood), rtol=RTOL)
    bootstrap = None
    if settings.replicates:
        (bootstrap,) = bootstrap_cohort(
            problem,
            [fit],
            replicates=settings.replicates,
            quantities=[tuple(quantities)] if quantities else None,
            level=diagnosis.profiles[0].level,
            seed=settings.seed,
        )
    report(0.15)
    pairs = pairs_that_move(fit, diagnosis, quantities[0] if quantities else None)
    planes = [
        profile_plane(
            problem,
            0,
            fit,
            names,
            (SIDE, SIDE),
            profiles=diagnosis.profiles,
            level=diagnosis.profiles[0].level,
        )
        for names in pairs[: settings.planes]
    ]
    report(0.3)
    designs = []
    for i, target in enumerate(targets if settings.simulations else ()):
        done, share = 0.3 + 0.7 * i / len(targets), 0.7 / len(targets)
        designs.append(
            next_visits(
                patient, fit, model, target, days=settings.days, doses=settings.doses,
                ensemble=diagnosis.ensemble, simulations=settings.simulations,
                level=diagnosis.profiles[0].level, seed=settings.seed,
                progress=lambda x, done=done, share=share: report(done + share * x),
            )
        )  # fmt: skip
    report(1.0)
    return Inquiry(patient.patient_id, bootstrap, tuple(planes), tuple(designs))


def pairs_that_move(fit: Fit, diagnosis: Diagnosis, quantity: Quantity | None) -> list[tuple[str, str]]:
    """Pairs of parameters, those first whose uncertainty moves a quantity most.

    A parameter moves it by its slope times the length of the parameter's confidence set, both in logarithms.
    Without a quantity, or where it does not exist at the estimate, the length alone counts.
    """
    from identifiability.functions.formula import log_gradient

    lengths = np.array([np.log(p.ci[1] / p.ci[0]) for p in diagnosis.profiles])
    weight = lengths
    if quantity is not None:
        slope = np.abs(log_gradient(quantity, fit.estimates[None, :])[0])
        if np.all(np.isfinite(slope)) and slope.max() > 0:
            weight = slope * np.minimum(lengths, 5.0)
    order = np.argsort(-weight, kind="stable")
    names = [fit.parameter_names[i] for i in order]
    return [(names[i], names[j]) for j in range(len(names)) for i in range(j)]
