"""A model in a small YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from dynamics.expressions import ModelError
from dynamics.model import Constant, Input, Model, Parameter
from dynamics.prior import Prior

_KEYS = {
    "name", "title", "source", "assumptions", "states", "initial", "outputs", "roles", "units", "meanings",
    "parameters", "constants", "inputs",
}  # fmt: skip
_NEEDED = {"states", "initial", "outputs", "parameters"}


class _Loader(yaml.SafeLoader):
    """The safe loader, which takes a key given twice for the mistake it is."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """Build a mapping, or refuse one with a key given twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is given twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


def read_model(path: Path) -> Model:
    """Read a model from YAML.

    The keys are those of :meth:`dynamics.model.Model.define`; ``parameters``, ``constants`` and ``inputs``
    map a name to the fields of their declaration, with ``prior: {median, fold_95, source}``.

    Raises
    ------
    ModelError
        Broken YAML, a missing or unknown key, an unknown field.
    """
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds no mapping; start with `name:`, `states:`, `initial:`, `outputs:`")
    unknown = sorted(map(str, set(content) - _KEYS))
    if unknown:
        raise ModelError(f"{path}: unknown key {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}")
    content.setdefault("inputs", {"u": {}})
    for key in _KEYS - {"name", "title", "source", "assumptions"}:
        named = content.get(key)
        if named is None and key not in _NEEDED:
            content[key] = {}
        elif not isinstance(named, dict):
            raise ModelError(f"{path}: `{key}` is missing or not a mapping of names")
        elif not all(isinstance(name, str) for name in named):
            odd = next(name for name in named if not isinstance(name, str))
            raise ModelError(f"{path}: a name in `{key}` is read as {odd!r}; put it in quotes")
    assumptions = content.get("assumptions") or ()
    texts = {key: {k: str(v) for k, v in content[key].items()} for key in ("states", "initial", "outputs")}
    return Model.define(
        str(content.get("name", path.stem)),
        **texts,
        parameters=[_declare(path, Parameter, n, f) for n, f in content["parameters"].items()],
        constants=[_declare(path, Constant, n, f) for n, f in content["constants"].items()],
        inputs=[_declare(path, Input, n, f) for n, f in content["inputs"].items()],
        roles=content["roles"],
        units=content["units"],
        meanings=content["meanings"],
        title=str(content.get("title") or ""),
        source=str(content.get("source") or path.name),
        assumptions=(assumptions,) if isinstance(assumptions, str) else tuple(assumptions),
    )


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds.

    Raises
    ------
    ModelError
        No YAML in UTF-8, or a key given twice.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not valid YAML in UTF-8: {error}") from None


def _declare[Q: (Parameter, Constant, Input)](path: Path, kind: type[Q], name: str, fields: dict | None) -> Q:
    """Build one declaration; numbers written as ``1e-3`` are text to YAML and are turned into numbers."""
    try:
        fields = dict(fields or {})
        if "prior" in fields:
            prior = dict(fields["prior"])
            source = str(prior.pop("source", ""))
            fields["prior"] = Prior(source=source, **{key: float(number) for key, number in prior.items()})
        if "start" in fields:
            fields["start"] = tuple(float(v) for v in fields["start"])
        for key in ("lower", "upper", "value"):
            if fields.get(key) is not None:
                fields[key] = float(fields[key])
        return kind(name, **{"unit": "1", **fields})
    except (TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path}: declaration of {name}: {error}") from None
