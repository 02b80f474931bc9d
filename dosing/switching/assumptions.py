"""What the durations problem takes for granted: Assumptions 1 and 2 of Devia and Giordano, checked and measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.model import SwitchingError, SwitchingModel
from dosing.switching.schedule import CostParts, SwitchingSchedule, evaluate

__all__ = ["DroppedTerms", "dropped_terms", "joint_decay", "lines_that_only_grow", "require_shrinkable"]


@dataclass(frozen=True)
class DroppedTerms:
    """What leaving out mutation, migration and the transient amounts to for one schedule.

    All of these only add cells or cost: with a Metzler matrix the cells of the whole model are at no time fewer than
    those of the diagonal one. The optimum of the reduced problem is therefore a lower bound of the whole one, and the
    difference measured here bounds what the reduction can have lost.

    Parameters
    ----------
    largest_flow : float, per day
        Largest rate of mutation or migration; zero for a diagonal matrix.
    flow : str
        From where to where; empty where there is none.
    simple : CostParts
        Cost without flows and without the transient.
    whole : CostParts
        Cost with both, by matrix exponentials of the augmented system.
    """

    largest_flow: float
    flow: str
    simple: CostParts
    whole: CostParts

    @property
    def from_flows(self) -> float:
        """What mutation and migration add to the cost of the cells at the end, in cost units."""
        return max(0.0, self.whole.final - self.simple.final)

    @property
    def error(self) -> float:
        """Everything that was left out, relative to the whole cost."""
        return (self.whole.total - self.simple.total) / self.whole.total if self.whole.total > 0 else 0.0

    @property
    def sentence(self) -> str:
        """What was left out, in words."""
        parts = []
        if self.largest_flow > 0:
            share = self.from_flows / self.whole.total if self.whole.total > 0 else 0.0
            parts.append(
                f"Mutation and migration were left out when the durations were chosen (Assumption 1); the largest is "
                f"{self.largest_flow:.2g} per day, {self.flow}, and together they add {share:.2g} of the cost."
            )
        if self.whole.transient > 0:
            parts.append(
                "The weight on cells during the course (f) was left out when the durations were chosen; it adds "
                f"{self.whole.transient / self.whole.total:.2g} of the schedule's cost."
            )
        return (
            " ".join(parts) or "Nothing was left out: the matrix is diagonal and the transient has no weight."
        )


def dropped_terms(model: SwitchingModel, cost: SwitchingCost, schedule: SwitchingSchedule) -> DroppedTerms:
    """Measure, for a schedule, what Assumption 1 and f = 0 leave out."""
    import dataclasses

    flows = model.growth - np.diag(np.diag(model.growth))
    into, out = np.unravel_index(int(np.argmax(flows)), flows.shape)
    largest = float(flows[into, out])
    simple = evaluate(model.diagonal(), dataclasses.replace(cost, burden=None), schedule)
    exact = simple if largest == 0 and not cost.counts_transient else evaluate(model, cost, schedule)
    name = f"from {model.label(int(out))} into {model.label(int(into))}" if largest > 0 else ""
    return DroppedTerms(largest, name, simple, exact)


def lines_that_only_grow(model: SwitchingModel) -> tuple[int, ...]:
    """Return the lines that break Assumption 2 and can be there: no drug shrinks them, and cells reach them.

    A line without cells that no other line flows into never appears, so it cannot keep a treatment from ending.
    """
    reached = _reached(model)
    return tuple(j for j in model.lines_no_drug_shrinks() if reached[j])


def _reached(model: SwitchingModel) -> np.ndarray:
    """Return which lines have cells at the start or receive some, over however many mutations and migrations."""
    present = model.cells > 0
    flows = (model.growth > 0) & ~np.eye(len(model.lines), dtype=bool)
    for _ in model.lines:
        present = present | (flows @ present)
    return present


def require_shrinkable(model: SwitchingModel) -> None:
    """Check Assumption 2: every line shrinks under at least one drug.

    Raises
    ------
    SwitchingError
        Naming each line that grows whatever is given, with the drug that slows it most.
    """
    growing = lines_that_only_grow(model)
    if not growing:
        return
    rates = model.net_growth[:, list(growing)]
    told = "; ".join(
        f"{model.label(j)} still grows by {rates[:, k].min():+.4g} per day under the best drug, "
        f"{model.drugs[int(np.argmin(rates[:, k]))]}"
        for k, j in enumerate(growing)
    )
    raise SwitchingError(
        f"no drug shrinks {'this line' if len(growing) == 1 else f'these {len(growing)} lines'}: {told}. The best "
        "horizon is only defined where every line is shrunk by some drug (Assumption 2): add a drug or a combination "
        "that acts on it, raise its concentration, or plan for a fixed horizon"
    )


def joint_decay(model: SwitchingModel) -> tuple[float, np.ndarray]:
    """Return the smallest net growth of the fastest line that a mixture of drugs can reach, and its shares.

    Assumption 2 asks for one drug a line; whether they can share the time so that all lines shrink together is a linear
    programme. A value above zero says that under every schedule some line grows in the long run. Lines that never
    appear do not count.

    Returns
    -------
    rate : float, per day
    shares : ndarray, shape (d,)
    """
    from scipy.optimize import linprog

    rates = model.net_growth[:, _reached(model)]
    d, n = rates.shape
    found = linprog(
        np.append(np.zeros(d), 1.0),
        A_ub=np.hstack([rates.T, -np.ones((n, 1))]), b_ub=np.zeros(n),
        A_eq=np.append(np.ones(d), 0.0)[None, :], b_eq=[1.0],
        bounds=[(0.0, None)] * d + [(None, None)],
    )  # fmt: skip
    if not found.success:
        raise SwitchingError(f"the linear programme of the joint decay ended with: {found.message}")
    solution = np.asarray(found.x, dtype=float)
    return float(solution[d]), solution[:d]
