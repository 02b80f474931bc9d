"""What visits are worth, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dosing.monitoring.monitoring_result import AS_WRITTEN, FILTER, RETUNED

if TYPE_CHECKING:
    from dosing.monitoring.monitoring_result import MonitoringValue

SIX_WEEKS = 42.0
SURE = 2.0  # standard errors
RARELY = 0.02  # of the visits without a drug
_NAMES = {AS_WRITTEN: "AT50 as written", RETUNED: "the re-tuned rule", FILTER: "the particle filter"}
# the policy that answers best to what it sees speaks first
_ORDER = (FILTER, RETUNED, AS_WRITTEN)


def all_sentences(value: MonitoringValue) -> tuple[str, ...]:
    """Say what rarer visits cost, what noise costs, what visits are worth at all, what the horizon hides."""
    policies = sorted(value.policies, key=lambda p: _ORDER.index(p) if p in _ORDER else len(_ORDER))
    lines = [interval_sentence(value, p, d) for p in policies for d in told_intervals(value)]
    if policies:
        lines += [never_pauses_sentence(value)]
        lines += noise_sentences(value, policies[0])
        lines += [worth_sentence(value, policies[0])]
    return tuple(line for line in (*lines, *horizon_sentences(value)) if line)


def told_intervals(value: MonitoringValue) -> list[float]:
    """Return the intervals that are spoken of: the patient's own and six weeks, else the longest."""
    later = value.visit_days[1:]
    found = [d for d in dict.fromkeys((SIX_WEEKS, value.own_visit_days)) if d in later]
    return found or list(later[-1:])


def interval_sentence(value: MonitoringValue, policy: str, visit_days: float) -> str:
    """Say what an interval costs against the densest one."""
    densest, noise = value.visit_days[0], value.told_noise
    lost, error = value.loss(policy, noise.name, visit_days, densest)
    own = ", the patient's own spacing," if visit_days == value.own_visit_days else ""
    what = f"Visits every {visit_days:g} days{own} instead of every {densest:g}"
    under = f"under {_NAMES.get(policy, policy)} ({marker_words(noise.name)})"
    if lost == 0 and error == 0:
        return (
            f"{what} make no difference {under}: each of the {len(value.weights)} tumours progresses on the same day, "
            "or not within the horizon."
        )
    if abs(lost) <= SURE * error:
        return (
            f"{what} lose nothing that {len(value.weights)} tumours could show {under}: {_days(lost)} days (SE "
            f"{error:.2g}) of expected time to progression."
        )
    if lost > 0:
        return f"{what} cost {lost:.0f} days (SE {error:.2g}) of expected time to progression {under}."
    why = (
        "it was not made for this interval" if policy == AS_WRITTEN else "its choice is not the best there is"
    )
    return f"{what} gain {-lost:.0f} days (SE {error:.2g}) of expected time to progression {under}: {why}."


def never_pauses_sentence(value: MonitoringValue) -> str:
    """Say from which interval on the re-tuned rule is a constant dose in disguise."""
    if RETUNED not in value.policies:
        return ""
    noise = value.told_noise.name
    found = [value.cell(RETUNED, noise, d) for d in value.visit_days]
    constant = [c for c in found if c.treated_visits >= 1 - RARELY]
    if not constant or any(c.visit_days > constant[0].visit_days and c not in constant for c in found):
        return ""
    first = f"with visits every {constant[0].visit_days:g} days"
    which = "at every interval" if len(constant) == len(found) else f"{first} or rarer"
    return (
        f"The re-tuned rule ({marker_words(noise)}) hardly ever pauses {which}: it is then a constant dose, to which "
        "visits make no difference."
    )


def noise_sentences(value: MonitoringValue, policy: str) -> list[str]:
    """Say what noise costs at the interval that is spoken of first."""
    exact = [n.name for n in value.noises if n.is_none]
    if not exact or len(value.noises) < 2:
        return []
    at, lines = told_intervals(value)[:1] or [value.visit_days[0]], []
    for noise in value.noises:
        if noise.is_none:
            continue
        lost, error = value.noise_loss(policy, at[0], noise.name, exact[0])
        cost = f"costs {lost:.0f} days (SE {error:.2g})"
        if lost < -SURE * error:
            cost = f"gains {-lost:.0f} days (SE {error:.2g})"
        elif abs(lost) <= SURE * error:
            cost = f"costs nothing that could be shown: {_days(lost)} days (SE {error:.2g})"
        lines.append(
            f"{marker_words(noise.name).capitalize()} instead of an exact one {cost} under "
            f"{_NAMES.get(policy, policy)} with visits every {at[0]:g} days."
        )
    return lines


def worth_sentence(value: MonitoringValue, policy: str) -> str:
    """Say up to which interval visits are better than the best treatment that needs none."""
    if not value.references:
        return ""
    best = max(value.references, key=lambda r: r.mean_days)
    noise = value.told_noise
    gains = [value.gain_over(best.name, policy, noise.name, d) for d in value.visit_days]
    base = f"{best.name} needs no visits and has {best.mean_days:.0f} days (SE {best.error_days:.2g})"
    # up to the first interval at which the gain cannot be told from none
    count = next((i for i, (gain, error) in enumerate(gains) if gain <= SURE * error), len(gains))
    who = f"{_NAMES.get(policy, policy)} ({marker_words(noise.name)})"
    if count == 0:
        gain, error = gains[0]
        return (
            f"{base}: {who} is not shown to be better with visits every {value.visit_days[0]:g} days (difference "
            f"{_days(gain)} days, SE {error:.2g})."
        )
    gain, error = gains[count - 1]
    return (
        f"{base}. {who[0].upper()}{who[1:]} is better with visits up to every {value.visit_days[count - 1]:g} days: by "
        f"{gains[0][0]:.0f} days (SE {gains[0][1]:.2g}) every {value.visit_days[0]:g} days, by {gain:.0f} (SE "
        f"{error:.2g}) every {value.visit_days[count - 1]:g}."
    )


def horizon_sentences(value: MonitoringValue) -> list[str]:
    """Say what censoring does to the means."""
    most = max((c.censored for c in value.cells), default=0.0)
    if most <= 0:
        return ["Every tumour progresses within the horizon, so the means are those of the whole time."]
    least = min(c.censored for c in value.cells)
    share = (
        f"{100 * least:.3g} to {100 * most:.3g} %"
        if round(100 * least) < round(100 * most)
        else f"{100 * most:.3g} %"
    )
    return [
        f"{share} of the tumours have not progressed on day {value.horizon_days:g}, where the simulation ends: all "
        f"means are restricted means up to that day, and lower bounds of the expected time. A difference is what is "
        "lost within the horizon; what is lost after it is not counted."
    ]


def _days(value: float) -> str:
    """Write whole days with a true minus sign, and no minus before zero."""
    return f"{round(value)}".replace("-", "−")


def marker_words(noise: str) -> str:
    """Name a noise."""
    words = {"none": "an exact marker", "own": "the patient's own marker"}
    return words.get(noise, f"a marker with {noise} noise")
