"""Small populations: the expected births and deaths of each cell type in one generation, written once in SymPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from dynamics.expressions import ModelError, check_names, parse_expression
from dynamics.model import Constant, Input, Model

__all__ = ["BirthDeathProcess"]


@dataclass(frozen=True)
class BirthDeathProcess:
    """Types i with ``n_i -> n_i + Pois(B_i) - Pois(D_i)`` in every generation (Fischer 2015, eqs 5 to 7).

    Use :meth:`define` to write one with strings.

    Parameters
    ----------
    name : str
    types : tuple of str
        Names of the cell numbers, in the order of every array.
    births, deaths : tuple of sympy.Expr
        Expected numbers a generation, in types, constants and inputs. A negative value counts as zero.
    constants : tuple of Constant
        Declared numbers with their default values.
    inputs : tuple of Input
        Drugs.
    meanings : tuple of str
    source : str

    Raises
    ------
    ModelError
        A symbol that is not declared, a name used twice.
    """

    name: str
    types: tuple[str, ...]
    births: tuple[sp.Expr, ...]
    deaths: tuple[sp.Expr, ...]
    constants: tuple[Constant, ...]
    inputs: tuple[Input, ...] = (Input("u"),)
    meanings: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        """Check the declaration."""
        names = [*self.types, *(q.name for q in (*self.constants, *self.inputs))]
        check_names(names, f"process {self.name!r}")
        if len(set(names)) < len(names):
            raise ModelError(f"process {self.name!r}: a name is used twice among {', '.join(names)}")
        if not len(self.types) == len(self.births) == len(self.deaths) > 0:
            raise ModelError(f"process {self.name!r}: every type needs one birth and one death expression")
        free = {str(s) for e in (*self.births, *self.deaths) for s in e.free_symbols} - set(names)
        if free:
            raise ModelError(
                f"process {self.name!r} mentions {', '.join(sorted(free))}, which it does not declare"
            )

    @classmethod
    def define(
        cls,
        name: str,
        *,
        births: Mapping[str, str],
        deaths: Mapping[str, str],
        constants: Sequence[Constant],
        inputs: Sequence[Input] = (Input("u"),),
        meanings: Mapping[str, str] | None = None,
        source: str = "",
    ) -> BirthDeathProcess:
        """Write a process with strings; the keys of ``births`` are the types.

        Raises
        ------
        ModelError
            See the class; an expression that cannot be read.
        """
        if list(births) != list(deaths):
            raise ModelError(
                f"process {name!r}: births of {', '.join(births)}, deaths of {', '.join(deaths)}"
            )
        known = [*births, *(q.name for q in (*constants, *inputs))]

        def parse(text: str, where: str) -> sp.Expr:
            return parse_expression(text, known, where=f"process {name!r}, {where}")

        return cls(
            name=name,
            types=tuple(births),
            births=tuple(parse(text, f"births of {t}") for t, text in births.items()),
            deaths=tuple(parse(text, f"deaths of {t}") for t, text in deaths.items()),
            constants=tuple(constants),
            inputs=tuple(inputs),
            meanings=tuple((meanings or {}).get(t, "") for t in births),
            source=source,
        )

    @property
    def type_symbols(self) -> tuple[sp.Symbol, ...]:
        """Cell numbers as symbols."""
        return tuple(sp.Symbol(t) for t in self.types)

    @property
    def constant_symbols(self) -> tuple[sp.Symbol, ...]:
        """Constants as symbols."""
        return tuple(sp.Symbol(c.name) for c in self.constants)

    @property
    def input_symbols(self) -> tuple[sp.Symbol, ...]:
        """Inputs as symbols."""
        return tuple(sp.Symbol(i.name) for i in self.inputs)

    def values(self, given: Mapping[str, float] | None = None) -> dict[str, float]:
        """Return the constants' values, defaults replaced by what is given.

        Raises
        ------
        ModelError
            A name that is no constant; a constant without a value.
        """
        given = dict(given or {})
        unknown = set(given) - {c.name for c in self.constants}
        if unknown:
            raise ModelError(
                f"process {self.name!r} has no constant {', '.join(sorted(unknown))}; it has "
                f"{', '.join(c.name for c in self.constants)}"
            )
        found = {c.name: given.get(c.name, c.value) for c in self.constants}
        missing = [name for name, value in found.items() if value is None]
        if missing:
            raise ModelError(f"process {self.name!r} needs a value for {', '.join(missing)}")
        return {name: float(value) for name, value in found.items() if value is not None}

    @cached_property
    def drift(self) -> tuple[sp.Expr, ...]:
        """Expected change of each type in one generation."""
        return tuple(sp.sympify(b - d) for b, d in zip(self.births, self.deaths, strict=True))

    def mean_field(self, initial: Mapping[str, float]) -> Model:
        """Return the deterministic model whose right-hand sides are the drifts, per generation.

        Parameters
        ----------
        initial : mapping of str to float
            Cells of each type at the start.
        """
        return Model.define(
            f"{self.name}_mean_field",
            states={t: str(e) for t, e in zip(self.types, self.drift, strict=True)},
            initial={t: repr(float(initial[t])) for t in self.types},
            outputs={"burden": " + ".join(self.types)},
            parameters=(),
            constants=self.constants,
            inputs=self.inputs,
            source=self.source,
        )
