"""The sampler's coordinates of the patients' log parameters: neither centred nor non-centred, but in between."""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt
from pymc.logprob.transforms import Transform

from fitting.population.bend_op import Bend
from fitting.population.conditional_op import Conditional
from fitting.population.shape import SHAPE_INPUTS


class GivenPopulation(Transform):
    """From about standard normal coordinates to the log parameters, given the population and each patient's data.

    A curved map, fitted to the patient's posterior under one population, turns standard normal coordinates into
    residuals; the conditional normal of the patient given the population of the moment carries them to log
    parameters. A patient without data is sampled non-centred, one whose data say all is sampled centred, and every
    direction in between as its data allow (Papaspiliopoulos 2007). The inputs of the random variable end with centre,
    precision and the arrays of :class:`fitting.population.shape.CohortShape`, which only decide how fast a sampler
    mixes: the posterior is the same whatever their values.

    References
    ----------
    Papaspiliopoulos, Roberts, Sköld (2007), Statistical Science 22:59.
    """

    name = "given_population"
    ndim_supp = 2

    def _parts(self, value: Any, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
        """Log parameters, and the logarithm of the volume that the map stretches."""
        count = len(SHAPE_INPUTS)
        centre, precision = inputs[-count - 2 : -count]
        information, score, *maps = inputs[-count:]
        bent: Any = Bend()(value, *maps)
        given: Any = Conditional()(bent[0], centre, precision, information, score)
        return given[0], bent[1][0] + given[1][0]

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Sampler's coordinates to the log parameters."""
        return self._parts(value, inputs)[0]

    def forward(self, value: Any, *_: Any) -> Any:
        """Return the middle of the sampler's coordinates: PyMC asks only where a chain may start."""
        return pt.zeros_like(value)

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Logarithm of the volume that the map stretches, up to a constant."""
        return self._parts(value, inputs)[1]
