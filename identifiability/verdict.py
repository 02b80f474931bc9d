"""Verdicts under named criteria, each a sentence with what would settle it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fitting.result import Fit
from identifiability.result import FisherInformation, Profile, SideStatus, Verdict

PAPER_RISE = 0.005  # the paper states no least rise; see :func:`paper_verdicts`
PAPER_RANGE = 0.2  # Masud 2023, eq. 11: eta


def paper_verdicts(fit: Fit, fisher: FisherInformation, profiles: Sequence[Profile]) -> tuple[Verdict, ...]:
    """Criterion ``paper``: full rank of the information and a unique minimum within 20 % (Masud 2023).

    The paper does not say how flat a profile may be. Here a minimum counts as unique if the negative
    log-likelihood rises by at least ``PAPER_RISE`` to both ends of the interval; each sentence gives the smaller
    of the two rises, so that a reader sees at once what another tolerance would have said.
    """
    verdicts = []
    full_rank = fisher.rank == len(profiles)
    for profile in profiles:
        low, high, dips = _paper_shape(profile)
        unique = low >= PAPER_RISE and high >= PAPER_RISE and not dips
        found = (
            f"over ±20 % of {profile.parameter} = {profile.estimate:.4g} the negative log-likelihood rises by "
            f"{low:.3g} below and {high:.3g} above (least rise asked for: {PAPER_RISE:g})"
        )
        if dips:
            found += ", with a second minimum inside the interval"
        if fit.too_few_points:
            found = _too_few(fit)
        verdicts.append(
            Verdict(
                "paper",
                profile.parameter,
                unique and full_rank and not fit.too_few_points,
                "rises" if low >= PAPER_RISE else "flat",
                "rises" if high >= PAPER_RISE else "flat",
                _sentence(found),
            )
        )
    identified = all(v.identified for v in verdicts) and fit.converged
    rank = f"the information matrix has rank {fisher.rank} of {len(profiles)} (relative tolerance {fisher.tolerance:.1e})"
    if fit.too_few_points:
        text = _too_few(fit)
    elif identified:
        text = f"{rank}, and every profile has its only minimum within ±20 % at the estimate"
    elif not full_rank:
        text = f"{rank}, so some combination of the parameters leaves the burden unchanged"
    else:
        flat = ", ".join(v.parameter for v in verdicts if not v.identified)
        text = f"{rank}, but the profile of {flat} has no clear minimum within ±20 %"
    verdicts.append(Verdict("paper", "all", identified, "", "", _sentence(text)))
    return tuple(verdicts)


def _paper_shape(profile: Profile) -> tuple[float, float, bool]:
    """Rise at 20 % below and above the estimate, and whether the profile dips below the optimum in between."""
    x, rise = np.log(profile.values), profile.rise
    low, high = profile.estimate * (1 - PAPER_RANGE), profile.estimate * (1 + PAPER_RANGE)
    at_low = float(np.interp(np.log(low), x, rise)) if low >= profile.values[0] * (1 - 1e-9) else 0.0
    at_high = float(np.interp(np.log(high), x, rise)) if high <= profile.values[-1] * (1 + 1e-9) else 0.0
    inside = (profile.values >= low) & (profile.values <= high)
    away = inside & (np.abs(profile.values / profile.estimate - 1) > 0.01)
    return at_low, at_high, bool(np.any(rise[away] < 0.0))


def profile_verdicts(fit: Fit, profiles: Sequence[Profile], criterion: str = "profile95") -> tuple[Verdict, ...]:
    """Criterion ``profile95``: every profile closed on both sides by the data, within the declared bounds."""
    verdicts = []
    for profile in profiles:
        closed = profile.lower_status == profile.upper_status == SideStatus.CLOSED
        text = _too_few(fit) if fit.too_few_points else _profile_text(profile)
        verdicts.append(
            Verdict(
                criterion,
                profile.parameter,
                closed and not fit.too_few_points,
                profile.lower_status.value,
                profile.upper_status.value,
                _sentence(text),
            )
        )
    identified = all(v.identified for v in verdicts) and fit.converged
    if fit.too_few_points:
        text = _too_few(fit)
    elif identified:
        text = "every profile is closed on both sides by the data, within the declared bounds"
    else:
        text = "not closed by the data: " + "; ".join(_sides(p) for p in profiles if _sides(p))
    verdicts.append(Verdict(criterion, "all", identified, "", "", _sentence(text)))
    return tuple(verdicts)


def _sides(profile: Profile) -> str:
    """Say which sides of a profile the data leave unsettled."""
    words = {"open": "open", "at_bound": "closed only by a bound", "failed": "not settled"}
    found = [
        f"{words[status.value]} {side}"
        for status, side in ((profile.lower_status, "downwards"), (profile.upper_status, "upwards"))
        if status != SideStatus.CLOSED
    ]
    return f"{profile.parameter} {' and '.join(found)}" if found else ""


def _profile_text(profile: Profile) -> str:
    """Say what the profile of one parameter shows, and what would settle it."""
    level = f"{100 * profile.level:g} %"
    pieces = " or ".join(f"{low:.4g} to {high:.4g}" for low, high in profile.intervals)
    unsettled = _sides(profile)
    if not unsettled:
        return f"{level} confidence set of {profile.parameter}: {pieces}, closed on both sides"
    remedy = {
        "r": "a visit soon after a change of dose shows the growth rate",
        "K": "visits near the carrying capacity, late in a relapse, show it",
        "delta": "an early visit under treatment and one without show the kill rate",
        "c": "visits while both populations are present, around the nadir and after a pause, show the competition",
    }.get(profile.parameter, "further visits under another dose would be needed")
    return f"{level} confidence set of {profile.parameter}: {pieces}; {unsettled}; {remedy}"


def _too_few(fit: Fit) -> str:
    """Say that the number of measurements settles nothing."""
    return (
        f"{fit.n_points} measurements for {fit.n_estimated} estimated quantities: the fit is arithmetic, not evidence; "
        f"at least {fit.n_estimated + 1 - fit.n_points} more visit(s) are needed"
    )


def _sentence(text: str) -> str:
    """Start with a capital unless the text starts with a symbol's name, end with a full stop."""
    return (text if text[:2].islower() is False else text[0].upper() + text[1:]).rstrip(".") + "."
