"""What a run looks like on a terminal, or in a log file."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from workbench.observer import STAGE_NAMES, Observer
from workbench.pace import Pace, in_words

if TYPE_CHECKING:
    from rich.console import Console

_LINE_EVERY_S = 5.0


def error_console() -> Console:
    """Where progress and messages go, so that the standard output stays free for results."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


class _Watching:
    """Keeps count; subclasses show it."""

    def __init__(self, stages: Sequence[str] = STAGE_NAMES) -> None:
        self.stages = tuple(stages)
        self.pace = Pace(stages=self.stages)
        self.total = self.done = self.to_do = self.computed = 0
        self.stage_name, self.in_stage, self.size = "", 0, 0
        self.doing = ""

    def __enter__(self) -> Self:
        """Begin to show."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop showing."""

    def start(self, total: int, done: int) -> None:
        """Take the number of patients in all, and of those that are done."""
        self.total, self.done, self.to_do = total, done, total - done
        self.pace.start(self.to_do)
        self.show()

    def stage(self, name: str, patients: int) -> None:
        """Begin a stage of a chunk."""
        self.stage_name, self.in_stage, self.size, self.doing = name, 0, patients, ""
        self.pace.stage(name, patients)
        self.show()

    def tick(self, name: str, done: float) -> None:  # noqa: ARG002 - the stage is known
        """Take how many patients of the chunk have passed the stage."""
        self.in_stage = int(done)
        self.pace.tick(done)
        self.show()

    def detail(self, text: str) -> None:
        """Take what is being done within the stage."""
        self.doing = text
        self.show()

    def finished(self, patients: int) -> None:
        """Take that these patients are on the disk."""
        self.done += patients
        self.computed += patients
        self.stage_name = self.doing = ""
        self.pace.finished(self.computed)
        self.show()

    def show(self) -> None:
        """Show the present state."""

    @property
    def counts(self) -> str:
        """Say what is done, in words."""
        text = f"{self.done} of {self.total} patients done"
        if self.stage_name:
            text += f"; {self.stage_name}" + (f" {self.in_stage} of {self.size}" if self.size > 1 else "")
            text += f" ({self.doing})" if self.doing else ""
        return text


class Lines(_Watching):
    """Plain lines, a few seconds apart, for a log file."""

    def __init__(self, stages: Sequence[str] = STAGE_NAMES) -> None:
        super().__init__(stages)
        self._last = -_LINE_EVERY_S
        self._said = ""

    def show(self) -> None:
        """Print a line, unless the last one is recent and this one is not the end."""
        moment = time.monotonic()
        at_end = self.done == self.total
        if not at_end and moment - self._last < _LINE_EVERY_S:
            return
        text = (
            self.counts
            if at_end or not self.computed
            else f"{self.counts}; {in_words(self.pace.seconds_left())}"
        )
        if text != self._said:
            self.note(text)
        self._last, self._said = moment, text

    def note(self, text: str) -> None:
        """Print a line."""
        print(text, file=sys.stderr, flush=True)


class Quiet(_Watching):
    """Only what a person must read."""

    def note(self, text: str) -> None:
        """Print a line."""
        print(text, file=sys.stderr, flush=True)


class Bars(_Watching):
    """A live bar with patients done, present stage, time gone, time left."""

    def __init__(self, console: Console, stages: Sequence[str] = STAGE_NAMES) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        super().__init__(stages)
        self._progress = Progress(
            TextColumn("{task.fields[counts]}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[stage]}", style="cyan"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", style="dim"),
            console=console,
            refresh_per_second=8,
        )
        self._task = self._progress.add_task("", total=1.0, counts="", stage="", left="", visible=False)

    def __enter__(self) -> Self:
        """Start the live display."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the live display; the last state stays on the screen."""
        self._progress.stop()

    def show(self) -> None:
        """Update the bar."""
        share = (self.done - self.computed) / self.total if self.total else 1.0
        share += (1.0 - share) * self.pace.fraction if self.to_do else 0.0
        several = self.stage_name and len(self.stages) > 1
        place = f"{self.stages.index(self.stage_name) + 1}/{len(self.stages)} " if several else ""
        count = f" {self.in_stage}/{self.size}" if self.size > 1 else ""
        stage = f"{place}{self.stage_name}{count}" if self.stage_name else ""
        stage += f" ({self.doing})" if self.doing else ""
        over = self.done == self.total
        self._progress.update(
            self._task,
            completed=1.0 if over else min(share, 0.999),
            counts=f"{self.done}/{self.total} patients",
            stage="" if over else stage,
            left="" if over else in_words(self.pace.seconds_left()),
            visible=self.to_do > 0,
        )

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        from rich.text import Text

        self._progress.console.print(Text(text))


def choose_observer(*, quiet: bool, stages: Sequence[str] = STAGE_NAMES) -> Bars | Lines | Quiet:
    """Bars on a terminal, lines elsewhere, little where quiet is wished."""
    if quiet:
        return Quiet(stages)
    console = error_console()
    return Bars(console, stages) if console.is_terminal else Lines(stages)


def _check_protocol(observer: Bars | Lines | Quiet) -> Observer:
    """Let the type checker hold the classes against the protocol."""
    return observer
