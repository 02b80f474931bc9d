"""The composition of a large tumour from a noisy marker at visits: a bootstrap particle filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np

from dosing.stochastic.simulation.forward import process_section, run_kernel
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting
from dosing.stochastic.simulation.streams import run_keys
from dynamics.birth_death import BirthDeathProcess
from dynamics.kernels.compile import generated

__all__ = ["RESAMPLE_BELOW", "ParticlePosterior", "particle_filter", "particle_kernel", "particles_around"]

# resampled where fewer than this share of the particles count
RESAMPLE_BELOW = 0.5


@lru_cache(maxsize=16)
def particle_kernel(process: BirthDeathProcess) -> ModuleType:
    """Return the compiled loops with the process's equations in them."""
    section = f"{process_section(process)}\nfrom {run_kernel(process).__name__} import move, step  # noqa\n"
    return generated(Path(__file__).parent / "particle_template.py", "process", section)


@dataclass(frozen=True)
class ParticlePosterior:
    """What the readings say about the cells, after every visit.

    Parameters
    ----------
    mean : ndarray, shape (visits, types)
        Expected cells.
    majority : ndarray, shape (visits,)
        Probability that there are more cells of the first type than of any other.
    effective : ndarray, shape (visits,)
        Effective number of particles, before resampling.
    log_likelihood : float
        Estimate for the logarithms of all readings; its exponential is unbiased.
    particles : ndarray, shape (count, types)
        After the last visit, resampled where that was due.
    """

    mean: np.ndarray
    majority: np.ndarray
    effective: np.ndarray
    log_likelihood: float
    particles: np.ndarray

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        count = len(self.particles)
        worst = float(self.effective.min())
        text = (
            f"{len(self.effective)} readings, {count} particles: log-likelihood {self.log_likelihood:.2f}; after the "
            f"last visit the first type is the most with probability {self.majority[-1]:.3f}. At the worst visit "
            f"{worst:.0f} particles counted"
        )
        return text + (
            "." if worst >= 0.02 * count else ", which is too few: use more particles, or visits less apart."
        )


def particles_around(
    setting: SimulationSetting,
    marker: float,
    sigma_log: float,
    count: int,
    *,
    seed: int = 0,
    shares: tuple[float, float] = (0.0, 1.0),
) -> np.ndarray:
    """Return tumours that a first reading leaves possible, shape (count, 2), each equally likely.

    Parameters
    ----------
    setting : SimulationSetting
        Of two types.
    marker : float
        First reading, in cells. It must not count twice: give the filter not a number in its place.
    sigma_log : float
    count : int
    seed : int
    shares : tuple of float
        Least and greatest share of the first type.
    """
    rng = np.random.default_rng(seed)
    size = marker * np.exp(sigma_log * rng.standard_normal(count))
    share = rng.uniform(*shares, count)
    return np.minimum(np.rint(np.column_stack([size * share, size * (1 - share)])), setting.edge)


def particle_filter(
    setting: SimulationSetting,
    particles: np.ndarray,
    markers: Sequence[float] | np.ndarray,
    rows: Sequence[int] | np.ndarray,
    doses: np.ndarray,
    *,
    visit_generations: int,
    sigma_log: float,
    seed: int = 0,
) -> ParticlePosterior:
    """Filter readings of a marker that are apart by some generations.

    The noise of a reading is normal on the logarithm; a tumour without cells is read like one of one cell. The work
    grows with particles and generations, and not with K.

    Parameters
    ----------
    setting : SimulationSetting
        Process, constants and edge; its start is not used.
    particles : ndarray, shape (count, types)
        A sample of what is thought possible at the first visit, before its reading.
    markers : sequence of float
        Readings in cells; not a number where a visit was missed, or where the particles hold its reading already.
    rows : sequence of int
        Row of ``doses`` between one visit and the next.
    doses : ndarray, shape (controls, inputs)
    visit_generations : int
    sigma_log : float
    seed : int

    Raises
    ------
    SimulationError
        Numbers of readings and doses that do not fit; a reading or a noise that is not positive; no particle can
        explain a reading.
    """
    readings = np.asarray(markers, dtype=float)
    if len(readings) != len(rows) + 1 or (readings <= 0).any():
        raise SimulationError(
            f"{len(readings)} readings with {len(rows)} doses between them: give one dose less than readings, and "
            "readings above zero (the limit of detection where nothing was found)"
        )
    if not sigma_log > 0 or visit_generations < 1:
        raise SimulationError(
            f"noise {sigma_log:g} at visits {visit_generations} generations apart: the particle filter needs a noise "
            "above zero and at least one generation; sizes without noise are for composition_posterior"
        )
    kernel = particle_kernel(setting.process)
    cloud = np.array(particles, dtype=float)
    visits, types = len(readings), len(setting.process.types)
    means, majority, effective = np.empty((visits, types)), np.empty(visits), np.empty(visits)
    total = kernel.filter_course(
        run_keys(seed, 1)[0], cloud, np.log(readings), np.asarray(rows, np.int64),
        np.ascontiguousarray(doses, dtype=float), setting.constants, float(setting.edge), visit_generations, sigma_log,
        RESAMPLE_BELOW, means, majority, effective,
    )  # fmt: skip
    if not np.isfinite(total):
        raise SimulationError(
            "no particle can explain a reading: use more particles, a wider start, or check the unit of the readings"
        )
    return ParticlePosterior(means, majority, effective, float(total), cloud)
