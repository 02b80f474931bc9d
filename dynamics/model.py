"""The model object: a tumour under a dose, written once in SymPy, from which everything else is derived."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import sympy as sp

from dynamics.expressions import ModelError, check_names, parse_expression

if TYPE_CHECKING:
    from dynamics.prior import Prior

__all__ = ["Constant", "Input", "Model", "ModelError", "Output", "Parameter", "State"]

TIME = sp.Symbol("t")


@dataclass(frozen=True)
class State:
    """One state variable.

    Parameters
    ----------
    name, unit, meaning : str
        ``unit`` may be ``"burden"``: the unit of the patient's marker.
    rhs : sympy.Expr
        Right-hand side of the state's equation, per day.
    initial : sympy.Expr
        Value at the first visit, in parameters and constants.
    role : str
        ``"sensitive"``, ``"resistant"`` or ``""``; the dose window is read off the roles.
    """

    name: str
    rhs: sp.Expr
    initial: sp.Expr
    unit: str = "burden"
    meaning: str = ""
    role: str = ""


@dataclass(frozen=True)
class Parameter:
    """A parameter to be estimated.

    Parameters
    ----------
    name, unit, meaning : str
        The field's symbol, its unit, and what it stands for.
    lower, upper : float
        Declared bounds, in units of ``scale`` where one is named. A profile that reaches one is *open*.
    scale : str
        Name of the constant that multiplies the bounds (``"V0"`` for a carrying capacity), or ``""``.
    start : tuple of float or None
        Narrower box, in the same units as the bounds, from which the multi-start draws.
    prior : Prior or None
        Default prior; None for a flat prior on the log scale between the bounds.
    bounds_reason : str
        Why values beyond the bounds are not physiological.
    remedy : str
        What to measure next where the data leave the parameter open, as a noun phrase; where empty, a
        general one is given.
    """

    name: str
    unit: str
    lower: float
    upper: float
    meaning: str = ""
    scale: str = ""
    start: tuple[float, float] | None = None
    prior: Prior | None = None
    bounds_reason: str = ""
    remedy: str = ""

    @property
    def start_box(self) -> tuple[float, float]:
        """Box of the multi-start, in the same units as the bounds."""
        return self.start if self.start is not None else (self.lower, self.upper)


@dataclass(frozen=True)
class Constant:
    """A known number: fixed by the model (``value``) or read from the patient (``from_data``)."""

    name: str
    unit: str
    meaning: str = ""
    value: float | None = None
    from_data: str = ""


@dataclass(frozen=True)
class Input:
    """A known input, piecewise constant in time; for a drug the fraction of the maximum tolerated dose."""

    name: str
    meaning: str = "dose as a fraction of the maximum tolerated dose (MTD)"
    unit: str = "fraction of MTD"
    lower: float = 0.0
    upper: float = 1.0


@dataclass(frozen=True)
class Output:
    """What a visit measures, as an expression in states, parameters and constants."""

    name: str
    expr: sp.Expr
    unit: str = "burden"
    meaning: str = ""


@dataclass(frozen=True)
class Model:
    """A tumour model ``dx/dt = f(x, u, θ)``, ``y = h(x, θ)``, frozen and checked at construction.

    Use :meth:`define` to write one with strings. States, parameters, constants and inputs are ordered;
    every array in the project uses that order.

    Raises
    ------
    ModelError
        A symbol that is not declared, a name used twice, a missing initial state, an output in which no
        state appears, bounds that are empty.
    """

    name: str
    states: tuple[State, ...]
    parameters: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    inputs: tuple[Input, ...] = (Input("u"),)
    constants: tuple[Constant, ...] = ()
    title: str = ""
    source: str = ""
    assumptions: tuple[str, ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        """Check the declaration; see the class docstring for what is refused."""
        from dynamics.validation import check_model

        for name in ("states", "parameters", "outputs", "inputs", "constants", "assumptions"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        check_model(self)

    @classmethod
    def define(
        cls,
        name: str,
        *,
        states: Mapping[str, str],
        initial: Mapping[str, str],
        outputs: Mapping[str, str],
        parameters: Iterable[Parameter],
        inputs: Iterable[Input] = (Input("u"),),
        constants: Iterable[Constant] = (),
        roles: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
        meanings: Mapping[str, str] | None = None,
        title: str = "",
        source: str = "",
        assumptions: Sequence[str] = (),
    ) -> Model:
        """Write a model with strings: right-hand sides, initial states and outputs by name.

        Parameters
        ----------
        name : str
            Catalogue name.
        states, initial, outputs : mapping of str to str
            Expressions in the declared names; ``t`` is the time in days.
        parameters, inputs, constants : iterables
            Declarations; their order is the order of every array.
        roles, units, meanings : mappings, optional
            Per state: role in the dose window, unit, meaning. Units and meanings may also name outputs.

        Raises
        ------
        ModelError
            See the class docstring.
        """
        parameters, inputs, constants = tuple(parameters), tuple(inputs), tuple(constants)
        roles, units, meanings = roles or {}, units or {}, meanings or {}
        from dynamics.validation import check_mentions

        check_mentions(name, states, outputs, initial, {"role": roles, "unit": units, "meaning": meanings})
        names = [*states, *(q.name for q in (*parameters, *inputs, *constants))]
        check_names(names, f"model {name!r}")
        names.append("t")

        def parse(text: str, where: str) -> sp.Expr:
            return parse_expression(text, names, where=f"model {name!r}, {where}")

        return cls(
            name=name,
            states=tuple(
                State(
                    s,
                    parse(rhs, f"equation of {s}"),
                    parse(initial[s], f"initial value of {s}"),
                    units.get(s, "burden"),
                    meanings.get(s, ""),
                    roles.get(s, ""),
                )
                for s, rhs in states.items()
            ),
            parameters=parameters,
            outputs=tuple(
                Output(o, parse(expr, f"output {o}"), units.get(o, "burden"), meanings.get(o, ""))
                for o, expr in outputs.items()
            ),
            inputs=inputs,
            constants=constants,
            title=title,
            source=source,
            assumptions=tuple(assumptions),
        )

    # ---- symbols, in the order of every array -----------------------------------------------------------
    @cached_property
    def state_symbols(self) -> tuple[sp.Symbol, ...]:
        """Symbols of the states."""
        return tuple(sp.Symbol(s.name) for s in self.states)

    @cached_property
    def parameter_symbols(self) -> tuple[sp.Symbol, ...]:
        """Symbols of the parameters to be estimated."""
        return tuple(sp.Symbol(p.name) for p in self.parameters)

    @cached_property
    def input_symbols(self) -> tuple[sp.Symbol, ...]:
        """Symbols of the inputs."""
        return tuple(sp.Symbol(i.name) for i in self.inputs)

    @cached_property
    def constant_symbols(self) -> tuple[sp.Symbol, ...]:
        """Symbols of the known constants."""
        return tuple(sp.Symbol(c.name) for c in self.constants)

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the states."""
        return tuple(s.name for s in self.states)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters to be estimated."""
        return tuple(p.name for p in self.parameters)

    @property
    def rhs(self) -> sp.Matrix:
        """Right-hand side f, shape (states, 1), per day."""
        return sp.Matrix([s.rhs for s in self.states])

    @property
    def initial(self) -> sp.Matrix:
        """Initial state, shape (states, 1)."""
        return sp.Matrix([s.initial for s in self.states])

    @property
    def output(self) -> sp.Matrix:
        """Outputs h, shape (outputs, 1)."""
        return sp.Matrix([o.expr for o in self.outputs])

    def state_with_role(self, role: str) -> State | None:
        """Return the one state with this role, or None where there is none or more than one."""
        found = [s for s in self.states if s.role == role]
        return found[0] if len(found) == 1 else None

    # ---- variants ---------------------------------------------------------------------------------------
    def fix(self, **values: float) -> Model:
        """Return the model with these parameters known: they become constants with the given values."""
        for name in values:
            if name not in self.parameter_names:
                raise ModelError(
                    f"model {self.name!r} has no parameter {name!r}; it has {self.parameter_names}"
                )
        known = tuple(
            Constant(p.name, p.unit, p.meaning, float(values[p.name]))
            for p in self.parameters
            if p.name in values
        )
        return dataclasses.replace(
            self,
            parameters=tuple(p for p in self.parameters if p.name not in values),
            constants=self.constants + known,
        )

    def free(self, parameter: Parameter) -> Model:
        """Return the model in which the constant of this name is a parameter to be estimated."""
        if parameter.name not in [c.name for c in self.constants]:
            raise ModelError(f"model {self.name!r} has no constant {parameter.name!r} that could be freed")
        return dataclasses.replace(
            self,
            parameters=(*self.parameters, parameter),
            constants=tuple(c for c in self.constants if c.name != parameter.name),
        )
