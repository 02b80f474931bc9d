"""The manifest of a run: what went in, with what it was computed, how long it took."""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from workbench.store import MANIFEST_FILE, RunStore, StoreError

FORMAT = 1
_PACKAGES = ("numpy", "scipy", "sympy", "numba", "jax", "diffrax", "pandas", "matplotlib", "lmfit")
# What makes results of two runs comparable number by number; a resumed run must agree in all of it.
_IDENTITY = ("input", "schedule", "model", "options", "evodose")


class RunMismatchError(StoreError):
    """The run directory was made from other data, another model or other options."""


def evodose_version() -> str:
    """Version of the installed distribution."""
    try:
        return metadata.version("evodose")
    except metadata.PackageNotFoundError:
        return "source tree"


def file_fingerprint(path: Path) -> dict[str, str]:
    """Name and SHA-256 of a file."""
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def now() -> str:
    """Return the present moment in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Manifest:
    """The manifest of one run directory; ``content`` is the JSON object.

    It names no host, no user and no folder: a run directory can be handed on.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    @classmethod
    def new(
        cls,
        *,
        input_file: dict[str, str],
        schedule: dict[str, str] | None,
        model: dict[str, str | None],
        options: dict[str, Any],
    ) -> Manifest:
        """Start the manifest of a run that begins now."""
        return cls(
            {
                "format": FORMAT,
                "status": "running",
                "started": now(),
                "finished": None,
                "evodose": evodose_version(),
                "input": input_file,
                "schedule": schedule,
                "model": model,
                "seed": options.get("seed"),
                "options": options,
                "likelihood": None,
                "versions": versions(),
                "patients": {},
                "timings_s": {},
                "sessions": 0,
                "notes": [],
            }
        )

    @classmethod
    def read(cls, store: RunStore) -> Manifest | None:
        """Read the manifest of a run directory; None where it has none.

        Raises
        ------
        StoreError
            The file is damaged or of another format.
        """
        path = store.folder / MANIFEST_FILE
        if not path.is_file():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                raise StoreError(
                    f"{path} has format {content['format']}, this version writes {FORMAT}; use --fresh or another "
                    "directory"
                )
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path} cannot be read ({error}); use --fresh or another directory") from None
        return cls(content)

    def write(self, store: RunStore) -> None:
        """Write the manifest atomically."""
        store.write(MANIFEST_FILE, json.dumps(self.content, indent=2) + "\n")

    def require_same(self, other: Manifest, folder: Path) -> None:
        """Refuse to continue a run with other data, model or options.

        Raises
        ------
        RunMismatchError
            Names every difference and the remedies.
        """
        differences = []
        for key in _IDENTITY:
            here, there = _identity(self.content.get(key)), _identity(other.content.get(key))
            if here == there:
                continue
            if key == "options":
                names = sorted(k for k in {*here, *there} if here.get(k) != there.get(k))
                differences += [
                    f"--{k.replace('_', '-')} was {here.get(k)}, now {there.get(k)}" for k in names
                ]
            elif key in ("input", "schedule"):
                what = "input file" if key == "input" else "schedule file"
                differences.append(f"the {what} is not the same ({_short(here)}, now {_short(there)})")
            elif key == "model":
                differences.append(f"the model was {_short(here)}, now {_short(there)}")
            else:
                differences.append(f"it was made by evodose {here}, this is {there}")
        if differences:
            raise RunMismatchError(
                f"{folder} holds a run that differs: {'; '.join(differences)}. Results of both would be mixed. Repeat "
                "the command as it was, or give another directory with -o, or add --fresh to delete that run"
            )

    def add_time(self, stage: str, seconds: float) -> None:
        """Add to the time that a stage has taken over all sessions of this run."""
        timings = self.content["timings_s"]
        timings[stage] = round(timings.get(stage, 0.0) + seconds, 3)


def versions() -> dict[str, str]:
    """Versions of Python, of the system and of the packages that the numbers depend on."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _identity(value: Any) -> Any:
    """Leave out the name of a file: the same data under another name are the same data."""
    if isinstance(value, dict) and value.get("sha256"):
        return {"sha256": value["sha256"], **({"name": value["name"]} if "name" in value else {})}
    return value


def _short(value: Any) -> str:
    """Say which file or model, in a few characters."""
    if not value:
        return "none"
    if not isinstance(value, dict):
        return str(value)
    digest = value.get("sha256")
    return " ".join(filter(None, [value.get("name"), f"sha256 {digest[:10]}…" if digest else ""]))
