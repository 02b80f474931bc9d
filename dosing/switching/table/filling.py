"""Rows that belong together: each combination once, each value given and never contradicted."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.switching.table.columns import VALUES
from patients.problems import quoted

if TYPE_CHECKING:
    from patients.problems import ProblemLog

__all__ = ["Row", "check_rows", "fill"]


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Parameters
    ----------
    number : int
        In the file, as a spreadsheet shows it.
    line, compartment, drug : str
    values : dict of str to float
        What it gives; NaN where the cell cannot be read.
    note : str
    """

    number: int
    line: str
    compartment: str
    drug: str
    values: dict[str, float]
    note: str = ""


def check_rows(rows: Sequence[Row], log: ProblemLog) -> None:
    """Report combinations that stand twice, drugs that are missing for a line, compartments that are odd ones out."""
    seen: dict[tuple[str, str, str], int] = {}
    for row in rows:
        key = (row.line, row.compartment, row.drug)
        if key in seen:
            log.add(
                "error", f"{_named(row)} stands in row {seen[key]} already",
                "delete one of the two, or give the lines, compartments or drugs different names", row=row.number,
            )  # fmt: skip
        else:
            seen[key] = row.number
    drugs = list(dict.fromkeys(r.drug for r in rows))
    compartments = list(dict.fromkeys(r.compartment for r in rows))
    for place in dict.fromkeys((r.line, r.compartment) for r in rows):
        own = [r for r in rows if (r.line, r.compartment) == place]
        missing = [s for s in drugs if s not in {r.drug for r in own}]
        if not missing:
            continue
        line, where = place
        others = [c for c in compartments if c != where]
        near = difflib.get_close_matches(where, [c for c in others if c], n=1, cutoff=0.6)
        if near or not where:
            log.add(
                "error",
                f"unknown compartment {quoted(where)} of {quoted(line)}"
                if where
                else f"{quoted(line)} has no compartment",
                f"did you mean {near[0]}?" if near else f"write one of {', '.join(others)}",
                row=own[0].number, column="compartment", value=where,
            )  # fmt: skip
            continue
        log.add(
            "error", f"{quoted(line)}{f' in {quoted(where)}' if where else ''} has no row for {', '.join(missing)}",
            "add the row; a drug without any effect on the line has k_max_per_day 0", row=own[0].number,
        )  # fmt: skip


def fill(rows: Sequence[Row], present: set[str], log: ProblemLog) -> dict[str, dict[tuple[str, ...], float]]:
    """Find one value for every group of rows that a column's values belong to.

    Parameters
    ----------
    rows : sequence of Row
    present : set of str
        Columns of the file; what is missing altogether was reported with the header.
    log : ProblemLog

    Returns
    -------
    dict of str to dict
        Column, then group -> value.
    """
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for column in VALUES:
        groups: dict[tuple[str, ...], list[Row]] = {}
        for row in rows:
            groups.setdefault(tuple(getattr(row, key) for key in column.level), []).append(row)
        found[column.name] = {}
        without = 0
        for group, members in groups.items():
            given = [(r, r.values[column.name]) for r in members if column.name in r.values]
            readable = [(r, v) for r, v in given if not np.isnan(v)]
            what = f"{column.name} of {', '.join(quoted(g) for g in group if g)}"
            differing = [r for r, v in readable[1:] if v != readable[0][1]]
            if differing:
                first, value = readable[0]
                other = differing[0]
                log.add(
                    "error", f"{what} is {other.values[column.name]:g} here, but {value:g} in row {first.number}",
                    f"give one value for each {' and '.join(column.level)}", row=other.number, column=column.name,
                )  # fmt: skip
            elif not given and column.default is None and column.name in present:
                log.add(
                    "error", f"{what} is not given ({column.meaning})", "write it into one of its rows at least",
                    row=members[0].number, column=column.name,
                )  # fmt: skip
            elif not given and column.default is not None:
                without += 1
            value = readable[0][1] if readable else column.default
            found[column.name][group] = float("nan") if value is None else value
        if without and column.default is not None:
            log.add(
                "note",
                f"{column.name} is not given for {without} of {len(groups)}; taken as {column.default:g}",
            )
    if "cells" in present and rows and all(v == 0 for v in found["cells"].values()):
        log.add(
            "error", "no line has cells at the start", "write the cells of at least one line", column="cells"
        )
    return found


def _named(row: Row) -> str:
    where = f" in {quoted(row.compartment)}" if row.compartment else ""
    return f"{quoted(row.drug)} on {quoted(row.line)}{where}"
