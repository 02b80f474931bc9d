"""What a worker computes: some patients, with a model that travels as its name or its text."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynamics.model import Model
    from patients.cohort import Patient

_FILES = (".py", ".yaml", ".yml")
_WAIT_S = 600.0  # for another process that compiles the same kernels
_one_thread = threading.Lock()


@dataclass(frozen=True)
class ModelSource:
    """A model as a machine without the user's files can open it.

    Parameters
    ----------
    name : str
        Catalogue name, or the bare name of a file, with the suffixes of a variant.
    text : str
        What the file holds; empty for the catalogue.
    """

    name: str
    text: str = ""

    @classmethod
    def of(cls, name: str) -> ModelSource:
        """Read the file that a model name stands for, if it stands for one.

        Raises
        ------
        ModelError
            A file that cannot be read, or is not UTF-8.
        """
        from dynamics.catalogue import base_and_suffixes
        from dynamics.model import ModelError

        base, suffixes = base_and_suffixes(name)
        path = Path(base)
        if path.suffix not in _FILES or not path.is_file():
            return cls(name)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"model file {base} cannot be read: {error}") from None
        return cls("+".join([path.name, *suffixes]), text)

    def open(self) -> Model:
        """Return the model, the same object each time.

        Raises
        ------
        ModelError
            As :func:`dynamics.catalogue.get_model` raises it.
        """
        return _open(self)


@lru_cache(maxsize=16)
def _open(source: ModelSource) -> Model:
    """Open a model, from a file of its own where it travelled as text."""
    from dynamics.catalogue import base_and_suffixes, get_model

    if not source.text:
        return get_model(source.name)
    with tempfile.TemporaryDirectory(prefix="evodose-model-") as folder:
        plain, _ = base_and_suffixes(source.name)
        path = Path(folder) / plain
        path.write_text(source.text, encoding="utf-8")
        return get_model(str(Path(folder) / source.name))


@dataclass(frozen=True)
class Task:
    """What is done with every chunk of patients.

    Parameters
    ----------
    function : callable
        ``(patients, model, **options) -> one result a patient``, in a module that workers can import. Its result for
        a patient must depend on the patient, the model and the options alone.
    source : ModelSource
    options : mapping
        Keyword arguments.
    """

    function: Callable[..., Sequence[Any]]
    source: ModelSource
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Digest of all that decides which kernels are compiled."""
        told = (self.function.__module__, self.function.__qualname__, self.source, _installation())
        return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()[:20]


@cache
def _installation() -> str:
    """Name the code that this process runs, as it was at the first call."""
    from workbench.distributed_versions import identity

    return repr(identity())


@dataclass(frozen=True)
class Value:
    """A result."""

    value: Any


@dataclass(frozen=True)
class Raised:
    """An error that a patient's computation ended with."""

    reason: str


def run_chunk(task: Task, patients: Sequence[Patient]) -> list[Value | Raised]:
    """Compute one chunk; where that raises, patient by patient, so that only the culprit fails.

    Raises
    ------
    MemoryError
        Smaller chunks, or more memory, are the remedy, not another attempt.
    """
    return _isolated(task, task.source.open(), patients)


def run_on_worker(task: Task, patients: Sequence[Patient]) -> list[Value | Raised]:
    """Compute one chunk in a process that may share its compiled kernels with others; see :func:`run_chunk`."""
    os.environ.setdefault("EVODOSE_THREADS", "1")  # a cluster counts cores by its workers
    _compile_once(task, patients)
    return run_chunk(task, patients)


def _isolated(task: Task, model: Model, patients: Sequence[Patient]) -> list[Value | Raised]:
    """Compute together, else one by one."""
    try:
        results = list(task.function(patients, model, **task.options))
    except MemoryError:
        raise
    except Exception as error:
        if len(patients) == 1:
            return [Raised(f"{type(error).__name__}: {error}")]
        return [_isolated(task, model, [patient])[0] for patient in patients]
    if len(results) != len(patients):
        return [Raised(f"{len(results)} results came back for {len(patients)} patients")] * len(patients)
    return [Value(result) for result in results]


def _compile_once(task: Task, patients: Sequence[Patient]) -> None:
    """Let one process at a time meet kernels that the folder of compiled kernels does not hold yet.

    Several processes may share that folder, and would all compile the same kernels, or mix up their entries in its
    index. So the first that comes computes one patient, for the kernels alone; the others wait, and find them there.
    """
    from dynamics.kernels.compile import cache_folder

    folder = cache_folder() / "met"
    limits = [patient for patient in patients if patient.censoring.any()]  # they have kernels of their own
    known = folder / f"{task.key}-{'censored' if limits else 'measured'}"
    with _one_thread:
        if known.exists():
            return
        with _alone(folder):
            if not known.exists():
                run_chunk(task, [*limits, *patients][:1])
                known.touch()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a folder; after a long wait go on without, as compiling twice is slow but not wrong."""
    from workbench.locking import RunDirectoryBusyError, run_lock

    folder.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        try:
            held = run_lock(folder)
            held.__enter__()
        except RunDirectoryBusyError:
            time.sleep(0.1)
            continue
        try:
            yield
        finally:
            held.__exit__(None, None, None)
        return
    yield
