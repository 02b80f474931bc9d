"""What a question put to a finished run prints on the standard output: one block a patient, counts, the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from patients.problems import quoted
from workbench.listing import output_console
from workbench.report.labels import plural

__all__ = ["Answer", "print_answers"]

_SHOWN = 40


@dataclass(frozen=True)
class Answer:
    """One patient's answer.

    Parameters
    ----------
    patient_id : str
    action : str
        A key of the words that the caller has for it.
    lines : tuple of str
        Sentences.
    about : str
        Which of several questions it answers; empty where there is one only.
    """

    patient_id: str
    action: str
    lines: tuple[str, ...]
    about: str = ""


def print_answers(
    answers: Sequence[Answer],
    words: Mapping[str, tuple[str, str]],
    page: Path,
    computed: int,
    *,
    table: str,
    quiet: bool,
) -> None:
    """Print answers, how many of each kind there are, and where the page lies.

    Parameters
    ----------
    answers : sequence of Answer
    words : mapping of str to (str, str)
        What each action is called, and its colour.
    page : Path
    computed : int
        For how many patients something was computed now.
    table : str
        Name of the file that holds the answers that are not shown.
    quiet : bool
        Whether to leave the blocks out.
    """
    console = output_console()
    if not quiet:
        console.print("Research use only; not a medical device", style="dim")
    for answer in answers[:_SHOWN] if not quiet else ():
        word, style = words[answer.action]
        about = f" ({answer.about}): " if answer.about else ": "
        console.print(
            Text.assemble((quoted(answer.patient_id)[1:-1], "bold"), about, (word, style)), soft_wrap=True
        )
        for line in answer.lines:
            console.print(Text(f"  {line}"), soft_wrap=True)
    if len(answers) > _SHOWN and not quiet:
        console.print(f"… and {len(answers) - _SHOWN} more in {table}", markup=False)
    counts = [f"{n} {words[a][0]}" for a in words if (n := sum(x.action == a for x in answers))]
    console.print(
        f"{plural(len(answers), 'patient')}, {computed} computed now: {', '.join(counts)}.",
        markup=False,
        soft_wrap=True,
    )
    if computed == 0:
        console.print("Everything was there already; nothing was computed again.", soft_wrap=True)
    console.print(f"Page: {page}", markup=False, soft_wrap=True)
