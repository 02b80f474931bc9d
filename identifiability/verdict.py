"""Verdicts under named criteria, each a sentence with what would settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from identifiability.codes import VerdictCode
from identifiability.profiles.sides import ON_BOUND
from identifiability.remedy import remedy
from identifiability.result import SideStatus, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamics.model import Model
    from fitting.result import Fit
    from identifiability.result import FisherInformation, Profile

PAPER_RISE = 0.005  # the paper states no least rise; see :func:`paper_verdicts`
PAPER_RANGE = 0.2  # Masud 2023, eq. 11: eta


def paper_verdicts(
    fit: Fit,
    fisher: FisherInformation,
    profiles: Sequence[Profile],
    model: Model,
    *,
    least_rise: float = PAPER_RISE,
) -> tuple[Verdict, ...]:
    """Criterion ``paper``: full rank of the information and a unique minimum within 20 % (Masud 2023).

    The paper does not say how flat a profile may be. Here a minimum counts as unique if the values at which
    the negative log-likelihood has risen by less than ``least_rise`` are one stretch around the estimate that
    ends before 20 % on both sides; each sentence gives the two rises, so that a reader sees what another
    tolerance would have said.

    The effect on the melanoma patients of Masud 2023: with 0.005 patients 2, 6, 7 and 8 pass, as in the
    paper, and so they do with anything from 0.0002 to 0.013. With 0.02 patient 6 fails, whose negative
    log-likelihood rises by 0.014 to 20 % above the kill rate and by 0.019 above the growth rate. With 0 the
    answer for patient 4 hangs on rises of 0.00001, below what the optimisation resolves (0.001).

    Parameters
    ----------
    fit : Fit
    fisher : FisherInformation
        The paper's variant.
    profiles : sequence of Profile
    model : Model
        Names what to measure next.
    least_rise : float
        Rise that a minimum must show at both ends.
    """
    full_rank = fisher.rank == len(profiles)
    rank = (
        f"the information matrix has rank {fisher.rank} of {len(profiles)} "
        f"(relative tolerance {fisher.tolerance:.1e})"
    )
    unsound = _unsound(fit)
    found, flat = [], []
    for profile in profiles:
        name, shape = profile.parameter, _near_shape(profile, least_rise)
        good = shape.unique and full_rank and not unsound
        flat += [] if shape.unique else [name]
        text = (
            f"over ±{100 * PAPER_RANGE:.0f} % of {name} = {profile.estimate:.4g} the negative log-likelihood "
            f"rises by {shape.low:.3g} below and {shape.high:.3g} above (least rise asked for: "
            f"{least_rise:g}){shape.remark}"
        )
        if shape.unique and not full_rank:
            text += f", but {rank}"
        below, above = ("rises" if rise >= least_rise else "flat" for rise in (shape.low, shape.high))
        sentence = _with_remedy(unsound or text, remedy(model, [name] if not good and fit.converged else []))
        code = _unsound_code(fit) or (
            VerdictCode.UNIQUE_MINIMUM
            if good
            else VerdictCode.FLAT
            if not shape.unique
            else VerdictCode.RANK_DEFICIENT
        )
        found.append(Verdict("paper", name, good, below, above, sentence, code))
    identified = all(v.identified for v in found)
    if identified:
        text = f"{rank}, and every profile has its only minimum within ±20 % at the estimate"
    elif not full_rank:
        text = f"{rank}, so some combination of the parameters leaves the burden unchanged"
    else:
        text = f"{rank}, but the profile of {', '.join(flat)} has no clear minimum within ±20 %"
    open_ones = [] if identified or not fit.converged else flat or [p.parameter for p in profiles]
    sentence = _with_remedy(unsound or text, remedy(model, open_ones))
    code = _unsound_code(fit) or (
        VerdictCode.UNIQUE_MINIMUM
        if identified
        else VerdictCode.FLAT
        if full_rank
        else VerdictCode.RANK_DEFICIENT
    )
    return (*found, Verdict("paper", "all", identified, "", "", sentence, code))


class _NearShape(NamedTuple):
    """A profile within 20 % of the estimate: rises to both ends, a unique minimum or not, a remark."""

    low: float
    high: float
    unique: bool
    remark: str


def _near_shape(profile: Profile, least_rise: float) -> _NearShape:
    """Read the rises at 20 % below and above the estimate; beyond a declared bound there is none."""
    x, rise = np.log(profile.values), profile.rise
    low, high = profile.estimate * (1 - PAPER_RANGE), profile.estimate * (1 + PAPER_RANGE)
    cut_low = low < profile.values[0] * (1 - 1e-9)
    cut_high = high > profile.values[-1] * (1 + 1e-9)
    at_low = 0.0 if cut_low else float(np.interp(np.log(low), x, rise))
    at_high = 0.0 if cut_high else float(np.interp(np.log(high), x, rise))
    inside = (profile.values >= low * (1 - 1e-9)) & (profile.values <= high * (1 + 1e-9))
    flat = rise[inside] < least_rise
    stretches = int(np.sum(np.diff(np.concatenate([[False], flat]).astype(int)) == 1))
    remark = ""
    if cut_low or cut_high:
        remark = ", where a declared bound cuts the interval"
    elif stretches > 1:
        remark = ", with a second minimum inside the interval"
    rises = at_low >= least_rise and at_high >= least_rise and not (cut_low or cut_high)
    return _NearShape(at_low, at_high, rises and stretches <= 1, remark)


def profile_verdicts(
    fit: Fit, profiles: Sequence[Profile], model: Model, criterion: str = "profile95"
) -> tuple[Verdict, ...]:
    """Criterion ``profile95``: every profile closed on both sides by the data, within the declared bounds.

    Parameters
    ----------
    fit : Fit
    profiles : sequence of Profile
    model : Model
        Names what to measure next.
    criterion : str
        Name under which the verdicts appear.
    """
    unsound = _unsound(fit)
    found, open_ones = [], []
    for profile in profiles:
        name, sides = profile.parameter, (profile.lower_status, profile.upper_status)
        good = sides == (SideStatus.CLOSED, SideStatus.CLOSED) and not unsound
        # a longer search, not a measurement, settles a side or a fit that failed
        measure = fit.converged and (unsound or SideStatus.OPEN in sides or SideStatus.AT_BOUND in sides)
        open_ones += [name] if measure else []
        sentence = _with_remedy(
            unsound or _profile_text(fit, profile), remedy(model, [name] if measure else [])
        )
        code = _unsound_code(fit) or side_code(*sides)
        found.append(Verdict(criterion, name, good, sides[0].value, sides[1].value, sentence, code))
    identified = all(v.identified for v in found)
    text = "every profile is closed on both sides by the data, within the declared bounds"
    if not identified:
        text = "not closed by the data: " + "; ".join(_sides(p) for p in profiles if _sides(p))
    sentence = _with_remedy(unsound or text, remedy(model, open_ones))
    codes = {v.code for v in found if not v.identified}
    code = VerdictCode.CLOSED if identified else codes.pop() if len(codes) == 1 else VerdictCode.SEVERAL
    return (*found, Verdict(criterion, "all", identified, "", "", sentence, code))


def side_code(lower: SideStatus, upper: SideStatus) -> VerdictCode:
    """Sum the ends of a profile up; an open side says more than one at a bound, and that more than a failed one."""
    opens = (lower == SideStatus.OPEN, upper == SideStatus.OPEN)
    if any(opens):
        return {
            (True, True): VerdictCode.OPEN_BOTH,
            (True, False): VerdictCode.OPEN_BELOW,
            (False, True): VerdictCode.OPEN_ABOVE,
        }[opens]
    if SideStatus.AT_BOUND in (lower, upper):
        return VerdictCode.AT_BOUND
    return VerdictCode.SEARCH_FAILED if SideStatus.FAILED in (lower, upper) else VerdictCode.CLOSED


def _unsound_code(fit: Fit) -> VerdictCode | None:
    """Code of a fit whose profiles say nothing."""
    if not fit.converged:
        return VerdictCode.NOT_CONVERGED
    return VerdictCode.TOO_FEW_POINTS if fit.too_few_points else None


def _sides(profile: Profile) -> str:
    """Say which sides of a profile the data leave unsettled."""
    words = {"open": "open", "at_bound": "closed only by a bound", "failed": "not settled"}
    lower, upper = profile.lower_status, profile.upper_status
    if lower == upper != SideStatus.CLOSED:
        return f"{profile.parameter} {words[lower.value]} on both sides"
    found = [
        f"{words[status.value]} {side}"
        for status, side in ((lower, "downwards"), (upper, "upwards"))
        if status != SideStatus.CLOSED
    ]
    return f"{profile.parameter} {' and '.join(found)}" if found else ""


def _profile_text(fit: Fit, profile: Profile) -> str:
    """Say what the profile of one parameter shows, side by side."""
    pieces = " or ".join(f"{low:.4g} to {high:.4g}" for low, high in profile.intervals)
    text = f"{100 * profile.level:g} % confidence set of {profile.parameter}: {pieces}"
    sides = [_side_text(fit, profile, False), _side_text(fit, profile, True)]
    if not any(sides):
        return f"{text}, closed on both sides by the data"
    return "; ".join([text, *(side for side in sides if side)])


def _side_text(fit: Fit, profile: Profile, upper: bool) -> str:
    """Say how one side ends, nothing where the data close it."""
    status = profile.upper_status if upper else profile.lower_status
    way, end = ("upwards", "upper") if upper else ("downwards", "lower")
    match status:
        case SideStatus.OPEN:
            return f"open {way}: the data do not rule out the declared bound {profile.ci[upper]:.4g}"
        case SideStatus.AT_BOUND:
            return f"the {end} end rests on {_bounds_met(fit, profile, upper)}, not on the data"
        case SideStatus.FAILED:
            return f"the {end} end is not settled: the search along the profile ended early; try another seed"
        case _:
            return ""


def _bounds_met(fit: Fit, profile: Profile, upper: bool) -> str:
    """Name the bounds that other parameters sit on where the confidence set ends, or else just beyond."""
    inside = np.flatnonzero(profile.rise <= profile.threshold)
    last = int(inside[-1 if upper else 0])
    beyond = int(np.clip(last + (1 if upper else -1), 0, len(profile.values) - 1))
    for row in (profile.sets[last], profile.sets[beyond]):
        found = [
            f"{name} = {bound:.4g}"
            for name, value, *bounds in zip(fit.parameter_names, row, fit.lower, fit.upper, strict=True)
            for bound in bounds
            if name != profile.parameter and abs(np.log(value / bound)) < ON_BOUND
        ]
        if found:
            return f"the declared bound{'s' if len(found) > 1 else ''} {', '.join(found)}"
    return "a bound of the likelihood's dispersion"


def _unsound(fit: Fit) -> str:
    """Say why nothing can be read off the profiles, whatever their shape; nothing where the fit is sound."""
    if not fit.converged:
        reason = fit.status.value.removeprefix("Did not converge: ").rstrip(".")
        return f"the fit did not converge, so its profiles say nothing: {reason}"
    if fit.too_few_points:
        more = fit.n_estimated + 1 - fit.n_points
        return (
            f"{fit.n_points} measurements for {fit.n_estimated} estimated quantities: the fit is arithmetic, "
            f"not evidence; at least {more} more {'visit is' if more == 1 else 'visits are'} needed"
        )
    return ""


def _with_remedy(text: str, measure: str) -> str:
    """Make sentences: a capital, a full stop, what to measure next."""
    text = text[0].upper() + text[1:] + "."
    return f"{text} Measure next: {measure}." if measure else text
