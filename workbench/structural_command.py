"""What ``evodose structural`` does: which systems, under which experiments."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.options import OptionError
from workbench.request import RequestError
from workbench.structural_patterns import (
    Pattern,
    constant,
    generic,
    in_turn,
    instructive,
    patterns_of_cohort,
)

if TYPE_CHECKING:
    from identifiability.structural.experiment import Experiment
    from identifiability.structural.result import StructuralAnswer
    from identifiability.structural.system import StructuralSystem

PARTLY_FAILED = 3


@dataclass(frozen=True)
class StructuralRequest:
    """What a person asks.

    Parameters
    ----------
    model : str
        Catalogue name, or a ``.py`` or ``.yaml`` file.
    name : str or None
        Which system of a file with several; all, if None.
    dose, phases, lengths : str or None
        As written on the command line: one level, levels, days.
    all_patterns : bool
        Generic input, always on, never, off-then-on.
    cohort, schedule : Path or None
        Whose dosing patterns to take.
    marker : str or None
    patient_ids : tuple of str
    unknown_initial : str or None
        Names with commas, or ``all``.
    local : bool
        Without global answers.
    time_limit_s : float
        For the global answers of each system under each experiment.

    Raises
    ------
    OptionError
        Options that exclude each other, or need one that is not there.
    """

    model: str
    name: str | None = None
    dose: str | None = None
    phases: str | None = None
    lengths: str | None = None
    all_patterns: bool = False
    cohort: Path | None = None
    schedule: Path | None = None
    marker: str | None = None
    patient_ids: tuple[str, ...] = ()
    unknown_initial: str | None = None
    local: bool = False
    time_limit_s: float = 20.0

    def __post_init__(self) -> None:
        """Refuse what makes no question."""
        ways = {
            "--dose": self.dose is not None,
            "--phases": self.phases is not None,
            "--cohort": self.cohort is not None,
            "--all-patterns": self.all_patterns,
        }
        given = [way for way, there in ways.items() if there]
        if len(given) > 1:
            raise OptionError(f"{' and '.join(given)} exclude each other; each says what is given")
        if self.lengths is not None and self.phases is None:
            raise OptionError("--lengths are those of --phases; give both")
        for option, there in (
            ("--schedule", self.schedule),
            ("--patient", self.patient_ids),
            ("--marker", self.marker),
        ):
            if there and self.cohort is None:
                raise OptionError(f"{option} needs --cohort FILE")
        if not 0 < self.time_limit_s <= 86400:
            raise OptionError(
                f"--time-limit {self.time_limit_s:g} is out of range; give seconds, up to 86400"
            )


@dataclass(frozen=True)
class Question:
    """One system under one experiment.

    Parameters
    ----------
    system : StructuralSystem
    experiment : Experiment
    label : str
        The experiment's name beside others; empty where it stands alone.
    patients : tuple of str
        Whose dosing pattern it is.
    """

    system: StructuralSystem
    experiment: Experiment
    label: str = ""
    patients: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """A question with its answer, or with the reason why there is none."""

    question: Question
    answer: StructuralAnswer | None
    failure: str = ""


def execute(request: StructuralRequest, *, json_file: Path | None = None, latex: bool = False) -> int:
    """Answer, print system by system, and return the exit code: 3 where some of several failed."""
    from workbench.atomic import write_text
    from workbench.structural_listing import as_json, print_answers, print_remarks, telling_of

    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise RequestError(f"--json {json_file}: the folder {json_file.parent} does not exist")
    questions, remarks = questions_of(request)
    print_remarks(remarks)
    everything: list[Asked] = []
    for _, group in groupby(questions, key=lambda q: q.system.name):
        asked = []
        for question in group:
            place = len(everything) + len(asked) + 1
            with telling_of(question, place, len(questions), None if request.local else request.time_limit_s):
                asked.append(answer_of(question, request, alone=len(questions) == 1))
        if everything:
            print()
        print_answers(asked, latex=latex)
        everything += asked
    if json_file is not None:
        write_text(json_file, as_json(everything))
    failed = sum(asked.answer is None for asked in everything)
    return 0 if not failed else 2 if failed == len(everything) else PARTLY_FAILED


def questions_of(request: StructuralRequest) -> tuple[list[Question], tuple[str, ...]]:
    """Return all questions, system by system, with what else a reader should know.

    Raises
    ------
    OptionError, RequestError, ModelError, ExperimentError, CohortError
        What a person has to correct.
    """
    systems = _systems(request)
    patterns, remarks = _patterns(request)
    chosen = any((request.dose, request.phases, request.all_patterns, request.cohort))
    found = []
    for system in systems:
        wanted = patterns
        if chosen and not system.inputs:
            if len(systems) == 1:
                raise OptionError(
                    f"{system.name!r} has no input, so no dosing changes anything; leave --dose, --phases, "
                    "--cohort, --all-patterns out, or name the input in the model"
                )
            wanted = [generic()]
        count = len(system.inputs)
        found += [Question(system, p.make(count), p.label, p.patients) for p in wanted]
    return found, remarks


def _patterns(request: StructuralRequest) -> tuple[list[Pattern], tuple[str, ...]]:
    """Return the dosing patterns that were asked for, with remarks."""
    if request.cohort is not None:
        return patterns_of_cohort(request.cohort, request.schedule, request.marker, request.patient_ids)
    if request.all_patterns:
        return instructive(), ()
    if request.dose is not None:
        return [constant(request.dose)], ()
    if request.phases is not None:
        return [in_turn(request.phases, request.lengths)], ()
    return [generic()], ()


def answer_of(question: Question, request: StructuralRequest, *, alone: bool) -> Asked:
    """Answer one question; among several, one that has no answer does not stop the others."""
    from dynamics.expressions import ModelError
    from identifiability.structural.analysis import analyse
    from identifiability.structural.experiment import ExperimentError
    from identifiability.structural.lifting import LiftingError
    from identifiability.structural.local import SingularPointError
    from identifiability.structural.time_limit import WorkerError

    try:
        answer = analyse(
            question.system,
            question.experiment,
            global_answers=not request.local,
            time_limit_s=request.time_limit_s,
        )
    except (ModelError, ExperimentError, LiftingError, SingularPointError, WorkerError) as error:
        if alone:
            raise
        return Asked(question, None, str(error))
    return Asked(question, answer)


def _systems(request: StructuralRequest) -> list[StructuralSystem]:
    """Return the systems in question."""
    from dynamics.catalogue import get_model
    from identifiability.structural.from_model import system_of
    from identifiability.structural.system_file import chosen, is_model_file, read_systems

    path = Path(request.model)
    if path.suffix in (".yaml", ".yml") and path.is_file() and not is_model_file(path):
        systems = read_systems(path)
        if request.name is not None:
            systems = (chosen(systems, request.name, path),)
        return [_with_unknown(system, request.unknown_initial) for system in systems]
    if request.name is not None:
        raise OptionError(
            f"--name chooses from a YAML file with several systems, and {request.model} is none"
        )
    model = get_model(request.model)
    return [_with_unknown(system_of(model), request.unknown_initial)]


def _with_unknown(system: StructuralSystem, wanted: str | None) -> StructuralSystem:
    """Return the system with these initial states unknown."""
    if wanted is None:
        return system
    # The time is a state that starts at zero; nobody may want to estimate that.
    states = [s.name for s in system.states if s.name != "t"]
    names = states if wanted.strip() == "all" else [n.strip() for n in wanted.split(",") if n.strip()]
    odd = [n for n in names if n not in states]
    if odd or not names:
        raise OptionError(
            f"--unknown-initial {wanted}: {system.name!r} has the states {', '.join(states)}; name some of them "
            "with commas between, or say `all`"
        )
    return dataclasses.replace(
        system, initial={s: e for s, e in system.initial.items() if s.name not in names}
    )
