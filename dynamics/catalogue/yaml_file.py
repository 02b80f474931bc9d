"""A model in a small YAML file."""

from __future__ import annotations

from pathlib import Path

import yaml

from dynamics.expressions import ModelError
from dynamics.model import Constant, Input, Model, Parameter
from dynamics.prior import Prior

_KEYS = {
    "name", "title", "source", "assumptions", "states", "initial", "outputs", "roles", "units", "meanings",
    "parameters", "constants", "inputs",
}  # fmt: skip


def read_model(path: Path) -> Model:
    """Read a model from YAML.

    The keys are those of :meth:`dynamics.model.Model.define`; ``parameters``, ``constants`` and ``inputs``
    map a name to the fields of their declaration, with ``prior: {median, fold_95, source}``.

    Raises
    ------
    ModelError
        Broken YAML, a missing or unknown key, an unknown field.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except yaml.YAMLError as error:
        raise ModelError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds no mapping; start with `name:`, `states:`, `initial:`, `outputs:`")
    unknown = sorted(set(content) - _KEYS)
    if unknown:
        raise ModelError(f"{path}: unknown key {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}")
    for key in ("states", "initial", "outputs", "parameters"):
        if not isinstance(content.get(key), dict):
            raise ModelError(f"{path}: `{key}` is missing or not a mapping of names")
    texts = {key: {k: str(v) for k, v in content[key].items()} for key in ("states", "initial", "outputs")}
    return Model.define(
        str(content.get("name", path.stem)),
        **texts,
        parameters=[_declare(path, Parameter, n, f) for n, f in content["parameters"].items()],
        constants=[_declare(path, Constant, n, f) for n, f in (content.get("constants") or {}).items()],
        inputs=[_declare(path, Input, n, f) for n, f in content.get("inputs", {"u": {}}).items()],
        roles=content.get("roles"),
        units=content.get("units"),
        meanings=content.get("meanings"),
        title=content.get("title", ""),
        source=content.get("source", str(path.name)),
        assumptions=content.get("assumptions", ()),
    )


def _declare[Q: (Parameter, Constant, Input)](path: Path, kind: type[Q], name: str, fields: dict | None) -> Q:
    """Build one declaration; numbers written as ``1e-3`` are text to YAML and are turned into numbers."""
    fields = dict(fields or {})
    if "prior" in fields:
        fields["prior"] = Prior(**fields["prior"])
    if "start" in fields:
        fields["start"] = tuple(float(v) for v in fields["start"])
    for key in ("lower", "upper", "value"):
        if isinstance(fields.get(key), (str, int)):
            fields[key] = float(fields[key])
    try:
        return kind(name, **{"unit": "1", **fields})
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path}: declaration of {name}: {error}") from None
