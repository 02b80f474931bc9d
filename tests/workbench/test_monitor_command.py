import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from fakes import write_cohort
from posterior_fakes import make_posterior

from dosing.monitoring import AS_WRITTEN, FILTER, RETUNED
from dosing.monitoring import visit_value as room
from workbench import cli
from workbench.monitor_options import MonitorOptions, read_monitor_options
from workbench.monitor_record import MonitoringStore
from workbench.options import OptionError, RunOptions
from workbench.posterior_store import PosteriorStore
from workbench.store import RunStore

SHORT = ("--every", "7,42", "--noise", "own", "--horizon", 100, "--tumours", 12)


@pytest.fixture(autouse=True)
def light_report(monkeypatch):
    """Reports have tests of their own."""
    monkeypatch.setattr(
        "workbench.report.page.write_report",
        lambda store, *_, **__: store.write("report.html", "<p>report</p>"),
    )


@pytest.fixture
def quick(monkeypatch):
    """Two policies and few draws in the search; the filter has tests of its own."""
    real = room.value_of_monitoring
    monkeypatch.setattr(
        room, "value_of_monitoring", partial(real, policies=(AS_WRITTEN, RETUNED), members_in_search=4)
    )
    return real


@pytest.fixture
def evodose(monkeypatch, capsys):
    """Call the command as a shell does; return exit code, standard output, standard error."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["evodose", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return call


@pytest.fixture
def run(evodose, rooms, tmp_path):
    """Make a run of these patients; those with odd first burdens are recommended a dose."""

    def call(ids, *, posteriors=True):
        folder = tmp_path / "run"
        evodose("run", write_cohort(tmp_path / "cohort.csv", ids), "-o", folder, "--quiet")
        store = RunStore(folder)
        for record in store.records(ids) if posteriors else ():
            if record.fit is not None:
                PosteriorStore(store).save(make_posterior(record.patient), {})
        return folder

    return call


def table(folder):
    return pd.read_csv(
        folder / "monitoring.csv", dtype={"patient_id": str}, keep_default_na=False, na_values=[""]
    )


@pytest.mark.slow
def test_table_and_page_say_what_rarer_visits_cost_and_who_stays_refused(evodose, run, quick):
    folder = run(["P1", "P2"])
    code, out, err = evodose("monitor", folder, *SHORT)
    assert code == 0
    rows = table(folder)
    assert list(rows["patient_id"].unique()) == ["P1", "P2"]
    mine = rows.query(f"patient_id == 'P1' and policy == '{AS_WRITTEN}' and noise == 'own'")
    assert {7, 42} <= set(mine["visit_days"])
    dense = mine.query("visit_days == 7")["mean_ttp_days"].item()
    sparse = mine.query("visit_days == 42").iloc[0]
    assert sparse["loss_days"] == pytest.approx(dense - sparse["mean_ttp_days"])
    assert mine["log_sd_at_first_burden"].iloc[0] == pytest.approx(np.sqrt(np.log1p(1 / 359)), rel=0.2)
    assert set(rows.groupby("patient_id")["action"].unique().map(tuple)) == {("recommended",), ("refused",)}
    page = (folder / "monitoring.html").read_text()
    assert page.count("<svg") == 2
    assert "No dose is recommended; the curve is for study only." in page
    assert "draws of the patient&#39;s posterior" in page
    assert "Visits every 42 days instead of every 7" in out
    assert "2 of 2 patients done" in err


def test_without_a_posterior_the_admitted_sets_are_taken_and_said_to_be_no_draws(evodose, run, quick):
    folder = run(["P1"], posteriors=False)
    code, out, _ = evodose("monitor", folder, *SHORT)
    found = MonitoringStore(RunStore(folder)).load("P1")
    assert found is not None
    assert (code, found.evidence) == (0, "profiles")
    assert "They are no draws" in out


@pytest.mark.slow
def test_repeating_computes_nothing_and_another_question_is_computed(evodose, run, quick):
    folder = run(["P1"])
    evodose("monitor", folder, *SHORT)
    first = (folder / "monitoring.csv").read_text()
    assert "nothing was computed again" in evodose("monitor", folder, *SHORT)[1]
    assert (folder / "monitoring.csv").read_text() == first
    assert "1 computed now" in evodose("monitor", folder, *SHORT, "--k-tol", 1.1)[1]
    assert (folder / "monitoring.csv").read_text() != first
    evodose("monitor", folder, *SHORT, "--fresh")
    assert (folder / "monitoring.csv").read_text() == first


def test_one_bad_patient_never_takes_the_others_down(evodose, run, quick, monkeypatch):
    folder, real = run(["P1", "P3", "cannot-fit"]), room.value_of_monitoring

    def broken(model, planned, held_out, *arguments, **options):
        if held_out.constants["V0"] == broken.first:
            raise RuntimeError("the sky fell")
        return real(model, planned, held_out, *arguments, **options)

    broken.first = next(iter(RunStore(folder).records(["P1"]))).patient.first_burden
    monkeypatch.setattr(room, "value_of_monitoring", broken)
    code, out, _ = evodose("monitor", folder, *SHORT)
    assert code == 3
    assert "RuntimeError: the sky fell" in out
    rows = table(folder)
    assert list(rows.query("patient_id == 'P1'")["action"]) == ["none"]
    assert len(rows.query("patient_id == 'P3'")) > 6


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"every": "28,7"}, "increasing order"),
        ({"every": "7.5"}, "whole days"),
        ({"every": "7,x"}, "give numbers with commas"),
        ({"noise": "0.1,-1"}, "from 0 \\(exact\\) to 3"),
        ({"noise": "0.1,0.1"}, "each once"),
        ({"horizon": 3.0}, "from 7 to 36500"),
        ({"k_tol": 0.0}, "positive multiple"),
        ({"tumours": 3}, "10 to 10000"),
    ],
)
def test_bad_options_are_refused_with_a_sentence(options, sentence):
    usual = {"every": None, "noise": None, "horizon": None, "k_tol": None, "tumours": None}
    with pytest.raises(OptionError, match=sentence):
        read_monitor_options(**{**usual, **options})


def test_options_are_read_and_settled():
    options = read_monitor_options(None, "0.2,own", None, None, None)
    assert (options.noise, options.own_noise, options.every) == ((0.2,), True, MonitorOptions().every)
    assert options.settled(RunOptions()).k_tol == RunOptions().k_tol
    with pytest.raises(OptionError, match="longer than the horizon of 60 days"):
        MonitorOptions(every=(7.0, 84.0), horizon=60.0).settled(RunOptions())


def test_a_folder_without_a_run_is_refused(evodose, tmp_path):
    code, _, err = evodose("monitor", tmp_path)
    assert code == 2
    assert "is not a run directory" in err


@pytest.mark.slow
def test_all_three_policies_stand_in_the_table(evodose, run):
    folder = run(["P1"])
    code, out, _ = evodose("monitor", folder, *SHORT)
    assert code == 0
    rows = table(folder)
    assert {AS_WRITTEN, RETUNED, FILTER, "MTD"} <= set(rows["policy"])
    assert "particle filter" in out
