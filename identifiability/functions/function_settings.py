"""How finely the profile of a quantity is computed, from how many starts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from identifiability.thresholds import threshold


@dataclass(frozen=True)
class FunctionSettings:
    """How finely and from how many starts the profile of a quantity is computed.

    Parameters
    ----------
    level : float
        Confidence level.
    df : int
        Degrees of freedom of the threshold: 1 for a pointwise set, the number of parameters for sets that
        hold for all quantities at once.
    points : int
        Levels over the range of interest.
    seeds : int
        Known points tried at each level.
    fresh_every, fresh_starts : int
        At every so many levels, so many random starts.
    rounds : int
        Most rounds of passing solutions on to neighbouring levels.
    margin : float
        How far above the threshold valleys are followed.
    seed : int
    """

    level: float = 0.95
    df: int = 1
    points: int = 31
    seeds: int = 3
    fresh_every: int = 5
    fresh_starts: int = 6
    rounds: int = 40
    margin: float = 4.0
    seed: int = 0

    @cached_property
    def threshold(self) -> float:
        """Admitted rise of the negative log-likelihood."""
        return threshold(self.level, self.df)
