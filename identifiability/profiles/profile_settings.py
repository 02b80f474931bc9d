"""How finely profiles are computed, from how many starts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from identifiability.thresholds import threshold


@dataclass(frozen=True)
class ProfileSettings:
    """How finely and from how many starts profiles are computed.

    Parameters
    ----------
    level : float
        Confidence level of the threshold.
    df : int
        Its degrees of freedom: 1 for pointwise sets, each parameter on its own; the number of estimated
        quantities for simultaneous ones, which hold for all together.
    points : int
        Grid points over the whole declared range, equally spaced in the logarithm.
    near_points : int
        Further points within 20 % of the estimate, on each side.
    fresh_every, fresh_starts : int
        At every so many grid points, so many random starts of the other parameters look for further valleys.
    rounds : int
        Most rounds of exchange between lines.
    seed : int
    sparse : bool
        For patients with no more measurements than estimated quantities, whom no profile can identify, take
        half of the points.
    """

    level: float = 0.95
    df: int = 1
    points: int = 41
    near_points: int = 5
    fresh_every: int = 4
    fresh_starts: int = 8
    rounds: int = 40
    seed: int = 0
    sparse: bool = True

    @cached_property
    def threshold(self) -> float:
        """Admitted rise of the negative log-likelihood, chi2(level, df)/2."""
        return threshold(self.level, self.df)
