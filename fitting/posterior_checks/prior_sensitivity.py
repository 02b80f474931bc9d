"""Which quantities of a posterior are data and which are prior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.contraction import Contraction, contraction
from fitting.posterior_checks.power_scaling import NOTHING, PowerScaler
from fitting.posterior_checks.reading import (
    has_group,
    log_prior_draws,
    named,
    scalar_draws,
    visit_draws,
)
from fitting.posterior_checks.sensitivity_result import LIMITS, Sensitivity, SensitivityLimits, Source, judge
from fitting.posterior_checks.sensitivity_sentences import sensitivity_sentence

if TYPE_CHECKING:
    from xarray import DataTree

PRIOR = "prior"
LIKELIHOOD = "likelihood"
_LEAST_SHARE = 0.5  # a quantity that exists in fewer draws is described by the others: say so
_NARROW, _WIDE = 0.9, 0.1  # contractions at which the second witness speaks up
_LEAST_DRAWS = 100


def prior_sensitivity(
    posterior: DataTree,
    quantities: Mapping[str, np.ndarray] | None = None,
    *,
    prior_quantities: Mapping[str, np.ndarray] | None = None,
    remedies: Mapping[str, str] | None = None,
    limits: SensitivityLimits = LIMITS,
) -> tuple[Sensitivity, ...]:
    """Say of each quantity whether it comes from the data or from the prior, and from which parameter's prior.

    Prior and likelihood are raised to powers near 1 and the draws reweighted (power-scaling, Kallioinen 2023). Flat
    priors have no shape to scale: there the shares of the precision and the contraction speak. Positive
    quantities are judged by their logarithms, as they are estimated.

    Parameters
    ----------
    posterior : DataTree
        With ``posterior``, ``log_likelihood`` and ``log_prior``, one variable a free coordinate.
    quantities : mapping of str to ndarray of shape (chain, draw), optional
        What to judge, by the name that the sentences use; NaN where it does not exist. None: the parameters.
    prior_quantities : mapping of str to ndarray, optional
        Draws of the same quantities under the prior, any shape, for the contraction. For the parameters the group
        ``prior`` is taken.
    remedies : mapping of str to str, optional
        What to measure, as a sentence, by parameter: said of the quantities that this parameter's prior decides.
    limits : SensitivityLimits

    Returns
    -------
    tuple of Sensitivity
        In the order of ``quantities``.

    Raises
    ------
    PosteriorContentError
        A posterior without the groups named above.
    ValueError
        A quantity of another shape than the draws, densities that are not finite.
    """
    parameters = scalar_draws(posterior)
    quantities = parameters if quantities is None else quantities
    before = scalar_draws(posterior, "prior") if has_group(posterior, "prior") else {}
    before = {**before, **(prior_quantities or {})}
    priors = log_prior_draws(posterior)
    likelihood = np.nansum(visit_draws(posterior, "log_likelihood"), axis=2)
    # a parameter may be called "prior": components are told apart by a prefix
    scaler = PowerScaler(
        {
            PRIOR: np.sum(list(priors.values()), axis=0),
            LIKELIHOOD: likelihood,
            **{f"{PRIOR} of {name}": values for name, values in priors.items()},
        }
    )
    return tuple(
        _judged(
            name,
            np.asarray(values, dtype=float),
            before.get(name),
            scaler,
            list(priors),
            remedies or {},
            limits,
        )
        if np.shape(values) == likelihood.shape
        else _refused(posterior, name, values, likelihood.shape)
        for name, values in quantities.items()
    )


def _refused(posterior: DataTree, name: str, values: np.ndarray, shape: tuple[int, ...]) -> Sensitivity:
    raise ValueError(
        f"{named(posterior)}: {name!r} has the shape {np.shape(values)}, the draws have (chain, draw) = {shape}; "
        "compute the quantity at each draw"
    )


def _judged(
    name: str,
    values: np.ndarray,
    before: np.ndarray | None,
    scaler: PowerScaler,
    parameters: list[str],
    remedies: Mapping[str, str],
    limits: SensitivityLimits,
) -> Sensitivity:
    """Judge one quantity."""
    there = np.isfinite(values)
    exists = float(there.mean())
    if there.sum() < _LEAST_DRAWS:
        text = f"{name} exists in {int(there.sum())} of {values.size} draws: too few to say what it owes to whom."
        return Sensitivity(name, NOTHING, NOTHING, {}, Source.TOO_FEW_DRAWS, text, exists=exists)
    if np.ptp(values[there]) <= 1e-12 * max(1.0, float(np.max(np.abs(values[there])))):
        text = f"{name} is held at {values[there][0]:.4g}."
        return Sensitivity(name, NOTHING, NOTHING, {}, Source.CONSTANT, text, exists=exists)
    log_scale = bool(values[there].min() > 0)
    scaled = np.log(np.where(there, values, np.nan)) if log_scale else values
    prior, likelihood = scaler.scale(PRIOR, scaled), scaler.scale(LIKELIHOOD, scaled)
    components = {p: scaler.scale(f"{PRIOR} of {p}", scaled) for p in parameters}
    source = judge(prior, likelihood, limits)
    beside = _beside(scaled, before, log_scale)
    sentence = sensitivity_sentence(
        name, source, prior, likelihood, components, float(np.std(scaled[there])), log_scale, remedies
    )
    return Sensitivity(
        name, prior, likelihood, components, source, sentence, _notes(name, source, exists, beside), beside, exists,
        log_scale,
    )  # fmt: skip


def _beside(scaled: np.ndarray, before: np.ndarray | None, log_scale: bool) -> Contraction | None:
    """Contraction on the scale of the judgement; None where the prior was not given or does not vary."""
    if before is None:
        return None
    prior = np.asarray(before, dtype=float).ravel()
    if log_scale:
        prior = np.log(np.where(prior > 0, prior, np.nan))
    prior = prior[np.isfinite(prior)]
    if prior.size < 2 or np.ptp(prior) == 0:
        return None
    found = contraction(scaled, prior, log_scale=False)
    return Contraction(found.contraction, found.overlap, log_scale)


def _notes(name: str, source: Source, exists: float, beside: Contraction | None) -> tuple[str, ...]:
    notes = []
    if exists < 1:
        text = f"{name} exists in {100 * exists:.0f} % of the draws; all this is said of these"
        notes.append(text + (", the smaller part" if exists < _LEAST_SHARE else ""))
    if beside and source is Source.DATA and beside.contraction < _WIDE:
        notes.append(
            f"yet {name} is hardly narrower than under its prior (contraction {beside.contraction:.2f}): the data "
            "move it without narrowing it"
        )
    if beside and source in (Source.PRIOR, Source.NEITHER) and beside.contraction > _NARROW:
        notes.append(
            f"yet {name} is far narrower than under its prior (contraction {beside.contraction:.2f}): the data "
            "narrow it to a part of its range, inside which they do not decide"
        )
    return tuple(notes)
