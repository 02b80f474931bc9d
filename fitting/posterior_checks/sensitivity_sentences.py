"""What a quantity owes to prior and data, as a sentence with names, numbers and the remedy."""

from __future__ import annotations

import math
from collections.abc import Mapping

from fitting.posterior_checks.power_scaling import Scaling
from fitting.posterior_checks.sensitivity_result import Source, distance_apart, prior_part

_MAIN = 0.5  # a parameter's prior is "the" prior from this part of the strongest effect on


def sensitivity_sentence(
    name: str,
    source: Source,
    prior: Scaling,
    likelihood: Scaling,
    components: Mapping[str, Scaling],
    deviation: float,
    log_scale: bool,
    remedies: Mapping[str, str],
) -> str:
    """Write the sentence of one quantity.

    Parameters
    ----------
    name : str
    source : Source
    prior, likelihood : Scaling
    components : mapping of str to Scaling
        By parameter.
    deviation : float
        Posterior standard deviation, of the logarithm where ``log_scale``.
    log_scale : bool
    remedies : mapping of str to str
        What to measure, by parameter.
    """
    main = _main(components)
    whose = f"the prior of {_joined(main)}" if main else "the prior"
    by_main = components[main[0]] if len(main) == 1 else prior
    head = f"{name} is {source.word}: "
    part = 100 * prior_part(prior, likelihood)
    if source is Source.DATA:
        return head + (
            f"scaling the likelihood moves it by {_move(likelihood, deviation, log_scale)} per doubling of its weight "
            f"(sensitivity {likelihood.sensitivity:.2f}), scaling the prior hardly does ({prior.sensitivity:.2f}); "
            f"about {100 - part:.0f} % of its precision comes from the data."
        )
    if source is Source.PRIOR:
        return head + (
            f"power-scaling {whose} moves it by {_move(by_main, deviation, log_scale)} per doubling of that "
            f"prior's weight (sensitivity {by_main.sensitivity:.2f}), the likelihood hardly does "
            f"({likelihood.sensitivity:.2f}); about {part:.0f} % of its precision comes from the prior. "
            f"{_remedy(main, name, remedies)}"
        )
    if source is Source.CONFLICT:
        return head + (
            f"they lie {distance_apart(prior, likelihood):.1f} standard deviations apart; doubling the weight of "
            f"{whose} moves it by {_move(by_main, deviation, log_scale)} (sensitivity {by_main.sensitivity:.2f}), "
            f"doubling that of the data by {_move(likelihood, deviation, log_scale)} "
            f"({likelihood.sensitivity:.2f}). Check {whose}, and this patient's units and doses."
        )
    if source is Source.SHARED:
        return head + (
            f"they agree; about {part:.0f} % of its precision comes from {whose}, {100 - part:.0f} % from the data. "
            f"{_remedy(main, name, remedies)}"
        )
    if source is Source.NEITHER:
        return head + (
            f"neither the prior's shape (sensitivity {prior.sensitivity:.2f}) nor the likelihood "
            f"({likelihood.sensitivity:.2f}) moves it; it ranges as far as the bounds let it. "
            f"{_remedy(main, name, remedies)}"
        )
    return (
        f"{name} is {source.word}: the draws are known to a sensitivity of "
        f"{max(prior.noise, likelihood.noise):.2f} only. Draw more."
    )


def _main(components: Mapping[str, Scaling]) -> list[str]:
    """Return the parameters whose priors matter most, strongest first."""
    strongest = max((s.sensitivity for s in components.values()), default=0.0)
    if strongest <= 0:
        return []
    chosen = [name for name, s in components.items() if s.sensitivity >= _MAIN * strongest]
    return sorted(chosen, key=lambda name: -components[name].sensitivity)


def _move(scaling: Scaling, deviation: float, log_scale: bool) -> str:
    """Change of the mean and of the spread per doubling, in words."""
    shift = scaling.shift * deviation
    moved = f"{100 * math.expm1(min(shift, 700.0)):+.0f} %" if log_scale else f"{shift:+.2g}"
    return f"{moved.replace('-', '−')} and its spread by {100 * scaling.spread:+.0f} %".replace("-", "−")


def _remedy(main: list[str], name: str, remedies: Mapping[str, str]) -> str:
    """Say what to measure, for the parameters whose priors decide."""
    known = [remedies[p] for p in main if p in remedies]
    if known:
        return " ".join(known)
    parameters = _joined(main) if main else name
    return f"To let the data decide, add visits at which the burden depends on {parameters}."


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
