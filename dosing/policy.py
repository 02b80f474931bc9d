"""What every treatment policy is: a name, a sentence, a rule that turns burden into dose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from dynamics.feedback import run_feedback

if TYPE_CHECKING:
    from dynamics.feedback import Decisions, FeedbackRule, FeedbackRun, Method
    from dynamics.member_rows import Constants
    from dynamics.model import Model


class PolicyError(ValueError):
    """A policy that cannot be given; the message says which number and why."""


class Policy(Protocol):
    """What every policy tells: its name, one sentence, and its rule for the compiled kernel."""

    @property
    def name(self) -> str:
        """Short name, for a table."""
        ...

    @property
    def description(self) -> str:
        """One sentence for a person."""
        ...

    def rule(self) -> FeedbackRule:
        """Rule that the compiled kernel follows."""
        ...


def check_dose(name: str, dose: float, lowest: float = 0.0, highest: float = 1.0) -> None:
    """Raise PolicyError for a dose outside its range."""
    if not lowest <= dose <= highest:
        raise PolicyError(
            f"{name}: dose {dose:g} is outside [{lowest:g}, {highest:g}]; doses are fractions of the maximum "
            "tolerated dose: divide by it"
        )


def check_levels(name: str, low_name: str, low: float, high_name: str, high: float) -> None:
    """Raise PolicyError for levels that are not positive, finite, in order."""
    for which, level in ((low_name, low), (high_name, high)):
        if not (np.isfinite(level) and level > 0):
            raise PolicyError(f"{name}: {which} {level:g} must be a positive multiple of the first burden")
    if not low < high:
        raise PolicyError(
            f"{name}: {low_name} {low:g} must lie below {high_name} {high:g}, or the drug would be given and "
            "withheld at the same burden; both are multiples of the first burden"
        )


@dataclass(frozen=True)
class PolicyRun:
    """What b tumours did under their policies.

    Parameters
    ----------
    policies : tuple, length b
        Policy of each tumour.
    course : FeedbackRun
        Burdens, doses, crossings as arrays over tumours.
    """

    policies: tuple[Policy, ...]
    course: FeedbackRun

    def __len__(self) -> int:
        """Return the number of tumours."""
        return len(self.policies)


def run_policy(
    model: Model,
    parameters: Mapping[str, float] | Sequence[float] | np.ndarray,
    constants: Constants | None,
    policy: Policy | Sequence[Policy],
    horizon_days: float,
    steps_per_day: int = 8,
    method: Method = "euler",
    *,
    decisions: Decisions = "step",
    levels: Sequence[float] | np.ndarray = (1.2,),
    every: int | None = None,
    keep_states: bool = False,
    keep_switches: int = 0,
    until_exceeded: bool = False,
    output: str | None = None,
) -> PolicyRun:
    """Simulate a policy on a whole ensemble in one compiled call on all cores.

    Parameters
    ----------
    model : Model
    parameters : mapping, or array of shape (p,) or (b, p)
        In the model's units.
    constants : mapping of str to float or ndarray of shape (b,)
        Such as ``{"V0": 359.0}``.
    policy : Policy or sequence of length b
        One for all, or one each.
    horizon_days : float
        A whole number of steps.
    steps_per_day : int
        Steps of the integrator; eight in Scagliotti 2026.
    method : {"euler", "rk4"}
        Explicit Euler for parity with Scagliotti 2026; Runge-Kutta of order 4 for accuracy.
    decisions : {"step", "crossing"}
        ``"step"`` reads the state before each step (Scagliotti 2026); ``"crossing"`` acts at the moment the
        burden crosses a level, which no length of step can shift: needed where the resume level lies closer
        to the tolerable burden than the tumour grows in a step (Masud 2023, eq. 20).
    levels, every, keep_states, keep_switches, until_exceeded, output
        See :func:`dynamics.feedback.run_feedback`.

    Raises
    ------
    ModelError
        Arguments that do not fit the model; see :func:`dynamics.feedback.run_feedback`.
    """
    members = 1 if isinstance(parameters, Mapping) or np.ndim(parameters) == 1 else len(parameters)
    each = tuple(policy) if isinstance(policy, Sequence) else (policy,) * members
    course = run_feedback(
        model, parameters, constants, [p.rule() for p in each], horizon_days=horizon_days,
        steps_per_day=steps_per_day, method=method, decisions=decisions, levels=levels, every=every,
        keep_states=keep_states, keep_switches=keep_switches, until_exceeded=until_exceeded, output=output,
    )  # fmt: skip
    return PolicyRun(each, course)
