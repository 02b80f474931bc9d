"""Solving a model whose dose answers to its burden, for a whole ensemble at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from dynamics.feedback_records import FeedbackRule, FeedbackRun, FeedbackStatus
from dynamics.member_rows import Constants, constant_rows, parameter_rows
from dynamics.model import Model, ModelError

if TYPE_CHECKING:
    from dynamics.schedule import DoseSchedule

Method = Literal["euler", "rk4"]
Decisions = Literal["step", "crossing"]
CHUNK = 16


def _output_index(model: Model, output: str | None) -> int:
    names = [o.name for o in model.outputs]
    if output is None:
        return 0
    if output not in names:
        raise ModelError(f"model {model.name!r} has no output {output!r}; it has {names}")
    return names.index(output)


def first_burdens(
    model: Model,
    parameters: Mapping[str, float] | np.ndarray | Sequence[float],
    constants: Constants | None = None,
    output: str | None = None,
) -> np.ndarray:
    """Burden at the first visit, shape (b,); see :func:`run_feedback` for the arguments."""
    from dynamics.kernels.compile import compiled

    p = parameter_rows(model, parameters)
    found = np.empty(len(p))
    compiled(model, "closed_loop").first_burdens(
        p, constant_rows(model, constants, len(p)), _output_index(model, output), found
    )
    return found


def whole_steps(horizon_days: float, steps_per_day: int) -> int:
    """Return the number of steps in the horizon.

    Raises
    ------
    ModelError
        A horizon that is not positive, or not a whole number of steps.
    """
    if steps_per_day != int(steps_per_day) or steps_per_day < 1:
        raise ModelError(f"steps_per_day must be a whole number of at least 1, got {steps_per_day}")
    steps = horizon_days * steps_per_day
    if not np.isfinite(steps) or round(steps) < 1 or abs(steps - round(steps)) > 1e-9 * steps:
        raise ModelError(
            f"a horizon of {horizon_days:g} days is not a whole number of steps at {steps_per_day} steps a "
            "day; take a whole number of days"
        )
    return round(steps)


def run_feedback(
    model: Model,
    parameters: Mapping[str, float] | np.ndarray | Sequence[float],
    constants: Constants | None,
    rules: FeedbackRule | Sequence[FeedbackRule],
    *,
    horizon_days: float,
    steps_per_day: int = 8,
    method: Method = "euler",
    decisions: Decisions = "step",
    levels: Sequence[float] | np.ndarray = (1.2,),
    every: int | None = None,
    keep_states: bool = False,
    keep_switches: int = 0,
    until_exceeded: bool = False,
    output: str | None = None,
) -> FeedbackRun:
    """Solve b tumours under rules that read their burden.

    Parameters
    ----------
    model : Model
        With at most one input.
    parameters : mapping, or array of shape (p,) or (b, p)
        In the model's units; not checked against the declared bounds.
    constants : mapping of str to float or ndarray of shape (b,)
    rules : FeedbackRule or sequence of length b
    horizon_days : float
    steps_per_day : int
    method : {"euler", "rk4"}
        Explicit Euler takes exactly these steps. Runge-Kutta of order 4 divides a step in which a population
        would change by more than a fifth.
    decisions : {"step", "crossing"}
        Whether the rule reads the state before each step, or acts at the moment the level is crossed (the
        limit of short steps). A rule with visits acts on visits in both cases.
    levels : array, shape (c,) or (b, c)
        Multiples of the first burden whose crossings are noted.
    every : int, optional
        Record every such node; a day's by default, 0 for none.
    keep_states : bool
        Also record the states.
    keep_switches : int
        How many switches of the dose to keep for each tumour.
    until_exceeded : bool
        End each tumour's course when it has exceeded every level: its crossings are then known, but its final
        burden and total dose are those of that moment.
    output : str, optional
        Name of the output that the rule reads; the first by default.

    Raises
    ------
    ModelError
        A model with more than one input, numbers of values that do not fit, a horizon or an interval between
        visits that is not a whole number of steps.
    """
    from dynamics.kernels.chunks import run_chunks
    from dynamics.kernels.compile import compiled

    if len(model.inputs) > 1:
        raise ModelError(f"model {model.name!r} has {len(model.inputs)} inputs; a rule decides one dose")
    if method not in ("euler", "rk4") or decisions not in ("step", "crossing"):
        raise ModelError(f"unknown method {method!r} or decisions {decisions!r}")
    p = parameter_rows(model, parameters)
    members = len(p)
    k = constant_rows(model, constants, members)
    steps, per_day = whole_steps(horizon_days, steps_per_day), int(steps_per_day)
    every = per_day if every is None else int(every)
    if every < 0 or keep_switches < 0:
        raise ModelError(
            f"every {every} and keep_switches {keep_switches} must not be negative; 0 records nothing"
        )
    each = (rules,) * members if isinstance(rules, FeedbackRule) else tuple(rules)
    if len(each) != members:
        raise ModelError(f"{members} parameter sets need one rule or {members}, got {len(each)}")
    nodes = steps // every + 1 if every else 0
    watched = np.array(np.broadcast_to(np.asarray(levels, dtype=float), (members, np.shape(levels)[-1])))
    which, sampled = _sampled(each, steps, per_day)
    machine = np.array(
        [
            (r.dose, r.pause_level, r.resume_level, float(r.starts_on), _steps_between_visits(r, per_day))
            for r in each
        ]
    )
    burdens, doses = np.full((members, nodes), np.nan), np.full((members, nodes), np.nan)
    states = np.full((members, nodes if keep_states else 0, len(model.states)), np.nan)
    switches = np.full((members, keep_switches), np.nan)
    summary, crossings = np.full((members, 6), np.nan), np.full((members, watched.shape[1], 3), np.nan)
    status, n_switches = np.zeros(members, dtype=np.int64), np.zeros(members, dtype=np.int64)
    kernel = compiled(model, "closed_loop")
    run_chunks(
        kernel.run_range, members, CHUNK,
        (method == "rk4", decisions == "crossing", per_day, steps, _output_index(model, output), p, k,
         machine, which, sampled, watched, every, bool(until_exceeded), burdens, doses, states, switches,
         summary, crossings, status, n_switches),
    )  # fmt: skip
    crossings[status != 0] = np.nan
    return FeedbackRun(
        times=np.arange(nodes) * every / per_day,
        burdens=burdens,
        doses=doses,
        states=states,
        first_burdens=summary[:, 0],
        final_burdens=summary[:, 1],
        lowest_burdens=summary[:, 2],
        lowest_days=summary[:, 3],
        total_doses=summary[:, 4],
        rises=summary[:, 5] == 1.0,
        levels=watched,
        reached=crossings[:, :, 0],
        within=crossings[:, :, 1],
        exceeded=crossings[:, :, 2],
        switches=switches,
        n_switches=n_switches,
        status=status,
        rules=each,
        steps_per_day=per_day,
        steps=steps,
    )


def _steps_between_visits(rule: FeedbackRule, steps_per_day: int) -> int:
    """Count the steps from one reading of the burden to the next; 0 for a machine that always watches."""
    if rule.visit_days == 0.0:
        return 0
    try:
        return whole_steps(rule.visit_days, steps_per_day)
    except ModelError as error:
        raise ModelError(f"visits every {rule.visit_days:g} days: {error}") from error


def _sampled(rules: Sequence[FeedbackRule], steps: int, steps_per_day: int) -> tuple[np.ndarray, np.ndarray]:
    """Row of each member's schedule (-1 for none), and the doses at the starts of all steps, one row each."""
    distinct: dict[DoseSchedule, int] = {}
    which = np.array(
        [-1 if r.schedule is None else distinct.setdefault(r.schedule, len(distinct)) for r in rules]
    )
    starts = np.arange(steps) / steps_per_day
    rows = [schedule.dose_at(starts) for schedule in distinct]
    return which.astype(np.int64), np.array(rows) if rows else np.zeros((1, 1))


__all__ = [
    "Decisions",
    "FeedbackRule",
    "FeedbackRun",
    "FeedbackStatus",
    "Method",
    "first_burdens",
    "run_feedback",
    "whole_steps",
]
