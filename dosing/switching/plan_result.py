"""What planning a switching treatment came to: the schedule with its evidence, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dosing.switching.assumptions import DroppedTerms
from dosing.switching.cost import SwitchingCost
from dosing.switching.durations import Durations
from dosing.switching.dwell import DwellDurations
from dosing.switching.model import SwitchingModel
from dosing.switching.schedule import CostParts, SwitchingSchedule

__all__ = ["PlanStatus", "SwitchingPlan"]


class PlanStatus(StrEnum):
    """What planning came to, as a sentence."""

    PLANNED = "The schedule gives one drug at a time, each for at least the dwell time."
    LIMIT_BINDS = (
        "The schedule gives one drug at a time, each for at least the dwell time; a treatment longer than the limit "
        "would cost less, so raise the limit if that is acceptable."
    )
    NO_TREATMENT = (
        "No treatment is the cheapest: under the weights of this cost every course does more harm than it prevents. "
        "Check the weights of toxicity and of the cells at the end."
    )
    GROWING_LINE = (
        "No horizon is recommended, because a line grows whatever is given: add a drug that acts on it, or plan for a "
        "fixed horizon."
    )
    NOT_SOLVED = "No schedule is recommended, because the durations are not proven to be near the best."

    @property
    def usable(self) -> bool:
        """Whether there is a schedule to give."""
        return self in (PlanStatus.PLANNED, PlanStatus.LIMIT_BINDS)


@dataclass(frozen=True)
class SwitchingPlan:
    """A schedule of single drugs with its evidence, or the reason why there is none.

    Parameters
    ----------
    model : SwitchingModel
    cost : SwitchingCost
    status : PlanStatus
    reason : str
        Of a refusal: which line, or what the solver said; empty otherwise.
    notes : tuple of str
        What was taken for granted, in words, the model's own assumptions first.
    dwell : DwellDurations, optional
        Durations with and without the dwell time, with their certificates.
    schedule : SwitchingSchedule, optional
    dropped : DroppedTerms, optional
        Cost of the schedule on the whole model, and what leaving terms out amounts to.
    subintervals : int
        Of Algorithm 1; zero where it was not asked for.
    interruption_excess, interruption_day : float
        Largest excess of the cost over the best for a course that was meant to end on that day, relative to that best,
        over 23 dates that divide the course evenly; NaN where Algorithm 1 was not asked for.
    peak_cells, peak_day : float
        Largest number of cells on the whole model, and when.
    ordering_excess : float
        How much larger the largest number of cells is than under the best order of these durations, relative to that;
        NaN without a dwell time.
    """

    model: SwitchingModel
    cost: SwitchingCost
    status: PlanStatus
    reason: str = ""
    notes: tuple[str, ...] = ()
    dwell: DwellDurations | None = None
    schedule: SwitchingSchedule | None = None
    dropped: DroppedTerms | None = None
    subintervals: int = 0
    interruption_excess: float = float("nan")
    interruption_day: float = float("nan")
    peak_cells: float = float("nan")
    peak_day: float = float("nan")
    ordering_excess: float = float("nan")

    @property
    def durations(self) -> np.ndarray | None:
        """Days under each drug, shape (d,)."""
        return None if self.schedule is None else self.schedule.durations

    @property
    def cost_parts(self) -> CostParts | None:
        """Cost of the schedule on the whole model, mutation, migration and transient included."""
        return None if self.dropped is None else self.dropped.whole

    @property
    def certificate(self) -> Durations | None:
        """The optimum without a dwell time, with its proof."""
        return None if self.dwell is None else self.dwell.free

    @property
    def lower_bound(self) -> float:
        """Cost that no schedule can undercut, mixing and fast switching allowed (also on the whole model)."""
        return float("nan") if self.dwell is None else self.dwell.free.lower_bound

    @property
    def gap(self) -> float:
        """Proven bound on what any other schedule could save, relative to the cost of this one."""
        return (
            float("nan")
            if self.cost_parts is None
            else max(0.0, 1.0 - self.lower_bound / self.cost_parts.total)
        )

    @property
    def switches(self) -> int:
        """How often the drug changes."""
        return 0 if self.schedule is None else max(len(self.schedule.days) - 1, 0)

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        if self.schedule is None or self.dwell is None or self.dropped is None or not self.status.usable:
            return f"{self.reason} {self.status}".strip()
        given = ", ".join(
            f"{drug} for {days:.4g}"
            for drug, days in zip(self.model.drugs, self.schedule.durations, strict=True)
            if days > 0
        )
        text = (
            f"Over {self.schedule.horizon_days:.4g} days give {given} (days in all), changing the drug {self.switches} "
            f"times. It costs {self.dropped.whole.total:.6g}; no schedule costs less than {self.lower_bound:.6g}"
            f"{' even with a transient that costs nothing' if self.cost.counts_transient else ''}, so at most "
            f"{100 * self.gap:.2g} % could be saved. {self.dwell.sentence} There are at most {self.peak_cells:.3g} "
            f"cells, on day {self.peak_day:.4g}."
        )
        if np.isfinite(self.interruption_excess):
            text += (
                f" If it is interrupted, the cost is at worst "
                f"{100 * self.interruption_excess:.3g} % above the best for that horizon "
                f"(day {self.interruption_day:.4g})."
            )
        return f"{text} {self.dropped.sentence} {self.status}"
