"""What a run tells whoever watches it."""

from __future__ import annotations

from typing import Protocol

STAGE_NAMES: tuple[str, ...] = ("fitting", "identifiability", "dosing")
INQUIRY_STAGES: tuple[str, ...] = ("window profiles", "declared bounds", "what to measure next")
FIT_STAGES: tuple[str, ...] = ("posteriors",)
POPULATION_STAGES: tuple[str, ...] = ("population",)


class Observer(Protocol):
    """Receives the progress of a run; a terminal, a notebook, or nobody."""

    def start(self, total: int, done: int) -> None:
        """Patients in all, and those that an earlier session has done."""
        ...

    def stage(self, name: str, patients: int) -> None:
        """Begin a stage for a chunk of patients."""
        ...

    def tick(self, name: str, done: float) -> None:
        """Report how many patients of the chunk have passed the stage, in fractions where it works on all at once."""
        ...

    def detail(self, text: str) -> None:
        """Say what is being done within the stage, such as a patient's chains."""
        ...

    def finished(self, patients: int) -> None:
        """Report that all stages of these many further patients are on the disk."""
        ...

    def note(self, text: str) -> None:
        """Tell something that a person should read."""
        ...


class Silent:
    """Nobody watches; notes are kept in ``notes``."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def start(self, total: int, done: int) -> None:
        """Ignore."""

    def stage(self, name: str, patients: int) -> None:
        """Ignore."""

    def tick(self, name: str, done: float) -> None:
        """Ignore."""

    def detail(self, text: str) -> None:
        """Ignore."""

    def finished(self, patients: int) -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Keep the text."""
        self.notes.append(text)
