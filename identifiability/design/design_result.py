"""What to measure next, as an answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from identifiability.design.visit_plan import VisitPlan

ENOUGH = 0.8  # share of simulations from which a plan is said to close an interval


@dataclass(frozen=True)
class Candidate:
    """One plan with what is expected of it.

    Parameters
    ----------
    plan : VisitPlan
    se_now, se_after, se_worst : float
        Standard error of the target from the expected information: without the plan, with it (geometric means
        over the admitted sets), with it at the least favourable set. Of the logarithm where the target is positive.
    simulations : int
        0 where the plan was ranked only.
    closed : float
        Share of the simulations *from the estimate* in which both sides of the target's interval are closed.
    closed_elsewhere : float
        The same for simulations from other sets that the data admit. Where the truth is a value on a declared
        bound, nothing can close it; NaN where no other set is admitted.
    lower_closed, upper_closed : float
        Share of all simulations in which that side is closed.
    width_after : float
        Median width of the interval in all simulations: a factor, upper over lower end, where the target is
        positive, else a difference.
    shares : tuple of float
        Share of closed intervals for each set that made data, the estimate first.
    """

    plan: VisitPlan
    se_now: float
    se_after: float
    se_worst: float
    simulations: int = 0
    closed: float = float("nan")
    closed_elsewhere: float = float("nan")
    lower_closed: float = float("nan")
    upper_closed: float = float("nan")
    width_after: float = float("nan")
    shares: tuple[float, ...] = ()

    @property
    def promise(self) -> float:
        """Mean share of closed intervals from the estimate, from the other sets."""
        return self.closed if np.isnan(self.closed_elsewhere) else 0.5 * (self.closed + self.closed_elsewhere)


@dataclass(frozen=True)
class DesignAnswer:
    """What to measure next for one target of one patient.

    Parameters
    ----------
    patient_id, target : str
    lower, upper : float
        Its interval from the data at hand.
    lower_closed, upper_closed : bool
    width : float
        As ``Candidate.width_after``.
    logarithmic : bool
        Whether widths are factors.
    candidates : tuple of Candidate
        Simulated ones first, fewest visits first, then by what simulation said; the others by standard error.
    last_day : float
        Latest feasible day.
    assumptions : tuple of str
        What the answer rests on.
    """

    patient_id: str
    target: str
    lower: float
    upper: float
    lower_closed: bool
    upper_closed: bool
    width: float
    logarithmic: bool
    candidates: tuple[Candidate, ...]
    last_day: float
    assumptions: tuple[str, ...]

    @property
    def closed(self) -> bool:
        """Whether the data at hand close the interval on both sides."""
        return self.lower_closed and self.upper_closed

    def best(self, visits: int) -> Candidate | None:
        """Best simulated plan of so many visits."""
        found = [c for c in self.candidates if len(c.plan.days) == visits and c.simulations]
        if not found:
            return None
        if self.closed:
            return min(found, key=lambda c: c.width_after)
        return max(found, key=lambda c: (c.closed >= ENOUGH, c.promise, -c.width_after))

    @property
    def most_visits(self) -> int:
        """Largest number of visits that was simulated."""
        return max((len(c.plan.days) for c in self.candidates if c.simulations), default=0)

    @property
    def sentence(self) -> str:
        """The answer."""
        found = [c for n in range(1, self.most_visits + 1) if (c := self.best(n)) is not None]
        if not found:
            return f"No further visit was simulated for {self.target}."
        if self.closed:
            best = found[0]
            if not best.width_after < 0.98 * self.width:
                return f"{self.target} is closed already, and no single further visit narrows it."
            return (
                f"{self.target} is closed already; of single visits {best.plan.words} narrows it most, "
                f"{self._widths(best)}."
            )
        enough = next((c for c in found if c.closed >= ENOUGH), None)
        if enough is None:
            best = max(found, key=lambda c: (c.promise, -c.width_after))
            if best.promise == 0.0:
                number = {1: "No single further visit", 2: "Neither one nor two further visits"}.get(
                    self.most_visits, f"No {self.most_visits} further visits"
                )
                return (
                    f"{number} up to day {self.last_day:g} closed {self.target} in any simulation; "
                    f"{best.plan.words} leaves least open, {self._widths(best)}."
                )
            number = {1: "No single further visit closes", 2: "Neither one nor two further visits close"}.get(
                self.most_visits, f"Up to {self.most_visits} further visits do not close"
            )
            return (
                f"{number} {self.target} up to day {self.last_day:g}; best is {best.plan.words}, which closes it "
                f"{_in_share(best)}, {self._widths(best)}."
            )
        said = f"{_in_share(enough)}, {self._widths(enough)}"
        if enough is found[0]:
            return (
                f"One further visit closes {self.target}, if the fit is right: {enough.plan.words} ({said})."
            )
        single = found[0]
        count = {2: "two visits", 3: "three visits"}[len(enough.plan.days)]
        return (
            f"No single further visit closes {self.target} (best: {single.plan.words}, {_in_share(single)}); "
            f"{count} on {enough.plan.words} do, if the fit is right ({said})."
        )

    def _widths(self, candidate: Candidate) -> str:
        """Widths before, after in words."""
        if self.logarithmic:
            return (
                f"the interval spanning a factor of {candidate.width_after:.3g} instead of {self.width:.3g}"
            )
        return f"the interval being {candidate.width_after:.3g} wide instead of {self.width:.3g}"


def _in_share(candidate: Candidate) -> str:
    """In how many simulations a plan closes the interval."""
    text = f"in {100 * candidate.closed:.0f} % of the simulations"
    if not np.isnan(candidate.closed_elsewhere):
        elsewhere = f"{100 * candidate.closed_elsewhere:.0f} %"
        text += f" from the fit and {elsewhere} of those from other sets that the data admit"
    return text
