"""Whether a quantity comes from the data or from the prior: verdicts and the numbers behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from fitting.posterior_checks.contraction import Contraction
from fitting.posterior_checks.power_scaling import Scaling

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SensitivityLimits:
    """Where a quantity counts as moved.

    Parameters
    ----------
    sensitivity : float
        Kallioinen 2023 and its implementations (ArviZ, priorsense) take 0.05. For a normal posterior this is a
        shift of the mean by a quarter of a standard deviation per doubling of the component's weight, or two
        thirds of the precision without any shift.
    share : float
        Where neither prior nor likelihood reaches that limit, the part of the precision from which one of them
        counts as the only source.
    accounted : float
        Where prior and likelihood together account for less than this part of the precision, something else
        holds the quantity: a bound, or a flat prior's range.
    apart : float
        How many standard deviations of their difference lie between what the prior and what the data say alone,
        from where on they are in conflict: 2, as for Box's prior predictive check at 5 %.
    """

    sensitivity: float = 0.05
    share: float = 0.8
    accounted: float = 0.5
    apart: float = 2.0


LIMITS = SensitivityLimits()


class Source(StrEnum):
    """Where a quantity's posterior comes from; each member is the sentence that a person reads."""

    DATA = "The data determine it: more or less weight on the prior does not move it."
    PRIOR = (
        "The prior determines it: more or less weight on the data does not move it. Whatever rests on it rests "
        "on the prior."
    )
    CONFLICT = (
        "Prior and data disagree about it: weight on either moves it. Check the prior, and this patient's units "
        "and doses, before using it."
    )
    SHARED = "Prior and data agree about it, and each gives part of its precision."
    NEITHER = (
        "Neither the data nor the shape of the prior determines it: the bounds of the parameters do. The data "
        "have to be richer, or the bounds have to be defended."
    )
    TOO_FEW_DRAWS = "Not told: too few effective draws to see what moves it. Draw more."
    CONSTANT = "The same in every draw: it was held, not estimated."

    @property
    def code(self) -> str:
        """The name in the tables."""
        return self.name

    @property
    def word(self) -> str:
        """What it is, after "is"."""
        return _WORDS[self]


_WORDS = {
    Source.DATA: "data",
    Source.PRIOR: "prior",
    Source.CONFLICT: "prior against data",
    Source.SHARED: "prior and data together",
    Source.NEITHER: "bounds, neither prior nor data",
    Source.TOO_FEW_DRAWS: "not told by so few draws",
    Source.CONSTANT: "held",
}


@dataclass(frozen=True)
class Sensitivity:
    """What one quantity owes to the prior and to the data.

    Parameters
    ----------
    quantity : str
        As a reader knows it: ``K``, ``the window's lower edge``.
    prior, likelihood : Scaling
        What scaling all priors, and the likelihood, does to it.
    components : mapping of str to Scaling
        What scaling one parameter's prior does to it, by parameter.
    source : Source
    sentence : str
        The verdict with names and numbers, and what to measure.
    notes : tuple of str
        What the second witness says where it says otherwise; draws in which the quantity does not exist.
    contraction : Contraction or None
        Beside the prior; None where no draws of the prior were given.
    exists : float
        Share of the draws in which the quantity is a finite number.
    log_scale : bool
        Whether all numbers are for its logarithm.
    """

    quantity: str
    prior: Scaling
    likelihood: Scaling
    components: Mapping[str, Scaling]
    source: Source
    sentence: str
    notes: tuple[str, ...] = ()
    contraction: Contraction | None = None
    exists: float = 1.0
    log_scale: bool = True

    @property
    def main_prior(self) -> str | None:
        """The parameter whose prior moves the quantity most; None where no prior does."""
        moving = {name: s.sensitivity for name, s in self.components.items() if s.sensitivity > 0}
        return max(moving, key=lambda name: moving[name]) if moving else None


def judge(prior: Scaling, likelihood: Scaling, limits: SensitivityLimits = LIMITS) -> Source:
    """Return where a quantity comes from.

    ============  ============  ==========================================================
    prior moves   data move     source
    ============  ============  ==========================================================
    no            yes           data
    yes           no            prior
    yes           yes           conflict where they lie apart (:func:`distance_apart`), shared else
    no            no            by the parts of the precision: data, prior, shared, neither
    ============  ============  ==========================================================

    The limits of the first three rows are those of Kallioinen 2023. The last two are split because two sources of
    like weight that agree both move the spread, a little or not noticeably, although both matter.
    """
    # far-off data make the log densities vary much, so the noise grows with a conflict, but never as far as the signal
    if any(s.noise > limits.sensitivity and s.sensitivity < 3 * s.noise for s in (prior, likelihood)):
        return Source.TOO_FEW_DRAWS
    by_prior, by_data = (s.sensitivity >= limits.sensitivity for s in (prior, likelihood))
    if by_prior and by_data:
        return Source.CONFLICT if distance_apart(prior, likelihood) >= limits.apart else Source.SHARED
    if by_prior or by_data:
        return Source.PRIOR if by_prior else Source.DATA
    if max(prior.share, 0.0) + max(likelihood.share, 0.0) < limits.accounted:
        return Source.NEITHER
    part = prior_part(prior, likelihood)
    if part >= limits.share:
        return Source.PRIOR
    return Source.DATA if part <= 1 - limits.share else Source.SHARED


def distance_apart(prior: Scaling, likelihood: Scaling) -> float:
    """Return how far apart prior and data are, in standard deviations of their difference.

    For a normal prior and a normal likelihood with a part s of the precision from the prior, the shift per unit of
    log weight is the distance times sqrt(s (1 - s)) posterior standard deviations, with opposite signs for the two.
    The smaller of the two shifts is taken; 0 where both go the same way.
    """
    if prior.shift * likelihood.shift >= 0:
        return 0.0
    part = prior_part(prior, likelihood)
    part = min(max(part, 0.05), 0.95)
    return min(abs(prior.shift), abs(likelihood.shift)) / (math.log(2.0) * math.sqrt(part * (1 - part)))


def prior_part(prior: Scaling, likelihood: Scaling) -> float:
    """Return the prior's part of the precision that prior and likelihood account for; 0.5 where they do not."""
    from_prior, from_data = max(prior.share, 0.0), max(likelihood.share, 0.0)
    return from_prior / (from_prior + from_data) if from_prior + from_data > 0 else 0.5


def summary_sentence(sensitivities: Sequence[Sensitivity]) -> str:
    """Say of several quantities what each is: ``the window's lower edge is data, its upper edge is prior``."""
    parts, owner = [], None
    for each in sensitivities:
        name = each.quantity
        possessor = f"{name.partition("'s ")[0]}'s " if "'s " in name else None
        shown = f"its {name.removeprefix(possessor)}" if possessor and possessor == owner else name
        parts.append(f"{shown} is {each.source.word}")
        owner = possessor
    return ", ".join(parts)


def sensitivity_table(sensitivities: Sequence[Sensitivity]) -> pd.DataFrame:
    """Return one row a quantity: sensitivities, shares of the precision, contraction, overlap, verdict."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "prior": s.prior.sensitivity,
                "likelihood": s.likelihood.sensitivity,
                "prior_share": s.prior.share,
                "likelihood_share": s.likelihood.share,
                "apart": distance_apart(s.prior, s.likelihood),
                "main_prior": s.main_prior or "",
                "contraction": s.contraction.contraction if s.contraction else math.nan,
                "overlap": s.contraction.overlap if s.contraction else math.nan,
                "exists": s.exists,
                "source": s.source.code,
            }
            for s in sensitivities
        ],
        index=pd.Index([s.quantity for s in sensitivities], name="quantity"),
    )


def component_table(sensitivities: Sequence[Sensitivity]) -> pd.DataFrame:
    """Return the sensitivity of each quantity (rows) to each parameter's prior (columns)."""
    import pandas as pd

    return pd.DataFrame(
        [{name: s.sensitivity for name, s in each.components.items()} for each in sensitivities],
        index=pd.Index([s.quantity for s in sensitivities], name="quantity"),
    )
