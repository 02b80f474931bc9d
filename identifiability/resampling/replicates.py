"""Fresh data sets, drawn from a fitted model under its likelihood."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from identifiability.information.measurement import POSITIVE_FLOOR, detection_limits

if TYPE_CHECKING:
    from fitting.likelihood import Likelihood
    from fitting.problem import CohortProblem

LARGEST_POISSON = 1e15  # beyond, a Poisson count is drawn as a normal one


def draw_measurements(
    likelihood: Likelihood, mu: np.ndarray, phi: np.ndarray | float, generator: np.random.Generator
) -> np.ndarray:
    """Draw measurements around outputs, without limits of the assay.

    A normal measurement may come out negative: that is what its likelihood says.

    Parameters
    ----------
    likelihood : Likelihood
    mu : ndarray, any shape
    phi : ndarray or float
        Dispersion, to be broadcast against ``mu``; ignored where the likelihood has none.
    generator : numpy.random.Generator

    Raises
    ------
    ValueError
        A likelihood whose distribution is not known here.
    """
    mu = np.maximum(mu, POSITIVE_FLOOR)
    phi = np.broadcast_to(np.asarray(phi, dtype=float), mu.shape)
    if likelihood.tail == "log_normal":
        return mu * np.exp(phi * generator.standard_normal(mu.shape))
    if likelihood.tail == "normal":
        return mu + phi * generator.standard_normal(mu.shape)
    if likelihood.tail not in ("poisson", "negative_binomial"):
        raise ValueError(f"no draws from the likelihood {likelihood.name!r} (tail {likelihood.tail!r})")
    if likelihood.tail == "negative_binomial":
        # a Poisson count whose mean is gamma distributed
        mu = generator.gamma(phi, mu / phi)
    small = mu < LARGEST_POISSON
    counts = generator.poisson(np.where(small, mu, 0.0)).astype(float)
    return np.where(small, counts, mu)


def repeated(problem: CohortProblem, take: np.ndarray) -> CohortProblem:
    """Return the problem of these patients, in this order, with repeats.

    Parameters
    ----------
    problem : CohortProblem
    take : ndarray of int, shape (b,)
        Patients.
    """
    courses = dataclasses.replace(
        problem.courses,
        **{f.name: getattr(problem.courses, f.name)[take] for f in dataclasses.fields(problem.courses)},
    )
    rows = ("burdens", "censoring", "measured", "lower", "upper", "start_lower", "start_upper")
    return dataclasses.replace(
        problem, courses=courses, **{name: getattr(problem, name)[take] for name in rows}
    )


def limits_of(problem: CohortProblem) -> tuple[np.ndarray, np.ndarray]:
    """Limits of the assay at every visit of every patient, shape (w, n) each; NaN for none or not known."""
    pairs = [
        detection_limits(problem.burdens[w], problem.censoring[w], problem.measured[w])
        for w in range(len(problem.burdens))
    ]
    return np.array([below for below, _ in pairs]), np.array([above for _, above in pairs])


def starts_from_data(problem: CohortProblem) -> bool:
    """Whether the model starts, by construction, at the first measured burden."""
    used = {str(s) for s in problem.model.initial.free_symbols}
    return any(c.from_data == "first_burden" and c.name in used for c in problem.model.constants)


def with_fresh_data(
    problem: CohortProblem,
    q: np.ndarray,
    generator: np.random.Generator,
    *,
    limits: tuple[np.ndarray, np.ndarray] | None = None,
    visits: np.ndarray | None = None,
) -> CohortProblem:
    """Replace measurements by fresh ones drawn at given parameters.

    A model that starts at the first measured burden treats that burden as known: under it no other first burden
    could have been measured. It is therefore kept as it is, in every replicate, and what the noise of the first
    burden does to the estimates is *not* part of the answer. A model with an initial state of its own (no
    constant read from the first burden) has its first visit drawn like any other.

    Parameters
    ----------
    problem : CohortProblem
        b patients.
    q : ndarray, shape (b, q)
        Logarithms of parameters and dispersion.
    generator : numpy.random.Generator
    limits : tuple of two ndarray, shape (b, n), optional
        Limits of the assay; read off the data unless given, see :func:`limits_of`.
    visits : ndarray of bool, shape (b, n), optional
        Which visits are drawn; by default all but a first one that the model starts at.

    Raises
    ------
    ValueError
        A model that cannot be solved at ``q``, or a likelihood that cannot be drawn from.
    """
    below, above = limits if limits is not None else limits_of(problem)
    mu, _, solved = problem.outputs(q, np.arange(len(q)))
    if not np.all(solved):
        raise ValueError(
            f"the model cannot be solved for {int(np.sum(~solved))} of {len(q)} parameter sets from which data "
            "were to be drawn; fit again or leave these patients out"
        )
    p = problem.n_parameters
    phi = np.exp(q[:, [p]]) if problem.likelihood.has_dispersion else 1.0
    fresh = draw_measurements(problem.likelihood, mu, phi, generator)
    if visits is None:
        visits = problem.measured.copy()
        if starts_from_data(problem):
            visits[:, 0] = False
    visits = visits & problem.measured
    side = np.where(fresh <= below, -1, np.where(fresh >= above, 1, 0))
    fresh = np.where(side < 0, below, np.where(side > 0, above, fresh))
    return dataclasses.replace(
        problem,
        burdens=np.where(visits, fresh, problem.burdens),
        censoring=np.where(visits, side, problem.censoring),
    )
