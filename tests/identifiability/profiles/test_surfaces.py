"""Profiles of surfaces whose profile is a formula: quadratic, exponential, flat, one-sided, two minima, Rosenbrock.

The surfaces stand in for a negative log-likelihood in the logarithms x and y of two parameters.
"""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
import sympy as sp
from analytic import fit_from, make_problem
from scipy.optimize import brentq, minimize_scalar

from fitting.problem import CohortProblem
from identifiability.profiles.profile import profile_cohort
from identifiability.profiles.profile_settings import ProfileSettings
from identifiability.result import SideStatus

X, Y = sp.symbols("x y", real=True)
REACH = 3.0
LIMIT = 1.920729
CLOSED, OPEN = SideStatus.CLOSED, SideStatus.OPEN


@dataclass(frozen=True)
class Surface(CohortProblem):
    """A problem whose value is a formula in the logarithms of two parameters."""

    formula: sp.Expr | None = None

    def evaluate(self, q, who):
        assert self.formula is not None
        arguments = [X, Y]
        parts = [
            self.formula,
            *(sp.diff(self.formula, s) for s in arguments),
            *sp.hessian(self.formula, arguments),
        ]
        rows = [
            np.broadcast_to(f(q[:, 0], q[:, 1]), len(q)) for f in _functions(tuple(map(sp.sympify, parts)))
        ]
        value, gradient = rows[0].astype(float), np.stack(rows[1:3], axis=1).astype(float)
        hessian = np.stack(rows[3:], axis=1).reshape(-1, 2, 2).astype(float)
        eigenvalues, vectors = np.linalg.eigh(hessian)
        # scoring needs curvatures that are not negative
        return value, gradient, np.einsum("bik,bk,bjk->bij", vectors, np.abs(eigenvalues), vectors)


_CACHE = {}


def _functions(parts):
    if parts not in _CACHE:
        _CACHE[parts] = [sp.lambdify([X, Y], part) for part in parts]
    return _CACHE[parts]


def profiled(formula, *starts, **options):
    bounds = (float(np.exp(-REACH)), float(np.exp(REACH)))
    base = make_problem(
        "p + q", {"p": bounds, "q": bounds}, [0.0, 1.0, 2.0, 3.0, 4.0], [1.0] * 5, likelihood="poisson"
    )
    fields = {f.name: getattr(base, f.name) for f in dataclasses.fields(CohortProblem)}
    problem = Surface(**fields, formula=formula)
    fit = fit_from(problem, *[np.exp(s) for s in starts or [(0.3, -0.2)]])
    (found,) = profile_cohort(problem, [fit], ProfileSettings(**options))
    return found.profiles


def inside(profile):
    return profile.rise < 4.0


def check(profile, formula):
    x = np.log(profile.values[inside(profile)])
    np.testing.assert_allclose(profile.rise[inside(profile)], [formula(v) for v in x], atol=1e-4)


def test_a_quadratic_surface_has_the_schur_complement_as_its_profile():
    a, b, c = 5.0, 3.0, 4.0
    x, y = profiled(a * X**2 / 2 + b * X * Y + c * Y**2 / 2)
    check(x, lambda v: 0.5 * (a - b * b / c) * v * v)
    check(y, lambda v: 0.5 * (c - b * b / a) * v * v)
    half = np.sqrt(2 * LIMIT / (a - b * b / c))
    assert np.log(x.ci) == pytest.approx((-half, half), abs=1e-3)
    assert (x.lower_status, x.upper_status) == (CLOSED, CLOSED)


@pytest.mark.slow
def test_an_exponential_profile_is_skewed():
    x, _ = profiled(sp.exp(2 * X) - 2 * X - 1 + 3 * (Y - X**2 / 2) ** 2)
    check(x, lambda v: np.exp(2 * v) - 2 * v - 1)
    rise = lambda v: np.exp(2 * v) - 2 * v - 1 - LIMIT  # noqa: E731
    assert np.log(x.ci) == pytest.approx((brentq(rise, -3, 0), brentq(rise, 0, 3)), abs=2e-3)


def test_a_flat_profile_is_open_on_both_sides():
    x, y = profiled((Y - sp.sin(X)) ** 2)
    assert np.abs(x.rise).max() < 1e-4
    assert (x.lower_status, x.upper_status) == (OPEN, OPEN)
    assert np.log(x.ci) == pytest.approx((-REACH, REACH))
    assert y.ci[0] < np.exp(-0.9)


def test_a_one_sided_profile_is_closed_on_that_side_only():
    x, _ = profiled(sp.log(1 + sp.exp(4 * X)) + Y**2, (-2.9, 0.1))
    assert (x.lower_status, x.upper_status) == (OPEN, CLOSED)
    best = np.log1p(np.exp(-4 * REACH))
    end = brentq(lambda v: np.log1p(np.exp(4 * v)) - best - LIMIT, -3, 3)
    assert np.log(x.ci[1]) == pytest.approx(end, abs=2e-3)


@pytest.mark.slow
def test_two_minima_give_two_pieces():
    x, _ = profiled(4 * (X**2 - 1) ** 2 + 2 * (Y - X) ** 2, (0.9, 0.8))
    check(x, lambda v: 4 * (v * v - 1) ** 2)
    assert len(x.intervals) == 2
    ends = [np.sqrt(1 - np.sqrt(LIMIT / 4)), np.sqrt(1 + np.sqrt(LIMIT / 4))]
    assert np.log(x.intervals[1]) == pytest.approx(ends, abs=2e-3)
    assert np.log(x.intervals[0]) == pytest.approx([-ends[1], -ends[0]], abs=2e-3)


@pytest.mark.slow
def test_rosenbrock_s_valley_is_followed_along_its_bend():
    x, y = profiled((1 - X) ** 2 + 100 * (Y - X**2 / 2) ** 2, (1.1, 0.5))
    check(x, lambda v: (1 - v) ** 2)

    def over_x(v):
        starts = np.linspace(-2, 2, 9)
        return min(
            minimize_scalar(
                lambda u: (1 - u) ** 2 + 100 * (v - u * u / 2) ** 2,
                bracket=(s, s + 0.1),
                options={"xtol": 1e-12},
            ).fun
            for s in starts
        )

    check(y, over_x)
    assert np.log(x.ci) == pytest.approx((1 - np.sqrt(LIMIT), 1 + np.sqrt(LIMIT)), abs=2e-3)
