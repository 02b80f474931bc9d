"""The forward-backward sweep for given end-point multipliers, damped by a line search on the cost.

A sweep replaces the control by the one that minimises the Hamiltonian along the latest states and costates. The step
towards it, ``d = u* - u``, goes downhill: with H convex in u, ``∫ ∂H/∂u d dt < 0``. The relaxation is therefore halved
until the cost falls and doubled afterwards, which converges where the undamped sweep swings, as over long horizons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.optimal.sweep_passes import Pass, Passes

_SLOPE_SHARE = 1e-4  # of the predicted fall of the cost that a step must bring (Armijo)
_LEAST_RELAXATION = 1e-10


@dataclass(frozen=True)
class DampedSweep:
    """Where a run of sweeps ended.

    Parameters
    ----------
    last : Pass
    residual : float
        Largest difference between the control and the one that minimises the Hamiltonian, relative to the range of
        that control.
    sweeps : int
        Passes forwards and backwards.
    relaxation : float
        Of the last step.
    message : str
        Empty, or why the sweeps cannot go on.
    """

    last: Pass
    residual: float
    sweeps: int
    relaxation: float
    message: str = ""


def damped_sweep(
    passes: Passes,
    controls: np.ndarray,
    multipliers: np.ndarray,
    bounds: np.ndarray,
    *,
    tolerance: float,
    relaxation: float,
    max_iterations: int,
) -> DampedSweep:
    """Sweep until the control minimises the Hamiltonian along its own states and costates.

    Parameters
    ----------
    passes : Passes
    controls : ndarray, shape (m, controls)
        Start.
    multipliers : ndarray, shape (conditions at the end,)
    bounds : ndarray, shape (controls, 2)
    tolerance : float
        On the residual.
    relaxation : float
        First share of the step, in (0, 1].
    max_iterations : int
    """
    now = passes.run(controls, multipliers)
    sweeps, size = 1, _sizes(bounds, controls)
    residual = np.inf
    for _ in range(max_iterations):
        if not now.finite:
            return DampedSweep(now, np.inf, sweeps, relaxation, "states or costates run away")
        if np.any(now.curvature <= 0):
            where = passes.edges[int(np.argwhere(now.curvature <= 0)[0, 0])]
            why = f"the Hamiltonian is not convex in the control near day {where:g}"
            return DampedSweep(now, residual, sweeps, relaxation, why)
        # over an interval of constant control, H is minimised where the integral of ∂H/∂u is zero
        target = np.clip(now.controls - now.slope / now.curvature, bounds[:, 0], bounds[:, 1])
        step = target - now.controls
        residual = float(np.max(np.abs(step) / size))
        if residual <= tolerance:
            return DampedSweep(now, residual, sweeps, relaxation)
        predicted = float(np.sum(now.slope * step))
        noise = 1e-13 * (abs(now.cost) + float(np.abs(multipliers) @ np.abs(now.misses)))
        relaxation = min(1.0, 2 * relaxation)
        while True:
            trial = passes.run(now.controls + relaxation * step, multipliers)
            sweeps += 1
            if trial.finite and trial.merit <= now.merit + _SLOPE_SHARE * relaxation * predicted + noise:
                break
            relaxation /= 2
            if relaxation < _LEAST_RELAXATION:
                return DampedSweep(
                    now, residual, sweeps, relaxation, "no step along the sweep lowers the cost"
                )
        now = trial
    return DampedSweep(now, residual, sweeps, relaxation)


def _sizes(bounds: np.ndarray, controls: np.ndarray) -> np.ndarray:
    """Range of each control, or its size where the range is not finite."""
    width = bounds[:, 1] - bounds[:, 0]
    return np.where(np.isfinite(width), width, np.maximum(1.0, np.abs(controls).max(axis=0)))
