"""Frozen dataclasses over arrays as the bytes of one ``.npz`` file, without pickle."""

from __future__ import annotations

import dataclasses
import importlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

_ROOMS = ("dynamics", "patients", "fitting", "identifiability", "dosing", "workbench")
_TREE = "tree"
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError, EOFError, OSError, AttributeError, ImportError,
    NotImplementedError,
)  # fmt: skip


class CodecError(ValueError):
    """Bytes that are not a result of this version; the message says what is wrong with them."""


def dumps(value: Any) -> bytes:
    """Encode a dataclass of this project with all it holds.

    Arrays become members of the file, everything else one JSON text beside them. Floats keep all digits.

    Raises
    ------
    TypeError
        A value that is none of: None, bool, int, float, str, tuple, list, mapping with text keys, array of
        numbers, enum, dataclass.
    """
    arrays: dict[str, np.ndarray] = {}
    tree = json.dumps(_encode(value, arrays), ensure_ascii=True)
    buffer = io.BytesIO()
    text = np.frombuffer(tree.encode("ascii"), dtype=np.uint8)
    np.savez_compressed(buffer, allow_pickle=False, **{_TREE: text}, **arrays)
    return buffer.getvalue()


def loads(content: bytes) -> Any:
    """Decode what :func:`dumps` wrote.

    Only dataclasses and enums of this project's packages are built, so that a file from a stranger cannot run
    code.

    Raises
    ------
    CodecError
        Truncated or damaged bytes, or a class that this version does not have.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        tree = json.loads(arrays.pop(_TREE).tobytes().decode("ascii"))
        return _decode(tree, arrays)
    except _UNREADABLE as e:
        raise CodecError(f"not readable as a result ({type(e).__name__}: {e})") from e


def _encode(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Turn a value into JSON's types; a mapping with one short key tags what JSON does not have."""
    if isinstance(value, Enum):
        return {"e": [_address(type(value)), value.name]}
    if value is None or (isinstance(value, (bool, int, float, str)) and not isinstance(value, np.generic)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        content = {
            f.name: _encode(getattr(value, f.name), arrays) for f in dataclasses.fields(value) if f.init
        }
        return {"c": [_address(type(value)), content]}
    if isinstance(value, tuple):
        return {"t": [_encode(item, arrays) for item in value]}
    if isinstance(value, list):
        return {"l": [_encode(item, arrays) for item in value]}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {"d": {key: _encode(item, arrays) for key, item in value.items()}}
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            name = f"a{len(arrays)}"
            arrays[name] = array
            return {"a": name}
    raise TypeError(f"a result holds a {type(value).__name__}, which cannot be stored: {value!r:.80}")


def _decode(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Build the value from JSON's types."""
    if not isinstance(tree, dict):
        return tree
    ((kind, content),) = tree.items()
    match kind:
        case "a":
            return arrays[content]
        case "t":
            return tuple(_decode(item, arrays) for item in content)
        case "l":
            return [_decode(item, arrays) for item in content]
        case "d":
            return {key: _decode(item, arrays) for key, item in content.items()}
        case "e":
            return _class(content[0], Enum)[content[1]]
        case "c":
            return _class(content[0])(**{key: _decode(item, arrays) for key, item in content[1].items()})
    raise CodecError(f"unknown tag {kind!r}")


def _address(kind: type) -> str:
    """Where a class is found: module and name."""
    if kind.__module__.split(".")[0] not in _ROOMS:
        raise TypeError(f"{kind.__module__}.{kind.__qualname__} is not a class of this project")
    return f"{kind.__module__}:{kind.__qualname__}"


def _class(address: str, base: type | None = None) -> Any:
    """Find a class of this project by its address."""
    module, _, name = address.partition(":")
    if module.split(".")[0] not in _ROOMS:
        raise CodecError(f"{address} is not a class of this project")
    kind = getattr(importlib.import_module(module), name)
    good = isinstance(kind, type) and (issubclass(kind, base) if base else dataclasses.is_dataclass(kind))
    if not good:
        raise CodecError(f"{address} is not a result class")
    return kind
