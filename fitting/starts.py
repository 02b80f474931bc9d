"""Starting points of a multi-start, the same for a patient whatever cohort the patient comes in."""

from __future__ import annotations

import hashlib

import numpy as np


def patient_generator(seed: int, patient_id: str, purpose: str) -> np.random.Generator:
    """Return a random generator that depends on the seed, the patient and the purpose, not on the cohort."""
    digest = hashlib.sha256(f"{purpose}\0{patient_id}".encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest[:16], dtype=np.uint32).tolist()])


def latin_hypercube(
    lower: np.ndarray, upper: np.ndarray, count: int, generator: np.random.Generator
) -> np.ndarray:
    """Draw ``count`` points of a Latin hypercube in a box, shape (count, q).

    The same draws as ``scipy.stats.qmc.LatinHypercube``, to which a test holds it; importing that takes longer
    than fitting a cohort.
    """
    (generator,) = generator.spawn(1)
    within = generator.uniform(size=(count, len(lower)))
    order = np.tile(np.arange(1, count + 1), (len(lower), 1))
    for row in order:
        generator.shuffle(row)
    unit = (order.T - within) / count
    return lower + unit * (upper - lower)
