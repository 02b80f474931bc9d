"""Systems in a short YAML form: equations and outputs, nothing that only data need."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dynamics.catalogue.yaml_file import read_yaml
from dynamics.expressions import ModelError
from identifiability.structural.from_model import system_from_strings
from identifiability.structural.system import StructuralSystem

_KEYS = ("name", "states", "outputs", "inputs", "known", "initial")
# Only the project's own model format has these.
_OF_MODELS = ("parameters", "constants", "roles")
_DOSE = "u"


class SystemFileError(ModelError):
    """A file without a system that can be read; the message names file, entry and remedy."""


def is_model_file(path: Path) -> bool:
    """Whether a YAML file is in the project's model format rather than the short form.

    Raises
    ------
    ModelError
        No YAML in UTF-8.
    """
    content = read_yaml(path)
    return isinstance(content, dict) and any(isinstance(content.get(key), dict) for key in _OF_MODELS)


def read_systems(path: Path) -> tuple[StructuralSystem, ...]:
    """Read one system, or a list of systems.

    Keys of each: ``states`` (name to right-hand side), ``outputs`` (expressions), and where needed ``name``,
    ``inputs`` and ``known`` (names), ``initial`` (state to known initial value; the others are unknown). Every
    other name in the equations is an unknown parameter, except ``u``: it is the dose, as in every model here,
    unless ``inputs`` says otherwise. Other keys are left alone.

    Raises
    ------
    SystemFileError
        Something that cannot be read, with the file, the entry and what to do.
    """
    content = read_yaml(path)
    several = isinstance(content, list)
    entries = content if isinstance(content, list) else [content]
    if not entries:
        raise SystemFileError(
            f"{path} holds an empty list; write at least one system with `states:` and `outputs:`"
        )
    systems = []
    for i, entry in enumerate(entries, 1):
        named = entry.get("name") if isinstance(entry, dict) else None
        where = f"{path}, entry {i}" + (f" ({named})" if named else "") if several else str(path)
        systems.append(_system(entry, where, str(named or (f"{path.stem} {i}" if several else path.stem))))
    names = [s.name for s in systems]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise SystemFileError(f"{path}: two entries are called {twice[0]!r}; give each a name of its own")
    return tuple(systems)


def chosen(systems: Sequence[StructuralSystem], name: str, path: Path) -> StructuralSystem:
    """Return the system of this name.

    Raises
    ------
    SystemFileError
        There is none.
    """
    for system in systems:
        if system.name == name:
            return system
    names = [s.name for s in systems]
    near = get_close_matches(name, names, n=3) or names[:5]
    more = ", …" if len(names) > len(near) else ""
    raise SystemFileError(f"{path} has no system {name!r}; it has {', '.join(map(repr, near))}{more}")


def _system(entry: Any, where: str, name: str) -> StructuralSystem:
    """Return the system of one entry."""
    if not isinstance(entry, dict):
        raise SystemFileError(f"{where} is no mapping; write `states: {{x: -k*x}}` and `outputs: [x]`")
    _look_for_slips(entry, where)
    states = _mapping(entry, "states", where)
    if not states:
        raise SystemFileError(
            f"{where}: `states` is missing; write each state with its right-hand side: {{x: -k*x}}"
        )
    outputs = entry.get("outputs")
    if isinstance(outputs, dict):
        raise SystemFileError(
            f"{where}: `outputs` names its expressions, as a model file does; for a model file add `parameters:` "
            "with their bounds, for the short form write a list: [x]"
        )
    outputs = _texts([outputs] if isinstance(outputs, str) else outputs, "outputs", where)
    if not outputs:
        raise SystemFileError(f"{where}: `outputs` is missing; write what is measured as a list: [x]")
    initial = _mapping(entry, "initial", where)
    known = _names(entry.get("known"), "known", where)
    inputs = _names(entry.get("inputs"), "inputs", where)
    if (
        "inputs" not in entry
        and _DOSE not in states
        and _DOSE not in known
        and _uses_dose([*states.values(), *outputs])
    ):
        inputs = [_DOSE]
    try:
        return system_from_strings(name, states, outputs, inputs, known, initial)
    except ModelError as error:
        raise SystemFileError(f"{where}: {error}") from None


def _look_for_slips(entry: dict, where: str) -> None:
    """Refuse a key that is nearly one that is read; it would be left alone without a word."""
    for key in entry:
        near = get_close_matches(str(key).lower(), [k for k in _KEYS if k not in entry], n=1, cutoff=0.85)
        if key not in _KEYS and near:
            raise SystemFileError(f"{where}: `{key}` is not read; if `{near[0]}` is meant, write that")


def _mapping(entry: dict, key: str, where: str) -> dict[str, str]:
    """Return names with their expressions."""
    content = entry.get(key)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SystemFileError(f"{where}: `{key}` is no mapping; write {{x: expression}}")
    names = _names(list(content), key, where)
    return dict(zip(names, _texts(list(content.values()), key, where), strict=True))


def _names(content: Any, key: str, where: str) -> list[str]:
    """Return a list of names."""
    if content is None:
        return []
    if isinstance(content, str):
        content = [content]
    if not isinstance(content, list):
        raise SystemFileError(f"{where}: `{key}` is no list of names; write [a, b]")
    for name in content:
        if not isinstance(name, str):
            raise SystemFileError(f"{where}: a name in `{key}` is read as {name!r}; put it in quotes")
    return content


def _texts(content: Any, key: str, where: str) -> list[str]:
    """Return a list of expressions, which YAML may have read as numbers."""
    if content is None:
        return []
    if not isinstance(content, list):
        raise SystemFileError(f"{where}: `{key}` is no list of expressions; write [x, x + z]")
    for text in content:
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            raise SystemFileError(f"{where}: an expression in `{key}` is read as {text!r}; put it in quotes")
        for word in re.findall(r"[^\W\d]\w*", str(text)):
            if keyword.iskeyword(word):
                raise SystemFileError(
                    f"{where}: {word!r} in {text!r} is a word of Python and cannot name a quantity; write {word}_"
                )
    return [str(text) for text in content]


def _uses_dose(texts: Sequence[str]) -> bool:
    """Whether ``u`` stands in an expression; what is no expression is complained about where it is read."""
    for text in texts:
        try:
            tree = ast.parse(" ".join(text.split()).replace("^", "**"), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        if any(isinstance(node, ast.Name) and node.id == _DOSE for node in ast.walk(tree)):
            return True
    return False
