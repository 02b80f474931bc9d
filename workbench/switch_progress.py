"""How far ``evodose switch`` is, on a terminal or in a log file."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from workbench.console import error_console

if TYPE_CHECKING:
    from rich.progress import Progress

_PATIENCE_S = 2.0  # what takes less needs no line in a log


class Steps:
    """Shows which of some steps is being taken: a bar on a terminal, lines elsewhere, nothing where quiet is wished.

    Parameters
    ----------
    total : int
        Number of steps.
    quiet : bool
    """

    def __init__(self, total: int, *, quiet: bool) -> None:
        self.total, self.quiet, self.done = total, quiet, 0
        self._begun = time.monotonic()
        self._progress: Progress | None = None
        console = error_console()
        if not quiet and console.is_terminal:
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._progress = Progress(
                TextColumn("{task.completed}/{task.total}"), BarColumn(bar_width=30),
                TextColumn("{task.description}", style="cyan"), TimeElapsedColumn(), console=console, transient=True,
            )  # fmt: skip
            self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop showing."""
        if self._progress is not None:
            self._progress.stop()

    def step(self, name: str) -> None:
        """Begin the next step."""
        if self._progress is not None:
            self._progress.update(self._task, description=name, completed=self.done)
        elif not self.quiet and time.monotonic() - self._begun > _PATIENCE_S:
            print(f"{self.done} of {self.total} steps done; {name}", file=sys.stderr, flush=True)
        self.done += 1

    def detail(self, text: str) -> None:
        """Say what is being done within the step."""
        if self._progress is not None:
            self._progress.update(self._task, description=text)
