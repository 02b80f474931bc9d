"""A model's outputs as a PyTensor operation with exact gradients: what a PyMC model calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from dynamics.kernels.engine import MAX_STEPS
from dynamics.model import Model
from fitting.kernels.compile import output_kernel


class ModelOutputs(Op):
    """Outputs at the visits of w patients, with their sensitivities.

    Inputs are ``q`` (w, p), the logarithms of the parameters, then the courses: ``constants`` (w, k),
    ``times`` (n,), ``n_times`` (w,), ``switches`` (m,), ``doses`` (m, inputs), ``n_switches`` (w,). Outputs are
    the model's output (n,) and its derivatives in the logarithms (n, p), through which :meth:`pullback` takes
    the gradient; second derivatives are not available. See :mod:`fitting.kernels.outputs`.

    Parameters
    ----------
    model : Model
    rtol : float
        Tolerance of the solver. At 1e-6 the log-likelihood of the melanoma patients is exact to 1e-8.
    """

    __props__ = ("kernel_name", "rtol")

    def __init__(self, model: Model, rtol: float = 1e-6) -> None:
        self.kernel_name = output_kernel(model).__name__
        self.rtol = float(rtol)
        self.model = model

    def make_node(self, *inputs) -> Apply:
        """Build the node; all inputs become float64 or int64 tensors."""
        kinds = (pt.dmatrix, pt.dmatrix, pt.dvector, pt.lvector, pt.dvector, pt.dmatrix, pt.lvector)
        tensors = [pt.as_tensor_variable(x).astype(kind.dtype) for x, kind in zip(inputs, kinds, strict=True)]
        for tensor, kind in zip(tensors, kinds, strict=True):
            if tensor.ndim != kind.ndim:
                raise ValueError(f"model outputs: {tensor} has {tensor.ndim} dimensions, need {kind.ndim}")
        return Apply(self, tensors, [pt.dvector("output"), pt.dmatrix("sensitivity")])

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
        """Compute outside of compiled graphs."""
        solve = output_kernel(self.model).cohort_outputs
        output, sensitivity = solve(*map(np.ascontiguousarray, inputs), self.rtol, MAX_STEPS)
        output_storage[0][0], output_storage[1][0] = output, sensitivity

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list:
        """Carry the gradient of the outputs back to the logarithms of the parameters."""
        if not isinstance(cotangents[1].type, DisconnectedType):
            raise ValueError(
                "second derivatives of a model's output are not available; use a sampler or optimiser that needs "
                "gradients alone"
            )
        q, n_times = inputs[0], inputs[3]
        who: Any = pt.repeat(pt.arange(n_times.shape[0]), n_times)
        per_visit = cotangents[0][:, None] * outputs[1]
        nothing: Any = pt.zeros_like(q)
        gradient = pt.inc_subtensor(nothing[who], per_visit)
        return [gradient, *(DisconnectedType()() for _ in inputs[1:])]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Only the parameters carry gradients."""
        return [[i == 0, i == 0] for i in range(len(node.inputs))]

    def infer_shape(self, fgraph, node: Apply, shapes: list) -> list:
        """One output a visit."""
        return [(shapes[2][0],), (shapes[2][0], shapes[0][1])]


@register_funcify_and_cache_key(ModelOutputs)
def _to_numba(op: ModelOutputs, node=None, **kwargs):
    """Hand the compiled kernel to PyTensor's numba linker."""
    from numba import njit

    solve = output_kernel(op.model).cohort_outputs
    rtol, max_steps = op.rtol, MAX_STEPS

    @njit
    def outputs(q, constants, times, n_times, switches, doses, n_switches):
        return solve(q, constants, times, n_times, switches, doses, n_switches, rtol, max_steps)

    return outputs, f"{op.kernel_name}_{op.rtol!r}_{MAX_STEPS}"
