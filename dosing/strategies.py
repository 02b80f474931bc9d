"""Side by side: what the usual strategies would do to one patient's tumour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.policies import (
    RESUME_BELOW_TOLERABLE,
    ConstantDose,
    MaximumToleratedDose,
    NoTreatment,
    OffOnAdaptiveTherapy,
    OnOffAdaptiveTherapy,
    Policy,
    PolicyError,
    run_policy,
)
from dosing.progression import PROGRESSION_FACTOR, Progression, ProgressionRule, progression
from dynamics.feedback import first_burdens
from dynamics.member_rows import constant_rows, parameter_rows

if TYPE_CHECKING:
    from dosing.policies import PolicyRun
    from dynamics.member_rows import Constants
    from dynamics.model import Model

PLOT_POINTS = 365


@dataclass(frozen=True)
class StrategyTtp:
    """Time to progression in every sense, each with its censored flag.

    Parameters
    ----------
    first_crossing : Progression
        Scagliotti 2026, eq. 3.8. For off-on adaptive therapy merely the day on which treatment starts.
    last_below : Progression
        Scagliotti 2026, eq. 3.9.
    above_tolerable : Progression
        Masud 2023.
    """

    first_crossing: Progression
    last_below: Progression
    above_tolerable: Progression


@dataclass(frozen=True)
class StrategyOutcome:
    """What one strategy does to one tumour.

    Parameters
    ----------
    name, description : str
    policy : Policy
    ttp : StrategyTtp or None
        None where the simulation failed; ``status`` says why.
    total_dose : float
        Days at the maximum tolerated dose, over the horizon.
    mean_dose : float
        Fraction of the maximum tolerated dose.
    final_burden, lowest_burden : float
        In the marker's unit.
    lowest_day : float
    times, burdens, doses : ndarray, shape (n,)
        Thinned for plots: days, burden, dose given from that day on.
    resistant : ndarray, shape (n,), or None
        The state with the role ``"resistant"``, where the model has one.
    horizon_days : float
    status : str
        Sentence of :class:`dynamics.feedback.FeedbackStatus`.
    """

    name: str
    description: str
    policy: Policy
    ttp: StrategyTtp | None
    total_dose: float
    mean_dose: float
    final_burden: float
    lowest_burden: float
    lowest_day: float
    times: np.ndarray
    burdens: np.ndarray
    doses: np.ndarray
    resistant: np.ndarray | None
    horizon_days: float
    status: str


def usual_strategies(
    tolerable_level: float, recommended_dose: float | None, progression_factor: float = PROGRESSION_FACTOR
) -> tuple[Policy, ...]:
    """Return the policies that :func:`compare_strategies` compares, in its order.

    Parameters
    ----------
    tolerable_level : float
        Tolerable burden as a multiple of the first burden.
    recommended_dose : float or None
    progression_factor : float
        Level at which off-on adaptive therapy starts.

    Raises
    ------
    PolicyError
        A dose outside [0, 1].
    """
    recommended = () if recommended_dose is None else (ConstantDose(recommended_dose),)
    # below half of the first burden AT50 would pause above the level at which it resumes: there is no such therapy
    adaptive = (
        (OnOffAdaptiveTherapy.below_tolerable(1.0, 0.5, tolerable_level),)
        if RESUME_BELOW_TOLERABLE * tolerable_level > 0.5
        else ()
    )
    return (
        *recommended,
        MaximumToleratedDose(),
        *adaptive,
        OffOnAdaptiveTherapy(1.0, progression_factor, 0.5),
        NoTreatment(),
    )


def compare_strategies(
    model: Model,
    parameters: Mapping[str, float] | Sequence[float] | np.ndarray,
    constants: Constants | None,
    k_tol: float,
    horizon_days: float = 1460.0,
    recommended_dose: float | None = None,
    progression_factor: float = PROGRESSION_FACTOR,
) -> tuple[StrategyOutcome, ...]:
    """Simulate a recommended dose, MTD, AT50, off-on adaptive therapy, no treatment for one patient.

    Parameters
    ----------
    model : Model
    parameters : mapping, or array of shape (p,)
    constants : mapping
        Such as ``{"V0": 359.0}``.
    k_tol : float
        Tolerable burden in the marker's unit; AT50 resumes at 99.9 % of it (Masud 2023, eq. 20).
    horizon_days : float
    recommended_dose : float or None
        Constant dose, fraction of the maximum tolerated dose; None for a patient without one.
    progression_factor : float
        Level of eqs 3.8 and 3.9 of Scagliotti 2026, at which off-on therapy starts too; a multiple of the
        first burden.

    Raises
    ------
    PolicyError, ModelError
        See :func:`usual_strategies` and :func:`dosing.policies.run_policy`.
    """
    row = parameter_rows(model, parameters)
    return compare_strategies_batch(
        model, row, constants, np.array([k_tol]), horizon_days, [recommended_dose], progression_factor
    )[0]


def compare_strategies_batch(
    model: Model,
    parameters: np.ndarray,
    constants: Constants | None,
    k_tol: float | np.ndarray,
    horizon_days: float = 1460.0,
    recommended_doses: Sequence[float | None] | None = None,
    progression_factor: float = PROGRESSION_FACTOR,
) -> list[tuple[StrategyOutcome, ...]]:
    """Compare the strategies for w patients in one compiled call; see :func:`compare_strategies`.

    Parameters
    ----------
    parameters : ndarray, shape (w, p)
    constants : mapping of str to float or ndarray of shape (w,)
    k_tol : float or ndarray, shape (w,)
    recommended_doses : sequence of length w, optional
        None for a patient without a recommendation.

    Raises
    ------
    ValueError
        Numbers of doses that do not fit the patients, a first burden that is not positive.
    PolicyError
        See :func:`usual_strategies`; the message says for which patient.
    """
    rows = parameter_rows(model, parameters)
    patients = len(rows)
    fixed = constant_rows(model, constants, patients)
    tolerable = np.broadcast_to(np.asarray(k_tol, dtype=float), (patients,))
    doses = [None] * patients if recommended_doses is None else list(recommended_doses)
    if len(doses) != patients:
        raise ValueError(
            f"{patients} patients need as many recommended doses (None for none), got {len(doses)}"
        )
    per_patient = {c.name: fixed[:, i] for i, c in enumerate(model.constants)}
    first = first_burdens(model, rows, per_patient)
    if not np.all(first > 0):
        worst = int(np.flatnonzero(~(first > 0))[0])
        raise ValueError(f"patient {worst}: first burden {first[worst]:g}; every level is a multiple of it")
    tolerable_levels = tolerable / first
    policies = []
    for w, (level, dose) in enumerate(zip(tolerable_levels, doses, strict=True)):
        try:
            policies.append(usual_strategies(float(level), dose, progression_factor))
        except PolicyError as error:
            raise PolicyError(f"patient {w} (tolerable burden {tolerable[w]:g}): {error}") from error
    who = np.repeat(np.arange(patients), [len(p) for p in policies])
    steps_per_day = 8
    every = max(1, round(horizon_days * steps_per_day / PLOT_POINTS))
    run = run_policy(
        model,
        rows[who],
        {name: values[who] for name, values in per_patient.items()},
        [policy for each in policies for policy in each],
        horizon_days,
        steps_per_day,
        "rk4",
        decisions="crossing",
        levels=np.column_stack([np.full(len(who), progression_factor), tolerable_levels[who]]),
        every=every,
        keep_states=True,
    )
    outcomes = _outcomes(model, run)
    ends = np.cumsum([len(p) for p in policies])
    return [tuple(outcomes[end - len(p) : end]) for p, end in zip(policies, ends, strict=True)]


def _outcomes(model: Model, run: PolicyRun) -> list[StrategyOutcome]:
    """Outcome of every member of a run whose watched levels are (progression, tolerable)."""
    course = run.course
    first = progression(course, ProgressionRule.FIRST_CROSSING, 0)
    last = progression(course, ProgressionRule.LAST_BELOW, 0)
    above = progression(course, ProgressionRule.ABOVE_TOLERABLE, 1)
    role = model.state_with_role("resistant")
    resistant = None if role is None else course.states[:, :, model.states.index(role)]
    return [
        StrategyOutcome(
            name=policy.name,
            description=policy.description,
            policy=policy,
            ttp=StrategyTtp(first.of(b), last.of(b), above.of(b)) if course.status[b] == 0 else None,
            total_dose=float(course.total_doses[b]),
            mean_dose=float(course.total_doses[b]) / course.horizon_days,
            final_burden=float(course.final_burdens[b]),
            lowest_burden=float(course.lowest_burdens[b]),
            lowest_day=float(course.lowest_days[b]),
            times=course.times,
            burdens=course.burdens[b],
            doses=course.doses[b],
            resistant=None if resistant is None else resistant[b],
            horizon_days=course.horizon_days,
            status=str(course.status_of(b)),
        )
        for b, policy in enumerate(run.policies)
    ]
