"""A cohort under one treatment for all, or under one for each patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.member_times import TtpSetting, member_times
from dosing.ensemble.ttp_objective import TtpObjective, objective_value

if TYPE_CHECKING:
    import pandas as pd

    from dosing.policies import Policy
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model


@dataclass(frozen=True)
class PatientChoice:
    """One patient under the treatment of the cohort, under their own, under MTD where it is among the candidates.

    Parameters
    ----------
    patient_id : str
    own : str
        The best candidate for this patient's ensemble; the shared one where none is better.
    shared_days, own_days : float
        The objective under each.
    shared_censored, own_censored : float
        Share of the patient's ensemble that has not progressed at the horizon.
    """

    patient_id: str
    own: str
    shared_days: float
    own_days: float
    shared_censored: float
    own_censored: float

    @property
    def gain_days(self) -> float:
        """What a treatment of their own brings this patient."""
        return self.own_days - self.shared_days


@dataclass(frozen=True)
class CohortSchedules:
    """One treatment for all patients against one for each.

    Parameters
    ----------
    shared : str
        The candidate with the best mean over the patients.
    patients : tuple of PatientChoice
    objective : TtpObjective
        Of each patient's ensemble; patients count alike.
    values : ndarray, shape (c, patients)
        Objective of every candidate for every patient, days.
    names : tuple of str, length c
    horizon_days : float
    """

    shared: str
    patients: tuple[PatientChoice, ...]
    objective: TtpObjective
    values: np.ndarray
    names: tuple[str, ...]
    horizon_days: float

    @property
    def shared_days(self) -> float:
        """Mean over the patients under the shared treatment."""
        return float(np.mean([p.shared_days for p in self.patients]))

    @property
    def own_days(self) -> float:
        """Mean over the patients, each under their own."""
        return float(np.mean([p.own_days for p in self.patients]))

    @property
    def sentence(self) -> str:
        """The result in words."""
        gaining = sum(p.gain_days > 0 for p in self.patients)
        return (
            f"{self.shared} is the best single treatment for {len(self.patients)} patients: {self.objective.value} "
            f"{self.shared_days:.4g} days in the mean. A treatment for each brings {self.own_days:.4g} days; "
            f"{gaining} patients gain, at most {max(p.gain_days for p in self.patients):.4g} days."
        )

    def table(self) -> pd.DataFrame:
        """Return one row a patient."""
        import pandas as pd

        rows = [vars(p) | {"gain_days": p.gain_days} for p in self.patients]
        return pd.DataFrame(rows).set_index("patient_id")


def cohort_schedules(
    model: Model,
    patients: Mapping[str, Ensemble],
    policies: Mapping[str, Policy],
    setting: TtpSetting,
    objective: TtpObjective = TtpObjective.EXPECTED,
) -> CohortSchedules:
    """Choose the best candidate for all patients, and the best for each.

    Parameters
    ----------
    model : Model
    patients : mapping of str to Ensemble
        What is known of each: draws of a posterior, or a single estimate. A cohort measure is taken apart by
        :func:`members_as_patients`.
    policies : mapping of str to Policy
        Candidates, for instance of :func:`dosing.ensemble.candidates.candidate_grid`, with schedules planned for the
        cohort among them.
    setting : TtpSetting
    objective : TtpObjective

    Raises
    ------
    ValueError
        No patient; a patient whose tumour cannot be simulated.
    """
    if not patients:
        raise ValueError("no patient to treat; give at least one ensemble")
    values, censored = [], []
    for patient_id, ensemble in patients.items():
        try:
            times = member_times(model, ensemble, policies, setting)
        except ValueError as error:
            raise ValueError(f"patient {patient_id}: {error}") from error
        values.append(np.atleast_1d(objective_value(times.days, ensemble.weights, objective)))
        censored.append(times.censored @ ensemble.weights)
    table, open_share = np.array(values).T, np.array(censored).T
    shared = int(np.argmax(table.mean(axis=1)))
    own = np.where(table[shared] >= table.max(axis=0), shared, np.argmax(table, axis=0))
    names = tuple(policies)
    return CohortSchedules(
        names[shared],
        tuple(
            PatientChoice(
                patient_id,
                names[own[i]],
                float(table[shared, i]),
                float(table[own[i], i]),
                float(open_share[shared, i]),
                float(open_share[own[i], i]),
            )
            for i, patient_id in enumerate(patients)
        ),
        objective,
        table,
        names,
        setting.horizon_days,
    )


def members_as_patients(cohort: Ensemble, patient_ids: tuple[str, ...] | list[str]) -> dict[str, Ensemble]:
    """Take a cohort measure apart: each member the only one of its patient's ensemble.

    Parameters
    ----------
    cohort : Ensemble
        Such as of :func:`dosing.ensemble.sources.cohort_measure.cohort_measure`.
    patient_ids : sequence of str
        In the order of the members.

    Raises
    ------
    ValueError
        Another number of patients than members.
    """
    if len(patient_ids) != len(cohort):
        raise ValueError(f"{len(patient_ids)} patients for {len(cohort)} members of the cohort")
    return {
        patient: cohort.take(
            np.array([i]), f"point estimate of patient {patient}, of the cohort: {cohort.provenance}"
        )
        for i, patient in enumerate(patient_ids)
    }
