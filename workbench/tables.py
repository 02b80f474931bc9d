"""The tables of a run, written from the results of each patient."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import inquiry_rows, rows
from workbench.columns import INQUIRY_TABLES, POSTERIOR_TABLES, TABLES
from workbench.decision import Decision, decide
from workbench.record import PatientRecord
from workbench.store import CohortIndex, RunStore

if TYPE_CHECKING:
    from dynamics.model import Model
    from dynamics.schedule import DoseSchedule
    from workbench.posterior_summary import PosteriorSummary

__all__ = ["Decision", "write_tables"]


class Table:
    """A CSV text that grows by rows and checks their columns."""

    def __init__(self, columns: list[str]) -> None:
        self.columns = columns
        self._buffer = io.StringIO()
        self._writer = csv.writer(self._buffer, lineterminator="\n")
        self._writer.writerow(columns)

    def add(self, rows_: Iterable[Mapping[str, Any]]) -> None:
        """Append rows; a column that a row does not name stays empty."""
        for row in rows_:
            strange = set(row) - set(self.columns)
            if strange:
                raise KeyError(f"columns {sorted(strange)} are not declared in workbench/columns.py")
            self._writer.writerow([cell(row.get(column)) for column in self.columns])

    @property
    def text(self) -> str:
        """The whole table."""
        return self._buffer.getvalue()


def write_tables(
    store: RunStore, records: Iterable[PatientRecord], index: CohortIndex, model: Model, criterion: str
) -> tuple[Decision, ...]:
    """Write all tables atomically; those of ``evodose identify`` where it has been asked.

    Parameters
    ----------
    store : RunStore
    records : iterable of PatientRecord
        In the order of the input; read one at a time.
    index : CohortIndex
        For the patients who were rejected.
    model : Model
        For the columns of the profiles.
    criterion : str
        Name of the profiles' criterion, ``profile95`` at the default level.

    Returns
    -------
    tuple of Decision
        One a patient, for whoever prints a summary.
    """
    tables = {name: Table(_names(name, model)) for name in {**TABLES, **INQUIRY_TABLES}}
    decisions, regimens, asked = [], [], False
    for record in records:
        decision = decide(record)
        decisions.append(decision)
        tables["fits.csv"].add(rows.fit_rows(record, decision))
        tables["profiles.csv"].add(rows.profile_rows(record))
        tables["identifiability.csv"].add(rows.identifiability_rows(record, ("paper", criterion)))
        tables["information.csv"].add(inquiry_rows.information_rows(record))
        tables["next_visits.csv"].add(inquiry_rows.next_visit_rows(record))
        tables["bootstrap.csv"].add(inquiry_rows.bootstrap_rows(record))
        tables["bounds.csv"].add(inquiry_rows.bound_rows(record))
        asked = asked or record.inquiry is not None
        tables["regimens.csv"].add([rows.regimen_row(record, decision)])
        tables["strategies.csv"].add(rows.strategy_rows(record))
        tables["exclusions.csv"].add(rows.exclusion_rows(record))
        regimens.append(_regimen_json(record, decision))
    tables["exclusions.csv"].add(rows.rejection_rows(index.rejected))
    for name, table in tables.items():
        if asked or name not in INQUIRY_TABLES:
            store.write(name, table.text)
    text = json.dumps({"research_use_only": True, "regimens": regimens}, indent=1, allow_nan=False)
    store.write("regimens.json", text + "\n")
    return tuple(decisions)


def write_fit_tables(store: RunStore, records: Iterable[PatientRecord], index: CohortIndex) -> set[str]:
    """Write ``fits.csv`` and ``exclusions.csv``; return who could not be fitted.

    Parameters
    ----------
    store, records, index
        As for :func:`write_tables`.
    """
    fits, exclusions = (
        Table([name for name, _ in TABLES[t]]) for t in ("fits.csv", "exclusions.csv")
    )  # fmt: skip
    failed = set()
    for record in records:
        fits.add(rows.fit_rows(record, decide(record)))
        exclusions.add(rows.exclusion_rows(record))
        if record.failed:
            failed.add(record.patient.patient_id)
    exclusions.add(rows.rejection_rows(index.rejected))
    store.write("fits.csv", fits.text)
    store.write("exclusions.csv", exclusions.text)
    return failed


class PosteriorTables:
    """The tables of ``evodose fit --bayes``, patient by patient."""

    def __init__(self) -> None:
        self._tables = {name: Table([c for c, _ in columns]) for name, columns in POSTERIOR_TABLES.items()}

    def add(self, summary: PosteriorSummary) -> None:
        """Append one patient."""
        from workbench.posterior_rows import check_row, posterior_rows

        self._tables["posteriors.csv"].add(posterior_rows(summary))
        self._tables["posterior_checks.csv"].add([check_row(summary)])

    def write(self, store: RunStore) -> None:
        """Write both atomically."""
        for name, table in self._tables.items():
            store.write(name, table.text)


def _names(table: str, model: Model) -> list[str]:
    """Column names, one ``at_`` column for each parameter of the model."""
    names = [name for name, _ in {**TABLES, **INQUIRY_TABLES}[table]]
    if "at_<parameter>" in names:
        names.remove("at_<parameter>")
        names += [f"at_{name}" for name in model.parameter_names]
    return names


def cell(value: Any) -> str:
    """Write a value: ten significant digits, nothing for what is not available."""
    if value is None or (isinstance(value, (float, np.floating)) and math.isnan(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.10g}"
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)


def _regimen_json(record: PatientRecord, decision: Decision) -> dict[str, Any]:
    """Return the regimen as JSON, without the simulated series, which fill pages."""
    content: dict[str, Any] = {k: _plain(v) for k, v in rows.regimen_row(record, decision).items()}
    regimen = record.regimen
    content["schedule"] = _segments(regimen.schedule) if regimen and regimen.schedule else None
    content["settings"] = _plain(dict(regimen.settings)) if regimen else {}
    content["window"] = _plain(regimen.window) if regimen and regimen.window else None
    content["window_range"] = _plain(regimen.window_range) if regimen and regimen.window_range else None
    support = zip(regimen.support_doses, regimen.support_share, strict=True) if regimen else ()
    content["support_by_dose"] = [[_plain(float(f"{d:.6g}")), _plain(float(f"{s:.6g}"))] for d, s in support]
    content["strategies"] = [
        {k: _plain(v) for k, v in row.items() if k != "patient_id"} for row in rows.strategy_rows(record)
    ]
    content["warnings"] = list(record.fit.warnings) if record.fit else []
    return content


def _segments(schedule: DoseSchedule) -> list[dict[str, float | None]]:
    """Rows of a schedule; the end of the last one is null where it has none."""
    ends = [e if math.isfinite(e) else None for e in schedule.edges[1:]]
    return [
        {"t_start": start, "t_end": end, "dose": dose}
        for start, end, dose in zip(schedule.edges[:-1], ends, schedule.doses, strict=True)
    ]


def _plain(value: Any) -> Any:
    """Reduce a value to what JSON has; NaN becomes null, infinity the text ``inf``."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return (
            None if math.isnan(value) else value if math.isfinite(value) else "inf" if value > 0 else "-inf"
        )
    if isinstance(value, Enum):
        return value.value
    return value
