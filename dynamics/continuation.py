"""Following a curve of solutions of n equations in n + 1 unknowns (pseudo-arclength continuation)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_LONGEST, _SHORTEST, _MOST = 1 / 150, 1e-8, 20_000
_STRAIGHT = 0.98  # cosine of the largest turn in one step
_TOLERANCE, _NEWTON = 1e-12, 12


@dataclass(frozen=True)
class SolutionCurve:
    """Equations whose solutions form curves, scaled so that all unknowns are about 1.

    The last unknown is the parameter, of which [0, 1] is of interest.

    Parameters
    ----------
    value : callable
        Of z, shape (n + 1,): the equations, shape (n,).
    slope : callable
        Of z: their Jacobian, shape (n, n + 1).
    largest : float
        Beyond this size of an unknown a curve is given up.
    """

    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    largest: float = 12.0

    def corrected(self, guess: np.ndarray, normal: np.ndarray, base: np.ndarray) -> np.ndarray | None:
        """Solve the equations on the plane through ``base`` across ``normal``, or return None."""
        z = guess.copy()
        with np.errstate(all="ignore"):
            for _ in range(_NEWTON):
                residual = np.append(self.value(z), normal @ (z - base))
                matrix = np.vstack([self.slope(z), normal])
                if not (np.all(np.isfinite(residual)) and np.all(np.isfinite(matrix))):
                    return None
                try:
                    step = np.linalg.solve(matrix, residual)
                except np.linalg.LinAlgError:
                    # Where two curves cross, the matrix is singular, and the shortest step will do.
                    step = np.linalg.lstsq(matrix, residual, rcond=None)[0]
                z = z - step
                if np.max(np.abs(step)) <= _TOLERANCE * max(1.0, float(np.max(np.abs(z)))):
                    return z
        return None

    def at_parameter(self, guess: np.ndarray, parameter: float) -> np.ndarray | None:
        """Solve the equations at a value of the parameter, or return None."""
        normal = np.eye(len(guess))[-1]
        base = guess.copy()
        base[-1] = parameter
        return self.corrected(base, normal, base)

    def between(self, a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray | None:
        """Return the solution next to the place ``share`` of the way from one solution to another."""
        chord = b - a
        place = a + share * chord
        return self.corrected(place, chord / np.linalg.norm(chord), place)

    def tangent(self, z: np.ndarray, along: np.ndarray | None = None) -> np.ndarray:
        """Return the unit tangent of the curve at a solution, pointing along a direction where one is given."""
        direction = np.linalg.svd(self.slope(z))[2][-1]
        if along is not None and direction @ along < 0:
            return -direction
        return direction

    def follow(self, start: np.ndarray) -> np.ndarray:
        """Follow the curve through a solution both ways, as long as the parameter is in [0, 1].

        Returns
        -------
        ndarray, shape (m, n + 1)
            Solutions in order; a closed curve ends where it began. Ends at 0 and 1 are exact.
        """
        first = self.tangent(start)
        ahead, closed = self._one_way(start, first)
        if closed:
            return ahead
        behind, _ = self._one_way(start, -first)
        return np.concatenate([behind[:0:-1], ahead])

    def _one_way(self, start: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, bool]:
        """Follow the curve in one direction; also say whether it came back to the start."""
        points, z, t, h = [start], start, direction, 0.2 * _LONGEST
        travelled = 0.0
        while len(points) < _MOST:
            guess = z + h * t
            new = self.corrected(guess, t, guess)
            onward = None if new is None else self.tangent(new, t)
            if new is None or onward is None or onward @ t < _STRAIGHT or np.linalg.norm(new - guess) > h:
                h *= 0.5
                if h < _SHORTEST:
                    break
                continue
            if not 0.0 <= new[-1] <= 1.0:
                edge = 0.0 if new[-1] < 0 else 1.0
                share = (edge - z[-1]) / (new[-1] - z[-1])
                last = self.at_parameter(z + share * (new - z), edge)
                if last is not None and np.linalg.norm(last - z) <= 2 * h:
                    points.append(last)
                break
            if np.max(np.abs(new[:-1]), initial=0.0) > self.largest:
                break
            travelled += float(np.linalg.norm(new - z))
            back = start - new
            if travelled > 4 * _LONGEST and np.linalg.norm(back) < h and direction @ onward > _STRAIGHT:
                points.append(start)
                return np.array(points), True
            points.append(new)
            z, t, h = new, onward, min(1.4 * h, _LONGEST)
        return np.array(points), False
