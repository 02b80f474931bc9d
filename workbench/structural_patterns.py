"""Dosing patterns that a structural question is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.options import OptionError
from workbench.request import RequestError, choose_patients

if TYPE_CHECKING:
    from identifiability.structural.experiment import Experiment

type Level = tuple[Fraction, ...]


@dataclass(frozen=True)
class Pattern:
    """One dosing pattern.

    Parameters
    ----------
    make : callable
        Takes the number of inputs, returns the experiment.
    label : str
        Its name beside other patterns; empty where it stands alone.
    patients : tuple of str
        Whose pattern it is.
    """

    make: Callable[[int], Experiment]
    label: str = ""
    patients: tuple[str, ...] = ()


def generic() -> Pattern:
    """Return the pattern that excites whatever an input can."""
    from identifiability.structural.experiment import GenericInput

    return Pattern(lambda _: GenericInput())


def constant(text: str) -> Pattern:
    """Return one dose throughout, as written on the command line.

    Raises
    ------
    OptionError
        Text that is not one level.
    """
    from identifiability.structural.experiment import ConstantDose

    levels = _levels(text, "--dose")
    if len(levels) != 1:
        raise OptionError(f"--dose {text} is not one level; --phases takes several")
    return Pattern(lambda _: ConstantDose(levels[0]))


def in_turn(text: str, lengths: str | None) -> Pattern:
    """Return doses one after the other, as written on the command line.

    Raises
    ------
    OptionError
        Text that is no list of levels, or lengths that do not fit.
    """
    from identifiability.structural.experiment import Phases

    levels = _levels(text, "--phases")
    days = None if lengths is None else _lengths(lengths, len(levels))
    return Pattern(lambda _: Phases(levels, days))


def instructive() -> list[Pattern]:
    """Return four patterns whose answers differ where dosing matters."""
    from identifiability.structural.experiment import ConstantDose, GenericInput, Phases

    return [
        Pattern(lambda _: GenericInput(), "generic input"),
        Pattern(lambda n: ConstantDose((1,) * n), "always on"),
        Pattern(lambda n: ConstantDose((0,) * n), "never"),
        Pattern(lambda n: Phases([(0,) * n, (1,) * n]), "off, then on"),
    ]


def patterns_of_cohort(
    cohort_file: Path, schedule_file: Path | None, marker: str | None, patient_ids: tuple[str, ...]
) -> tuple[list[Pattern], tuple[str, ...]]:
    """Return the distinct patterns between first and last visit, in the order of the file; then remarks.

    Raises
    ------
    RequestError
        A file or a patient that does not exist, or no patient with two visits.
    UnusableCohortError
        No patient could be read.
    """
    from identifiability.structural.experiment import ExperimentError, experiment_of
    from patients.dose_words import describe_doses
    from patients.loading import load_cohort

    for path in (cohort_file, schedule_file):
        if path is not None and not path.is_file():
            raise RequestError(f"{path} does not exist" if not path.exists() else f"{path} is not a file")
    cohort, _ = load_cohort(cohort_file, schedule_file, marker=marker)
    found: dict[Experiment, tuple[str, list[str]]] = {}
    remarks = [f"Patient {r.patient_id} is left out: {r.reason}" for r in cohort.rejected]
    for patient in choose_patients(cohort.patients, cohort, patient_ids):
        first, last = float(patient.times[0]), float(patient.times[-1])
        try:
            experiment = experiment_of(patient.schedule, last, first)
        except ExperimentError as error:
            remarks.append(f"Patient {patient.patient_id} is left out: {error}.")
            continue
        label = describe_doses(patient.schedule, first, last)
        found.setdefault(experiment, (label, []))[1].append(patient.patient_id)
    if not found:
        raise RequestError(
            f"{cohort_file}: no patient has two visits, so there is no dosing pattern between them"
        )
    return [_given(e, label, tuple(ids)) for e, (label, ids) in found.items()], tuple(remarks)


def _given(experiment: Experiment, label: str, patients: tuple[str, ...]) -> Pattern:
    """Return the pattern of one experiment."""
    return Pattern(lambda _: experiment, label, patients)


def _levels(text: str, option: str) -> list[Level]:
    """Read levels: commas between phases, colons between the inputs of one phase."""
    levels = [tuple(_number(part, text, option) for part in entry.split(":")) for entry in text.split(",")]
    if any(value < 0 for level in levels for value in level):
        raise OptionError(
            f"{option} {text}: a dose is 0 or more, as a fraction of the maximum tolerated dose"
        )
    return levels


def _lengths(text: str, phases: int) -> list[Fraction | float]:
    """Read lengths; the last may be missing, or ``inf``."""
    lengths: list[Fraction | float] = [
        float("inf") if part.strip() == "inf" else _number(part, text, "--lengths")
        for part in text.split(",")
    ]
    if len(lengths) == phases - 1:
        lengths.append(float("inf"))
    if len(lengths) != phases:
        raise OptionError(
            f"--lengths {text}: {phases} phases need {phases} lengths (the last may be left out)"
        )
    return lengths


def _number(part: str, text: str, option: str) -> Fraction:
    """Read an exact number."""
    try:
        return Fraction(part.strip())
    except (ValueError, ZeroDivisionError):
        raise OptionError(
            f"{option} {text}: {part.strip()!r} is not a number; write 1,0,0.5 (and 1:0 for two inputs)"
        ) from None
