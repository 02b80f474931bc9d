"""Points at which the stability or the number of equilibria changes, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["saddle-node", "transcritical", "pitchfork", "Hopf", "branch point"]
_SAME = 1e-6  # in the scales of the states and of the range


@dataclass(frozen=True, eq=False)
class BifurcationPoint:
    """A point of a bifurcation diagram at which linearisation decides nothing.

    Parameters
    ----------
    kind : str
        ``"saddle-node"``: two equilibria meet and vanish; ``"transcritical"``: two branches cross and exchange
        stability; ``"pitchfork"``: a branch is met by another one at its fold; ``"Hopf"``: a complex pair of
        eigenvalues crosses the imaginary axis; ``"branch point"``: a real eigenvalue crosses zero, and no
        other branch was found there.
    value : float
        Of the parameter, in its unit.
    point : ndarray, shape (states,)
    eigenvalues : ndarray of complex, shape (states,)
        Per day.
    branches : tuple of int
        Indices of the branches that pass through it.
    sentence : str
    """

    kind: Kind
    value: float
    point: np.ndarray
    eigenvalues: np.ndarray
    branches: tuple[int, ...]
    sentence: str

    @property
    def period_days(self) -> float:
        """Period of the oscillation that begins at a Hopf point; NaN at any other."""
        if self.kind != "Hopf":
            return float("nan")
        turning = self.eigenvalues[np.abs(np.imag(self.eigenvalues)) > 0]
        return float(2 * np.pi / np.abs(np.imag(turning[np.argmin(np.abs(np.real(turning)))])))


@dataclass(frozen=True, eq=False)
class BranchEvent:
    """What happens at one place of one branch.

    Parameters
    ----------
    what : {"fold", "real", "complex"}
        The parameter turns back; a real eigenvalue, or a complex pair, changes the sign of its real part.
    value : float
    point, eigenvalues : ndarray, shape (states,)
    place : ndarray, shape (states + 1,)
        State and parameter in their scales.
    """

    what: Literal["fold", "real", "complex"]
    value: float
    point: np.ndarray
    eigenvalues: np.ndarray
    place: np.ndarray


def merged(
    events: Sequence[tuple[int, BranchEvent]], over: str, unit: str, labels: Sequence[str]
) -> tuple[BifurcationPoint, ...]:
    """Gather the events of all branches: where two branches meet, both have seen it.

    Parameters
    ----------
    events : sequence of (int, BranchEvent)
        With the index of the branch.
    over, unit : str
        The parameter.
    labels : sequence of str
        Of the branches.
    """
    clusters: list[list[tuple[int, BranchEvent]]] = []
    for index, event in events:
        for cluster in clusters:
            if np.max(np.abs(cluster[0][1].place - event.place)) <= _SAME:
                cluster.append((index, event))
                break
        else:
            clusters.append([(index, event)])
    points = [_point(cluster, over, unit, labels) for cluster in clusters]
    return tuple(sorted(points, key=lambda p: p.value))


def _point(
    cluster: list[tuple[int, BranchEvent]], over: str, unit: str, labels: Sequence[str]
) -> BifurcationPoint:
    """Name one cluster."""
    kinds = {event.what for _, event in cluster}
    branches = tuple(sorted({index for index, _ in cluster}))
    folded = {index for index, event in cluster if event.what == "fold"}
    kind: Kind
    if kinds == {"complex"}:
        kind = "Hopf"
    elif folded:
        kind = "pitchfork" if set(branches) - folded else "saddle-node"
    else:
        kind = "transcritical" if len(branches) > 1 else "branch point"
    # A fold or a simple crossing is located to rounding; the two branches' answers are equally good.
    event = min((e for _, e in cluster), key=lambda e: float(np.min(np.abs(e.eigenvalues))))
    who = " and ".join(dict.fromkeys(labels[i] for i in branches))
    measure = f" {unit}" if unit not in ("", "1") else ""
    title = "Branch point" if kind == "branch point" else f"{kind[0].upper()}{kind[1:]} bifurcation"
    sentence = f"{title} of {who} at {over} = {event.value:.8g}{measure}."
    return BifurcationPoint(kind, event.value, event.point, event.eigenvalues, branches, sentence)
