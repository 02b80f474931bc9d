"""Branches of equilibria of one set of present populations, with what happens along them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dynamics.bifurcation_points import BranchEvent
from dynamics.continuation import SolutionCurve
from dynamics.derivatives import growth_per_head, jacobian
from dynamics.equilibrium_branch import EquilibriumBranch
from dynamics.face_curves import face_curve

if TYPE_CHECKING:
    from dynamics.model import Model

_HALVINGS, _SAME, _ON_AXIS = 60, 1e-6, 1e-8
_EVEN = 301  # values of the parameter on the branch without any population, which needs no following
_NOTHING = SolutionCurve(lambda _: np.zeros(0), lambda _: np.zeros((0, 1)))


class FaceBranches:
    """Follows the equilibria in which a given set of populations is present.

    Parameters
    ----------
    model : Model
    present, equations
        One of :func:`dynamics.symbolic_equilibria.faces`.
    known : mapping of str to float
        Everything but the states.
    over : str
    span : (float, float)
        The quantity that varies, and its range.
    scales : ndarray, shape (states,)
    """

    def __init__(
        self,
        model: Model,
        present: tuple[int, ...],
        equations: tuple[sp.Expr, ...],
        known: Mapping[str, float],
        over: str,
        span: tuple[float, float],
        scales: np.ndarray,
    ) -> None:
        self.model, self.index, self.span, self.scales = model, list(present), span, scales
        self._populations = [i for i, ratio in enumerate(growth_per_head(model)) if ratio is not None]
        self.curve = face_curve(model, present, equations, known, over, span, scales) if present else _NOTHING
        others = [n for n in known if n != over]
        symbols = [sp.Symbol(over), *(sp.Symbol(n) for n in others)]
        arguments = [list(model.state_symbols), symbols]
        self._numbers = [known[n] for n in others]
        self._slope = sp.lambdify(arguments, jacobian(model).tolist(), "numpy")
        needed = model.output.free_symbols - set(model.state_symbols) <= set(symbols)
        self._output = sp.lambdify(arguments, model.output.flat(), "numpy") if needed else None
        self._curves: list[np.ndarray] = []

    # ---- places: present states and parameter, in their scales ------------------------------------------
    def holds(self, point: np.ndarray) -> bool:
        """Say whether exactly the populations of this face are present at an equilibrium."""
        return all((point[i] != 0) == (i in self.index) for i in self._populations)

    def add(self, parameter: float, point: np.ndarray) -> None:
        """Follow the branch through an equilibrium, unless it is known already."""
        if not self.index:
            self._curves = [np.linspace(0.0, 1.0, _EVEN)[:, None]]
            return
        share = (parameter - self.span[0]) / (self.span[1] - self.span[0])
        exact = self.curve.at_parameter(np.append((point / self.scales)[self.index], share), share)
        if exact is not None and not any(self._on(curve, exact) for curve in self._curves):
            self._curves.append(self.curve.follow(exact))

    def _on(self, curve: np.ndarray, z: np.ndarray) -> bool:
        """Say whether a curve already passes through a place."""
        p = curve[:, -1] - z[-1]
        for k in np.flatnonzero(p[:-1] * p[1:] <= 0):
            rise = p[k] - p[k + 1]
            guess = curve[k] + (p[k] / rise if rise else 0.0) * (curve[k + 1] - curve[k])
            exact = self.curve.at_parameter(guess, z[-1])
            if exact is not None and np.max(np.abs(exact - z)) <= _SAME:
                return True
        return False

    def _full(self, z: np.ndarray) -> np.ndarray:
        """All states at a place, shape (states,)."""
        x = np.zeros(len(self.scales))
        x[self.index] = np.where(np.abs(z[:-1]) <= 1e-12, 0.0, z[:-1]) * self.scales[self.index]
        return x

    def _parameter(self, z: np.ndarray) -> float:
        return self.span[0] + z[-1] * (self.span[1] - self.span[0])

    def _eigenvalues(self, z: np.ndarray) -> np.ndarray:
        """Eigenvalues at a place, real parts descending; NaN where there is no derivative."""
        with np.errstate(all="ignore"):
            matrix = np.array(self._slope(self._full(z), [self._parameter(z), *self._numbers]), dtype=float)
        if not np.all(np.isfinite(matrix)):
            return np.full(len(matrix), complex(np.nan))
        found = np.linalg.eigvals(matrix).astype(complex)
        return found[np.lexsort((-np.imag(found), -np.real(found)))]

    def _unstable(self, z: np.ndarray) -> int:
        """How many eigenvalues have a positive real part; -1 where there is no derivative."""
        values = self._eigenvalues(z)
        return int(np.sum(np.real(values) > 0)) if np.all(np.isfinite(values)) else -1

    # ---- what happens along a curve ---------------------------------------------------------------------
    def finished(self) -> Iterator[tuple[EquilibriumBranch, list[BranchEvent]]]:
        """Yield every branch inside the quadrant without negative states, with its events."""
        for curve in self._curves:
            places, marks = self._with_events(curve)
            for first, last in self._nonnegative(places):
                part = places[first:last]
                if len(part) > 1:
                    yield self._branch(part), [e for at, e in marks if first <= at < last]

    def _branch(self, places: np.ndarray) -> EquilibriumBranch:
        points = np.array([self._full(z) for z in places])
        values = np.array([self._parameter(z) for z in places])
        outputs = np.full((len(places), len(self.model.outputs)), np.nan)
        if self._output is not None:
            outputs = np.array(
                [self._output(x, [p, *self._numbers]) for x, p in zip(points, values, strict=True)],
                dtype=float,
            )
        # A state with influx, or one of a linear model, belongs to the system and may be zero all along.
        present = tuple(
            name
            for i, name in enumerate(self.model.state_names)
            if i in self.index and np.any(points[:, i] != 0)
        )
        eigenvalues = np.array([self._eigenvalues(z) for z in places])
        return EquilibriumBranch(present, values, points, outputs, eigenvalues)

    def _with_events(self, curve: np.ndarray) -> tuple[np.ndarray, list[tuple[int, BranchEvent]]]:
        """Insert into a curve the places where something happens, and where a state becomes zero."""
        places, marks = [curve[0]], []
        for a, b in pairwise(curve):
            along = b - a
            inserted: list[tuple[float, np.ndarray, str]] = []
            if self.index and self._ahead(a, along) * self._ahead(b, along) < 0:
                share, z = self._bisect(a, b, lambda z, along=along: self._ahead(z, along) > 0, 0.0)
                inserted.append((share, z, "fold"))
            inserted += self._crossings(a, b, [share for share, *_ in inserted])
            for i in range(len(self.index)):
                if (a[i] < 0) != (b[i] < 0):
                    share, z = self._bisect(a, b, lambda z, i=i: bool(z[i] >= 0), 0.0)
                    inserted.append((share, np.where(np.arange(len(z)) == i, 0.0, z), ""))
            for _, found, what in sorted(inserted, key=lambda item: item[0]):
                # A crossing of an axis and the exchange of stability there are one place, but for rounding.
                z = np.append(np.where(np.abs(found[:-1]) <= _ON_AXIS, 0.0, found[:-1]), found[-1])
                if what:
                    marks.append((len(places), self._event(what, z)))
                places.append(z)
            places.append(b)
        return np.array(places), marks

    def _ahead(self, z: np.ndarray, along: np.ndarray) -> float:
        """Component of the tangent in the parameter, on the way along a direction."""
        return float(self.curve.tangent(z, along)[-1])

    def _crossings(
        self, a: np.ndarray, b: np.ndarray, folds: list[float]
    ) -> list[tuple[float, np.ndarray, str]]:
        """Places between two solutions where eigenvalues cross the imaginary axis, but for the folds."""
        found, start, last = [], 0.0, self._unstable(b)
        count = self._unstable(a)
        while count != last and count >= 0 and last >= 0 and len(found) < 4:
            share, z = self._bisect(a, b, lambda z, n=count: self._unstable(z) == n, start)
            values = self._eigenvalues(z)
            nearest = values[np.argmin(np.abs(np.real(values)))]
            turning = abs(np.imag(nearest)) > 1e-6 * np.max(np.abs(values))
            if not any(abs(share - fold) < 1e-3 for fold in folds):
                found.append((share, z, "complex" if turning else "real"))
            start = min(share + 1e-6, 1.0)
            beyond = self._at(a, b, start)
            count = last if beyond is None or start >= 1.0 else self._unstable(beyond)
        return found

    def _at(self, a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray | None:
        if not self.index:
            return a + share * (b - a)
        return self.curve.between(a, b, share)

    def _bisect(
        self, a: np.ndarray, b: np.ndarray, before: Callable[[np.ndarray], bool], start: float
    ) -> tuple[float, np.ndarray]:
        """Find where a property of the solutions changes between two of them."""
        low, high, place = start, 1.0, b
        first = self._at(a, b, start)
        wanted = before(a if first is None else first)
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            z = self._at(a, b, middle)
            if z is None or middle in (low, high):
                break
            place = z
            if before(z) == wanted:
                low = middle
            else:
                high = middle
        return 0.5 * (low + high), place

    def _event(self, what: str, z: np.ndarray) -> BranchEvent:
        x = self._full(z)
        place = np.append(x / self.scales, z[-1])
        return BranchEvent(what, self._parameter(z), x, self._eigenvalues(z), place)  # type: ignore[arg-type]

    def _nonnegative(self, places: np.ndarray) -> list[tuple[int, int]]:
        """Return the runs of places without a negative state, as half-open intervals."""
        fine = np.all(places[:, :-1] >= -1e-12, axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], fine, [False]]).astype(int)))
        return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
