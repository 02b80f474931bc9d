"""Run the same command again and again; each process dies at its n-th write, until one comes to the end.

Usage: python kill_driver.py FILE RUN N. Prints how many processes died.
"""

import os
import signal
import sys
from pathlib import Path

from fakes import Rooms

from workbench import atomic, session
from workbench.observer import Silent
from workbench.options import RunOptions
from workbench.session import Request


def die_at_write(n):
    """Let the n-th write of this process end in the middle, as a power cut would."""
    whole, count = atomic.write_bytes, 0

    def half(path, content):
        nonlocal count
        count += 1
        if count == n:
            (path.parent / f".{path.name}-half{atomic.TEMPORARY}").write_bytes(content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        whole(path, content)

    atomic.write_bytes = half


def main(file, folder, n):
    import workbench.report.page

    Rooms().install(setattr)
    workbench.report.page.write_report = lambda store, *_, **__: store.write("report.html", "<p>report</p>")
    request = Request(Path(folder), Path(file), options=RunOptions())
    session.execute.__module__  # noqa: B018 - everything is imported before the first fork
    import fitting.maximum_likelihood  # noqa: F401
    import patients.loading  # noqa: F401
    import workbench.pipeline  # noqa: F401
    import workbench.tables  # noqa: F401

    died = 0
    while True:
        child = os.fork()
        if child == 0:
            if n > 0:
                die_at_write(n)
            session.execute(request, Silent())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            died += 1
            continue
        print(died)
        return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
