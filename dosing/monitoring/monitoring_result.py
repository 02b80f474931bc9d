"""What visits are worth: times to progression by policy, interval and noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.schedule_scores import mean_error
from dosing.monitoring.marker_noise import OWN, MarkerNoise

if TYPE_CHECKING:
    import pandas as pd

AS_WRITTEN, RETUNED, FILTER = "AT50", "re-tuned rule", "particle filter"


@dataclass(frozen=True)
class MonitoringCell:
    """One policy at one interval and one noise, on the held-out tumours.

    Parameters
    ----------
    policy, noise : str
    visit_days : float
    mean_days, error_days, median_days : float
        Restricted mean of the time to progression up to the horizon, its Monte Carlo standard error, the median.
    censored : float
        Share of the weight that has not progressed at the horizon.
    loss_days, loss_error_days : float
        What this interval costs against the densest one under the same policy and noise, and the error of that paired
        difference.
    mean_dose : float
        Until progression or horizon, fraction of the maximum tolerated dose.
    treated_visits : float
        Share of the visits on which a drug was given; 1 for a rule that never pauses.
    rule : str
        The rule in words.
    """

    policy: str
    noise: str
    visit_days: float
    mean_days: float
    error_days: float
    median_days: float
    censored: float
    loss_days: float
    loss_error_days: float
    mean_dose: float
    treated_visits: float
    rule: str


@dataclass(frozen=True)
class UnmonitoredScore:
    """A treatment that needs no visits, on the same tumours.

    Parameters
    ----------
    name, description : str
    mean_days, error_days, median_days, censored : float
        As in :class:`MonitoringCell`.
    """

    name: str
    description: str
    mean_days: float
    error_days: float
    median_days: float
    censored: float


@dataclass(frozen=True)
class MonitoringValue:
    """The value of monitoring for one patient.

    Parameters
    ----------
    cells : tuple of MonitoringCell
    references : tuple of UnmonitoredScore
        The maximum tolerated dose, and the best constant dose.
    days : ndarray, shape (cells, m)
        Time to progression of each held-out tumour.
    reference_days : ndarray, shape (references, m)
    weights : ndarray, shape (m,)
    visit_days : tuple of float
        Increasing.
    noises : tuple of MarkerNoise
    own_visit_days : float
        The patient's own median spacing; NaN where it is not known.
    horizon_days, tolerable_level, progression_level : float
        Levels are multiples of the first burden.
    progression : str
        A sentence: what counts as progression.
    planned_on, judged_on : str
        Provenance of the draws.
    notes : tuple of str
    seed : int
    """

    cells: tuple[MonitoringCell, ...]
    references: tuple[UnmonitoredScore, ...]
    days: np.ndarray
    reference_days: np.ndarray
    weights: np.ndarray
    visit_days: tuple[float, ...]
    noises: tuple[MarkerNoise, ...]
    own_visit_days: float
    horizon_days: float
    tolerable_level: float
    progression_level: float
    progression: str
    planned_on: str
    judged_on: str
    notes: tuple[str, ...] = ()
    seed: int = 0

    @property
    def policies(self) -> tuple[str, ...]:
        """Names of the policies that need visits, in the order computed."""
        return tuple(dict.fromkeys(c.policy for c in self.cells))

    @property
    def told_noise(self) -> MarkerNoise:
        """The noise that sentences speak of: the patient's own, else the smallest that is not none."""
        own = [n for n in self.noises if n.name == OWN]
        noisy = sorted((n for n in self.noises if not n.is_none), key=lambda n: n.log_sd(1.0))
        return (own or noisy or list(self.noises))[0]

    def index(self, policy: str, noise: str, visit_days: float) -> int:
        """Return the number of a cell.

        Raises
        ------
        KeyError
            A policy, noise or interval that was not computed.
        """
        for i, cell in enumerate(self.cells):
            if (cell.policy, cell.noise, cell.visit_days) == (policy, noise, visit_days):
                return i
        raise KeyError(
            f"no {policy!r} with noise {noise!r} every {visit_days:g} days; there are {', '.join(self.policies)}, "
            f"noises {', '.join(n.name for n in self.noises)}, intervals {', '.join(f'{d:g}' for d in self.visit_days)}"
        )

    def cell(self, policy: str, noise: str, visit_days: float) -> MonitoringCell:
        """Return one cell; see :meth:`index`."""
        return self.cells[self.index(policy, noise, visit_days)]

    def loss(self, policy: str, noise: str, visit_days: float, against: float) -> tuple[float, float]:
        """Return what one interval costs against another, and the standard error of the paired difference, days."""
        lost = (
            self.days[self.index(policy, noise, against)] - self.days[self.index(policy, noise, visit_days)]
        )
        return float(self.weights @ lost), mean_error(lost, self.weights)

    def noise_loss(self, policy: str, visit_days: float, noise: str, against: str) -> tuple[float, float]:
        """Return what one noise costs against another at the same interval, and its standard error, days."""
        lost = (
            self.days[self.index(policy, against, visit_days)]
            - self.days[self.index(policy, noise, visit_days)]
        )
        return float(self.weights @ lost), mean_error(lost, self.weights)

    def gain_over(self, reference: str, policy: str, noise: str, visit_days: float) -> tuple[float, float]:
        """Return what a policy gains over a treatment without visits, and its standard error, days."""
        row = [r.name for r in self.references].index(reference)
        gained = self.days[self.index(policy, noise, visit_days)] - self.reference_days[row]
        return float(self.weights @ gained), mean_error(gained, self.weights)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The result in words."""
        from dosing.monitoring.monitoring_sentences import all_sentences

        return all_sentences(self)

    @property
    def sentence(self) -> str:
        """The first of them."""
        return self.sentences[0]

    def table(self) -> pd.DataFrame:
        """Return the cells as a table, one row a policy, noise and interval."""
        import pandas as pd

        return pd.DataFrame([vars(c) for c in self.cells])
