"""A dose that is chosen by what the visits so far tell of parameters and cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.monitoring.errors import MonitoringError
from dosing.monitoring.noisy_visits import VisitJobs, VisitTimes, check_shocks, steps_between
from dynamics.member_rows import constant_rows

if TYPE_CHECKING:
    from dosing.ensemble.member_times import TtpSetting
    from dosing.monitoring.marker_noise import MarkerNoise
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

CHUNK = 2


@dataclass(frozen=True)
class ParticlePolicy:
    """Give the lowest dose that keeps the burden in enough of the weighted particles until the next visit.

    A particle is kept where its burden is at or below the hold level on the next visit, and until then never above the
    larger of that level and its present burden. Where no dose keeps enough of them: the highest dose.

    Parameters
    ----------
    hold_level : float
        A multiple of the first burden.
    share : float
        Of the weight that has to be kept.
    doses : tuple of float
        Increasing.
    particles : int
    extra_spread : float
        Added to the standard deviation of the logarithm in the filter's likelihood: no draw is the truth, and without
        it an exact marker would leave one particle with all the weight.
    shrink : float
        Factor towards the mean when particles are drawn anew (Liu & West 2001).
    resample_below : float
        Effective share of the particles.
    longest_step_days : float
        Of the particles' Runge-Kutta method, which divides a step in which a population would change by a fifth.

    Raises
    ------
    MonitoringError
        A number outside its range.
    """

    hold_level: float = 1.0
    share: float = 0.9
    doses: tuple[float, ...] = tuple(i / 20 for i in range(21))
    particles: int = 200
    extra_spread: float = 0.03
    shrink: float = 0.98
    resample_below: float = 0.5
    longest_step_days: float = 2.0

    def __post_init__(self) -> None:
        """Validate."""
        for name, value, low, high in (
            ("hold_level", self.hold_level, 0, np.inf), ("share", self.share, 0, 1),
            ("extra_spread", self.extra_spread, 0, np.inf), ("shrink", self.shrink, 0, 1),
            ("longest_step_days", self.longest_step_days, 0, 28),
        ):  # fmt: skip
            if not (np.isfinite(value) and low < value <= high):
                raise MonitoringError(
                    f"particle policy: {name} {value:g} must lie above {low:g} and at or below {high:g}"
                )
        if not 0 <= self.resample_below <= 1 or self.particles < 2:
            raise MonitoringError(
                f"particle policy: {self.particles} particles, drawn anew below the share {self.resample_below:g}; "
                "need at least 2 and a share from 0 to 1"
            )
        doses = np.asarray(self.doses, dtype=float)
        if len(doses) < 2 or np.any(np.diff(doses) <= 0) or doses[0] < 0 or doses[-1] > 1:
            raise MonitoringError(
                f"particle policy: doses {tuple(self.doses)} must be two or more increasing fractions of the maximum "
                "tolerated dose"
            )

    @property
    def description(self) -> str:
        """The policy in a sentence."""
        return (
            f"On each visit {self.particles} particles are weighted by the marker; the lowest dose that keeps the "
            f"burden at or below {100 * self.hold_level:.4g} % of the first until the next visit in "
            f"{100 * self.share:.3g} % of them, else the maximum tolerated dose."
        )


def filtered_times(
    model: Model,
    truths: Ensemble,
    draws: Ensemble,
    policy: ParticlePolicy,
    setting: TtpSetting,
    visit_days: float,
    noise: MarkerNoise,
    shocks: np.ndarray,
    *,
    seed: int = 0,
) -> VisitTimes:
    """Simulate tumours whose doses a particle filter chooses.

    Parameters
    ----------
    model : Model
        With one input and positive parameters.
    truths : Ensemble
        m members that are treated; the filter never sees their parameters.
    draws : Ensemble
        What the particles are drawn from: no member of ``truths``.
    policy : ParticlePolicy
    setting : TtpSetting
    visit_days, noise, shocks
        See :func:`dosing.monitoring.noisy_visits.noisy_times`; the filter knows how noisy the marker is.
    seed : int
        Of the particles; each tumour has its own numbers, the same for every interval and noise.

    Raises
    ------
    MonitoringError
        A truth among the draws, a parameter that is not positive, a model without exactly one input; see also
        :func:`dosing.monitoring.noisy_visits.noisy_times`.
    """
    from dosing.monitoring.kernels.compile import particles_kernel
    from dynamics.kernels.chunks import run_chunks

    if len(model.inputs) != 1:
        raise MonitoringError(
            f"model {model.name!r} has {len(model.inputs)} inputs; the filter chooses one dose"
        )
    check_shocks(shocks, len(truths), setting)
    jobs = VisitJobs.of(model, truths, setting)
    rows, fixed = draws.rows(model), constant_rows(model, draws.constants, len(draws))
    _check_draws(jobs, rows, fixed)
    count, m = steps_between(visit_days, setting, noise), len(truths)
    order = _systematic(draws.weights, policy.particles, np.random.default_rng([seed, 3]))
    particles, constants = np.ascontiguousarray(rows[order]), np.ascontiguousarray(fixed[order])
    seeds = np.random.default_rng([seed, 4]).integers(0, 2**32 - 1, m)
    options = np.array(
        [policy.share, policy.extra_spread, policy.shrink, policy.resample_below, policy.longest_step_days,
         policy.hold_level]
    )  # fmt: skip
    summary, crossings, status = np.zeros((m, 6)), np.full((m, 1, 3), np.nan), np.zeros(m, dtype=np.int64)
    run_chunks(
        particles_kernel(model).filter_range, m, CHUNK,
        (seeds, *jobs.head, jobs.p, jobs.k, particles, constants, np.array(policy.doses, dtype=float), options, count,
         noise.coefficients, shocks, jobs.levels, jobs.until_exceeded, summary, crossings, status),
    )  # fmt: skip
    return jobs.times(setting, summary, crossings, status)


def _systematic(weights: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw members in proportion to their weights, as evenly as can be."""
    at = (np.arange(count) + rng.random()) / count
    return np.minimum(np.searchsorted(np.cumsum(weights), at), len(weights) - 1)


def _check_draws(jobs: VisitJobs, rows: np.ndarray, fixed: np.ndarray) -> None:
    """Raise MonitoringError where the filter would know the truth, or cannot take logarithms."""
    if np.any(rows <= 0):
        raise MonitoringError(
            "the filter disturbs the logarithms of parameters, and some are not positive; leave those draws out"
        )
    known = {(*a, *b) for a, b in zip(rows.tolist(), fixed.tolist(), strict=True)}
    shared = sum((*a, *b) in known for a, b in zip(jobs.p.tolist(), jobs.k.tolist(), strict=True))
    if shared:
        raise MonitoringError(
            f"{shared} of the {len(jobs.p)} tumours to treat are among the draws of the filter, which would then know "
            "the truth; split the draws first"
        )
