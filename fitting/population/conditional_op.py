"""The patients' conditional normal as a PyTensor operation with its exact gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from fitting.population.conditional_kernel import conditional, conditional_pullback

_KINDS = (pt.dmatrix, pt.dmatrix, pt.dmatrix, pt.dtensor3, pt.dmatrix, pt.dmatrix, pt.dvector)


def _tensors(inputs: tuple) -> list:
    """Make the inputs float64 tensors."""
    return [pt.as_tensor_variable(x).astype("float64") for x in inputs]


class Conditional(Op):
    """Inputs and outputs are those of :func:`fitting.population.conditional_kernel.conditional`."""

    __props__ = ()

    def make_node(self, *inputs) -> Apply:
        """Build the node."""
        tensors = _tensors(inputs)
        for tensor, kind in zip(tensors, _KINDS[:5], strict=True):
            if tensor.ndim != kind.ndim:
                raise ValueError(
                    f"conditional normal: {tensor} has {tensor.ndim} dimensions, need {kind.ndim}"
                )
        return Apply(self, tensors, [pt.dmatrix("x"), pt.dvector("volume")])

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
        """Compute outside of compiled graphs."""
        x, volume = conditional(*map(np.ascontiguousarray, inputs))
        output_storage[0][0], output_storage[1][0] = x, volume

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list:
        """Carry gradients back to z, the centres and the precision; the summary is data."""
        x_bar, volume_bar = (
            pt.zeros_like(output) if isinstance(bar.type, DisconnectedType) else bar
            for output, bar in zip(outputs, cotangents, strict=True)
        )
        back: Any = ConditionalPullback()(*inputs, x_bar, volume_bar)
        return [*back, DisconnectedType()(), DisconnectedType()()]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Only z, the centres and the precision carry gradients."""
        return [[i < 3] * 2 for i in range(5)]

    def infer_shape(self, fgraph, node: Apply, shapes: list) -> list:
        """As z, and one number."""
        return [shapes[0], (pt.constant(1),)]


class ConditionalPullback(Op):
    """Inputs and outputs are those of :func:`fitting.population.conditional_kernel.conditional_pullback`."""

    __props__ = ()

    def make_node(self, *inputs) -> Apply:
        """Build the node."""
        return Apply(
            self,
            _tensors(inputs),
            [pt.dmatrix("z_bar"), pt.dmatrix("centre_bar"), pt.dmatrix("precision_bar")],
        )

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
        """Compute outside of compiled graphs."""
        for storage, value in zip(
            output_storage, conditional_pullback(*map(np.ascontiguousarray, inputs)), strict=True
        ):
            storage[0] = value

    def infer_shape(self, fgraph, node: Apply, shapes: list) -> list:
        """As z, the centres, the precision."""
        return shapes[:3]


@register_funcify_and_cache_key(Conditional)
def _conditional_to_numba(op: Conditional, node=None, **kwargs):
    """Hand the compiled map to PyTensor's numba linker."""
    return conditional, "evodose_conditional_1"


@register_funcify_and_cache_key(ConditionalPullback)
def _pullback_to_numba(op: ConditionalPullback, node=None, **kwargs):
    """Hand the compiled gradient to PyTensor's numba linker."""
    return conditional_pullback, "evodose_conditional_pullback_1"
