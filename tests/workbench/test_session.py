import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import write_cohort

from patients.cohort import CohortError
from workbench.locking import RunDirectoryBusyError, run_lock
from workbench.manifest import Manifest, RunMismatchError
from workbench.observer import Silent
from workbench.options import RunOptions
from workbench.request import Request, RequestError
from workbench.rerender import render_again, stored_model
from workbench.session import execute
from workbench.store import TABLE_FILES, RunStore, StoreError


@pytest.fixture(autouse=True)
def light_report(monkeypatch):
    """Reports have tests of their own."""
    monkeypatch.setattr(
        "workbench.report.page.write_report",
        lambda store, records, decisions, *_, **__: store.write("report.html", f"{len(decisions)} patients"),
    )


@pytest.fixture
def run(rooms, cohort_file, tmp_path):
    """Execute a request with changes."""

    def go(**changes):
        observer = changes.pop("observer", None) or Silent()
        given = {"folder": tmp_path / "run", "input_file": cohort_file} | changes
        return execute(Request(**given), observer)

    return go


def tables(folder):
    return {name: (folder / name).read_bytes() for name in TABLE_FILES}


def test_a_run_leaves_everything_that_is_promised(run, tmp_path):
    outcome = run()
    assert outcome.exit_code == 0
    assert outcome.computed == 5
    names = {p.name for p in (tmp_path / "run").iterdir()}
    assert names >= {"manifest.json", "report.html", *TABLE_FILES}
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["status"] == "complete"
    assert manifest["input"]["file"] == "cohort.csv"
    assert manifest["likelihood"]["name"] == "poisson"
    assert manifest["timings_s"].keys() >= {
        "reading",
        "fitting",
        "identifiability",
        "dosing",
        "tables",
        "report",
    }
    assert manifest["patients"]["recommended"] + manifest["patients"]["refused"] == 5


def test_a_second_run_computes_nothing_and_changes_no_table(run, rooms, tmp_path):
    run()
    before, report = tables(tmp_path / "run"), (tmp_path / "run" / "report.html").stat().st_mtime_ns
    rooms.calls.clear()
    assert run().computed == 0
    assert rooms.calls == []
    assert tables(tmp_path / "run") == before
    assert (tmp_path / "run" / "report.html").stat().st_mtime_ns == report


def test_other_options_are_refused_until_fresh(run, rooms):
    run()
    with pytest.raises(RunMismatchError, match=r"--k-tol was 1\.0, now 1\.2"):
        run(options=RunOptions(k_tol=1.2))
    rooms.calls.clear()
    assert run(options=RunOptions(k_tol=1.2), fresh=True).computed == 5


def test_other_data_are_refused(run, tmp_path):
    run()
    other = write_cohort(tmp_path / "cohort.csv", ["P1", "P2"])
    with pytest.raises(RunMismatchError, match="input file is not the same"):
        run(input_file=other)


def test_only_the_patients_that_were_asked_for(run, rooms, tmp_path):
    outcome = run(patient_ids=("P4", "P2"))
    assert [d.patient_id for d in outcome.decisions] == ["P2", "P4"]
    rooms.calls.clear()
    outcome = run()
    assert len(outcome.decisions) == 5
    assert {i for _, i in rooms.calls} == {"P1", "P3", "P5"}


def test_an_unknown_patient_is_named_with_those_there_are(run):
    with pytest.raises(RequestError, match=r"no patient 'P9'.*'P1'"):
        run(patient_ids=("P9",))


def test_a_patient_who_was_left_out_is_told_with_the_reason(run, tmp_path):
    file = write_cohort(tmp_path / "c.csv", ["P1"])
    file.write_text(file.read_text() + "P2,0,abc,LDH_U_per_L,1\n")
    with pytest.raises(RequestError, match="'P2' cannot be fitted"):
        run(input_file=file, patient_ids=("P2",))


@pytest.mark.parametrize("which", ["input_file", "schedule_file"])
def test_a_missing_file_is_named_before_anything_is_written(run, tmp_path, which):
    with pytest.raises(RequestError, match=r"nowhere\.csv does not exist"):
        run(**{which: Path("nowhere.csv")})
    assert not (tmp_path / "run").exists()


def test_failed_patients_show_in_the_exit_code(run, tmp_path):
    assert (
        run(input_file=write_cohort(tmp_path / "a.csv", ["P1", "breaks"]), folder=tmp_path / "a").exit_code
        == 3
    )
    assert (
        run(input_file=write_cohort(tmp_path / "b.csv", ["cannot-fit"]), folder=tmp_path / "b").exit_code == 1
    )


def test_an_interruption_is_kept_and_continued(run, rooms, tmp_path, monkeypatch):
    ids = [f"P{i}" for i in range(9)] + ["ctrl-c"]
    file = write_cohort(tmp_path / "c.csv", ids)
    with pytest.raises(KeyboardInterrupt):
        run(input_file=file)
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["status"] == "interrupted"
    rooms.calls.clear()
    diagnose = rooms.diagnose_cohort

    def without_the_last(patients, fits, *a, **k):
        return [
            diagnose([p], [f], *a, **k)[0]
            for p, f in zip(patients, fits, strict=True)
            if p.patient_id != "ctrl-c"
        ]

    monkeypatch.setattr("identifiability.diagnosis.diagnose_cohort", without_the_last)
    outcome = run(input_file=file, patient_ids=tuple(ids[:-1]))
    assert {i for _, i in rooms.calls} == {"P8"}, (
        "the first chunk of eight was done, and fits of the second were kept"
    )
    assert outcome.exit_code == 0


def test_two_runs_at_once_are_refused(run, tmp_path):
    run()
    with run_lock(tmp_path / "run"), pytest.raises(RunDirectoryBusyError, match="is working in"):
        run()


def test_problems_of_the_file_are_told_in_short(run, tmp_path):
    file = write_cohort(tmp_path / "c.csv", [f"P{i}" for i in range(20)])
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines, *(f"P{i},500,-{i + 1},LDH_U_per_L,1" for i in range(20))]) + "\n")
    watcher = Silent()
    run(input_file=file, observer=watcher)
    assert len(watcher.notes) == 11
    assert watcher.notes[-1] == f"… and 10 more: evodose check {file}"


def test_a_file_with_nothing_to_fit_says_so(run, tmp_path):
    (tmp_path / "c.csv").write_text("patient_id,time_days,burden\nP1,0,abc\n")
    with pytest.raises(CohortError, match="no patient can be fitted"):
        run(input_file=tmp_path / "c.csv")


def test_a_users_model_is_kept_for_later_reports(run, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from dynamics.catalogue.competition import MODEL\n")
    run(model=str(file))
    file.unlink()
    assert (tmp_path / "run" / "model.py").is_file()
    assert render_again(tmp_path / "run") == tmp_path / "run" / "report.html"


def test_a_variant_of_a_users_model_is_kept_with_its_suffix(run, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from dynamics.catalogue.competition import MODEL\n")
    run(model=f"{file}+b0")
    with pytest.raises(RunMismatchError, match="the model was mine"):
        run(model=str(file))
    file.write_text("from dynamics.catalogue.competition import MODEL  # changed\n")
    with pytest.raises(RunMismatchError, match=r"the model was mine\.py\+b0"):
        run(model=f"{file}+b0")
    file.unlink()
    store = RunStore(tmp_path / "run")
    manifest = Manifest.read(store)
    assert manifest is not None
    assert stored_model(store, manifest).name == "competition+b0"
    with pytest.raises(RequestError, match=r"model file .*mine\.py does not exist"):
        run(model=f"{file}+b0")


def test_another_model_file_is_another_run(run, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from dynamics.catalogue.competition import MODEL\n")
    run(model=str(file))
    file.write_text("from dynamics.catalogue.competition import MODEL  # changed\n")
    with pytest.raises(RunMismatchError, match="the model was mine"):
        run(model=str(file))


def test_a_report_can_be_made_again(run, tmp_path):
    run()
    before = tables(tmp_path / "run")
    for name in ("report.html", "fits.csv"):
        (tmp_path / "run" / name).unlink()
    assert render_again(tmp_path / "run").read_text() == "5 patients"
    assert tables(tmp_path / "run") == before


def test_a_report_of_nothing_says_so(tmp_path):
    with pytest.raises(StoreError, match="not a run directory"):
        render_again(tmp_path)


def test_the_embedded_cohort_is_virtual_everywhere(rooms, tmp_path):
    outcome = execute(Request(tmp_path / "demo"), Silent())
    assert outcome.virtual
    assert all(d.virtual for d in outcome.decisions)
    assert len(outcome.decisions) == 6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes by signal")
@pytest.mark.slow
def test_killed_at_any_write_it_resumes_to_the_same_tables(run, tmp_path):
    here = Path(__file__).parent
    file = write_cohort(tmp_path / "c.csv", [f"P{i}" for i in range(11)] + ["cannot-fit", "../../x"])
    # a whole run makes some seventy writes: index, manifest, 13 patients, three stages each, tables, report
    deaths = (1, 3, 15, 9, 16, 7)
    command = [
        sys.executable,
        str(here / "kill_driver.py"),
        str(file),
        str(tmp_path / "killed"),
        *map(str, deaths),
    ]
    environment = {**os.environ, "PYTHONPATH": str(here.parents[1])}
    killed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert killed.returncode == 0, killed.stderr
    assert killed.stdout == f"{len(deaths)}\n", "every process but the last was meant to die"
    run(input_file=file, folder=tmp_path / "whole")
    assert tables(tmp_path / "killed") == tables(tmp_path / "whole")
    assert not list((tmp_path / "killed").rglob("*.writing"))
