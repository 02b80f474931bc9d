"""Schedules and policies side by side on one ensemble, best on one that none of them was chosen on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.member_times import MemberTimes, TtpSetting, member_times
from dosing.ensemble.ttp_objective import TtpObjective, objective_value

if TYPE_CHECKING:
    import pandas as pd

    from dosing.policies import Policy
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model


@dataclass(frozen=True)
class ScheduleScore:
    """What one treatment does to an ensemble.

    Parameters
    ----------
    name : str
    expected_days, median_days, worst_decile_days : float
        Of the time to progression, with the horizon for members that do not progress.
    expected_error_days : float
        Monte Carlo standard error of the expected time.
    not_progressing : float
        Share of the weight that has not progressed at the horizon.
    first_reached_days : float
        Expected time at which the burden first reaches the level, whatever counts as progression.
    total_dose_days : float
        Expected dose over the horizon, in days at the maximum tolerated dose.
    """

    name: str
    expected_days: float
    expected_error_days: float
    median_days: float
    worst_decile_days: float
    not_progressing: float
    first_reached_days: float
    total_dose_days: float


@dataclass(frozen=True)
class ScoreTable:
    """Scores of several treatments on the same members.

    Parameters
    ----------
    rows : tuple of ScheduleScore
        In the order given.
    times : MemberTimes
    provenance : str
        Of the ensemble that they were judged on.
    """

    rows: tuple[ScheduleScore, ...]
    times: MemberTimes
    provenance: str

    def row(self, name: str) -> ScheduleScore:
        """Return the score of one treatment.

        Raises
        ------
        KeyError
            No such treatment.
        """
        for found in self.rows:
            if found.name == name:
                return found
        raise KeyError(f"no treatment {name!r}; there are {', '.join(r.name for r in self.rows)}")

    def table(self) -> pd.DataFrame:
        """Return the scores as a table, one row a treatment."""
        import pandas as pd

        return pd.DataFrame([vars(r) for r in self.rows]).set_index("name")

    def difference(self, name: str, other: str) -> tuple[float, float]:
        """Return the expected gain of one treatment over another, and its standard error, days.

        The members are the same, so the error is that of the differences, mostly far smaller than that of each.
        """
        gain = self.times.of(name) - self.times.of(other)
        return float(self.times.weights @ gain), mean_error(gain, self.times.weights)


def score_schedules(
    model: Model, ensemble: Ensemble, policies: Mapping[str, Policy], setting: TtpSetting
) -> ScoreTable:
    """Score treatments by their exact times to progression.

    Parameters
    ----------
    model : Model
    ensemble : Ensemble
        To judge on: held-out draws where a schedule was planned on others of the same posterior
        (:func:`dosing.ensemble.sources.posterior.posterior_split`).
    policies : mapping of str to Policy
    setting : TtpSetting

    Raises
    ------
    ValueError
        See :func:`dosing.ensemble.member_times.member_times`.

    Examples
    --------
    >>> from dosing.ensemble.sources.product_grid import paper_grid
    >>> from dosing.policies import MaximumToleratedDose
    >>> from dynamics import get_model
    >>> scores = score_schedules(
    ...     get_model("turnover"), paper_grid(0.5), {"MTD": MaximumToleratedDose()}, TtpSetting.paper(0.5)
    ... )
    >>> int(scores.row("MTD").expected_days)
    270
    """
    times = member_times(model, ensemble, policies, setting)
    weights = ensemble.weights
    values = {o: np.atleast_1d(objective_value(times.days, weights, o)) for o in TtpObjective}
    rows = tuple(
        ScheduleScore(
            name,
            float(values[TtpObjective.EXPECTED][i]),
            mean_error(times.days[i], weights),
            float(values[TtpObjective.MEDIAN][i]),
            float(values[TtpObjective.WORST_DECILE][i]),
            float(weights @ times.censored[i]),
            float(weights @ times.first_crossing_days[i]),
            float(weights @ times.total_doses[i]),
        )
        for i, name in enumerate(times.names)
    )
    return ScoreTable(rows, times, ensemble.provenance)


def mean_error(values: np.ndarray, weights: np.ndarray) -> float:
    """Monte Carlo standard error of a weighted mean, as if the members were independent draws.

    For a product grid or a profile set, whose members are no draws, it says how much the members differ and no more.

    Parameters
    ----------
    values, weights : ndarray, shape (m,)
    """
    if len(values) < 2:
        return float("nan")
    centred = values - weights @ values
    return float(np.sqrt(np.sum((weights * centred) ** 2) * len(values) / (len(values) - 1)))
