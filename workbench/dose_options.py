"""The options of ``evodose dose``: which objective, on which intervals, over which horizon."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.options import OptionError, RunOptions

if TYPE_CHECKING:
    from dosing.objectives import Objective

_LONGEST_HORIZON = 36500.0


def _containment() -> Objective:
    """Make the usual objective."""
    from dosing.objectives import Objective

    return Objective()


@dataclass(frozen=True)
class DoseOptions:
    """What is asked for every patient.

    Parameters
    ----------
    objective : Objective
    k_tol : float or None
        Tolerable burden in multiples of the first; the run's where None.
    every : float or None
        Days over which a dose is held; the median spacing of the patient's own visits, within 7 to 56, where None.
    horizon : float or None
        Days; the run's where None.

    Raises
    ------
    OptionError
        A value outside its range.
    """

    objective: Objective = field(default_factory=_containment)
    k_tol: float | None = None
    every: float | None = None
    horizon: float | None = None

    def __post_init__(self) -> None:
        """Refuse what no schedule could have."""
        ranges = (
            ("--k-tol", self.k_tol, 0, 1e6, "a positive multiple of the first burden"),
            ("--every", self.every, 1, _LONGEST_HORIZON, "days from 1 up to the horizon"),
            ("--horizon", self.horizon, 7, _LONGEST_HORIZON, "whole days, from 7 to 36500"),
        )
        for name, value, low, high, wanted in ranges:
            if value is not None and not (low <= value <= high and value > 0):
                raise OptionError(f"{name} {value:g} is out of range; give {wanted}")
        if self.horizon is not None and self.horizon != int(self.horizon):
            raise OptionError(f"--horizon {self.horizon:g} is no whole number of days")

    def settled(self, run: RunOptions) -> DoseOptions:
        """Return the same with the run's own values where nothing was asked.

        Raises
        ------
        OptionError
            Doses that would be held beyond the horizon.
        """
        k_tol = run.k_tol if self.k_tol is None else self.k_tol
        horizon = float(math.ceil(run.horizon)) if self.horizon is None else self.horizon
        if self.every is not None and self.every > horizon:
            raise OptionError(
                f"--every {self.every:g} is longer than the horizon of {horizon:g} days, so there would be nothing to "
                "decide; give fewer days, or a longer --horizon"
            )
        return DoseOptions(self.objective, k_tol, self.every, horizon)

    def as_dict(self) -> dict[str, Any]:
        """Return the options as the manifest and a stored schedule keep them, in JSON's types."""
        found = asdict(self)
        objective = found.pop("objective")
        objective["subject_to"] = list(objective["subject_to"])
        objective["values"] = [list(pair) for pair in objective["values"]]
        return {"objective": objective, **found}


def read_objective(
    name: str | None,
    weight: float | None = None,
    running: str | None = None,
    terminal: str | None = None,
    subject_to: Sequence[str] = (),
    values: Sequence[str] = (),
) -> Objective:
    """Make an objective of what was written on the command line; costs of one's own are ``custom`` without saying so.

    Raises
    ------
    OptionError
        See :class:`dosing.objectives.Objective`; a value that is not NAME=NUMBER.
    """
    from dosing.objectives import CONTAINMENT, CUSTOM, Objective, ObjectiveError

    own = bool(running or terminal or subject_to or values)
    chosen = name or (CUSTOM if own else CONTAINMENT)
    pairs: dict[str, float] = {}
    for text in values:
        left, _, right = text.partition("=")
        try:
            number = float(right)
        except ValueError:
            number = math.nan
        if not left.strip().isidentifier() or not math.isfinite(number):
            raise OptionError(f"--value {text!r}: give NAME=NUMBER, such as B=700")
        if left.strip() in pairs:
            raise OptionError(f"--value {left.strip()} is given twice; one name has one value")
        pairs[left.strip()] = number
    try:
        return Objective(
            chosen, weight, running or "", terminal or "", tuple(subject_to), tuple(sorted(pairs.items()))
        )
    except ObjectiveError as error:
        raise OptionError(f"--objective {chosen}: {error}") from None
