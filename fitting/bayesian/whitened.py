"""A sampler's coordinates as a transform of a PyMC random vector."""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt
from pymc.logprob.transforms import Transform

from fitting.bayesian.curved_map_op import Curve
from fitting.bayesian.soft_box import SoftBox

MAP_INPUTS = (
    "order", "location", "scale", "constant", "linear", "log_scale", "exponents", "bend", "log_bend",
)  # fmt: skip


class Whitened(Transform):
    """From about standard normal coordinates ``z`` through a curved map, then into the bounds.

    The map's arrays are the last inputs of the random variable, where PyMC lets a transform find data: one compiled
    program then serves every patient.

    Parameters
    ----------
    box : SoftBox
    """

    name = "whitened"
    ndim_supp = 1

    def __init__(self, box: SoftBox) -> None:
        self.box = box

    def _line(self, value: Any, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
        """Coordinates before the bounds, and the volume up to there."""
        outputs: Any = Curve()(value, *inputs[-len(MAP_INPUTS) :])
        return outputs[0], outputs[1][0]

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Sampler's coordinates to the log parameters."""
        return self.box.to_box(self._line(value, inputs)[0], pt)

    def forward(self, value: Any, *_: Any) -> Any:
        """Return the middle of the sampler's coordinates: PyMC asks only where a chain may start."""
        return pt.zeros_like(value)

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Logarithm of the volume that the map stretches."""
        line, volume = self._line(value, inputs)
        return volume + self.box.log_slope(line, pt).sum()
