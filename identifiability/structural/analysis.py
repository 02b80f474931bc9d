"""Structural identifiability of a model under an experiment."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import sympy as sp

from identifiability.structural.dose_levels import lifted_for
from identifiability.structural.experiment import Experiment, GenericInput
from identifiability.structural.from_model import system_of
from identifiability.structural.lifting import LiftingError
from identifiability.structural.local import LocalAnswer, local_analysis
from identifiability.structural.result import Structural, StructuralAnswer
from identifiability.structural.stage_two import Findings, findings, membership
from identifiability.structural.system import StructuralSystem
from identifiability.structural.time_limit import found_within

if TYPE_CHECKING:
    from dynamics.model import Model

DEFAULT_TIME_LIMIT_S = 20.0
# Of the time, this share goes to input-output equations; what is left, if they fail, to derivatives alone.
_SHARE_OF_EQUATIONS = 0.7
_SHORTEST_S = 3.0
_MOST_KEPT = 256

_kept: dict[object, StructuralAnswer] = {}


def analyse(
    model: Model | StructuralSystem,
    experiment: Experiment | None = None,
    *,
    unknown_initial: Iterable[str] = (),
    global_answers: bool = True,
    time_limit_s: float = DEFAULT_TIME_LIMIT_S,
) -> StructuralAnswer:
    """Return what ideal data could tell about a model's parameters.

    First the local answer for every parameter and unknown initial state (an exact rank; fractions of a second),
    then, where ideal data leave isolated values, whether it is a single one, with the input-output equations and
    the identifiable combinations (Masud 2023, eqs 5-7, steps 1-3, done by machine). The second part runs in a
    process of its own that is stopped when its time is over: the answer then says what is known and what is not.
    Answers are kept, so that patients with one dosing pattern are analysed once.

    Parameters
    ----------
    model : Model or StructuralSystem
    experiment : Experiment, optional
        A generic input if omitted. :func:`~identifiability.structural.experiment.experiment_of` gives that of a
        patient's schedule.
    unknown_initial : iterable of str
        States whose initial value is an unknown of its own; for a model only, a system says so itself.
    global_answers : bool
        Whether to go on after the local answer.
    time_limit_s : float
        For the second part.

    Returns
    -------
    StructuralAnswer

    Raises
    ------
    ModelError
        A state that the model does not have.
    ValueError
        Unknown initial states for a system.
    LiftingError
        A function that no rational system can carry.
    ExperimentError
        An experiment that does not fit the system.
    """
    system = _system(model, unknown_initial)
    experiment = GenericInput() if experiment is None else experiment
    key = (_key(system), experiment, global_answers, time_limit_s)
    if key not in _kept:
        if len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[key] = _analysed(system, experiment, global_answers, time_limit_s)
    return _kept[key]


def is_identifiable_function(
    expression: sp.Expr | str,
    model: Model | StructuralSystem,
    experiment: Experiment | None = None,
    *,
    unknown_initial: Iterable[str] = (),
    time_limit_s: float = DEFAULT_TIME_LIMIT_S,
) -> bool | None:
    """Whether ideal data leave one value of a rational function of the parameters.

    Returns
    -------
    bool or None
        None where that was not settled, or not in time.

    Raises
    ------
    ValueError
        A symbol that is no parameter, known constant or unknown initial state of the model.
    """
    experiment = GenericInput() if experiment is None else experiment
    system, experiment = lifted_for(_system(model, unknown_initial), experiment)
    names = {s.name: s for s in (*system.parameters, *system.known)}
    expr = parsed(expression, names)
    odd = {str(s) for s in expr.free_symbols} - set(names)
    if odd:
        raise ValueError(
            f"{expression} has {', '.join(sorted(odd))}, which {system.name!r} does not have as a parameter or "
            f"known constant; it has {', '.join(names)}"
        )
    found, _ = found_within(time_limit_s, membership, system, experiment, (expr,))
    return found[-1][0] if found else None


def parsed(expression: sp.Expr | str, names: Mapping[str, sp.Symbol]) -> sp.Expr:
    """Return an expression with the model's own symbols."""
    return (
        expression if isinstance(expression, sp.Expr) else sp.parse_expr(expression, local_dict=dict(names))
    )


def _analysed(
    system: StructuralSystem, experiment: Experiment, global_answers: bool, time_limit_s: float
) -> StructuralAnswer:
    """Do both parts."""
    began = time.perf_counter()
    local = local_analysis(system, experiment)
    remarks = list(local.remarks)
    found = Findings()
    if global_answers:
        wanted = tuple(n for n, ok in zip(local.unknowns, local.identifiable, strict=True) if ok)
        found, finished = _second_part(system, experiment, wanted, time_limit_s)
        remarks += found.remarks
        if not finished:
            remarks.append(_out_of_time(found, time_limit_s))
    answers = tuple(_merged(local, name, found) for name in local.unknowns)
    if Structural.UNSETTLED in answers:
        remarks.append("The two parts of the analysis contradict each other; please report this model.")
    return StructuralAnswer(
        model_name=system.name,
        experiment=experiment.words,
        parameters=local.unknowns,
        answers=answers,
        rank_defect=local.rank_defect,
        combinations=found.combinations,
        combinations_latex=found.combinations_latex,
        equations=found.equations,
        equations_latex=found.equations_latex,
        remarks=tuple(remarks),
        seconds=time.perf_counter() - began,
    )


def _second_part(
    system: StructuralSystem, experiment: Experiment, wanted: tuple[str, ...], time_limit_s: float
) -> tuple[Findings, bool]:
    """Return the findings, and whether the work came to its end in time."""
    try:
        lifted, experiment = lifted_for(system, experiment)
    except LiftingError as error:
        return Findings(remarks=(f"Global answers were not looked for: {error}.",)), True
    found, finished = found_within(_SHARE_OF_EQUATIONS * time_limit_s, findings, lifted, experiment, wanted)
    last = found[-1] if found else Findings()
    left = (1 - _SHARE_OF_EQUATIONS) * time_limit_s
    if finished or last.settled or last.verdicts or left < _SHORTEST_S:
        return last, finished
    arguments = (lifted, experiment, wanted, False)
    second, finished = found_within(left, findings, *arguments)
    if not second:
        return last, False
    return dataclasses.replace(
        second[-1], equations=last.equations, equations_latex=last.equations_latex
    ), finished


def _out_of_time(found: Findings, time_limit_s: float) -> str:
    """Return the sentence for work that was stopped."""
    if found.settled:
        return f"Identifiable combinations were not found within {time_limit_s:g} s."
    return (
        f"After {time_limit_s:g} s the search for global answers was stopped; where nothing else is said, it is "
        "known only that ideal data leave isolated values, not how many. A longer time limit may settle it."
    )


def _merged(local: LocalAnswer, name: str, found: Findings) -> Structural:
    """Return the answer for one unknown from both parts."""
    verdict = found.verdicts.get(name)
    if not local.of(name):
        return Structural.NOT if verdict is None else Structural.UNSETTLED
    return Structural.AT_LEAST_LOCAL if verdict is None else verdict


def _system(model: Model | StructuralSystem, unknown_initial: Iterable[str]) -> StructuralSystem:
    """Return the system to be analysed."""
    unknown = tuple(unknown_initial)
    if not isinstance(model, StructuralSystem):
        return system_of(model, unknown)
    if unknown:
        raise ValueError(
            f"system {model.name!r} says itself which initial states are known; leave {', '.join(unknown)} out of its "
            "`initial` instead"
        )
    return model


def _key(system: StructuralSystem) -> tuple:
    """Return what tells two systems apart."""
    parts = []
    for entry in dataclasses.fields(system):
        value = getattr(system, entry.name)
        parts.append(tuple((k, str(v)) for k, v in value.items()) if isinstance(value, dict) else value)
    return tuple(parts)
