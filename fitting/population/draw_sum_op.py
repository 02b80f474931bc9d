"""The sum over weighted draws as a PyTensor operation with its exact gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from fitting.population.draw_sum_kernel import draw_sum

_KINDS = (pt.dtensor3, pt.dmatrix, pt.dmatrix, pt.dmatrix)


class DrawSum(Op):
    """Inputs and outputs are those of :func:`fitting.population.draw_sum_kernel.draw_sum`; the value has a gradient."""

    __props__ = ()

    def make_node(self, *inputs) -> Apply:
        """Build the node."""
        tensors: list[Any] = [pt.as_tensor_variable(x).astype("float64") for x in inputs]
        for tensor, kind in zip(tensors, _KINDS, strict=True):
            if tensor.ndim != kind.ndim:
                raise ValueError(f"sum over draws: {tensor} has {tensor.ndim} dimensions, need {kind.ndim}")
        return Apply(self, tensors, [pt.dvector("value"), pt.dmatrix("first"), pt.dtensor3("second")])

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
        """Compute outside of compiled graphs."""
        for storage, value in zip(output_storage, draw_sum(*map(np.ascontiguousarray, inputs)), strict=True):
            storage[0] = value

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list:
        """Carry the gradient of the value back to centres and precision; draws and weights are data."""
        bar, (_, first, second) = cotangents[0], outputs
        centre_bar = bar[:, None] * (first @ inputs[3])
        precision_bar = -0.5 * (bar[:, None, None] * second).sum(axis=0)
        return [DisconnectedType()(), DisconnectedType()(), centre_bar, precision_bar]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Only centres and precision carry gradients, and only to the value."""
        return [[i > 1, False, False] for i in range(4)]

    def infer_shape(self, fgraph, node: Apply, shapes: list) -> list:
        """One number a patient, and its moments."""
        w, c = shapes[2]
        return [(w,), (w, c), (w, c, c)]


@register_funcify_and_cache_key(DrawSum)
def _to_numba(op: DrawSum, node=None, **kwargs):
    """Hand the compiled sum to PyTensor's numba linker."""
    return draw_sum, "evodose_draw_sum_1"
