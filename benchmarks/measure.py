"""Timing of fresh processes, with the operating system's own accounting."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class BenchmarkError(RuntimeError):
    """A measurement that could not be made; the message says why, and what to do."""


@dataclass(frozen=True)
class Measurement:
    """One fresh process, from its start to its exit.

    Parameters
    ----------
    wall_s, cpu_s : float
        Wall time; user and system time of the process and of those it waited for.
    peak_mib : float
        Largest resident memory of the process.
    load : float
        Load average of the last minute just before the start: other work on the machine.
    said : dict
        What the process printed as its last line, in JSON; empty where it printed something else.
    """

    wall_s: float
    cpu_s: float
    peak_mib: float
    load: float
    said: dict[str, Any]


def run_process(
    command: Sequence[str],
    *,
    environment: dict[str, str] | None = None,
    stdin: str = "",
    fails_with: str = "",
) -> Measurement:
    """Run a command in the project's folder, and measure it.

    Raises
    ------
    BenchmarkError
        The command did not end with exit code 0: a failure is never reported as a time.
    """
    load = os.getloadavg()[0]
    with (
        tempfile.TemporaryFile("w+") as given,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
    ):
        given.write(stdin)
        given.seek(0)
        begun = time.perf_counter()
        process = subprocess.Popen(
            list(command), cwd=ROOT, env=os.environ | (environment or {}), stdin=given, stdout=out, stderr=err
        )
        # wait4 instead of Popen.wait: it returns the accounting of this very child
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        printed, complaints = out.read(), err.read()
    if process.returncode != 0:
        tail = "\n".join(complaints.splitlines()[-15:])
        raise BenchmarkError(
            f"{fails_with or ' '.join(command)} ended with exit code {process.returncode}\n{tail}"
        )
    said: dict[str, Any] = {}
    with contextlib.suppress(ValueError, IndexError):
        last = json.loads(printed.splitlines()[-1])
        said = last if isinstance(last, dict) else {}
    return Measurement(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, load, said)


def run_job(name: str, *arguments: str, cache: Path) -> Measurement:
    """Run a job of ``benchmarks/jobs.py`` in a fresh process, its compiled kernels kept in ``cache``."""
    command = [sys.executable, "-m", "benchmarks.jobs", name, *arguments]
    return run_process(command, environment={"EVODOSE_CACHE": str(cache)})


def run_peer(script: str, *arguments: str, stdin: str) -> Measurement:
    """Run a script of this folder with the interpreter of the peer's own environment.

    Raises
    ------
    BenchmarkError
        Where EVODOSE_PEER_PYTHON is not set, or names no interpreter; or the script did not run.
    """
    python = os.environ.get("EVODOSE_PEER_PYTHON")
    if not python:
        raise BenchmarkError(
            "EVODOSE_PEER_PYTHON is not set: it names the interpreter of an environment with pyPESTO and AMICI"
        )
    interpreter = shutil.which(python)
    if interpreter is None:
        raise BenchmarkError(f"EVODOSE_PEER_PYTHON names {python}, which is not an interpreter")
    # the environment's own SWIG must come first, as after activating it: AMICI's modules share types by its version
    path = os.pathsep.join([str(Path(interpreter).parent), os.environ.get("PATH", "")])
    command = [interpreter, str(Path(__file__).with_name(script)), *arguments]
    environment = {"PATH": path, "PYTHONPATH": ""}
    return run_process(command, environment=environment, stdin=stdin, fails_with="pyPESTO + AMICI")


@contextlib.contextmanager
def empty_cache() -> Iterator[Path]:
    """Provide an empty folder for compiled kernels, so that the process inside must compile."""
    with tempfile.TemporaryDirectory(prefix="evodose-benchmark-") as folder:
        yield Path(folder)


def cohort_file(name: str) -> Path:
    """Find a real cohort in the folder that EVODOSE_DATA names.

    Raises
    ------
    BenchmarkError
    """
    folder = os.environ.get("EVODOSE_DATA")
    if not folder:
        raise BenchmarkError("EVODOSE_DATA is not set: it names the folder of the real cohorts")
    path = Path(folder).resolve() / name
    if not path.is_file():
        raise BenchmarkError(f"the folder in EVODOSE_DATA has no {name}")
    return path
