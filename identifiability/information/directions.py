"""Stiff and sloppy directions of a fit, in words.

The relative standard error of a power product r^a K^b ... is that of a direction in the logarithms, read off
the information. It describes the likelihood close to the estimate; how far a product really reaches, its
profile tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from identifiability.result import FisherInformation

SMALL_SHARE = 0.12  # of the largest exponent: what is smaller is not named
LARGEST_POWER = 3
SPOILT = 2.0  # a rounding that makes the standard error larger than this many times says something else


@dataclass(frozen=True)
class Direction:
    """A direction of the log parameters, rounded to a power product that can be read.

    Parameters
    ----------
    exponents : tuple of float, length p
        Of ``names``: whole numbers where they say the same, else decimals.
    names : tuple of str
    relative_se : float
        Standard error of the logarithm of the product; infinite where nothing determines it.
    exact : bool
        Whether ``relative_se`` is that of the product as written. Beside a direction that is hardly determined
        at all the smallest rounding spoils a stiff one; the error is then that of the direction itself.
    eigenvalue : float
        Of the information, along the direction before rounding.
    eigenvector : ndarray, shape (p,)
    """

    exponents: tuple[float, ...]
    names: tuple[str, ...]
    relative_se: float
    exact: bool
    eigenvalue: float
    eigenvector: np.ndarray

    @property
    def product(self) -> str:
        """The power product, such as ``r·K^-1``."""
        return power_product(self.names, self.exponents)

    @property
    def sentence(self) -> str:
        """The product with its relative standard error, such as ``r·K^-1 to 3 %``."""
        return f"{'' if self.exact else 'about '}{self.product} {percent(self.relative_se)}"


def percent(relative_se: float) -> str:
    """Put a relative standard error in words: to 3 %, to a factor of 40, not at all."""
    if not np.isfinite(relative_se):
        return "not at all"
    if relative_se > 10:
        return "to no better than a factor of 20000"
    if relative_se > 1.5:
        return f"to a factor of {np.exp(relative_se):.2g}"
    return f"to {100 * relative_se:.2g} %" if relative_se < 0.995 else f"to {100 * relative_se:.0f} %"


def readable(expression: str) -> str:
    """SymPy text as a person writes it: ``r·(1 − 1/c)``."""
    text = str(expression).replace("**", "^").replace(" - ", " − ")
    return text.replace("*", "·")


def power_product(names: Sequence[str], exponents: Sequence[float]) -> str:
    """Write ``r·K^-1`` for exponents (1, -1)."""
    parts = [
        name if power == 1 else f"{name}^{power:g}"
        for name, power in zip(names, exponents, strict=True)
        if power != 0
    ]
    return "·".join(parts) or "1"


def rounded_exponents(vector: np.ndarray) -> tuple[int, ...]:
    """Smallest whole exponents that point nearly along a vector.

    Parameters
    ----------
    vector : ndarray, shape (q,)
        A direction; its sign carries no meaning, so the first named exponent is made positive.
    """
    largest = np.abs(vector).max()
    if largest == 0:
        return (0,) * len(vector)
    kept = np.where(np.abs(vector) >= SMALL_SHARE * largest, vector, 0.0) / largest
    best, best_score = np.zeros(len(vector), dtype=int), -np.inf
    for power in range(1, LARGEST_POWER + 1):
        whole = np.rint(power * kept).astype(int)
        aligned = abs(whole @ vector) / (np.linalg.norm(whole) * np.linalg.norm(vector))
        score = aligned - 0.01 * power  # a higher power has to buy alignment
        if score > best_score:
            best, best_score = whole, score
    best = best // max(int(np.gcd.reduce(best)), 1)
    first = best[np.flatnonzero(best)[0]]
    return tuple(int(e) for e in (best if first > 0 else -best))


def describe_directions(information: FisherInformation) -> tuple[Direction, ...]:
    """Read the eigenvectors of an information of log parameters as power products, best determined first.

    Parameters
    ----------
    information : FisherInformation
        Of the variant ``"expected"``.

    Returns
    -------
    tuple of Direction
        One for each parameter; the dispersion is no direction, but that it is estimated counts.

    Raises
    ------
    ValueError
        An information of the parameters themselves: their products have no direction there.
    """
    need_logarithms(information)
    p = len(information.eigenvalues)
    names = information.names[:p]
    found = []
    for k in range(p):
        vector = information.eigenvectors[:, k]
        exponents, se, exact = _product_along(information, vector)
        found.append(Direction(exponents, names, se, exact, float(information.eigenvalues[k]), vector))
    return tuple(found)


def _product_along(
    information: FisherInformation, vector: np.ndarray
) -> tuple[tuple[float, ...], float, bool]:
    """Exponents along a direction, as coarse as its standard error allows; that error, whether it is theirs."""
    whole = rounded_exponents(vector)
    largest = vector[np.abs(vector).argmax()]
    scaled = vector / largest
    tried: list[tuple[float, ...]] = [whole, *(tuple(np.round(scaled, d) + 0.0) for d in (1, 2))]
    for exponents in tried:
        # measured along the direction's own length, so that the two errors are of one quantity
        length = np.linalg.norm(exponents)
        own = information.standard_error(vector) * length
        se = information.standard_error(np.array(exponents, dtype=float))
        if se <= SPOILT * own or not np.isfinite(own):
            return tuple(exponents), se, True
    return tried[-1], float(information.standard_error(vector) / abs(largest)), False


def directions_sentence(directions: Sequence[Direction]) -> str:
    """One sentence on what is determined best and worst."""
    stiff, sloppy = directions[0], directions[-1]
    return f"Best determined is {stiff.sentence}; least, {sloppy.sentence}."


def need_logarithms(information: FisherInformation) -> None:
    """Refuse an information of the parameters themselves."""
    if information.variant != "expected" or not information.names:
        raise ValueError(
            f"directions are read off the expected information of the log parameters, not off the variant "
            f"{information.variant!r}; use identifiability.information.fisher.expected_information"
        )
