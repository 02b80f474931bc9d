"""What a benchmark leaves behind: one JSON file with its figures, the machine, the versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT, Measurement

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ("numpy", "scipy", "numba", "sympy", "pandas", "jax", "diffrax", "casadi", "cvxpy", "clarabel")


@dataclass(frozen=True)
class Row:
    """One thing that was timed, several times.

    Parameters
    ----------
    what : str
        What was timed, from where to where.
    wall_s : list of float
    cpu_s, peak_mib : list of float
        Empty where a part of a process was timed that did not tell them.
    load : list of float
        Load average just before each repetition.
    note : str
    target_s : float, optional
        What the project set itself; shown beside the figure, never asserted.
    """

    what: str
    wall_s: list[float]
    cpu_s: list[float] = field(default_factory=list)
    peak_mib: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    note: str = ""
    target_s: float | None = None


@dataclass(frozen=True)
class Table:
    """Further figures of a benchmark, as cells."""

    caption: str
    columns: list[str]
    cells: list[list[Any]]


def whole(what: str, measured: Sequence[Measurement], note: str = "", target_s: float | None = None) -> Row:
    """Make a row of whole processes."""
    return Row(
        what, [m.wall_s for m in measured], [m.cpu_s for m in measured], [m.peak_mib for m in measured],
        [m.load for m in measured], note, target_s,
    )  # fmt: skip


def part(
    what: str,
    measured: Sequence[Measurement],
    key: str,
    note: str = "",
    target_s: float | None = None,
    cpu_key: str = "",
) -> Row:
    """Make a row of what each process itself timed under ``key`` (a number, or several), and ``cpu_key``."""
    seconds, cpu = _said(measured, key), _said(measured, cpu_key) if cpu_key else []
    return Row(what, seconds, cpu, load=[m.load for m in measured], note=note, target_s=target_s)


def _said(measured: Sequence[Measurement], key: str) -> list[float]:
    """Collect what processes said under a key."""
    values: list[float] = []
    for m in measured:
        value = m.said[key]
        values += value if isinstance(value, list) else [value]
    return values


def save(name: str, title: str, rows: Sequence[Row], tables: Sequence[Table] = (), **more: object) -> Path:
    """Write the figures to ``results/<name>.json``."""
    RESULTS.mkdir(exist_ok=True)
    content = {
        "benchmark": name,
        "title": title,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "machine": machine(),
        "versions": {"python": platform.python_version(), **{p: _version(p) for p in PACKAGES}},
        **more,
        "rows": [asdict(row) for row in rows],
        "tables": [asdict(table) for table in tables],
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def machine() -> dict[str, Any]:
    """Describe the processor, the cores this process may use, the memory, the system."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        named = [
            line.split(":", 1)[1].strip()
            for line in cpuinfo.read_text().splitlines()
            if line.startswith("model name")
        ]
        model = named[0] if named else model
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _version(package: str) -> str:
    """Version of an installed package, or a word that it is absent."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _commit() -> str:
    """Name the commit that was measured; ``-dirty`` where files differed from it."""
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "not a git checkout"
