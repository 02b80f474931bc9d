"""The admitted rise of a negative log-likelihood: one place for every profile, plane, end-point search."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=64)
def threshold(level: float = 0.95, df: int = 1) -> float:
    """Return chi²(level, df)/2, the rise of the negative log-likelihood that a confidence set admits.

    One degree of freedom gives *pointwise* sets (each quantity on its own); as many as there are parameters
    gives *simultaneous* ones, which hold for all quantities together (Raue et al. 2009, eqs 7-8).

    Parameters
    ----------
    level : float
        In (0, 1).
    df : int
        At least 1.

    Raises
    ------
    ValueError
        A level outside (0, 1), fewer than one degree of freedom.
    """
    from scipy.special import chdtri

    if not 0.0 < level < 1.0:
        raise ValueError(f"the confidence level must lie between 0 and 1, got {level}; 0.95 is usual")
    if df < 1:
        raise ValueError(f"a threshold needs at least one degree of freedom, got {df}")
    return float(chdtri(df, 1.0 - level)) / 2
