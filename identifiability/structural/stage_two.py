"""Global answers, combinations and equations, found one after the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sympy as sp

from identifiability.structural.combinations import identifiable_combinations
from identifiability.structural.equation_text import equation_texts, plain_expression
from identifiability.structural.experiment import Experiment, Experiments
from identifiability.structural.fibre import Fibre
from identifiability.structural.pieces import pieces_of
from identifiability.structural.result import Structural
from identifiability.structural.summary_functions import Summary
from identifiability.structural.system import StructuralSystem
from identifiability.structural.unknowns import initial_symbol, unknown_initial_states

# Terms of an equation that is written out at once; longer ones have to wait until the answers are there.
SHORT_EQUATION = 150
LONGEST_EQUATION = 1000


@dataclass(frozen=True)
class Findings:
    """What is known so far.

    Parameters
    ----------
    verdicts : dict of str to Structural
        Unknowns whose answer is settled.
    settled : bool
        Whether nothing more is to be expected for the unknowns.
    combinations, combinations_latex, equations, equations_latex, remarks : tuple of str
        As in :class:`~identifiability.structural.result.StructuralAnswer`.
    """

    verdicts: dict[str, Structural] = dataclasses.field(default_factory=dict)
    settled: bool = False
    combinations: tuple[str, ...] = ()
    combinations_latex: tuple[str, ...] = ()
    equations: tuple[str, ...] = ()
    equations_latex: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def findings(
    system: StructuralSystem, experiment: Experiment, wanted: Sequence[str], eliminate: bool = True
) -> Iterator[Findings]:
    """Find global answers for a rational system; every yield holds all that is known by then.

    Parameters
    ----------
    system : StructuralSystem
    experiment : Experiment
    wanted : sequence of str
        Unknowns that are locally identifiable.
    eliminate : bool
        Whether to look for input-output equations; without, only derivatives at one moment are used.
    """
    odd = _unsupported(system, experiment)
    if odd:
        yield Findings(remarks=(f"Global answers were not looked for: {odd}.",))
        return
    summary = Summary(system, pieces_of(system, experiment))
    fibre = Fibre(summary.ring.prime, summary.point)
    now = Findings()
    names = [str(s) for s in summary.unknowns]
    targets = [i for i, name in enumerate(names) if name in wanted]
    exhausted = True
    for event in summary.collect(eliminate):
        if event == "equation":
            if max(len(e.poly) for e in summary.equations) <= SHORT_EQUATION:
                now = _with_equations(now, summary)
                yield now
            continue
        fibre.add(summary.relations)
        for functions in (summary.coefficients, summary.jets):
            if functions:
                fibre.add(functions)
                _solve(fibre, summary)
        now = dataclasses.replace(now, verdicts={names[i]: Structural.GLOBAL for i in fibre.settled})
        yield now
        if set(targets) <= set(fibre.settled):
            exhausted = False
            break
    verdicts = fibre.verdicts(summary.nonzero, summary.complete)
    if summary.pieces.auxiliary:  # nothing ties other initial states to other states at the switch
        starts = {i for i, s in enumerate(summary.unknowns) if s in summary.pieces.initial}
        verdicts = {i: v for i, v in verdicts.items() if v == Structural.GLOBAL or i not in starts}
    global_ = [i for i, verdict in verdicts.items() if verdict == Structural.GLOBAL]
    now = dataclasses.replace(now, verdicts={names[i]: v for i, v in verdicts.items()}, settled=True)
    if summary.hidden:
        now = dataclasses.replace(now, remarks=(*now.remarks, HIDDEN))
    if exhausted and not summary.complete and len(global_) < len(targets):
        now = dataclasses.replace(now, remarks=(*now.remarks, INCOMPLETE))
    yield now
    moving = [i for i in range(len(system.parameters)) if i not in global_]
    if moving and any(d.free_symbols & {*system.parameters} for d in system.definitions.values()):
        now = dataclasses.replace(now, remarks=(*now.remarks, LIFTED))
    found = [plain_expression(e, system) for e in identifiable_combinations(summary, fibre, global_)]
    now = dataclasses.replace(
        now, combinations=tuple(map(str, found)), combinations_latex=tuple(sp.latex(e) for e in found)
    )
    yield now
    if len(now.equations) < len(summary.equations):
        terms = max(len(e.poly) for e in summary.equations)
        if terms > LONGEST_EQUATION:
            remark = f"The input-output equation is not written out: it has {terms} terms."
            yield dataclasses.replace(now, equations=(), equations_latex=(), remarks=(*now.remarks, remark))
        else:
            yield _with_equations(now, summary)


def _with_equations(now: Findings, summary: Summary) -> Findings:
    """Return the findings with the equations found so far, in the order of the outputs."""
    texts = [equation_texts(e, summary.system) for e in sorted(summary.equations, key=lambda e: e.output)]
    return dataclasses.replace(
        now, equations=tuple(t for t, _ in texts), equations_latex=tuple(t for _, t in texts)
    )


HIDDEN = (
    "One experiment does not show every coefficient of the input-output equation, as some of its terms depend on "
    "each other; the answers rest on the outputs' derivatives at one moment instead."
)
LIFTED = (
    "Combinations of a parameter with others were not looked for where it also stands under a logarithm, in a power "
    "or in an exponent."
)
INCOMPLETE = (
    "That an unknown has several values could not be proved for this experiment; where it says that this was not "
    "settled, one value or several remain."
)


def membership(
    system: StructuralSystem, experiment: Experiment, expressions: Sequence[sp.Expr]
) -> Iterator[list[bool | None]]:
    """Find whether functions of the parameters are globally identifiable; None where that was not settled."""
    if _unsupported(system, experiment):
        return
    summary = Summary(system, pieces_of(system, experiment))
    for event in summary.collect():
        if event == "equation":
            continue
        fibre = Fibre(summary.ring.prime, summary.point)
        fibre.add([*summary.relations, *summary.coefficients, *summary.jets])
        _solve(fibre, summary)
        known = [fibre.determines(*summary.fraction(e), summary.nonzero) or None for e in expressions]
        if all(known):
            yield known
            return
    yield [k or (False if summary.complete else None) for k in known]


def _solve(fibre: Fibre, summary: Summary) -> None:
    """Solve, and put in what follows from what lifted values stand for, until nothing more does."""
    while True:
        fibre.solve()
        settled = {summary.unknowns[i] for i in fibre.settled}
        new = _implied(summary.system, settled, summary.unknowns)
        if not new:
            return
        fibre.add([summary.function(s) for s in new])


def _implied(
    system: StructuralSystem, settled: set[sp.Symbol], unknowns: Sequence[sp.Symbol]
) -> list[sp.Symbol]:
    """Return unknowns that follow, by the definitions of lifted values, from those that are settled.

    A value follows from all that it is made of; and a positive number from its logarithm, from its power with
    a known exponent, or, under an exponential, from that.
    """
    moving = set(unknowns)
    new: list[sp.Symbol] = []
    for symbol, definition in system.definitions.items():
        open_ = [s for s in unknowns if s in definition.free_symbols and s not in settled]
        if symbol in moving and symbol not in settled and not open_:
            new.append(symbol)
        elif (symbol in settled or symbol not in moving) and len(open_) == 1:
            inside = definition.base if isinstance(definition, sp.Pow) else definition.args[0]
            unknown = open_[0]
            if inside == unknown and isinstance(definition, sp.log | sp.exp | sp.Pow):
                new.append(unknown)
    return new


def _unsupported(system: StructuralSystem, experiment: Experiment) -> str:
    """Return why lifted values may be related in a way that is not followed here; empty if they are not."""
    starts = {initial_symbol(s) for s in unknown_initial_states(system)}
    own = isinstance(experiment, Experiments) and experiment.initial == "own" and len(experiment.members) > 1
    for definition in system.definitions.values():
        if not isinstance(definition, sp.log | sp.exp | sp.Pow):
            return f"values of {definition} may depend on each other"
        if own and definition.free_symbols & starts:
            return f"each experiment has its own value of {definition}"
    return ""
