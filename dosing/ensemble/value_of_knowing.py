"""The value of knowing: how much longer tumours would be held if their parameters were known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.member_times import MemberTimes, TtpSetting, member_times
from dosing.ensemble.schedule_scores import mean_error

if TYPE_CHECKING:
    from dosing.policies import Policy
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model


@dataclass(frozen=True)
class ValueOfKnowing:
    """Expected gain if each member took its own best treatment, not the one that is best for all.

    Parameters
    ----------
    gain_days : float
        E[max over treatments of TTP] - max over treatments of E[TTP], the expected value of perfect information.
    error_days : float
        Its Monte Carlo standard error.
    shared : str
        The treatment that is best on average.
    shared_days, known_days : float
        Expected times with it, and with each member's own.
    gains : ndarray, shape (m,)
        Of each member, days.
    own : tuple of str, length m
        The treatment of each member; the shared one where none is better.
    times : MemberTimes
    """

    gain_days: float
    error_days: float
    shared: str
    shared_days: float
    known_days: float
    gains: np.ndarray
    own: tuple[str, ...]
    times: MemberTimes

    @property
    def sentence(self) -> str:
        """The result in words."""
        censored = float(
            self.times.weights @ np.all(self.times.days >= self.times.setting.horizon_days, axis=0)
        )
        limit = (
            f" {100 * censored:.3g} % of the members do not progress within {self.times.setting.horizon_days:g} days "
            "under any of them and gain nothing here."
            if censored > 0
            else ""
        )
        return (
            f"Among {len(self.times.names)} treatments {self.shared} is the best for all, with {self.shared_days:.4g} "
            f"days expected. Were the parameters known, {self.known_days:.4g} days: knowing them is worth "
            f"{self.gain_days:.3g} +- {self.error_days:.2g} days.{limit}"
        )


def value_of_knowing(
    model: Model, ensemble: Ensemble, policies: Mapping[str, Policy], setting: TtpSetting
) -> ValueOfKnowing:
    """Compare the best single treatment with each member's own best.

    The value depends on the treatments: more of them can only raise both terms. The same members choose the shared
    treatment and judge it, which makes its expected time look longer, and the value of knowing smaller, than it is, by
    less than a standard error where the treatments differ clearly.

    Parameters
    ----------
    model : Model
    ensemble : Ensemble
    policies : mapping of str to Policy
        At least two; see :func:`dosing.ensemble.candidates.candidate_grid`.
    setting : TtpSetting

    Raises
    ------
    ValueError
        Fewer than two treatments; see :func:`dosing.ensemble.member_times.member_times`.

    Examples
    --------
    >>> from dosing.ensemble.candidates import candidate_grid
    >>> from dosing.ensemble.sources.product_grid import paper_grid
    >>> from dynamics import get_model
    >>> found = value_of_knowing(
    ...     get_model("turnover"), paper_grid(0.5), candidate_grid(5), TtpSetting.paper(0.5)
    ... )  # doctest: +SKIP
    """
    if len(policies) < 2:
        raise ValueError(f"{len(policies)} treatments leave nothing to choose; give at least two")
    return known_against_shared(member_times(model, ensemble, policies, setting))


def known_against_shared(times: MemberTimes) -> ValueOfKnowing:
    """Read the value of knowing off times that were computed already."""
    weights = times.weights
    expected = times.days @ weights
    shared = int(np.argmax(expected))
    best = np.max(times.days, axis=0)
    own = np.where(times.days[shared] >= best, shared, np.argmax(times.days, axis=0))
    gains = best - times.days[shared]
    return ValueOfKnowing(
        float(weights @ gains),
        mean_error(gains, weights),
        times.names[shared],
        float(expected[shared]),
        float(weights @ best),
        gains,
        tuple(times.names[i] for i in own),
        times,
    )
