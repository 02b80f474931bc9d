"""The options of ``evodose fit``: which posterior, from which priors, with how many draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.options import OptionError

if TYPE_CHECKING:
    from dynamics.prior import Prior

METHODS = ("nuts", "importance", "laplace")
SAMPLERS = ("nutpie", "pymc", "numpyro")
DRAWS, TUNE, CHAINS = 1000, 1000, 4
GIVEN = "given with --prior"


@dataclass(frozen=True)
class FitOptions:
    """What is computed for each patient besides the maximum-likelihood fit.

    Parameters
    ----------
    bayes : bool
        Whether a posterior is asked for.
    approximate : str or None
        ``importance`` or ``laplace`` instead of sampling.
    population : bool
        Whether a population is fitted to the cohort too.
    draws, tune, chains : int or None
        Draws of each chain, those discarded before, chains; the usual numbers where None. Approximations come as
        four chains and have no tuning.
    sampler : str or None
        ``nutpie``, ``pymc`` or ``numpyro``.
    priors : tuple of (str, float, float)
        Parameter, median, fold range that holds 95 % of the mass.

    Raises
    ------
    OptionError
        A value outside its range, or an option that what is asked for does not have.
    """

    bayes: bool = False
    approximate: str | None = None
    population: bool = False
    draws: int | None = None
    tune: int | None = None
    chains: int | None = None
    sampler: str | None = None
    priors: tuple[tuple[str, float, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no sampler could do, and what would be ignored."""
        if self.approximate is not None and self.approximate not in METHODS[1:]:
            raise OptionError(f"--approximate {self.approximate}: choose importance or laplace")
        if self.sampler is not None and self.sampler not in SAMPLERS:
            raise OptionError(f"--sampler {self.sampler}: choose one of {', '.join(SAMPLERS)}")
        sampling = {"--tune": self.tune, "--chains": self.chains, "--sampler": self.sampler}
        posterior = {"--draws": self.draws, "--prior": self.priors or None, **sampling}
        if not self.bayes:
            _refuse({**posterior, "--approximate": self.approximate, "--population": self.population or None},
                    "belongs to posteriors; add --bayes")  # fmt: skip
        elif self.approximate is not None and not self.population:
            _refuse(
                sampling, f"belongs to sampling; --approximate {self.approximate} has four chains of draws"
            )
        ranges = (
            ("--draws", self.draws, 25, 100_000), ("--tune", self.tune, 25, 100_000), ("--chains", self.chains, 1, 64),
        )  # fmt: skip
        for name, value, low, high in ranges:
            if value is not None and not low <= value <= high:
                raise OptionError(f"{name} {value} is out of range; give {low} to {high}")

    @property
    def method(self) -> str:
        """Name of the method as a posterior carries it."""
        return self.approximate or "nuts"

    @property
    def prior_objects(self) -> dict[str, Prior]:
        """Priors by parameter, as :func:`fitting.bayesian.prior_set.build_priors` takes them."""
        from dynamics.prior import Prior

        return {name: Prior(median, fold, GIVEN) for name, median, fold in self.priors}

    def settings(self) -> dict[str, Any]:
        """Return what the numbers of a posterior depend on, with the usual values filled in."""
        found: dict[str, Any] = {
            "method": self.method, "draws": self.draws or DRAWS,
            "priors": {name: [median, fold] for name, median, fold in self.priors},
        }  # fmt: skip
        if self.approximate is None:
            found |= {
                "tune": self.tune or TUNE,
                "chains": self.chains or CHAINS,
                "sampler": self.sampler or "nutpie",
            }
        return found


def _refuse(options: dict[str, Any], why: str) -> None:
    """Refuse options that would change nothing."""
    for name, value in options.items():
        if value is not None:
            raise OptionError(f"{name} {why}")


def read_priors(texts: Sequence[str]) -> tuple[tuple[str, float, float], ...]:
    """Read priors written as ``r=0.1,3``: 95 % of the mass between 0.1/3 and 0.1 * 3.

    Raises
    ------
    OptionError
        Another form, a median or fold range without mass, a parameter named twice.
    """
    found: dict[str, tuple[str, float, float]] = {}
    for text in texts:
        name, _, numbers = text.partition("=")
        parts = numbers.split(",")
        try:
            median, fold = (float(part) for part in parts)
        except ValueError:
            median = fold = math.nan
        name = name.strip()
        if not (name and 0 < median < math.inf and 1 < fold < math.inf):
            raise OptionError(
                f"--prior {text!r}: give NAME=MEDIAN,FOLD with a positive median and a fold range above 1, such as "
                "r=0.1,3 (95 % of the mass between 0.033 and 0.3)"
            )
        if name in found:
            raise OptionError(f"--prior {name} is given twice; one parameter has one prior")
        found[name] = (name, median, fold)
    return tuple(found[name] for name in sorted(found))
