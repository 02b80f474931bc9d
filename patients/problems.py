"""What is wrong with a file: one problem a finding, with its place, its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from patients.cohort import CohortError

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
_LONGEST_VALUE = 60
_LISTED_AT_MOST = 10
_ONE_BY_ONE = 3


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One finding in one place.

    Parameters
    ----------
    severity : {"error", "warning", "note"}
        *error*: something in the file was not used and should be corrected. *warning*: a decision was taken
        that a person should confirm. *note*: an assumption or a harmless repair.
    file : str
        File name.
    row : int or None
        Row as a spreadsheet shows it (the header is usually row 1); None for a whole file or patient.
    column, value : str
        Column as the file writes it, and the text of the cell; empty where none applies.
    patient_id : str
        Whose row it is; empty where it concerns the file.
    message, remedy : str
        What was found and what became of it; what to do.
    """

    severity: Severity
    message: str
    remedy: str = ""
    file: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""
    patient_id: str = ""

    @property
    def place(self) -> str:
        """Where it is, in words: file, row, column, value, patient."""
        parts = [self.file] if self.file else []
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column}")
        if self.value:
            parts.append(f"value {quoted(self.value)}")
        if self.patient_id:
            parts.append(f"patient {quoted(self.patient_id)}")
        return ", ".join(parts)

    def __str__(self) -> str:
        """Return one line: severity, place, message, remedy."""
        text = (
            f"{self.severity}: {self.place}: {self.message}"
            if self.place
            else f"{self.severity}: {self.message}"
        )
        return f"{text}. Remedy: {self.remedy}." if self.remedy else f"{text}."


class UnusableCohortError(CohortError):
    """A file from which nothing can be fitted, with everything that was found in it.

    Parameters
    ----------
    headline : str
        What failed, in a few words.
    problems : sequence of Problem
        All findings; the message shows the first errors.
    """

    def __init__(self, headline: str, problems: Sequence[Problem]) -> None:
        self.headline = headline
        self.problems = tuple(problems)
        worst = [p for p in problems if p.severity == "error"] or list(problems)
        lines = [headline, *(f"  {p}" for p in worst[:_LISTED_AT_MOST])]
        if len(worst) > _LISTED_AT_MOST:
            lines.append(f"  … and {len(worst) - _LISTED_AT_MOST} more; `evodose check` lists all of them.")
        super().__init__("\n".join(lines))


@dataclass
class ProblemLog:
    """Collects the findings about one file while it is read."""

    file: str
    found: list[Problem] = field(default_factory=list)
    _common: dict[tuple[Severity, str, str], list[tuple[str, int | None]]] = field(default_factory=dict)

    def add(
        self,
        severity: Severity,
        message: str,
        remedy: str = "",
        *,
        row: int | None = None,
        column: str = "",
        value: str = "",
        patient_id: str = "",
    ) -> None:
        """Record one finding."""
        self.found.append(
            Problem(
                severity=severity,
                message=message,
                remedy=remedy,
                file=self.file,
                row=row,
                column=column,
                value=value,
                patient_id=patient_id,
            )
        )

    def add_for_patient(
        self, severity: Severity, message: str, remedy: str = "", *, patient_id: str, row: int | None = None
    ) -> None:
        """Record a finding that patients may share; the same one of many is listed once."""
        self._common.setdefault((severity, message, remedy), []).append((patient_id, row))

    def problems(self) -> tuple[Problem, ...]:
        """All findings: errors first, then by row."""
        shared: list[Problem] = []
        for (severity, message, remedy), where in self._common.items():
            by_patient = dict(reversed(where))  # the first row of each patient
            patients = sorted(by_patient.items(), key=lambda item: -1 if item[1] is None else item[1])
            if len(patients) <= _ONE_BY_ONE:
                shared += [
                    Problem(
                        severity=severity,
                        message=message,
                        remedy=remedy,
                        file=self.file,
                        row=row,
                        patient_id=patient,
                    )
                    for patient, row in patients
                ]
                continue
            shown = ", ".join(quoted(patient) for patient, _ in patients[:_ONE_BY_ONE])
            shared.append(
                Problem(
                    severity=severity,
                    message=f"{len(patients)} patients ({shown}, …): {message}",
                    remedy=remedy,
                    file=self.file,
                )
            )
        return tuple(sorted([*self.found, *shared], key=lambda p: (SEVERITIES.index(p.severity), p.row or 0)))


def quoted(text: str) -> str:
    """Text of a stranger's file, safe on a terminal: control characters escaped, shortened, in quotes."""
    if len(text) > _LONGEST_VALUE:
        text = text[: _LONGEST_VALUE - 1] + "…"
    return repr(text)


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 row``, ``2 rows``."""
    return f"{count} {one if count == 1 else many or one + 's'}"
