"""What ``evodose switch`` does: from a table of cell lines and drugs to a schedule with its evidence."""

from __future__ import annotations

import time
from pathlib import Path

from workbench.atomic import write_text
from workbench.request import RequestError
from workbench.switch_files import JSON_FILE, PAGE_FILE, TABLE_FILE, outcome_json, schedule_csv
from workbench.switch_progress import Steps
from workbench.switch_request import SwitchRequest

__all__ = ["SwitchRequest", "execute", "write_example"]

NOT_PROVEN = 1
EXAMPLE_FILE = "alk_h3122.csv"


def execute(request: SwitchRequest, *, quiet: bool = False) -> int:
    """Read, plan, write the page and the files, print what came out.

    Returns
    -------
    int
        Exit code: a refusal with its reason is a result.

    Raises
    ------
    SwitchingError, RequestError
        What a person has to correct; nothing is written.
    """
    from dosing.switching.plan_result import PlanStatus
    from dosing.switching.table.reading import read_switching_table
    from workbench.report.switch_page import switch_page
    from workbench.switch_listing import print_switching
    from workbench.switch_pipeline import compute

    begun = time.perf_counter()
    table = read_switching_table(request.table)
    count = 4 + (request.transient_weight > 0) + 2 * (request.uncertainty > 0)
    with Steps(count, quiet=quiet) as steps:
        steps.step("table")
        outcome = compute(request, table, steps)
        steps.step("page")
        html = switch_page(request, outcome, seconds=time.perf_counter() - begun)
    request.folder.mkdir(parents=True, exist_ok=True)
    write_text(request.folder / TABLE_FILE, schedule_csv(outcome))
    write_text(request.folder / JSON_FILE, outcome_json(request, outcome))
    write_text(request.folder / PAGE_FILE, html)
    print_switching(outcome, request.folder / PAGE_FILE, quiet=quiet)
    return NOT_PROVEN if outcome.plan.status is PlanStatus.NOT_SOLVED else 0


def write_example(folder: Path | None, table: Path | None) -> str:
    """Write the embedded table, and say what to do with it.

    Raises
    ------
    RequestError
        A table was named as well, or the file is there already.
    """
    from dosing.switching.case_studies.alk import TABLE_FILE as EMBEDDED

    if table is not None:
        raise RequestError(f"--example writes a table and takes none; leave out {table}")
    folder = Path() if folder is None else folder
    if folder.exists() and not folder.is_dir():
        raise RequestError(f"{folder} is a file; name a folder for {EXAMPLE_FILE}")
    path = folder / EXAMPLE_FILE
    if path.exists():
        raise RequestError(f"{path} is there already; delete it, or name another folder with --output")
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, EMBEDDED.read_text(encoding="utf-8"))
    return (
        f"{path}\nFive H3122 lines in lung and brain, four ALK inhibitors; the column note says what is measured and "
        f"what is declared.\nNext: evodose switch {path} --horizon 100 --toxicity-weight 0.7"
    )
