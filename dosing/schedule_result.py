"""One patient's schedule with its evidence, or the reason for none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dosing.optimal.arcs import Arc
    from dosing.schedule_scores import PolicyScore, ScheduleCourses, ScheduleTimes

POSTERIOR, PROFILES, POINT = "posterior", "profiles", "point estimate"  # what a schedule is judged on


@dataclass(frozen=True)
class PatientSchedule:
    """A schedule with its evidence, or the reason for none.

    Parameters
    ----------
    patient_id, objective : str
    asked : str
        The objective as a sentence.
    k_tol, first_burden, progressed_at : float
        Tolerable burden, first burden, burden that counts as progression, in the marker's unit.
    horizon_days, every_days : float
        Horizon, and interval over which the dose is held.
    reason : str
        Why there is no schedule; empty where there is one.
    failed : bool
        Whether none could be computed; False where the answer is that there is none.
    edges_days, doses : ndarray, shapes (m + 1,) and (m,)
        Days since the first measurement, fractions of the maximum tolerated dose; empty where there is none.
    running, terminal : str
        Costs as they were minimised.
    numbers : mapping
        What they name besides the model's own.
    status, message : str
        How the solver ended.
    cost, defect : float
        Cost, and largest relative difference to the adaptive integrator; NaN without a solution.
    violations : mapping of str to float
        Conditions, with how far the integrator's solution misses them, in their own unit.
    elements : int
        Finite elements an interval.
    witness : str
        What an independent method says.
    agreement : float
        Largest difference of the doses between collocation and sweep; NaN where there is no sweep.
    structure : tuple of str
        Arcs in words.
    arcs : tuple of Arc
    switching : ndarray, shape (m,)
        Average of ∂H/∂u over each interval, relative to the size of its terms; empty where a condition along the path
        makes it say nothing.
    switching_linear : bool
        Whether the Hamiltonian is linear in the dose, so that this is the switching function.
    evidence : str
        ``posterior``, ``profiles`` or ``point estimate``.
    members : int
        Parameter sets it was judged on.
    rests_on : str
        A sentence: what was solved with what, and judged on what.
    progression : str
        A sentence: what counts as progression.
    scores : tuple of PolicyScore
        The schedule first, then its rivals.
    courses : ScheduleCourses or None
    times : ScheduleTimes or None
        Times to progression of the members under each strategy.
    notes : tuple of str
    seconds : float
    """

    patient_id: str
    objective: str
    asked: str
    k_tol: float
    first_burden: float
    progressed_at: float
    horizon_days: float
    every_days: float
    reason: str = ""
    failed: bool = False
    edges_days: np.ndarray = field(default_factory=lambda: np.zeros(0))
    doses: np.ndarray = field(default_factory=lambda: np.zeros(0))
    running: str = ""
    terminal: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)
    status: str = ""
    message: str = ""
    cost: float = float("nan")
    defect: float = float("nan")
    violations: Mapping[str, float] = field(default_factory=dict)
    elements: int = 0
    witness: str = ""
    agreement: float = float("nan")
    structure: tuple[str, ...] = ()
    arcs: tuple[Arc, ...] = ()
    switching: np.ndarray = field(default_factory=lambda: np.zeros(0))
    switching_linear: bool = False
    evidence: str = POINT
    members: int = 0
    rests_on: str = ""
    progression: str = ""
    scores: tuple[PolicyScore, ...] = ()
    courses: ScheduleCourses | None = None
    times: ScheduleTimes | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def found(self) -> bool:
        """Whether there is a schedule."""
        return not self.reason and len(self.doses) > 0

    @property
    def share(self) -> float:
        """Weighted share of the members that do not progress under the schedule; NaN without scores."""
        return self.scores[0].share if self.scores else float("nan")

    @property
    def total_dose_days(self) -> float:
        """Total dose, in days at the maximum tolerated dose."""
        return float(np.diff(self.edges_days) @ self.doses) if self.found else float("nan")
