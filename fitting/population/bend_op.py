"""The curved maps of a cohort as a PyTensor operation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from fitting.population.bend_kernel import bend


class Bend(Op):
    """Inputs and outputs are those of :func:`fitting.population.bend_kernel.bend`."""

    __props__ = ()

    def make_node(self, *inputs) -> Apply:
        """Build the node."""
        tensors = [pt.as_tensor_variable(x).astype("float64") for x in inputs]
        outputs = [pt.dmatrix("u"), pt.dvector("volume"), pt.dtensor3("slope"), pt.dmatrix("volume_slope")]
        return Apply(self, tensors, outputs)

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
        """Compute outside of compiled graphs."""
        for storage, value in zip(output_storage, bend(*map(np.ascontiguousarray, inputs)), strict=True):
            storage[0] = value

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list:
        """Carry gradients of the points and of the volume back to ``z``."""
        total = pt.zeros_like(inputs[0])
        if not isinstance(cotangents[0].type, DisconnectedType):
            total = total + (cotangents[0][:, :, None] * outputs[2]).sum(axis=1)
        if not isinstance(cotangents[1].type, DisconnectedType):
            total = total + cotangents[1][0] * outputs[3]
        return [total, *(DisconnectedType()() for _ in inputs[1:])]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Only ``z`` carries gradients."""
        return [[i == 0] * 4 for i in range(len(node.inputs))]

    def infer_shape(self, fgraph, node: Apply, shapes: list) -> list:
        """As z."""
        w, c = shapes[0]
        return [(w, c), (pt.constant(1),), (w, c, c), (w, c)]


@register_funcify_and_cache_key(Bend)
def _to_numba(op: Bend, node=None, **kwargs):
    """Hand the compiled maps to PyTensor's numba linker."""
    return bend, "evodose_bend_1"
