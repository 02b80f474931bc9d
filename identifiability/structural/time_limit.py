"""Work in a second process that can be stopped, with what it has found so far."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO, Any

# The process learns where to import from, then answers questions: each is a function's place and its arguments,
# each answer what the function yields, one message at a time.
_LOOP = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from identifiability.structural.time_limit import answer_questions
answer_questions(sys.stdin.buffer, sys.stdout.buffer)
"""
_STARTUP_S = 60.0
_READY, _FOUND, _DONE, _FAILED = "ready", "found", "done", "failed"

_lock = threading.Lock()
_worker: _Worker | None = None


class WorkerError(RuntimeError):
    """The second process could not be started, or failed in a way that is no matter of time."""


class _Worker:
    """The process, one question at a time."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _LOOP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin: IO[bytes] = self.process.stdin
        self.stdout: IO[bytes] = self.process.stdout
        self.messages: queue.Queue[tuple[str, Any] | None] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        # An empty entry is the folder the program was started in.
        pickle.dump([os.getcwd() if entry == "" else entry for entry in sys.path], self.stdin)  # noqa: PTH109
        self.stdin.flush()
        if self.next(_STARTUP_S) != (_READY, None):
            self.stop()
            raise WorkerError(f"SymPy could not be started in a second process by {sys.executable}")

    def _read(self) -> None:
        """Pass messages on until the process ends."""
        with contextlib.suppress(EOFError, pickle.UnpicklingError, ValueError, OSError):
            while True:
                self.messages.put(pickle.load(self.stdout))
        self.messages.put(None)

    def next(self, time_limit_s: float) -> tuple[str, Any] | None:
        """Return the next message; None at the time limit, or if the process has died."""
        try:
            return self.messages.get(timeout=max(time_limit_s, 0.0))
        except queue.Empty:
            return None

    @property
    def alive(self) -> bool:
        """Whether it can be asked, by this process."""
        return self.owner == os.getpid() and self.process.poll() is None

    def stop(self) -> None:
        """End the process, and close what leads to it."""
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.stdout.close()
        with contextlib.suppress(BrokenPipeError):  # a question that was never read
            self.stdin.close()


def found_within(
    time_limit_s: float, function: Callable[..., Iterator[Any]], *arguments: Any
) -> tuple[list[Any], bool]:
    """Return what a generator function yields within a time, and whether it came to its end.

    A process of its own is the only thing that can be stopped for certain while a library is inside a long call. It
    is kept between calls, for loading SymPy takes longer than most answers; its start is not counted.

    Parameters
    ----------
    time_limit_s : float
    function : callable
        A generator function at the top level of a module; it is imported there, not sent.
    *arguments
        Anything that can be pickled.

    Raises
    ------
    WorkerError
        The function failed; the message says how.
    """
    global _worker
    with _lock:
        worker = _worker = _running(_worker)
        deadline = time.monotonic() + time_limit_s
        found: list[Any] = []
        try:
            pickle.dump((function.__module__, function.__name__, arguments), worker.stdin)
            worker.stdin.flush()
        except OSError:  # the process has died in the meantime
            worker.stop()
            return found, False
        while True:
            message = worker.next(deadline - time.monotonic())
            if message is None:
                worker.stop()
                return found, False
            kind, content = message
            if kind == _FAILED:
                raise WorkerError(f"{function.__name__} failed: {content}")
            if kind == _DONE:
                return found, True
            found.append(content)


def _running(worker: _Worker | None) -> _Worker:
    """Return a process that can be asked."""
    if worker is not None and worker.alive:
        return worker
    if worker is not None and worker.owner == os.getpid():
        worker.stop()
    return _Worker()


def answer_questions(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer questions until there are no more; runs in the second process."""

    def send(kind: str, content: Any = None) -> None:
        pickle.dump((kind, content), answers)
        answers.flush()

    importlib.import_module("identifiability.structural.stage_two")
    send(_READY)
    while True:
        try:
            module, name, arguments = pickle.load(questions)
        except EOFError:
            return
        try:
            for content in getattr(importlib.import_module(module), name)(*arguments):
                send(_FOUND, content)
        except Exception as error:
            send(_FAILED, f"{type(error).__name__}: {error}")
        else:
            send(_DONE)


@atexit.register
def _stop() -> None:
    """End the process with the program."""
    if _worker is not None and _worker.owner == os.getpid():
        _worker.stop()
