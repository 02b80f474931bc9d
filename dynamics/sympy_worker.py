"""A second process that solves equations with SymPy, and can be stopped."""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import sympy as sp

# The process knows nothing but SymPy: it reads pickled (equations, unknowns) and writes pickled solutions,
# None where SymPy has no method. Its first message says that SymPy is loaded.
_LOOP = """
import pickle, sys
import sympy
pickle.dump("ready", sys.stdout.buffer)
sys.stdout.buffer.flush()
while True:
    try:
        equations, unknowns = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    try:
        answer = sympy.solve(equations, unknowns, dict=True)
        answer = [{x: sympy.simplify(v) for x, v in point.items()} for point in answer]
    except Exception:
        answer = None
    pickle.dump(answer, sys.stdout.buffer)
    sys.stdout.buffer.flush()
"""
_STARTUP_S = 60.0

_lock = threading.Lock()
_worker: _Worker | None = None


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
        if self._read(_STARTUP_S) != "ready":
            self.stop()
            raise RuntimeError(f"SymPy could not be started in a second process by {sys.executable}")

    def ask(self, question: object, time_limit_s: float) -> object | None:
        """Send a question and wait for the answer; None at the time limit, when the process is ended."""
        try:
            pickle.dump(question, self.stdin)
            self.stdin.flush()
        except OSError:  # the process has died in the meantime
            return None
        return self._read(time_limit_s)

    def _read(self, time_limit_s: float) -> object | None:
        """Read one message, or stop the process when the time is up."""
        messages: list[object] = []

        def read() -> None:
            try:
                messages.append(pickle.load(self.stdout))
            except (EOFError, pickle.UnpicklingError):
                self.process.kill()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        reader.join(time_limit_s)
        if reader.is_alive():
            self.process.kill()
            reader.join()
            self.stop()
        return messages[0] if messages else None

    @property
    def alive(self) -> bool:
        """Whether it can be asked, by this process."""
        return self.owner == os.getpid() and self.process.poll() is None

    def stop(self) -> None:
        """End the process, and close what leads to it."""
        self.process.kill()
        self.process.wait()
        self.stdout.close()
        with contextlib.suppress(BrokenPipeError):  # a question that was never read
            self.stdin.close()


def solve_elsewhere(
    equations: Sequence[sp.Expr], unknowns: Sequence[sp.Symbol], time_limit_s: float
) -> list[dict[sp.Symbol, sp.Expr]] | None:
    """Run ``sympy.solve`` in the second process.

    A process of its own is the only thing that can be stopped for certain while SymPy is inside a long call.
    It is started at the first question and kept, for loading SymPy takes longer than most answers.

    Returns
    -------
    list of dict, or None
        None where SymPy has no method, or no answer in time.
    """
    global _worker
    with _lock:
        if _worker is not None and not _worker.alive:
            if _worker.owner == os.getpid():
                _worker.stop()
            _worker = None
        if _worker is None:
            _worker = _Worker()
        answer = _worker.ask((list(equations), list(unknowns)), time_limit_s)
    return answer if isinstance(answer, list) else None


@atexit.register
def _stop() -> None:
    """End the process with the program."""
    if _worker is not None and _worker.owner == os.getpid():
        _worker.stop()
