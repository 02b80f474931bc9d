"""The options of ``evodose monitor``: which intervals, which noises, over which horizon."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from workbench.inquiry_options import numbers
from workbench.options import OptionError, RunOptions

EVERY = (7.0, 14.0, 28.0, 42.0, 56.0, 84.0)
OWN = "own"
NOISE = "0,0.1,0.2,own"
_LONGEST_HORIZON = 36500.0
_MOST = 12


@dataclass(frozen=True)
class MonitorOptions:
    """What is asked for every patient.

    Parameters
    ----------
    every : tuple of float
        Intervals between visits in whole days, increasing; the first is what the others are compared with. The
        patient's own median spacing is added to them where it is longer.
    noise : tuple of float
        Standard deviations of the logarithm of the marker.
    own_noise : bool
        Also the noise of the patient's own fitted likelihood.
    horizon : float or None
        Whole days; the run's where None.
    k_tol : float or None
        Tolerable burden in multiples of the first; the run's where None.
    held_out, planned : int
        Plausible tumours that are treated, and that rules are tuned on and particles drawn from; at most so many.

    Raises
    ------
    OptionError
        A value outside its range.
    """

    every: tuple[float, ...] = EVERY
    noise: tuple[float, ...] = (0.0, 0.1, 0.2)
    own_noise: bool = True
    horizon: float | None = None
    k_tol: float | None = None
    held_out: int = 120
    planned: int = 200

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated."""
        if not self.every or any(d != int(d) or d < 1 for d in self.every):
            raise OptionError(
                f"--every {_text(self.every)}: intervals between visits are whole days, such as 7,14,28,42"
            )
        if any(b <= a for a, b in pairwise(self.every)):
            raise OptionError(
                f"--every {_text(self.every)}: give the intervals in increasing order, each once; the first is what "
                "the others are compared with"
            )
        if any(not (math.isfinite(s) and 0 <= s <= 3) for s in self.noise):
            raise OptionError(
                f"--noise {_text(self.noise)}: give standard deviations of the logarithm, from 0 (exact) to 3, or own"
            )
        if len(set(self.noise)) < len(self.noise) or not (self.noise or self.own_noise):
            raise OptionError(f"--noise {_text(self.noise)}: give at least one noise, and each once")
        if max(len(self.every), len(self.noise)) > _MOST:
            raise OptionError(f"--every and --noise take at most {_MOST} values each; every pair is computed")
        if self.horizon is not None and not (
            7 <= self.horizon <= _LONGEST_HORIZON and self.horizon == int(self.horizon)
        ):
            raise OptionError(f"--horizon {self.horizon:g} is out of range; give whole days, from 7 to 36500")
        if self.k_tol is not None and not 0 < self.k_tol <= 1e6:
            raise OptionError(
                f"--k-tol {self.k_tol:g} is out of range; give a positive multiple of the first burden"
            )
        if not (10 <= self.held_out <= 10_000 and 10 <= self.planned <= 10_000):
            raise OptionError(f"--tumours {self.held_out} is out of range; give 10 to 10000")

    def settled(self, run: RunOptions) -> MonitorOptions:
        """Return the same with the run's own values where nothing was asked.

        Raises
        ------
        OptionError
            Visits beyond the horizon.
        """
        horizon = float(math.ceil(run.horizon)) if self.horizon is None else self.horizon
        if self.every[-1] > horizon:
            raise OptionError(
                f"--every {self.every[-1]:g} is longer than the horizon of {horizon:g} days, so there would be nothing "
                "to decide; leave it out, or give a longer --horizon"
            )
        return MonitorOptions(
            self.every, self.noise, self.own_noise, horizon, run.k_tol if self.k_tol is None else self.k_tol,
            self.held_out, self.planned,
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Return the options in JSON's types."""
        found = asdict(self)
        return {**found, "every": list(self.every), "noise": list(self.noise)}


def read_monitor_options(
    every: str | None, noise: str | None, horizon: float | None, k_tol: float | None, tumours: int | None
) -> MonitorOptions:
    """Make options of what was written on the command line.

    Raises
    ------
    OptionError
        What is no list of numbers; see :class:`MonitorOptions`.
    """
    words = [w.strip() for w in (NOISE if noise is None else noise).split(",")]
    own = OWN in words
    rest = [w for w in words if w != OWN]
    usual = MonitorOptions()
    found = numbers("--noise", ",".join(rest)) if rest else ()
    return MonitorOptions(
        tuple(numbers("--every", every) or ()) if every is not None else usual.every, tuple(found or ()), own, horizon,
        k_tol, usual.held_out if tumours is None else tumours,
    )  # fmt: skip


def _text(values: tuple[float, ...]) -> str:
    """Write values as they were given."""
    return ",".join(f"{v:g}" for v in values) or "(nothing)"
