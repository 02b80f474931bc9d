"""Run the same command again and again; one process after the other dies in the middle of a write.

Usage: python kill_driver.py FILE RUN [N ...]. The first process dies at its N-th write, the next at the next N; the
last one comes to its end. Prints how many died.
"""

import os
import signal
import sys
from pathlib import Path

from fakes import Rooms

from workbench import atomic, session
from workbench.codec import dumps, loads
from workbench.observer import Silent
from workbench.options import RunOptions
from workbench.request import Request


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


def main(file, folder, deaths):
    # everything is imported before the first fork, or each process would take seconds
    import fitting.maximum_likelihood
    import workbench.pipeline
    import workbench.report.page
    import workbench.tables
    from dynamics.catalogue import get_model
    from patients.loading import load_cohort

    cohort, _ = load_cohort(file)
    fitting.maximum_likelihood.prepare(cohort.patients, "auto")
    get_model("competition")
    loads(dumps(cohort))

    Rooms().install(setattr)
    workbench.report.page.write_report = lambda store, *_, **__: store.write("report.html", "<p>report</p>")
    request = Request(Path(folder), Path(file), options=RunOptions())
    died = 0
    for n in (*deaths, 0):
        child = os.fork()
        if child == 0:
            if n:
                die_at_write(n)
            session.execute(request, Silent())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        died += os.WIFSIGNALED(status)
    print(died)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], [int(n) for n in sys.argv[3:]]))
