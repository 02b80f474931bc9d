"""Legendre–Gauss–Radau collocation of degree 3 on the unit interval."""

from __future__ import annotations

import math

import numpy as np

DEGREE = 3
# Roots of the Radau polynomial that hold the right end; Hairer and Wanner (1996), Solving ODEs II, table IV.5.6.
NODES = np.array([(4 - math.sqrt(6)) / 10, (4 + math.sqrt(6)) / 10, 1.0])
_ALL = np.concatenate([[0.0], NODES])


def _lagrange() -> list[np.polynomial.Polynomial]:
    """Lagrange polynomials through the start and the nodes."""
    basis = []
    for i, node in enumerate(_ALL):
        others = np.delete(_ALL, i)
        basis.append(np.polynomial.Polynomial.fromroots(others) / np.prod(node - others))
    return basis


_BASIS = _lagrange()
# Derivative of the i-th Lagrange polynomial at the j-th node, shape (DEGREE + 1, DEGREE).
SLOPES = np.array([p.deriv()(NODES) for p in _BASIS])
# Weights of the quadrature at the nodes, exact to degree 4.
WEIGHTS = np.linalg.solve(np.vander(NODES, increasing=True).T, 1.0 / np.arange(1, DEGREE + 1))


def basis_at(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lagrange polynomials and their derivatives at points of the unit interval, shapes (DEGREE + 1, points)."""
    return np.array([p(points) for p in _BASIS]), np.array([p.deriv()(points) for p in _BASIS])
