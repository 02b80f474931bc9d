"""The polymorphism to be kept: its own selection, and how far control can shift it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["ControlledSelection", "WrightFisherError"]


class WrightFisherError(ValueError):
    """A population, a threshold or a monitoring that cannot be computed with."""


@dataclass(frozen=True)
class ControlledSelection:
    """Scaled selection of the A allele, ``sigma + u`` with u between ``strongest`` and 0 (Fischer 2015, eq. 12).

    The selection coefficient of the A allele is ``(sigma + u) / N`` per generation, and time is counted in N
    generations, so that nothing here depends on N in the limit of a large population.

    Parameters
    ----------
    sigma : float
        Selection without control, positive: the A allele takes over if nobody acts.
    strongest : float
        The strongest control, negative (``-u_c`` of the paper's main text; ``u_c`` of its supplement).

    Raises
    ------
    WrightFisherError
        A selection that is not positive, or a control that is not negative.
    """

    sigma: float = 10.0
    strongest: float = -30.0

    def __post_init__(self) -> None:
        """Validate."""
        if not (np.isfinite(self.sigma) and self.sigma > 0):
            raise WrightFisherError(
                f"sigma = {self.sigma:g} is not a positive number: it is the advantage of the A allele times N. If the "
                "B allele has the advantage, exchange the alleles (x becomes 1 - x)"
            )
        if not (np.isfinite(self.strongest) and self.strongest < 0):
            raise WrightFisherError(
                f"the strongest control {self.strongest:g} is not a negative number: control lowers the advantage of "
                "the A allele. The paper's u_c is written here as strongest = -u_c"
            )

    @property
    def opposed(self) -> float:
        """Selection under the strongest control, ``sigma + strongest``."""
        return self.sigma + self.strongest

    @property
    def can_be_neutral(self) -> bool:
        """Whether some control makes the alleles equal (u = -sigma)."""
        return self.strongest <= -self.sigma

    def at(self, x: np.ndarray | float, threshold: float) -> np.ndarray:
        """Return the selection at frequency x under bang-bang control with a threshold (eq. 4)."""
        return np.where(np.asarray(x) < threshold, self.sigma, self.opposed)
