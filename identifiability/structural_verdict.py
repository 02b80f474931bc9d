"""The structural answer for a patient's own dosing, as verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from identifiability.codes import VerdictCode
from identifiability.result import Verdict
from identifiability.structural.result import Structural, StructuralAnswer

if TYPE_CHECKING:
    from dynamics.model import Model
    from patients.cohort import Patient

CRITERION = "structural"
TIME_LIMIT_S = 5.0  # for global answers; a cohort has few distinct dosing patterns, and answers are kept

_CODES = {
    Structural.GLOBAL: VerdictCode.GLOBALLY_IDENTIFIABLE,
    Structural.KNOWN: VerdictCode.GLOBALLY_IDENTIFIABLE,
    Structural.LOCAL: VerdictCode.LOCALLY_IDENTIFIABLE,
    Structural.AT_LEAST_LOCAL: VerdictCode.LOCALLY_IDENTIFIABLE,
    Structural.NOT: VerdictCode.STRUCTURALLY_OPEN,
    Structural.UNSETTLED: VerdictCode.NOT_ANALYSED,
}


def structural_answer(
    patient: Patient, model: Model, *, time_limit_s: float = TIME_LIMIT_S
) -> StructuralAnswer | None:
    """Ask what ideal data could tell about the model under this patient's doses.

    Returns
    -------
    StructuralAnswer or None
        None where the equations cannot be lifted to rational ones.
    """
    from identifiability.structural.analysis import analyse
    from identifiability.structural.experiment import (
        ConstantDose,
        ExperimentError,
        GenericInput,
        experiment_of,
    )
    from identifiability.structural.lifting import LiftingError

    first, last = float(patient.times[0]), float(patient.times[-1])
    try:
        experiment = experiment_of(patient.schedule, last, first) if model.inputs else GenericInput()
        return analyse(model, experiment, time_limit_s=time_limit_s)
    except ExperimentError:
        return analyse(model, ConstantDose(float(patient.schedule.dose_at(first))), time_limit_s=time_limit_s)
    except LiftingError:
        return None


def structural_verdicts(answer: StructuralAnswer | None, model: Model) -> tuple[Verdict, ...]:
    """Criterion ``structural``: what no precision of the measurements could change, only another dosing."""
    from identifiability.structural.sentences import summary

    if answer is None:
        text = (
            "The structural analysis cannot treat this model: its equations are not rational, and no change of "
            "variables is known that makes them so. The profiles decide alone."
        )
        rows = [
            Verdict(CRITERION, n, False, "", "", text, VerdictCode.NOT_ANALYSED)
            for n in (*model.parameter_names, "all")
        ]
        return tuple(rows)
    found = []
    for name in model.parameter_names:
        kind = answer.answer(name)
        text = f"Under {answer.experiment}, {name} {kind}"
        if kind == Structural.NOT:
            text += "; only visits under another dose could tell it"
        found.append(Verdict(CRITERION, name, kind.identifiable, "", "", f"{text}.", _CODES[kind]))
    codes = {v.code for v in found}
    whole = codes.pop() if len(codes) == 1 else VerdictCode.SEVERAL
    identified = all(v.identified for v in found)
    remarks = "".join(f" {remark}" for remark in answer.remarks)
    return (*found, Verdict(CRITERION, "all", identified, "", "", summary(answer) + remarks, whole))
