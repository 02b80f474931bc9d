"""The options of a run: what, besides the data and the model, determines its numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass

LIKELIHOOD_NAMES = ("auto", "poisson", "negative_binomial", "log_normal", "normal")


class OptionError(ValueError):
    """An option outside its range; the message names it, its value and the range."""


@dataclass(frozen=True)
class RunOptions:
    """Options of ``evodose run``.

    Parameters
    ----------
    likelihood : str
        ``auto`` or one of the four likelihoods.
    starts : int
        Starting points a patient.
    seed : int
        Root of all random numbers.
    k_tol : float
        Tolerable tumour volume in multiples of the first burden.
    support : float
        Share of the admitted parameter sets whose dose window must contain a recommended dose.
    level : float
        Confidence level of the profiles.
    horizon : float
        Days over which strategies are simulated.

    Raises
    ------
    OptionError
        A value outside its range.
    """

    likelihood: str = "auto"
    starts: int = 12
    seed: int = 0
    k_tol: float = 1.0
    support: float = 0.95
    level: float = 0.95
    horizon: float = 1460.0

    def __post_init__(self) -> None:
        """Refuse what no stage could use."""
        if self.likelihood not in LIKELIHOOD_NAMES:
            raise OptionError(f"--likelihood {self.likelihood}: choose one of {', '.join(LIKELIHOOD_NAMES)}")
        ranges = (
            ("--starts", self.starts, self.starts >= 1, "at least 1"),
            ("--seed", self.seed, self.seed >= 0, "0 or a positive whole number"),
            ("--k-tol", self.k_tol, 0 < self.k_tol < 1e6, "a positive multiple of the first burden"),
            ("--support", self.support, 0 < self.support <= 1, "a share above 0, up to 1"),
            ("--level", self.level, 0 < self.level < 1, "a level strictly between 0 and 1"),
            ("--horizon", self.horizon, 1 <= self.horizon <= 36500, "days, from 1 to 36500"),
        )
        for name, value, good, wanted in ranges:
            if not good:
                raise OptionError(f"{name} {value:g} is out of range; give {wanted}")

    @property
    def criterion(self) -> str:
        """Name of the criterion that asks for closed profiles: ``profile95`` at the default level."""
        return f"profile{round(100 * self.level):d}"

    def as_dict(self) -> dict[str, str | int | float]:
        """Return the options as the manifest keeps them."""
        return asdict(self)
