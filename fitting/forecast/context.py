"""What a forecaster may know of the other patients of a cohort."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from fitting.forecast.split import Split
from patients.cohort import Patient


@dataclass(frozen=True)
class CohortContext:
    """A cohort on the day of the cut.

    Parameters
    ----------
    trainings : tuple of Patient
        The training parts of all patients.
    complete : tuple of Patient
        The same patients with all visits. Only for methods that treat each patient as new to a cohort which was
        observed to its end; read it through :meth:`others`, which never returns the patient in question.
    memory : dict
        Results that serve all patients, computed once.
    """

    trainings: tuple[Patient, ...]
    complete: tuple[Patient, ...] = ()
    memory: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, splits: Sequence[Split]) -> CohortContext:
        """Take the cohort of some splits."""
        return cls(tuple(s.training for s in splits), tuple(s.complete() for s in splits))

    def others(self, patient_id: str, *, whole: bool = False) -> tuple[Patient, ...]:
        """All patients but one: their training parts, or their whole series."""
        return tuple(p for p in (self.complete if whole else self.trainings) if p.patient_id != patient_id)

    def once[T](self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` returned when this key was first asked for."""
        if key not in self.memory:
            self.memory[key] = make()
        return self.memory[key]

    @cached_property
    def span_days(self) -> float:
        """Typical length of a training part: the median over patients, in days."""
        spans = [p.times[-1] - p.times[0] for p in self.trainings if len(p) > 1]
        return float(np.median(spans)) if spans else 1.0
