"""The model in JAX with diffrax: the reference for accuracy, the engine for accelerators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import sympy as sp

from dynamics.jobs import Courses
from dynamics.kernels.derive import derive
from dynamics.model import TIME, Model
from dynamics.shared_terms import shared_terms


@cache
def jax_numpy():
    """Import ``jax`` with 64-bit floats, the one place where that is set."""
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


@cache
def vector_field(model: Model) -> Callable:
    """Return ``f(t, x, u, p, k) -> dx/dt`` for JAX arrays of shapes (n,), (i,), (p,), (q,)."""
    return _lambdify(model, model.rhs)


@cache
def output_function(model: Model) -> Callable:
    """Return ``h(t, x, u, p, k) -> y``, shape (outputs,), for JAX arrays."""
    return _lambdify(model, model.output)


def _lambdify(model: Model, expressions: sp.Matrix, *extra: Sequence[sp.Symbol]) -> Callable:
    """Print a column of expressions to JAX; ``extra`` symbols are further arguments."""
    jnp = jax_numpy().numpy
    known = (model.state_symbols, model.input_symbols, model.parameter_symbols, model.constant_symbols)
    function = sp.lambdify([TIME, *known, *extra], list(expressions.flat()), modules="jax", cse=shared_terms)  # pyright: ignore[reportArgumentType]

    def call(*arguments):
        return jnp.stack([jnp.asarray(v, dtype=jnp.result_type(float)) for v in function(*arguments)])

    return call


@cache
def _solver(model: Model, sensitive: bool) -> Callable:
    """Compile the batched solve: jobs of (parameters, times, switches, doses, constants)."""
    jax = jax_numpy()
    jnp = jax.numpy
    import diffrax
    import equinox as eqx

    derived = derive(model)
    logarithmic = derived.logarithmic
    field = _lambdify(model, derived.field, derived.log_states)
    initial = _lambdify(model, model.initial)
    output = output_function(model)

    def solve(log_p, times, switches, doses, constants, rtol):
        p = jnp.exp(log_p)
        to_x = jnp.exp if logarithmic else (lambda z: z)

        def rates(t, z, args):  # noqa: ARG001
            index = jnp.searchsorted(switches, t, side="right") - 1
            rate = field(t, to_x(z), doses[index], p, constants, z)
            # a step that is far too long overflows; the step size controller takes NaN back, but not infinity
            return jnp.where(jnp.isfinite(rate), rate, jnp.nan)

        x0 = initial(0.0, jnp.zeros(len(model.states)), jnp.zeros(len(model.inputs)), p, constants)
        z0 = jnp.log(jnp.maximum(x0, 1e-300)) if logarithmic else x0
        atol = rtol if logarithmic else 1e-6 * rtol * jnp.max(jnp.abs(x0))
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(rates),
            diffrax.Tsit5(),
            t0=times[0],
            t1=times[-1],
            dt0=None,
            y0=z0,
            saveat=diffrax.SaveAt(ts=times),
            stepsize_controller=diffrax.ClipStepSizeController(
                diffrax.PIDController(rtol=0.0 if logarithmic else rtol, atol=atol),
                step_ts=times,
                jump_ts=switches[1:],
            ),
            adjoint=diffrax.ForwardMode() if sensitive else diffrax.RecursiveCheckpointAdjoint(),
            max_steps=20_000,
            throw=False,
        )
        x = to_x(jnp.asarray(solution.ys))
        y = jax.vmap(lambda t, row: output(t, row, doses[0], p, constants))(times, x)
        ok = diffrax.is_successful(solution.result)
        return y, (x, y, ok)

    def job(log_p, *rest):
        if sensitive:
            dy, (x, y, ok) = jax.jacfwd(solve, has_aux=True)(log_p, *rest)
        else:
            dy, (x, y, ok) = jnp.zeros((1, 1, 1)), solve(log_p, *rest)[1]
        return x, y, dy, ok

    return eqx.filter_jit(jax.vmap(job, in_axes=(0, 0, 0, 0, 0, None)))


def solve(
    model: Model, courses: Courses, who: np.ndarray, parameters: np.ndarray, *, sensitive: bool, rtol: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Solve jobs of (parameter set, course) with diffrax; see :func:`dynamics.simulate.solve_jobs`."""
    from dynamics.kernels.open_loop import NON_FINITE, SUCCESS, TOO_MANY_STEPS

    solver = _solver(model, sensitive)
    jobs = len(who)
    # a search sheds finished jobs; batches of a few sizes only, so that each is compiled once
    size = max(8, 1 << (jobs - 1).bit_length())
    rows = np.minimum(np.arange(size), jobs - 1)
    who, parameters = np.asarray(who)[rows], np.asarray(parameters)[rows]
    x, y, dy, ok = solver(
        np.log(parameters),
        courses.times[who],
        courses.switches[who],
        courses.doses[who],
        courses.constants[who],
        float(rtol),
    )
    x, y, dy, ok = (np.array(a)[:jobs] for a in (x, y, dy, ok))
    finite = np.all(np.isfinite(y), axis=(1, 2))
    status = np.where(ok, np.where(finite, SUCCESS, NON_FINITE), TOO_MANY_STEPS)
    return x, y, dy, status
