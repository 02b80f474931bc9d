"""The same loops in JAX: a second way to the gradients, and the path to a GPU."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from dosing.optimal.conditions import FINAL_TIME
from dynamics.model import TIME

if TYPE_CHECKING:
    from collections.abc import Callable

    from dosing.ensemble.evaluation import EnsembleEvaluation
    from dosing.ensemble.problem import EnsembleProblem

__all__ = ["jax_device", "jax_gradient"]

# states within a block are computed again on the way back: memory falls from all steps to their square root
BLOCK = 100


def jax_device() -> str:
    """Name of the device that JAX computes on."""
    from dynamics.jax_engine import jax_numpy

    device = jax_numpy().devices()[0]
    return f"{device.platform}: {device.device_kind}"


@lru_cache(maxsize=16)
def _functions(equations: Any, running: sp.Expr, terminal: sp.Expr, watched: sp.Expr) -> tuple[Callable, ...]:
    """Right-hand side with the running cost, final cost, what is watched, initial states: from the symbols."""
    model = equations.model
    x, u = list(model.state_symbols), list(model.input_symbols)
    rows = list(equations.member_symbols)
    return (
        sp.lambdify([x, u, TIME, rows], [list(model.rhs.flat()), running], "jax", cse=True),
        sp.lambdify([x, FINAL_TIME, rows], terminal, "jax", cse=True),
        sp.lambdify([x, rows], watched, "jax", cse=True),
        sp.lambdify([rows], list(model.initial.flat()), "jax", cse=True),
    )


def jax_gradient(evaluation: EnsembleEvaluation) -> Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Compile the gradient of ``Σ weights · costs + Σ watch_weights · watched`` in the held doses.

    Parameters
    ----------
    evaluation : EnsembleEvaluation

    Returns
    -------
    gradient : callable
        ``gradient(doses, weights, watch_weights=None)`` gives costs (m,), watched (m, w) and the gradient (v, inputs),
        computed wherever JAX computes by default.
    """
    from dynamics.jax_engine import jax_numpy

    jax = jax_numpy()
    import jax.numpy as jnp

    problem: EnsembleProblem = evaluation.problem
    equations, h, steps = problem.equations, problem.step_days, problem.steps
    rates, final, watch, begin = _functions(equations, problem.running, problem.terminal, problem.watched)
    rows, which, nodes = jnp.asarray(problem.rows), evaluation.which, problem.watch_nodes
    blocks = -(-steps // BLOCK)
    padded = blocks * BLOCK
    index = jnp.asarray(np.append(which, np.full(padded - steps, which[-1])).reshape(blocks, BLOCK))
    lengths = jnp.asarray(np.where(np.arange(padded) < steps, h, 0.0).reshape(blocks, BLOCK))
    times = jnp.asarray((np.arange(padded) * h).reshape(blocks, BLOCK))
    members = len(problem)

    def rate(x, dose, t):
        field, cost = rates(list(x), list(dose), t, list(rows))
        return jnp.stack([jnp.broadcast_to(f, (members,)) for f in field]), jnp.broadcast_to(cost, (members,))

    def step(carry, item, u):
        (x, cost), (v, t, length) = carry, item
        dose = u[v]
        k1, l1 = rate(x, dose, t)
        if problem.scheme == "euler":
            return (x + length * k1, cost + length * l1), x
        k2, l2 = rate(x + 0.5 * length * k1, dose, t + 0.5 * length)
        k3, l3 = rate(x + 0.5 * length * k2, dose, t + 0.5 * length)
        k4, l4 = rate(x + length * k3, dose, t + length)
        return (
            x + length * (k1 + 2 * k2 + 2 * k3 + k4) / 6,
            cost + length * (l1 + 2 * l2 + 2 * l3 + l4) / 6,
        ), x

    def course(u):
        x0 = jnp.stack([jnp.broadcast_to(jnp.asarray(e, dtype=float), (members,)) for e in begin(list(rows))])

        @jax.checkpoint
        def block(carry, items):
            carry, nodes_in = jax.lax.scan(lambda c, i: step(c, i, u), carry, items)
            return carry, nodes_in if len(nodes) else None

        (x, cost), seen = jax.lax.scan(block, (x0, jnp.zeros(members)), (index, times, lengths))
        total = cost + jnp.broadcast_to(final(list(x), problem.horizon_days, list(rows)), (members,))
        if not len(nodes):
            return total, jnp.zeros((members, 0))
        whole = jnp.concatenate([seen.reshape(padded, *x.shape)[:steps], x[None]])[jnp.asarray(nodes)]
        at_visits = jax.vmap(lambda s: jnp.broadcast_to(watch(list(s), list(rows)), (members,)))(whole)
        return total, at_visits.T

    def weighted(u, weights, watch_weights):
        costs, watched = course(u)
        return weights @ costs + jnp.sum(watch_weights * watched), (costs, watched)

    compiled = jax.jit(jax.grad(weighted, has_aux=True))

    def gradient(doses, weights, watch_weights=None):
        if watch_weights is None:
            watch_weights = np.zeros((members, len(nodes)))
        slope, (costs, watched) = compiled(
            jnp.asarray(evaluation.doses(doses)), jnp.asarray(weights), jnp.asarray(watch_weights)
        )
        return np.asarray(costs), np.asarray(watched), np.asarray(slope)

    return gradient
