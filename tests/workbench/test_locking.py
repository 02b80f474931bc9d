import os
import signal
import subprocess
import sys

import pytest

from workbench.locking import RunDirectoryBusyError, run_lock

HOLDER = """
import sys, time
from pathlib import Path
from workbench.locking import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of tmp_path."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_told_who_is_working(tmp_path, holder):
    with (
        pytest.raises(RunDirectoryBusyError, match=f"process {holder.pid}.*another directory"),
        run_lock(tmp_path),
    ):
        pass


def test_a_dead_process_holds_nothing(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with run_lock(tmp_path):
        assert (tmp_path / "run.lock").read_text() == f"{os.getpid()}\n"


def test_the_lock_is_free_after_use(tmp_path):
    for _ in range(2):
        with run_lock(tmp_path):
            pass
