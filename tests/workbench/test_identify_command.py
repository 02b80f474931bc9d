import dataclasses
import json
import sys

import pandas as pd
import pytest
from fakes import write_cohort
from inquiry_fakes import make_inquiry

from workbench import cli, inquiry_pipeline
from workbench.inquiry_options import InquiryOptions, numbers
from workbench.manifest import Manifest
from workbench.observer import INQUIRY_STAGES, Silent
from workbench.options import OptionError, RunOptions
from workbench.record import PatientRecord
from workbench.store import IDENTIFIABILITY_FILE, INQUIRY_TABLE_FILES, RunStore


@pytest.fixture
def asked(monkeypatch):
    """Answers in no time; the list holds who was asked."""
    calls = []

    def inquire(record, model, run, options, observer):
        patient_id = record.patient.patient_id
        if patient_id == "stops" and "stops" not in calls:
            calls.append(patient_id)
            raise KeyboardInterrupt
        calls.append(patient_id)
        for name in INQUIRY_STAGES:
            observer.stage(name, 1)
            observer.tick(name, 1.0)
        failures = ("The plane could not be computed: singular",) if patient_id == "fails" else ()
        return make_inquiry(record, options, failures=failures)

    monkeypatch.setattr(inquiry_pipeline, "inquire_patient", inquire)
    return calls


@pytest.fixture
def light_pages(monkeypatch):
    """Pages have tests of their own."""
    for module, name, file in (
        ("identifiability_page", "write_identifiability", IDENTIFIABILITY_FILE),
        ("page", "write_report", "report.html"),
    ):
        monkeypatch.setattr(
            f"workbench.report.{module}.{name}", lambda store, *_, file=file, **__: store.write(file, "page")
        )


@pytest.fixture
def evodose(monkeypatch, capsys, rooms, asked, light_pages):
    """Call the command as a shell does; return exit code, standard output, standard error."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["evodose", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return call


@pytest.fixture
def folder(evodose, tmp_path):
    """A run of two patients."""
    file = write_cohort(tmp_path / "cohort.csv", ["P1", "P2"])
    assert evodose("run", file, "-o", tmp_path / "run", "-q")[0] == 0
    return tmp_path / "run"


def test_a_run_gets_answers_tables_and_a_page(evodose, folder):
    code, out, _ = evodose("identify", folder)
    assert code == 0
    assert (folder / IDENTIFIABILITY_FILE).is_file()
    for name in INQUIRY_TABLE_FILES:
        assert set(pd.read_csv(folder / name)["patient_id"]) == {"P1", "P2"}
    assert "two visits on days 214 and 270 under 60 % dose do" in out
    assert str(folder / IDENTIFIABILITY_FILE) in out.replace("\n", "")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["identify"]["options"]["quick"] is False
    assert manifest["timings_s"]["identify"] >= 0


def test_the_second_time_nothing_is_computed(evodose, folder, asked):
    evodose("identify", folder)
    asked.clear()
    code, out, _ = evodose("identify", folder)
    assert (code, asked) == (0, [])
    assert "nothing was computed again" in out


def test_other_options_are_asked_anew(evodose, folder, asked):
    evodose("identify", folder)
    asked.clear()
    evodose("identify", folder, "--quick", "--patient", "P2")
    assert asked == ["P2"]


def test_an_interrupted_command_continues(evodose, tmp_path, asked):
    file = write_cohort(tmp_path / "cohort.csv", ["P1", "stops", "P3"])
    code, _, err = evodose("identify", file, "-o", tmp_path / "run")
    assert code == 130
    assert "Repeat the same command to continue" in err
    assert RunStore(tmp_path / "run").record("P1").inquiry is not None
    code, _, _ = evodose("identify", file, "-o", tmp_path / "run")
    assert code == 0
    assert asked == ["P1", "stops", "stops", "P3"]


def test_a_damaged_answer_is_asked_again(evodose, folder, asked):
    evodose("identify", folder)
    path = RunStore(folder).path("P1", "inquiry")
    path.write_bytes(path.read_bytes()[:100])
    asked.clear()
    evodose("identify", folder)
    assert asked == ["P1"]


def test_an_answer_to_another_fit_is_not_shown(evodose, folder):
    evodose("identify", folder)
    store = RunStore(folder)
    known = store.record("P1").inquiry
    store.save("P1", "inquiry", dataclasses.replace(known, basis="another"))
    assert store.record("P1").inquiry is None
    assert store.record("P2").inquiry is not None


def test_an_ordinary_run_is_not_disturbed(evodose, folder, rooms, tmp_path):
    evodose("identify", folder)
    before = (folder / "next_visits.csv").read_bytes()
    rooms.calls.clear()
    assert evodose("run", tmp_path / "cohort.csv", "-o", folder)[0] == 0
    assert rooms.calls == []
    assert (folder / "next_visits.csv").read_bytes() == before
    assert evodose("report", folder)[0] == 0


def test_fresh_removes_what_identify_wrote(evodose, folder, tmp_path):
    evodose("identify", folder)
    evodose("run", tmp_path / "cohort.csv", "-o", folder, "--fresh")
    assert not (folder / IDENTIFIABILITY_FILE).exists()
    assert not any((folder / name).exists() for name in INQUIRY_TABLE_FILES)


def test_a_cohort_file_is_fitted_first(evodose, tmp_path, rooms, asked):
    file = write_cohort(tmp_path / "cohort.csv", ["P1", "P2"])
    code, _, _ = evodose("identify", file, "-o", tmp_path / "new", "--patient", "P2", "--seed", "7")
    assert code == 0
    assert [who for _, who in rooms.calls] == ["P2"] * 3
    assert asked == ["P2"]
    assert json.loads((tmp_path / "new" / "manifest.json").read_text())["seed"] == 7


def test_one_bad_patient_does_not_stop_the_others(evodose, folder, asked, monkeypatch):
    calm = inquiry_pipeline.inquire_patient

    def sometimes(record, *rest):
        if record.patient.patient_id == "P1":
            raise RuntimeError("nobody thought of this")
        return calm(record, *rest)

    monkeypatch.setattr(inquiry_pipeline, "inquire_patient", sometimes)
    code, out, _ = evodose("identify", folder)
    assert code == 3
    assert "RuntimeError: nobody thought of this" in out
    assert asked == ["P2"]
    assert set(pd.read_csv(folder / "next_visits.csv")["patient_id"]) == {"P2"}


def test_a_part_that_failed_is_said(evodose, tmp_path):
    file = write_cohort(tmp_path / "cohort.csv", ["fails", "P3"])
    code, out, _ = evodose("identify", file, "-o", tmp_path / "run")
    assert code == 3
    assert "The plane could not be computed: singular" in out
    assert "in 1 some part could not be computed" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "does not exist; give a run directory or a cohort file"),
        (["FILE"], "give a run directory for its results with -o"),
        (["RUN", "--model", "turnover"], "--model belongs to a cohort file"),
        (["RUN", "-o", "other"], "-o belongs to a cohort file"),
        (["RUN", "--patient", "P9"], "no results of a patient 'P9'; it has 'P1', 'P2'"),
        (["RUN", "--days", "200,soon"], "--days '200,soon': give numbers with commas"),
        (["RUN", "--doses", "0,60"], "--doses 60 is out of range; give fractions"),
        (["RUN", "--replicates", "-1"], "--replicates -1 is out of range"),
        (["RUN", "--day-ahead", "0"], "--day-ahead 0 is out of range"),
        (["RUN", "--progression-dose", "2"], "--progression-dose 2 is out of range"),
        (["EMPTY"], "is not a run directory"),
    ],
)
def test_what_cannot_be_asked_is_said(evodose, folder, tmp_path, arguments, words):
    (tmp_path / "empty").mkdir()
    names = {"RUN": folder, "FILE": tmp_path / "cohort.csv", "EMPTY": tmp_path / "empty"}
    code, _, err = evodose("identify", *(names.get(a, a) for a in arguments))
    assert code == 2
    assert words in " ".join(err.split())


def test_numbers():
    assert numbers("--days", "200, 230") == (200.0, 230.0)
    assert numbers("--days", None) is None
    for text in ("", "nan", "1;2"):
        with pytest.raises(OptionError, match="--days"):
            numbers("--days", text)


def test_settings_of_a_first_look_are_smaller():
    usual, quick = InquiryOptions(), InquiryOptions(quick=True)
    assert quick.inquiry_settings(0).replicates < usual.inquiry_settings(0).replicates
    assert quick.function_settings(0.9, 3).points < usual.function_settings(0.9, 3).points
    assert quick.function_settings(0.9, 3).level == 0.9
    assert InquiryOptions(replicates=7, quick=True).inquiry_settings(5).replicates == 7
    assert InquiryOptions(simulations=0).inquiry_settings(5).seed == 5


def test_nothing_is_computed_without_an_optimum(make_record, model):
    record = make_record("P1")
    lost = dataclasses.replace(record, fit=dataclasses.replace(record.fit, converged=False))
    answer = inquiry_pipeline.inquire_patient(lost, model, RunOptions(), InquiryOptions(), Silent())
    assert "did not converge" in answer.notes[0]
    assert (answer.quantities, answer.inquiry) == ((), None)
    answer = inquiry_pipeline.inquire_patient(
        make_record("P3", failure="fitting"), model, RunOptions(), InquiryOptions(), Silent()
    )
    assert "fitting broke down" in answer.notes[0]


def test_what_fails_costs_only_itself(make_record, model, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("the matrix is singular")

    def infer(*_, **__):
        return ("profile",)

    monkeypatch.setattr("identifiability.functions.function_profile.profile_quantities", broken)
    monkeypatch.setattr("dosing.bound_influence.bound_influence", infer)
    monkeypatch.setattr("identifiability.inquiry.inquire", broken)
    record = make_record("P1")
    options = InquiryOptions(targets=("r", "mood"), simulations=0)
    answer = inquiry_pipeline.inquire_patient(record, model, RunOptions(), options, Silent())
    assert answer.bounds == ("profile",)
    assert "The profile of window_low could not be computed: the matrix is singular" in answer.failures
    assert any(f.startswith("Bootstrap or plane") for f in answer.failures)
    assert any("no 'mood' to be settled" in note for note in answer.notes)


def test_an_upper_edge_is_asked_about_where_the_lower_one_reaches_zero(make_record, model):
    from inquiry_fakes import make_profile

    record = make_record("P1", 358.0)
    asking = inquiry_pipeline._Asking(record, model, RunOptions(), InquiryOptions(), Silent())
    quantities = asking.quantities()
    asking.found["quantities"] = (
        make_profile(record.fit, "window_low", 0.02, reaches_zero=True),
        make_profile(record.fit, "window_high", 0.8),
    )
    assert [t.name for t in asking.targets(quantities)] == ["window_high"]
    asking.found["quantities"] = (make_profile(record.fit, "window_low", 0.6),)
    assert [t.name for t in asking.targets(quantities)] == ["window_low"]
    asking.found["quantities"] = ()
    assert asking.targets(quantities) == ("c",)


@pytest.mark.slow
def test_a_real_patient_from_run_to_page(tmp_path):
    from patients.demo import embedded_demo_cohort
    from workbench.identify_command import IdentifyRequest, execute
    from workbench.request import Request
    from workbench.session import execute as run

    name = embedded_demo_cohort().patients[1].patient_id
    run(Request(tmp_path / "run", patient_ids=(name,)), Silent())
    options = InquiryOptions(
        replicates=20,
        simulations=2,
        day_ahead=30.0,
        progression_dose=1.0,
        days=(10.0, 400.0, 450.0),
        quick=True,
    )
    assert execute(IdentifyRequest(tmp_path / "run", options=options), quiet=True) == 0
    store = RunStore(tmp_path / "run")
    record = store.record(name)
    assert isinstance(record, PatientRecord)
    inquiry = record.inquiry
    assert inquiry.failures == ()
    assert len(inquiry.quantities) == 6
    assert inquiry.quantity("time_to_progression").ci[0] > 0
    assert any("some of the days asked for are past" in note for note in inquiry.notes)
    low = inquiry.quantity("window_low")
    assert low.ci[0] < record.regimen.window.low < low.ci[1]
    assert inquiry.inquiry.designs[0].width == pytest.approx(low.ci[1] - low.ci[0], rel=0.02)
    assert inquiry.curves[0].se.max() <= inquiry.curves[0].se_now * (1 + 1e-9)
    assert Manifest.read(store).content["identify"]["options"]["quick"] is True
    assert "Two-dimensional profile" in (tmp_path / "run" / IDENTIFIABILITY_FILE).read_text()
