"""One writer a run directory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LOCK_FILE = "run.lock"


class RunDirectoryBusyError(RuntimeError):
    """Another process is writing into the run directory."""


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the run directory for this process.

    The lock belongs to the operating system, which releases it when the process ends in whatever way: a lock
    of a dead process cannot be left behind, and the file itself may stay.

    Raises
    ------
    RunDirectoryBusyError
        Another living process holds it.
    """
    with (folder / LOCK_FILE).open("a+", encoding="ascii") as file:
        if not _try_lock(file):
            file.seek(0)
            holder = file.read(20).strip()
            who = f" (process {holder})" if holder.isdigit() else ""
            raise RunDirectoryBusyError(
                f"another evodose process{who} is working in {folder}; wait for it to end, or give another "
                "directory with -o"
            )
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


if sys.platform == "win32":  # pragma: no cover - the branch is chosen by the machine
    import msvcrt

    def _try_lock(file: IO[str]) -> bool:
        """Lock one byte far beyond the text, so that the text can still be read by others."""
        file.seek(1 << 20)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(file: IO[str]) -> bool:
        """Lock the file for this process without waiting."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
