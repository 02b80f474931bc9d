"""Bifurcation diagrams: all equilibria over one parameter or input, with where their stability changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dynamics.bifurcation_points import BifurcationPoint, merged
from dynamics.branch_following import FaceBranches
from dynamics.equilibria import equilibria, known_values
from dynamics.equilibrium_branch import EquilibriumBranch
from dynamics.model import ModelError
from dynamics.symbolic_equilibria import faces, need_autonomous

if TYPE_CHECKING:
    from dynamics.model import Model


@dataclass(frozen=True, eq=False)
class BifurcationDiagram:
    """All equilibria of a model over one parameter.

    Parameters
    ----------
    model : Model
    over, unit, meaning : str
        The parameter, input or constant.
    span : (float, float)
    branches : tuple of EquilibriumBranch
    points : tuple of BifurcationPoint
        Where stability or the number of equilibria changes, in ascending order.
    """

    model: Model
    over: str
    unit: str
    meaning: str
    span: tuple[float, float]
    branches: tuple[EquilibriumBranch, ...]
    points: tuple[BifurcationPoint, ...]

    def branch(self, *present: str) -> EquilibriumBranch:
        """Return the branch on which exactly these states are not zero.

        Raises
        ------
        ModelError
            There is none, or more than one.
        """
        found = [b for b in self.branches if set(b.present) == set(present)]
        if len(found) != 1:
            raise ModelError(
                f"{len(found)} branches with {', '.join(present) or 'nothing'} present; the diagram has "
                f"{'; '.join(b.label for b in self.branches)}"
            )
        return found[0]


def bifurcation_diagram(
    model: Model,
    values: Mapping[str, float],
    over: str,
    span: tuple[float, float],
    *,
    box: Mapping[str, tuple[float, float]] | None = None,
    seeds: int = 9,
    starts: int = 64,
    time_limit_s: float = 10.0,
) -> BifurcationDiagram:
    """Find all equilibria of a model over a range of one quantity.

    Equilibria are found at some values of the quantity and followed from there by pseudo-arclength
    continuation through every fold. A branch that exists only between two of these values is missed: take
    more of them.

    Parameters
    ----------
    model : Model
        With any number of states.
    values : mapping of str to float
        Of everything else: parameters, inputs, and those constants of the equations without a declared value.
    over : str
        Parameter, input or constant that varies.
    span : (float, float)
        Its range, in its unit.
    box : mapping of str to (float, float), optional
        Where equilibria are searched; see :func:`dynamics.equilibria.equilibria`.
    seeds : int
        Values of the quantity at which equilibria are found.
    starts : int
        Starts of each root search.
    time_limit_s : float
        For SymPy, per set of present populations.

    Returns
    -------
    BifurcationDiagram
        With equilibria of which no coordinate is negative.

    Raises
    ------
    ModelError
        An unknown quantity, an empty range, or missing values.
    """
    need_autonomous(model)
    quantity = {q.name: q for q in (*model.parameters, *model.inputs, *model.constants)}.get(over)
    if quantity is None:
        raise ModelError(f"model {model.name!r} has no {over!r} to vary; name a parameter, input or constant")
    low, high = float(span[0]), float(span[1])
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ModelError(f"range of {over} is [{low:g}, {high:g}]; need low < high, finite")
    known = known_values(model, dict(values) | {over: low})
    # Not the ends: they are round numbers, likelier than others to be where two equilibria meet.
    at = low + (high - low) * (np.arange(seeds) + 0.5) / seeds
    found = [
        (p, e.point)
        for p in at
        for e in equilibria(
            model, dict(values) | {over: p}, box=box, starts=starts, time_limit_s=time_limit_s
        )
    ]
    sizes = (
        np.max(np.abs([x for _, x in found]), axis=0, initial=0.0) if found else np.zeros(len(model.states))
    )
    scales = np.where(sizes > 0, sizes, 1.0)
    branches, events = [], []
    for present, equations in faces(model):
        face = FaceBranches(model, present, equations, known, over, (low, high), scales)
        for p, x in found:
            if face.holds(x):
                face.add(p, x)
        for branch, happened in face.finished():
            events += [(len(branches), event) for event in happened]
            branches.append(branch)
    return BifurcationDiagram(
        model,
        over,
        quantity.unit,
        quantity.meaning,
        (low, high),
        tuple(branches),
        merged(events, over, quantity.unit, tuple(b.label for b in branches)),
    )
