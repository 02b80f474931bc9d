"""Variants of a model, derived from its symbols: what a model takes as known, set free to be estimated."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import sympy as sp

from dynamics.model import Model, ModelError, Parameter
from dynamics.prior import Prior
from dynamics.substitution import substitute

RESISTANT_FRACTION = "f_R"
FIRST_BURDEN = "b0"

# Assumptions are sentences; these words mark the ones that a variant takes back.
_FIXED_FRACTION = "resistant at the first visit"
_EXACT_BURDEN = "first measured burden"


def free_resistant_fraction(model: Model) -> Model:
    """Return the variant in which the resistant fraction at the first visit is estimated.

    The constant ``f_R`` becomes the last parameter.

    Raises
    ------
    ModelError
        The model has no such constant, or estimates it already.
    """
    name = RESISTANT_FRACTION
    if name in model.parameter_names:
        raise ModelError(
            f"model {model.name!r} estimates the resistant fraction {name} already; leave '+{name}' out"
        )
    if name not in [c.name for c in model.constants]:
        reason = (
            f"its constants are {', '.join(c.name for c in model.constants)}"
            if model.constants
            else "it has no constants"
        )
        raise ModelError(
            f"model {model.name!r} has no constant {name}, the resistant fraction at the first visit, that "
            f"could be set free: {reason}"
        )
    parameter = Parameter(
        name,
        "1",
        1e-6,
        0.9,
        meaning="resistant fraction at the first visit",
        start=(1e-4, 0.2),
        prior=Prior(0.01, 10.0, "1 %: Masud 2023; 0.2 to 10 %: Scagliotti 2026"),
        bounds_reason="at 0.9 the drug has nothing to shrink; 1e-6 is one cell in a million, which "
        "relapses within years do not show",
        remedy="visits around the nadir and at the turn to relapse: the time of the turn tells how many "
        "cells were resistant at first",
    )
    free = model.free(parameter)
    return _renamed(
        free,
        model,
        name,
        "resistant fraction free",
        _FIXED_FRACTION,
        "the resistant fraction at the first visit is estimated",
    )


def free_first_burden(model: Model) -> Model:
    """Return the variant in which the true first burden is estimated beside the measured one.

    The initial states start from ``b0`` times the measured burden; whatever else is relative to the measured
    burden, as the bounds of a carrying capacity, stays so.

    Raises
    ------
    ModelError
        No initial state depends on the first measured burden, or ``b0`` is a name of the model already.
    """
    measured = {sp.Symbol(c.name) for c in model.constants if c.from_data == "first_burden"}
    if FIRST_BURDEN in {q.name for q in (*model.states, *model.parameters, *model.constants, *model.inputs)}:
        raise ModelError(
            f"model {model.name!r} has a {FIRST_BURDEN} of its own; leave '+{FIRST_BURDEN}' out, or rename it"
        )
    if not any(state.initial.free_symbols & measured for state in model.states):
        raise ModelError(
            f"model {model.name!r} does not start from the first measured burden (a constant with "
            f"`from_data: first_burden` in `initial`), so that there is no true one beside it"
        )
    parameter = Parameter(
        FIRST_BURDEN,
        "1",
        0.2,
        5.0,
        meaning="true first burden as a multiple of the measured one",
        start=(0.7, 1.4),
        prior=Prior(1.0, 1.5, "PSA varies by 20 % about its mean in one person: Soletormos 2005"),
        bounds_reason="no marker errs fivefold between two measurements of one day",
        remedy="a second measurement at the first visit, before the drug acts",
    )
    true_first = {s: sp.Symbol(FIRST_BURDEN) * s for s in measured}
    free = dataclasses.replace(
        model,
        states=tuple(dataclasses.replace(s, initial=substitute(s.initial, true_first)) for s in model.states),
        parameters=(*model.parameters, parameter),
    )
    return _renamed(
        free,
        model,
        FIRST_BURDEN,
        "true first burden free",
        _EXACT_BURDEN,
        "the first burden is measured with the same error as the others; the true one is estimated",
    )


SUFFIXES: Mapping[str, Callable[[Model], Model]] = MappingProxyType(
    {RESISTANT_FRACTION: free_resistant_fraction, FIRST_BURDEN: free_first_burden}
)


def split_name(name: str) -> tuple[str, tuple[str, ...]]:
    """Split ``"competition+f_R+b0"`` into the model's name and the variant's suffixes."""
    base, *suffixes = name.split("+")
    return base, tuple(suffixes)


def variant(model: Model, suffixes: Sequence[str]) -> Model:
    """Derive a variant by the suffixes of its name, from left to right.

    Raises
    ------
    ModelError
        An unknown suffix, or a variant that this model does not have.
    """
    for suffix in suffixes:
        if suffix not in SUFFIXES:
            known = "; ".join(f"+{key}: {_first_line(make)}" for key, make in SUFFIXES.items())
            raise ModelError(f"model {model.name!r} has no variant '+{suffix}'; the variants are {known}")
    for suffix in suffixes:
        model = SUFFIXES[suffix](model)
    return model


def _first_line(function: Callable[[Model], Model]) -> str:
    """Say what a variant is, in the words of its function."""
    line = (function.__doc__ or "").splitlines()[0]
    return line.removeprefix("Return the variant in which ").rstrip(".")


def _renamed(free: Model, model: Model, suffix: str, title: str, taken_back: str, instead: str) -> Model:
    """Name the variant, and replace the assumption that it takes back."""
    return dataclasses.replace(
        free,
        name=f"{model.name}+{suffix}",
        title=f"{model.title}; {title}" if model.title else title,
        assumptions=(*(a for a in model.assumptions if taken_back not in a), instead),
    )
