"""What a schedule shall achieve: objectives by name, each a control problem on the symbols of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem
    from dynamics.model import Model, State

# Nothing large is imported here: the command's help prints these sentences.

CONTAINMENT, LEAST_DOSE, LEAST_BURDEN, CUSTOM = "containment", "least-dose", "least-burden", "custom"
LONGEST_CONTROL = "longest-control"
FOR_ALL = frozenset({LONGEST_CONTROL})  # planned for all tumours of the evidence
PRICE = 0.1  # least-burden: weight of half the squared dose, in tolerable burdens
SENTENCES = {
    CONTAINMENT: "hold the tumour at the tolerable burden with little drug: burden and half a weighted squared dose, "
    "sensitive cells at the tolerable burden at the end (Masud 2023, eqs 12-16)",
    LEAST_DOSE: "the least total dose that keeps the burden at or below the tolerable one, with no more resistant "
    "cells at the end than at the start",
    LEAST_BURDEN: "the least mean burden, never above the tolerable one, under which the resistant cells never grow, "
    "so that there are no more of them at the end than at the start; half the squared dose costs "
    f"{PRICE:g} tolerable burdens",
    LONGEST_CONTROL: "the longest expected time to progression over all tumours that the evidence admits, by one "
    "schedule",
    CUSTOM: "costs and conditions of your own, from --running, --terminal, --subject-to and --value",
}  # fmt: skip
TOLERABLE, FIRST = "K_tol", "V0"


class ObjectiveError(ValueError):
    """An objective that cannot be posed; the message says why, and what can."""


@dataclass(frozen=True)
class Objective:
    """One objective with its settings.

    Parameters
    ----------
    name : str
        A key of ``SENTENCES``.
    weight : float, optional
        Of half the squared dose, in units of the burden: B of ``containment`` (balanced by the program where not
        given), the price of ``least-burden``.
    running, terminal : str
        Costs of ``custom``, in states, dose, parameters, constants, ``t``, ``K_tol``, ``V0`` and ``values``.
    subject_to : tuple of str
        Conditions of ``custom``.
    values : tuple of (str, float)
        Further numbers that these name.

    Raises
    ------
    ObjectiveError
        An unknown name, or settings that the objective does not have.
    """

    name: str = CONTAINMENT
    weight: float | None = None
    running: str = ""
    terminal: str = ""
    subject_to: tuple[str, ...] = ()
    values: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would be ignored."""
        if self.name not in SENTENCES:
            raise ObjectiveError(f"no objective {self.name!r}; there is {', '.join(SENTENCES)}")
        written = self.running or self.terminal or self.subject_to or self.values
        if self.name != CUSTOM and written:
            raise ObjectiveError(
                f"costs, conditions and values of your own belong to the objective {CUSTOM!r}, not to {self.name!r}"
            )
        if self.name == CUSTOM and not (self.running or self.terminal):
            raise ObjectiveError("a custom objective needs a running or a terminal cost, or both")
        if self.weight is not None and self.name not in (CONTAINMENT, LEAST_BURDEN):
            raise ObjectiveError(
                f"a weight belongs to {CONTAINMENT} and {LEAST_BURDEN}; in a custom cost write a name, such as B, and "
                "give it a value"
            )
        if self.weight is not None and not 0 < self.weight < float("inf"):
            raise ObjectiveError(f"the weight is {self.weight:g}; it must be a positive number")

    @property
    def for_all(self) -> bool:
        """Whether the schedule is planned for all tumours that the evidence admits, not for the point estimate."""
        return self.name in FOR_ALL

    @property
    def sentence(self) -> str:
        """What is asked, for a person."""
        if self.name == CUSTOM:
            parts = [f"running cost {self.running}" if self.running else ""]
            parts += [f"terminal cost {self.terminal}" if self.terminal else ""]
            parts += [f"subject to {', '.join(self.subject_to)}" if self.subject_to else ""]
            parts += [", ".join(f"{n} = {v:g}" for n, v in self.values)]
            return "; ".join(p for p in parts if p)
        if self.name == LEAST_BURDEN and self.weight is not None:
            return SENTENCES[self.name].replace(f"{PRICE:g} tolerable burdens", f"{self.weight:g}")
        return SENTENCES[self.name]

    def check(self, model: Model) -> None:
        """Refuse a model for which the objective cannot be posed whatever the patient.

        Raises
        ------
        ObjectiveError
            A model without one dose, without the populations that the objective names; a custom cost or condition
            that cannot be read.
        """
        if len(model.inputs) != 1:
            raise ObjectiveError(
                f"model {model.name!r} has {len(model.inputs)} doses; a schedule is computed for models with one"
            )
        lower, upper = model.inputs[0].lower, model.inputs[0].upper
        if (lower, upper) != (0.0, 1.0):
            raise ObjectiveError(
                f"the dose {model.inputs[0].name} of model {model.name!r} is bounded by [{lower:g}, {upper:g}]; a "
                "schedule is in fractions of the maximum tolerated dose, from 0 to 1: rescale it"
            )
        roles = {s.role for s in model.states}
        if self.name == CONTAINMENT and not {"sensitive", "resistant"} <= roles:
            raise ObjectiveError(
                f"model {model.name!r} has no states with the roles 'sensitive' and 'resistant', between which "
                f"{CONTAINMENT} decides; {LEAST_DOSE}, {LEAST_BURDEN} and {CUSTOM} work for this model"
            )
        if self.name == CUSTOM:
            ones = dict.fromkeys((q.name for q in (*model.parameters, *model.constants)), 1.0)
            self.problem(model, ones, 1.0, 1.0, 1.0)

    def problem(
        self,
        model: Model,
        values: Mapping[str, float],
        k_tol: float,
        first_burden: float,
        horizon_days: float,
    ) -> OptimalControlProblem:
        """Pose the problem of one tumour.

        Parameters
        ----------
        model : Model
        values : mapping of str to float
            Parameters, and the constants that come from data.
        k_tol, first_burden : float
            In the marker's unit.
        horizon_days : float

        Raises
        ------
        ProblemError, ObjectiveError
            See :mod:`dosing.optimal.problem`; a value under a name that the model or the patient has already.
        """
        if self.for_all:
            raise ObjectiveError(f"{self.name} is planned for many tumours; it is no control problem of one")
        if self.name == CONTAINMENT:
            from dosing.optimal.containment import containment_problem

            return containment_problem(model, values, k_tol, horizon_days=horizon_days, weight=self.weight)
        if self.name == CUSTOM:
            return self._custom(model, values, k_tol, first_burden, horizon_days)
        return self._least(model, values, k_tol, horizon_days)

    def _least(
        self, model: Model, values: Mapping[str, float], k_tol: float, horizon_days: float
    ) -> OptimalControlProblem:
        """Least dose, or least burden, under conditions on burden and resistant cells."""
        from dosing.optimal.problem import OptimalControlProblem
        from dynamics.derivatives import growth_per_head

        dose, burden = model.inputs[0].name, model.outputs[0].expr
        tolerable, start, price = (_free(n, model) for n in (TOLERABLE, "R_start", "price"))
        more, conditions = {tolerable: float(k_tol)}, [f"{burden} <= {tolerable}"]
        resistant = model.state_with_role("resistant")
        if resistant is not None and self.name == LEAST_DOSE:
            more[start] = _initial(model, resistant, values)
            conditions.append(f"{resistant.name}(T) <= {start}")
        elif resistant is not None:
            # a condition on the end alone is met by schedules that first let the tumour grow until a fraction of a
            # resistant cell is left, and then spend 1460 days growing it back: no solver, and no patient, follows them
            growth = growth_per_head(model)[model.states.index(resistant)]
            conditions.append(f"{resistant.rhs if growth is None else growth} <= 0")
        running = dose
        if self.name == LEAST_BURDEN:
            more[price] = PRICE * float(k_tol) if self.weight is None else self.weight
            running = f"{burden} + {price}*{dose}**2/2"
        return OptimalControlProblem.define(
            model, {**values, **more}, horizon_days=horizon_days, running=running, subject_to=conditions
        )

    def _custom(
        self,
        model: Model,
        values: Mapping[str, float],
        k_tol: float,
        first_burden: float,
        horizon_days: float,
    ) -> OptimalControlProblem:
        """Costs and conditions as they were written."""
        from dosing.optimal.problem import OptimalControlProblem

        known = {FIRST: float(first_burden), TOLERABLE: float(k_tol), **values}
        taken = {*known, *model.state_names, *(i.name for i in model.inputs)}
        for name, _ in self.values:
            if name in taken:
                raise ObjectiveError(
                    f"--value {name}: the model or the patient gives {name} already; take another name"
                )
        return OptimalControlProblem.define(
            model, {**known, **dict(self.values)}, horizon_days=horizon_days, running=self.running or "0",
            terminal=self.terminal or "0", subject_to=self.subject_to,
        )  # fmt: skip


def _free(name: str, model: Model) -> str:
    """Return a name that the model does not have."""
    taken = {*model.state_names, *(q.name for q in (*model.inputs, *model.parameters, *model.constants))}
    while name in taken:
        name += "_"
    return name


def _initial(model: Model, state: State, values: Mapping[str, float]) -> float:
    """Start of a state."""
    import sympy as sp

    from dynamics.substitution import substitute

    known = {sp.Symbol(c.name): c.value for c in model.constants if c.value is not None}
    return float(substitute(state.initial, known | {sp.Symbol(n): float(v) for n, v in values.items()}))
