"""The curved map as a PyTensor operation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from fitting.kernels.curved_map import curve

_VECTORS = ("order", "location", "scale", "constant", "log_scale")


class Curve(Op):
    """A curved map with its derivatives, as :func:`fitting.kernels.curved_map.curve` computes them.

    Inputs are ``z`` (c,), then the arrays of a :class:`fitting.bayesian.curved_map.CurvedMap`; outputs are those of
    that function.
    """

    __props__ = ()

    def make_node(self, *inputs) -> Apply:
        """Build the node."""
        tensors = [pt.as_tensor_variable(x).astype("float64") for x in inputs]
        return Apply(
            self,
            tensors,
            [pt.dvector("x"), pt.dvector("volume"), pt.dmatrix("slope"), pt.dvector("volume_slope")],
        )

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
        """Compute outside of compiled graphs."""
        for storage, value in zip(output_storage, curve(*map(np.ascontiguousarray, inputs)), strict=True):
            storage[0] = value

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list:
        """Carry gradients of the point and of the volume back to ``z``."""
        total: Any = pt.zeros_like(inputs[0])
        if not isinstance(cotangents[0].type, DisconnectedType):
            total = total + (cotangents[0][:, None] * outputs[2]).sum(axis=0)
        if not isinstance(cotangents[1].type, DisconnectedType):
            total = total + cotangents[1][0] * outputs[3]
        return [total, *(DisconnectedType()() for _ in inputs[1:])]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Only ``z`` carries gradients."""
        return [[i == 0] * 4 for i in range(len(node.inputs))]

    def infer_shape(self, fgraph, node: Apply, shapes: list) -> list:
        """All as long as ``z``."""
        (c,) = shapes[0]
        return [(c,), (pt.constant(1),), (c, c), (c,)]


@register_funcify_and_cache_key(Curve)
def _to_numba(op: Curve, node=None, **kwargs):
    """Hand the compiled map to PyTensor's numba linker."""
    return curve, "evodose_curve_4"
