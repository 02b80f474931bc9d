"""The virtual cohort that comes with the project."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from dynamics.catalogue import get_model
from dynamics.schedule import DoseSchedule
from patients.virtual import VirtualPatient, simulate_cohort

if TYPE_CHECKING:
    from patients.cohort import Cohort

SEED = 2023
MARKER = "LDH_U_per_L_virtual"
# The published courses were treated with the maximum tolerated dose throughout.
_SCHEDULE = DoseSchedule.constant(1.0)
_NAMES = ("r", "K", "delta", "c")


@dataclass(frozen=True)
class _Row:
    """One virtual patient: published estimates (r, K, delta, c), first burden V0, visit days."""

    patient_id: str
    estimates_of: int
    parameters: tuple[float, float, float, float]
    first_burden: float
    visit_days: tuple[float, ...]


# Estimates: Masud 2023, Table 1, patients 2, 6, 7, 8, with their first burdens. Visit days are not theirs:
# every two to three weeks, as a clinic would plan them. E and F repeat the tumours of 2 and 7 with so few
# visits that four parameters cannot be told from them.
_TABLE = (
    _Row(
        "virtual-A", 2, (0.131799194, 580.8725024, 0.089001925, 2.291960323), 359,
        (0, 14, 28, 42, 56, 77, 98, 119, 140, 161, 182, 203, 224, 245),
    ),
    _Row(
        "virtual-B", 6, (0.181471087, 798.688266, 0.137568333, 3.182914523), 677,
        (0, 14, 28, 42, 56, 77, 98, 119, 140, 161, 182, 203, 224, 245, 266, 287, 308),
    ),
    _Row(
        "virtual-C", 7, (0.18287846, 663.0487189, 0.128324461, 2.362809094), 286,
        (0, 14, 28, 42, 56, 70, 84, 98, 112, 126, 147, 168, 189, 210, 231, 252),
    ),
    _Row(
        "virtual-D", 8, (0.165457451, 544.2613509, 0.096811545, 1.734836965), 541,
        (0, 14, 28, 42, 56, 77, 98, 119, 140, 161, 182, 203, 224, 245, 266),
    ),
    _Row("virtual-E", 2, (0.131799194, 580.8725024, 0.089001925, 2.291960323), 359, (0, 36, 103)),
    _Row("virtual-F", 7, (0.18287846, 663.0487189, 0.128324461, 2.362809094), 286, (0, 21, 49, 84)),
)  # fmt: skip


@cache
def embedded_demo_cohort() -> Cohort:
    """Return the six virtual patients of ``evodose demo``, the same on every call.

    They are simulated with the competition model from estimates published for patients 2, 6, 7, 8 of
    Masud 2023 (S(0) = 0.99 V0, R(0) = 0.01 V0), with Poisson noise and the fixed seed ``SEED``. None of them
    is a real patient.
    """
    specifications = [
        VirtualPatient(
            row.patient_id,
            dict(zip(_NAMES, row.parameters, strict=True)),
            row.first_burden,
            row.visit_days,
            _SCHEDULE,
            f"from the estimates that Masud 2023 published for patient {row.estimates_of}; the visit days "
            "are invented",
        )
        for row in _TABLE
    ]
    source = "embedded virtual cohort: simulated patients, no real ones"
    return simulate_cohort(get_model("competition"), specifications, SEED, marker=MARKER, source=source)
