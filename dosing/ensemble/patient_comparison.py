"""What a schedule for a patient's whole posterior is worth, judged on draws that it was not planned on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.candidates import candidate_grid, usual_candidates
from dosing.ensemble.feedback_search import FeedbackSearch, search_feedback
from dosing.ensemble.member_times import TtpSetting, member_times
from dosing.ensemble.progression_search import ProgressionOptimum, maximise_progression
from dosing.ensemble.schedule_scores import ScoreTable, score_schedules
from dosing.ensemble.ttp_objective import TtpObjective, objective_value
from dosing.ensemble.value_of_knowing import ValueOfKnowing, value_of_knowing
from dynamics.ensemble import Ensemble
from dynamics.feedback import first_burdens

if TYPE_CHECKING:
    from dosing.ensemble.feedback_family import FeedbackFamily
    from dosing.policies import Policy
    from dynamics.model import Model

PLANNED, POINT, RULE = "ensemble schedule", "point-estimate schedule", "best adaptive rule"


@dataclass(frozen=True)
class PatientComparison:
    """Treatments of one patient, planned on some plausible tumours and judged on others.

    Parameters
    ----------
    scores : ScoreTable
        On the held-out members: MTD, AT50, off-on therapy, a constant dose in the window where there is one, the
        schedules planned for the ensemble and for the point estimate, the best adaptive rule.
    ensemble_optimum, point_optimum : ProgressionOptimum
        The point estimate is planned for as if it were true, which its provenance says.
    search : FeedbackSearch
    knowing : ValueOfKnowing
        On the held-out members, over these treatments and a grid of constant doses and adaptive rules.
    claimed_days : float
        Objective of the point-estimate schedule for the point estimate itself: what planning without uncertainty would
        have promised.
    notes : tuple of str
        What was left out, and why.
    """

    scores: ScoreTable
    ensemble_optimum: ProgressionOptimum
    point_optimum: ProgressionOptimum
    search: FeedbackSearch
    knowing: ValueOfKnowing
    claimed_days: float
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The result in words."""
        gain, error = self.scores.difference(PLANNED, POINT)
        return (
            f"On {len(self.scores.times.weights)} held-out members the schedule planned for the ensemble holds the "
            f"tumour {self.scores.row(PLANNED).expected_days:.4g} days in the mean, the one for the point estimate "
            f"{self.scores.row(POINT).expected_days:.4g} (difference {gain:.3g} +- {error:.2g}; it had promised "
            f"{self.claimed_days:.4g}), MTD {self.scores.row('MTD').expected_days:.4g}. {self.knowing.sentence}"
        )


def compare_for_patient(
    model: Model,
    planned_on: Ensemble,
    held_out: Ensemble,
    point: Mapping[str, float] | Sequence[float] | np.ndarray,
    setting: TtpSetting,
    *,
    hold_days: float = 28.0,
    objective: TtpObjective = TtpObjective.EXPECTED,
    family: FeedbackFamily | None = None,
    knowing_doses: int = 21,
    iterations: int = 40,
    seed: int = 0,
) -> PatientComparison:
    """Plan for an ensemble and for the point estimate, and judge both with the usual treatments on held-out members.

    Parameters
    ----------
    model : Model
    planned_on, held_out : Ensemble
        Disjoint, such as from :func:`dosing.ensemble.sources.posterior.posterior_split`.
    point : mapping, or array of shape (p,)
        The estimate, with the constants of ``planned_on``.
    setting : TtpSetting
    hold_days : float
        Days from one visit to the next, for planned schedules.
    objective : TtpObjective
        Of all that is planned.
    family : FeedbackFamily, optional
        Adaptive rules to choose from.
    knowing_doses : int
        Constant doses among the treatments of the value of knowing.
    iterations : int
        See :func:`dosing.ensemble.progression_search.maximise_progression`.
    seed : int

    Raises
    ------
    ValueError, ModelError
        A member that cannot be simulated; a point that does not fit the model; constants that differ by member.
    """
    from dynamics.member_rows import parameter_rows

    differing = [n for n, v in planned_on.constants.items() if np.ndim(v) > 0]
    if differing:
        raise ValueError(
            f"the constants {', '.join(differing)} differ between the members, so this is no single patient's "
            "ensemble; compare the patients of a cohort with `cohort_schedules`"
        )
    row = parameter_rows(model, point)[0]
    single = Ensemble.single(
        model.parameter_names, row, planned_on.constants, "point estimate, taken as if it were true"
    )
    options = {"hold_days": hold_days, "objective": objective, "iterations": iterations, "seed": seed}
    alone = maximise_progression(model, single, setting, **options)
    # from there on the search can only gain, on the members that it plans for
    whole = maximise_progression(model, planned_on, setting, starts={POINT: alone.schedule}, **options)
    search = search_feedback(model, planned_on, setting, family, objective, seed=seed)
    dose, notes = _window_dose(model, row, planned_on, setting)
    treatments: dict[str, Policy] = usual_candidates(
        window_dose=dose,
        schedules={PLANNED: whole.schedule, POINT: alone.schedule},
        rules={RULE: search.best.rule},
    )
    scores = score_schedules(model, held_out, treatments, setting)
    knowing = value_of_knowing(model, held_out, {**treatments, **candidate_grid(knowing_doses)}, setting)
    own = member_times(model, single, {POINT: treatments[POINT]}, setting)
    claimed = float(objective_value(own.days[0], single.weights, objective))
    return PatientComparison(scores, whole, alone, search, knowing, claimed, notes)


def _window_dose(
    model: Model, row: np.ndarray, ensemble: Ensemble, setting: TtpSetting
) -> tuple[float | None, tuple[str, ...]]:
    """Middle of the dose window at the point estimate, for the burden at which progression begins."""
    from dosing.window import WindowUnavailable, dose_window

    try:
        first = float(first_burdens(model, row, ensemble.constants)[0])
        window = dose_window(model, row, ensemble.constants, setting.level * first)
    except WindowUnavailable as error:
        return None, (f"No constant dose in the window: {error}",)
    if not window.exists:
        return None, (f"No constant dose in the window: {window.sentence}",)
    return 0.5 * (window.low + window.high), ()
