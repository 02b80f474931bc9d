"""One patient whose computation breaks down does not take the others along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fitting.maximum_likelihood import FitFailure

if TYPE_CHECKING:
    from patients.cohort import Patient


def isolated[T](
    many: Callable[[Sequence[Patient]], Sequence[T | FitFailure]], patients: Sequence[Patient]
) -> list[T | FitFailure]:
    """Compute patients together; where that raises, one by one, so that only the culprit fails.

    Parameters
    ----------
    many : callable
        One result a patient, each of which depends on its patient alone.
    patients : sequence of Patient

    Raises
    ------
    MemoryError
        It is nobody's fault, and the next patient would meet it too.
    """
    try:
        return list(many(patients))
    except MemoryError:
        raise
    except Exception as error:
        if len(patients) == 1:
            return [FitFailure(patients[0].patient_id, f"{type(error).__name__}: {error}")]
    return [isolated(many, [patient])[0] for patient in patients]
