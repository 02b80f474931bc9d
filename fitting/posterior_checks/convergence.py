"""Whether the chains of a posterior have reached the same distribution, and say enough about it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.array_statistics import arviz_arrays
from fitting.posterior_checks.effective_draws import effective_draws
from fitting.posterior_checks.reading import has_group, named, scalar_draws

if TYPE_CHECKING:
    import pandas as pd
    from xarray import DataTree


@dataclass(frozen=True)
class ConvergenceLimits:
    """What a posterior must meet before a dose may rest on it.

    Parameters
    ----------
    rhat : float
        Largest rank-normalised R-hat (Vehtari 2021, section 4).
    rhat_apart : float
        Above it more draws of the same kind do not help: the chains are in different places. Between the two
        limits R-hat is what chains show that are too short; 1.1 was the custom until 2021.
    ess : float
        Least effective sample size, in the bulk and in the tails: 100 a chain for four chains (Vehtari 2021,
        section 4).
    divergences : int
        Most divergent transitions: each one marks a place that the sampler could not enter (Betancourt 2017,
        section 6.2).
    bfmi : float
        Least estimated Bayesian fraction of missing information (Betancourt 2017, section 6.1; 0.3 is the
        limit that Stan warns at).
    """

    rhat: float = 1.01
    rhat_apart: float = 1.1
    ess: float = 400.0
    divergences: int = 0
    bfmi: float = 0.3


LIMITS = ConvergenceLimits()


class ConvergenceVerdict(StrEnum):
    """What the chains allow; each member is the sentence that a person reads. The first is the only good one."""

    GOOD = "Converged: the chains agree, each parameter has enough effective draws, none diverged."
    NOT_FINITE = (
        "Failed: some draws are not finite numbers, so nothing can be read from this posterior. Check the "
        "priors and the units of the burdens."
    )
    STUCK = (
        "Failed: no parameter moves in any chain, so these are not draws from a posterior. Start from other "
        "points or with a smaller step."
    )
    ONE_CHAIN = (
        "Not checked: one chain cannot be compared with another, so a second mode would pass unseen. Sample at "
        "least two chains, better four."
    )
    CHAINS_DISAGREE = (
        "Failed: the chains have settled in different places. Longer chains do not mend that; look for several "
        "modes, or for a parameter that the data leave open, and give it a narrower prior."
    )
    DIVERGENCES = (
        "Biased: divergent transitions mark places that the sampler could not enter. Raise the target "
        "acceptance, or reparametrise the model."
    )
    NEEDS_MORE_DRAWS = "Unfinished: the chains move, but too slowly for so few draws. Draw more."
    LOW_ENERGY = (
        "Doubtful: the sampler moves badly between energies, so the tails may be missing. Draw more, or "
        "narrow the priors with heavy tails."
    )

    @property
    def code(self) -> str:
        """The name in the tables."""
        return self.name


@dataclass(frozen=True)
class ParameterConvergence:
    """The chains of one parameter.

    Parameters
    ----------
    name : str
    rhat : float
        Rank-normalised, split, the larger of bulk and folded (Vehtari 2021, eqs 4 and 14).
    ess_bulk, ess_tail : float
        Effective draws for the centre, and for the 5 % and 95 % quantiles.
    held : bool
        The same value in every draw: a parameter that was not sampled. It is not judged.
    """

    name: str
    rhat: float
    ess_bulk: float
    ess_tail: float
    held: bool = False


@dataclass(frozen=True)
class Convergence:
    """Convergence of one patient's posterior.

    Parameters
    ----------
    patient : str
        Who, and with which model.
    parameters : tuple of ParameterConvergence
    chains, draws : int
        Draws a chain.
    divergences : int or None
        None where the sampler does not report them.
    bfmi : tuple of float
        One a chain; empty where the sampler reports no energy.
    longest_tree : int or None
        Draws that ended at the greatest tree depth: slow, not wrong.
    verdict : ConvergenceVerdict
        The gravest of what was found.
    problems : tuple of str
        Everything that was found, with names and values, gravest first.
    limits : ConvergenceLimits
        What was asked for.
    """

    patient: str
    parameters: tuple[ParameterConvergence, ...]
    chains: int
    draws: int
    divergences: int | None
    bfmi: tuple[float, ...]
    longest_tree: int | None
    verdict: ConvergenceVerdict
    problems: tuple[str, ...]
    limits: ConvergenceLimits = LIMITS

    @property
    def good(self) -> bool:
        """Whether this posterior may be used without saying more."""
        return self.verdict is ConvergenceVerdict.GOOD

    @property
    def worst_rhat(self) -> float:
        """Largest R-hat of the sampled parameters; NaN where none can be computed."""
        return max((p.rhat for p in self.parameters if math.isfinite(p.rhat)), default=math.nan)

    @property
    def least_ess(self) -> float:
        """Smallest effective sample size, bulk or tail, of the sampled parameters."""
        return min((min(p.ess_bulk, p.ess_tail) for p in self.parameters if not p.held), default=math.nan)

    @property
    def sentence(self) -> str:
        """The verdict, with what led to it."""
        return f"{self.verdict} ({'; '.join(self.problems)}.)" if self.problems else str(self.verdict)

    def to_table(self) -> pd.DataFrame:
        """Return one row a parameter: R-hat, bulk and tail ESS, whether it was held."""
        import pandas as pd

        return pd.DataFrame(
            {
                "rhat": [p.rhat for p in self.parameters],
                "ess_bulk": [p.ess_bulk for p in self.parameters],
                "ess_tail": [p.ess_tail for p in self.parameters],
                "held": [p.held for p in self.parameters],
            },
            index=pd.Index([p.name for p in self.parameters], name="parameter"),
        )


def check_convergence(posterior: DataTree, limits: ConvergenceLimits = LIMITS) -> Convergence:
    """Judge the chains of one patient's posterior.

    Every scalar of the group ``posterior`` is judged. R-hat and effective sample sizes are those of ranks, so
    the judgement of a parameter is that of its logarithm (only the folded part of R-hat differs a little).

    Parameters
    ----------
    posterior : DataTree
        With the group ``posterior``; ``sample_stats`` with ``diverging`` and ``energy`` where the sampler has
        them.
    limits : ConvergenceLimits
        What to ask for.

    Returns
    -------
    Convergence

    Raises
    ------
    PosteriorContentError
        A posterior without scalar variables.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter, Bürkner (2021), Bayesian Analysis 16:667.
    Betancourt (2017), arXiv:1701.02434.
    """
    draws = scalar_draws(posterior)
    parameters = tuple(_one(name, values) for name, values in draws.items())
    chains, per_chain = next(iter(draws.values())).shape
    statistics = posterior["sample_stats"] if has_group(posterior, "sample_stats") else {}
    divergences = _count(statistics, ("diverging", "divergences"))
    longest = _count(statistics, ("reached_max_treedepth", "maxdepth_reached"))
    bfmi = _bfmi(statistics)
    broken = [name for name, values in draws.items() if not np.all(np.isfinite(values))]
    found = _findings(parameters, broken, chains, divergences, bfmi, limits)
    return Convergence(
        named(posterior), parameters, chains, per_chain, divergences, bfmi, longest,
        found[0][0] if found else ConvergenceVerdict.GOOD, tuple(text for _, text in found), limits,
    )  # fmt: skip


def _one(name: str, values: np.ndarray) -> ParameterConvergence:

    held = bool(np.all(np.isfinite(values)) and np.ptp(values) == 0)
    rhat = math.nan
    if not held and min(values.shape) > 1 and values.shape[1] >= 4 and np.all(np.isfinite(values)):
        with np.errstate(divide="ignore", invalid="ignore"):
            # a folded statistic of chains that never move is 0/0
            rhat = float(arviz_arrays().rhat(values, chain_axis=0, draw_axis=1, method="rank"))
        if np.any(np.ptp(values, axis=1) == 0):
            rhat = math.inf  # a chain that never moves agrees with nobody
    return ParameterConvergence(name, rhat, effective_draws(values), effective_draws(values, "tail"), held)


def _count(statistics, names: tuple[str, ...]) -> int | None:
    """Sum a flag over all draws, under whichever name the sampler gives it."""
    for name in names:
        if name in statistics:
            return int(np.sum(np.asarray(statistics[name].values)))
    return None


def _bfmi(statistics) -> tuple[float, ...]:
    if "energy" not in statistics:
        return ()

    energy = np.asarray(statistics["energy"].transpose("chain", "draw").values, dtype=float)
    if not np.all(np.isfinite(energy)) or np.any(np.ptp(energy, axis=1) == 0):
        return ()
    return tuple(float(b) for b in np.atleast_1d(arviz_arrays().bfmi(energy)))


def _findings(
    parameters: tuple[ParameterConvergence, ...],
    broken: list[str],
    chains: int,
    divergences: int | None,
    bfmi: tuple[float, ...],
    limits: ConvergenceLimits,
) -> list[tuple[ConvergenceVerdict, str]]:
    """Return everything that misses a limit, gravest first."""
    if broken:
        return [(ConvergenceVerdict.NOT_FINITE, f"not finite: {', '.join(broken)}")]
    if all(p.held for p in parameters):
        return [(ConvergenceVerdict.STUCK, f"constant: {', '.join(p.name for p in parameters)}")]
    sampled = [p for p in parameters if not p.held]
    found = []
    apart = [p for p in sampled if p.rhat > limits.rhat_apart]
    slow = [p for p in sampled if limits.rhat < p.rhat <= limits.rhat_apart]
    if apart:
        found.append((ConvergenceVerdict.CHAINS_DISAGREE, _listed("R-hat", apart, "rhat", limits.rhat, 3)))
    if divergences is not None and divergences > limits.divergences:
        found.append((ConvergenceVerdict.DIVERGENCES, f"{divergences} divergent transitions"))
    if chains == 1:
        found.append((ConvergenceVerdict.ONE_CHAIN, "one chain"))
    if slow:
        found.append((ConvergenceVerdict.NEEDS_MORE_DRAWS, _listed("R-hat", slow, "rhat", limits.rhat, 3)))
    for what, label in (("ess_bulk", "bulk ESS"), ("ess_tail", "tail ESS")):
        few = [p for p in sampled if not getattr(p, what) >= limits.ess]
        if few:
            found.append((ConvergenceVerdict.NEEDS_MORE_DRAWS, _listed(label, few, what, limits.ess, 0)))
    if bfmi and min(bfmi) < limits.bfmi:
        text = f"E-BFMI {min(bfmi):.2f} where {limits.bfmi:g} is the least"
        found.append((ConvergenceVerdict.LOW_ENERGY, text))
    return found


def _listed(label: str, parameters: list[ParameterConvergence], what: str, limit: float, digits: int) -> str:
    """Write names with their values beside the limit."""
    values = ", ".join(f"{p.name} {getattr(p, what):.{digits}f}" for p in parameters)
    return f"{label} {values} (limit {limit:g})"
