"""Whether the machines of a cluster run the same code as the one that asks them."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client

ROOMS = ("dynamics", "patients", "fitting", "identifiability", "dosing", "workbench")


def identity() -> dict[str, str]:
    """Name this installation: Python, the project's version, a digest of its code, the packages that compute.

    Read from the disk at every call, so that two processes of one installation agree whenever they were started.
    """
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        "evodose": _version("evodose"),
        "evodose code": _code_digest(),
        "numpy": _version("numpy"),
        "numba": _version("numba"),
    }


def differences(mine: dict[str, str], theirs: dict[str, str]) -> list[str]:
    """One clause a difference, such as ``numpy 2.5.5 here, 2.4.0 there``."""
    return [
        f"{name} {value} here, {theirs.get(name) or 'none'} there"
        for name, value in mine.items()
        if theirs.get(name) != value
    ]


def check_workers(client: Client) -> list[str]:
    """Compare every worker with this process.

    Parameters
    ----------
    client : distributed.Client

    Returns
    -------
    list of str
        One clause a difference, with the worker's address; empty where all agree.
    """
    found = []
    told: Any = client.get_versions(check=False)
    python = identity()["python"]
    for address, worker in sorted(told["workers"].items()):
        theirs = ".".join(str(worker["host"]["python"]).split(".")[:2])
        if theirs != python:
            found.append(f"worker {address}: python {python} here, {theirs} there")
    if found:  # another Python cannot even be asked: functions do not travel between versions
        return found

    def ask() -> dict[str, str]:
        # travels by value, so that a worker without the project can answer
        try:
            from workbench.distributed_versions import identity
        except ImportError:
            return {}
        return identity()

    answers: Any = client.run(ask, on_error="return")
    for address, theirs in sorted(answers.items()):
        if isinstance(theirs, OSError):  # it left the cluster while it was asked
            continue
        if not isinstance(theirs, dict):
            found.append(f"worker {address}: could not be asked ({theirs})")
        elif not theirs:
            found.append(f"worker {address}: evodose is not installed there")
        else:
            found += [f"worker {address}: {clause}" for clause in differences(identity(), theirs)]
    return found


def _version(package: str) -> str:
    """Version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"


def _code_digest() -> str:
    """Digest of the project's Python files, whatever their line ends."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[1]
    for path in sorted(p for room in ROOMS for p in (root / room).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]
