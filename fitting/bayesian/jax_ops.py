"""The operations of a posterior for PyTensor's JAX linker, which NumPyro samples through.

JAX calls back to the compiled kernels, so the numbers are theirs; gradients use the derivatives the kernels return.
Importing this module registers both operations.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from pytensor.link.jax.dispatch.basic import jax_funcify

import dynamics  # noqa: F401  sets JAX to 64 bits
from dynamics.kernels.engine import MAX_STEPS
from fitting.bayesian.curved_map_op import Curve
from fitting.bayesian.output_op import ModelOutputs
from fitting.kernels.compile import output_kernel
from fitting.kernels.curved_map import curve


def _floats(*shape: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, jnp.float64)


def _arrays(inputs: tuple[Any, ...]) -> list[np.ndarray]:
    return [np.ascontiguousarray(x) for x in inputs]


@jax_funcify.register(ModelOutputs)
def _outputs_to_jax(op: ModelOutputs, **_: Any) -> Any:
    """Return outputs and sensitivities as a JAX function."""
    solve = output_kernel(op.model).cohort_outputs

    def host(
        q: Any, constants: Any, times: Any, n_times: Any, switches: Any, doses: Any, n_switches: Any
    ) -> Any:
        q, constants, times, switches, doses = _arrays((q, constants, times, switches, doses))
        counts = [np.ascontiguousarray(n, dtype=np.int64) for n in (n_times, n_switches)]
        return solve(q, constants, times, counts[0], switches, doses, counts[1], op.rtol, MAX_STEPS)

    @jax.custom_vjp
    def outputs(*inputs: Any) -> Any:
        shapes = _floats(inputs[2].shape[0]), _floats(inputs[2].shape[0], inputs[0].shape[1])
        return jax.pure_callback(host, shapes, *inputs, vmap_method="sequential")

    def forward(*inputs: Any) -> Any:
        found = outputs(*inputs)
        return found, (inputs, found[1])

    def backward(kept: Any, cotangents: Any) -> Any:
        inputs, sensitivity = kept
        who = jnp.repeat(jnp.arange(inputs[0].shape[0]), inputs[3], total_repeat_length=inputs[2].shape[0])
        gradient = jnp.zeros_like(inputs[0]).at[who].add(cotangents[0][:, None] * sensitivity)
        return (gradient, *(_nothing(x) for x in inputs[1:]))

    outputs.defvjp(forward, backward)
    return outputs


@jax_funcify.register(Curve)
def _curve_to_jax(op: Curve, **_: Any) -> Any:  # noqa: ARG001
    """Return the curved map as a JAX function."""

    @jax.custom_vjp
    def curved(*inputs: Any) -> Any:
        c = inputs[0].shape[0]
        shapes = _floats(c), _floats(1), _floats(c, c), _floats(c)
        return jax.pure_callback(lambda *x: curve(*_arrays(x)), shapes, *inputs, vmap_method="sequential")

    def forward(*inputs: Any) -> Any:
        found = curved(*inputs)
        return found, (inputs, found[2], found[3])

    def backward(kept: Any, cotangents: Any) -> Any:
        inputs, slope, volume_slope = kept
        gradient = cotangents[0] @ slope + cotangents[1][0] * volume_slope
        return (gradient, *(_nothing(x) for x in inputs[1:]))

    curved.defvjp(forward, backward)
    return curved


def _nothing(x: Any) -> Any:
    """Return the cotangent of an input that carries no gradient."""
    if jnp.issubdtype(x.dtype, jnp.floating):
        return jnp.zeros_like(x)
    return np.zeros(x.shape, dtype=jax.dtypes.float0)
