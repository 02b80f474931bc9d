"""Virtual patients, simulated from a model with measurement noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from patients.cohort import Cohort, CohortError, Patient

if TYPE_CHECKING:
    from dynamics.model import Model
    from dynamics.schedule import DoseSchedule

Noise = Literal["poisson", "negative_binomial", "log_normal", "normal", "none"]
NOISES: tuple[Noise, ...] = ("poisson", "negative_binomial", "log_normal", "normal", "none")
_DRAWS_AT_MOST = 1000


@dataclass(frozen=True)
class VirtualPatient:
    """What a virtual patient is simulated from.

    Parameters
    ----------
    patient_id : str
    parameters : mapping of str to float
        The model's parameters, in its units.
    first_burden : float
        Burden V0 at the first visit, in the marker's unit.
    visit_days : sequence of float
        Days, strictly increasing.
    schedule : DoseSchedule
    note : str
        Where the parameters come from; shown with the patient.
    """

    patient_id: str
    parameters: Mapping[str, float]
    first_burden: float
    visit_days: Sequence[float]
    schedule: DoseSchedule
    note: str = ""


def simulate_cohort(
    model: Model,
    specifications: Sequence[VirtualPatient],
    seed: int | np.random.Generator,
    *,
    noise: Noise = "poisson",
    dispersion: float | None = None,
    marker: str = "virtual_marker",
    source: str = "",
) -> Cohort:
    """Simulate patients, and draw their burdens around the model's output.

    Parameters
    ----------
    model : Model
        Its first output is what a visit measures.
    specifications : sequence of VirtualPatient
    seed : int or numpy.random.Generator
        The same seed gives the same cohort, whatever the machine.
    noise : {"poisson", "negative_binomial", "log_normal", "normal", "none"}
        Distribution of the burdens; see ``dispersion``.
    dispersion : float, optional
        Size k of the negative binomial (variance mu + mu^2/k), standard deviation of the logarithm
        (log-normal, whose median is the output) or of the burden (normal, cut off at 0, as no measurement is
        negative).
    marker : str
        Name and unit of the marker.
    source : str
        Sentence that names the cohort; it always says that it is virtual.

    Returns
    -------
    Cohort
        Every patient, and the cohort, marked as virtual.

    Raises
    ------
    CohortError
        A simulation that fails, visit days that do not increase, a noise that is not known or lacks its
        dispersion.
    """
    generator = np.random.default_rng(seed)
    draw = _noise(noise, dispersion, generator)
    patients = []
    for patient in specifications:
        burdens = _outputs(model, patient)
        # The models take the first burden as known (it sets their initial state), so it carries no noise:
        # noise there would be a bias that no fit could see.
        burdens[1:] = draw(burdens[1:])
        burdens[0] = patient.first_burden
        patients.append(
            Patient(
                patient.patient_id,
                np.asarray(patient.visit_days, dtype=float),
                burdens,
                patient.schedule,
                marker,
                notes=(
                    f"virtual patient, simulated from the model {model.name}",
                    *([patient.note] * bool(patient.note)),
                ),
                virtual=True,
            )
        )
    return Cohort(
        tuple(patients),
        source=source
        if "virtual" in source
        else f"virtual cohort, {source or f'simulated from the model {model.name}'}",
        notes=(f"virtual patients: {noise.replace('_', '-')} noise around the model {model.name}",),
        virtual=True,
    )


def sample_cohort(
    model: Model,
    n: int,
    visit_days: Sequence[float],
    schedule: DoseSchedule,
    seed: int,
    *,
    first_burden: float | Sequence[float] = 500.0,
    noise: Noise = "poisson",
    dispersion: float | None = None,
    marker: str = "virtual_marker",
) -> tuple[Cohort, tuple[dict[str, float], ...]]:
    """Simulate patients whose parameters are drawn from the model's default priors, cut off at its bounds.

    Parameters
    ----------
    model : Model
    n : int
        Number of patients.
    visit_days : sequence of float
        The same for all.
    schedule : DoseSchedule
        The same for all.
    seed : int
    first_burden : float or sequence of n floats
        V0 in the marker's unit; priors and bounds with a ``scale`` are multiplied by it.
    noise, dispersion, marker
        As in :func:`simulate_cohort`.

    Returns
    -------
    cohort : Cohort
    truth : tuple of dict
        The parameters of each patient, in the model's units.

    Raises
    ------
    CohortError
        A prior with hardly any mass inside the bounds; and what :func:`simulate_cohort` raises.
    """
    generator = np.random.default_rng(seed)
    burdens = np.broadcast_to(np.asarray(first_burden, dtype=float), (n,))
    width = max(3, len(str(n)))
    truth = [draw_parameters(model, float(v0), generator) for v0 in burdens]
    specifications = [
        VirtualPatient(
            f"virtual-{i + 1:0{width}d}", truth[i], float(v0), visit_days, schedule, "drawn from the priors"
        )
        for i, v0 in enumerate(burdens)
    ]
    source = f"virtual cohort, {n} patients drawn from the priors of the model {model.name}, seed {seed}"
    cohort = simulate_cohort(
        model, specifications, generator, noise=noise, dispersion=dispersion, marker=marker, source=source
    )
    return cohort, tuple(truth)


def draw_parameters(model: Model, first_burden: float, generator: np.random.Generator) -> dict[str, float]:
    """Draw one parameter set from the default priors inside the bounds.

    A parameter without a prior is drawn from the flat prior on the log scale that stands for it.

    Parameters
    ----------
    model : Model
    first_burden : float
        V0, the scale of what scales.
    generator : numpy.random.Generator

    Raises
    ------
    CohortError
        A prior with hardly any mass inside the bounds.
    """
    drawn = {}
    for parameter in model.parameters:
        known = {c.name: first_burden if c.from_data else c.value for c in model.constants}
        scale = float(known[parameter.scale] or 0.0) if parameter.scale else 1.0
        for _ in range(_DRAWS_AT_MOST):
            if parameter.prior is None:
                value = np.exp(generator.uniform(np.log(parameter.lower), np.log(parameter.upper)))
            else:
                value = parameter.prior.median * np.exp(generator.normal(0.0, parameter.prior.sigma))
            if parameter.lower <= value <= parameter.upper:
                break
        else:
            raise CohortError(
                f"model {model.name!r}: {_DRAWS_AT_MOST} draws from the prior of {parameter.name} (median "
                f"{parameter.prior.median if parameter.prior else '-'}) lie outside its bounds "
                f"[{parameter.lower:g}, {parameter.upper:g}]; widen the bounds or move the prior"
            )
        drawn[parameter.name] = float(value * scale)
    return drawn


def _outputs(model: Model, patient: VirtualPatient) -> np.ndarray:
    """Solve the model at the visits of one patient, shape (n,)."""
    from dynamics.simulate import SolveStatus, simulate

    days = np.asarray(patient.visit_days, dtype=float)
    who = f"virtual patient {patient.patient_id!r}"
    if days.ndim != 1 or not len(days) or not np.all(np.isfinite(days)) or np.any(np.diff(days) <= 0):
        raise CohortError(
            f"{who}: visit days must be finite and strictly increasing, got {list(patient.visit_days)}"
        )
    if not (np.isfinite(patient.first_burden) and patient.first_burden > 0):
        raise CohortError(
            f"{who}: the first burden is {patient.first_burden:g}; a model starts from a positive one"
        )
    constants = {c.name: patient.first_burden for c in model.constants if c.from_data}
    trajectory = simulate(model, patient.parameters, patient.schedule, days, constants)
    if trajectory.status != SolveStatus.SUCCESS:
        raise CohortError(f"{who} cannot be simulated with {dict(patient.parameters)}: {trajectory.status}")
    return np.maximum(np.array(trajectory.outputs[:, 0], dtype=float), 0.0)


def _noise(
    noise: Noise, dispersion: float | None, generator: np.random.Generator
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that draws burdens around outputs."""
    if noise not in NOISES:
        raise CohortError(f"unknown noise {noise!r}; known are {', '.join(NOISES)}")
    if noise in ("poisson", "none"):
        if dispersion is not None:
            raise CohortError(
                f"{noise} noise has no dispersion, got {dispersion:g}; leave it out or choose another noise"
            )
        return (lambda mu: generator.poisson(mu).astype(float)) if noise == "poisson" else (lambda mu: mu)
    if dispersion is None or not (np.isfinite(dispersion) and dispersion > 0):
        raise CohortError(f"{noise} noise needs a positive dispersion, got {dispersion}")
    if noise == "negative_binomial":
        return lambda mu: generator.negative_binomial(dispersion, dispersion / (dispersion + mu)).astype(
            float
        )
    if noise == "log_normal":
        return lambda mu: mu * np.exp(generator.normal(0.0, dispersion, len(mu)))
    return lambda mu: np.maximum(mu + generator.normal(0.0, dispersion, len(mu)), 0.0)
