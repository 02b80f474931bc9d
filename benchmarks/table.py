"""From the figures in ``results/`` to the tables in ``README.md``.

``python -m benchmarks.table`` rewrites the part of the README between its two marks; ``--check`` only says whether it
is up to date. No figure in that part was typed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.record import Row, Table

README = Path(__file__).with_name("README.md")
RESULTS = Path(__file__).with_name("results")
BEGIN = "<!-- results: written by `python -m benchmarks.table`; do not edit -->"
END = "<!-- end of results -->"
COLUMNS = ["", "min s", "median s", "runs", "CPU s (median)", "peak MiB", "load", "target", "note"]


def print_results(
    title: str, rows: Iterable[Row], tables: Iterable[Table], notes: Sequence[str] = ()
) -> None:
    """Print the figures of one benchmark as they will stand in the README."""
    content = {"rows": [asdict(r) for r in rows], "tables": [asdict(t) for t in tables], "notes": notes}
    print("\n".join([f"## {title}", "", *_body(content)]))


def render(results: Path) -> str:
    """Render all benchmarks of a folder as Markdown."""
    files = sorted(results.glob("*.json"))
    blocks = []
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        machine, versions = content["machine"], content["versions"]
        peers = content.get("peer_versions") or {}
        where = (
            f"{content['date']}, commit {content['commit']}; {machine['processor']}, {machine['cores']} cores, "
            f"{machine['memory_gib']} GiB, {machine['system']}; "
            + ", ".join(f"{name} {number}" for name, number in versions.items())
            + ("; peer environment: " + ", ".join(f"{n} {v}" for n, v in peers.items()) if peers else "")
        )
        blocks += [f"### {content['title']}", "", where + ".", "", *_body(content), ""]
    return "\n".join(blocks).rstrip()


def _body(content: dict[str, Any]) -> list[str]:
    """Render timings, further tables, notes."""
    lines = _table(COLUMNS, [_timing(row) for row in content["rows"]])
    for table in content["tables"]:
        lines += ["", table["caption"], "", *_table(table["columns"], table["cells"])]
    for note in content.get("notes", []):
        lines += ["", note]
    return lines


def _timing(row: dict[str, Any]) -> list[str]:
    """Render one timed thing."""
    wall, cpu, peak, load = row["wall_s"], row["cpu_s"], row["peak_mib"], row["load"]
    spread = "–" if not load else f"{min(load):.1f}" if len(load) == 1 else f"{min(load):.1f}–{max(load):.1f}"
    return [
        row["what"],
        _seconds(min(wall)),
        _seconds(median(wall)),
        str(len(wall)),
        _seconds(median(cpu)) if cpu else "–",
        f"{max(peak):.0f}" if peak else "–",
        spread,
        f"{row['target_s']:g} s" if row["target_s"] else "",
        row["note"],
    ]


def _seconds(value: float) -> str:
    """Render seconds with three significant digits."""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _table(columns: Sequence[str], cells: Iterable[Sequence[Any]]) -> list[str]:
    """Render a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return lines + ["| " + " | ".join(str(c).replace("|", "\\|") for c in row) + " |" for row in cells]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit code 1 where the README is stale"
    )
    options = parser.parse_args(arguments)
    text = README.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        sys.exit(f"{README.name} needs the two marks {BEGIN} and {END}, once each")
    head, rest = text.split(BEGIN)
    fresh = f"{head}{BEGIN}\n\n{render(RESULTS)}\n\n{END}{rest.split(END)[1]}"
    if options.check:
        sys.exit(
            0
            if fresh == text
            else f"{README.name} does not show what is in {RESULTS.name}/; run without --check"
        )
    README.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
