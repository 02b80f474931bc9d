import json
import sys

import pandas as pd
import pytest
from fakes import write_cohort
from posterior_fakes import make_posterior

from dosing import patient_schedule as planning
from fitting.bayesian.posterior import PosteriorStatus
from patients.loading import load_cohort
from workbench import cli
from workbench.naming import safe_name
from workbench.posterior_store import PosteriorStore
from workbench.store import RunStore

SHORT = ("--horizon", 120, "--every", 30)


@pytest.fixture(autouse=True)
def light_report(monkeypatch):
    """Reports have tests of their own."""
    monkeypatch.setattr(
        "workbench.report.page.write_report",
        lambda store, *_, **__: store.write("report.html", "<p>report</p>"),
    )


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
def folder(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def run(evodose, rooms, tmp_path, folder):
    """Make a run of these patients; those with odd first burdens are recommended a dose."""

    def call(ids, *options):
        file = write_cohort(tmp_path / "cohort.csv", ids)
        evodose("run", file, "-o", folder, *options, "--quiet")
        return folder

    return call


@pytest.fixture
def computed(monkeypatch):
    """Names of the patients whose schedules were computed."""
    names, real = [], planning.patient_schedule

    def counted(patient, *arguments, **settings):
        names.append(patient.patient_id)
        return real(patient, *arguments, **settings)

    monkeypatch.setattr(planning, "patient_schedule", counted)
    return names


def content(folder, patient_id, objective="containment"):
    return json.loads(
        (folder / "patients" / safe_name(patient_id) / f"schedule-{objective}.json").read_text()
    )


def table(folder, name="schedules.csv"):
    return pd.read_csv(folder / name, dtype={"patient_id": str})


def test_schedules_come_as_table_json_and_page(evodose, run):
    folder = run(["P1", "P2"])
    code, out, err = evodose("dose", folder, *SHORT)
    assert code == 0
    rows = table(folder)
    assert list(rows["patient_id"].unique()) == ["P1", "P2"]
    assert rows["t_end"].max() == 120
    assert rows["dose"].between(0, 1).all()
    scores = table(folder, "schedule_scores.csv")
    assert set(scores["strategy"]) >= {"optimal schedule", "MTD", "AT50", "off-on AT"}
    first = content(folder, "P1")
    assert first["solution"]["defect"] <= 1e-3
    assert [r["dose"] for r in first["schedule"]] == pytest.approx(
        list(rows.query("patient_id == 'P1'")["dose"])
    )
    assert first["evidence"]["kind"] == "profiles"
    assert "<svg" in (folder / "schedules.html").read_text()
    assert "2 of 2 patients done" in err
    assert "Page:" in out


def test_who_is_refused_stays_refused_with_the_runs_reason_in_front(evodose, run):
    folder = run(["P1", "P2"])  # the second one's first burden is even: no dose is recommended
    out = evodose("dose", folder, *SHORT)[1]
    actions = table(folder).groupby("patient_id")["action"].unique()
    assert actions["P1"].tolist() in (["supported"], ["not_supported"])
    assert actions["P2"].tolist() == ["refuse"]
    found = content(folder, "P2")
    assert found["action"] == "refuse"
    assert found["reason"].startswith("No single dose is supported.")
    assert found["reason"].endswith("What the point estimate would give, for study only.")
    assert "refused by the run; for study only" in out
    page = (folder / "schedules.html").read_text()
    assert "No single dose is supported. What the point estimate would give, for study only." in page


def test_a_recommended_patient_needs_the_evidence_too(evodose, run):
    folder = run(["P1"], "--support", 0.5)
    evodose("dose", folder, *SHORT)
    found = content(folder, "P1")
    assert found["action"] == "supported"
    assert found["scores"][0]["share_without_progression"] >= 0.5
    assert "What the point estimate would give" not in found["reason"]


def test_a_schedule_can_be_read_back_as_a_given_one(evodose, run, tmp_path):
    folder = run(["P1"])
    evodose("dose", folder, *SHORT)
    cohort, _ = load_cohort(tmp_path / "cohort.csv", folder / "schedules.csv")
    assert cohort["P1"].schedule.dose_at(0.0) == pytest.approx(content(folder, "P1")["schedule"][0]["dose"])


def test_repeating_computes_nothing_and_other_questions_are_computed(evodose, run, computed):
    folder = run(["P1", "P3"])
    evodose("dose", folder, *SHORT)
    out = evodose("dose", folder, *SHORT)[1]
    assert computed == ["P1", "P3"]
    assert "nothing was computed again" in out
    evodose("dose", folder, *SHORT, "--k-tol", 1.1, "--patient", "P3")
    assert computed == ["P1", "P3", "P3"]
    evodose("dose", folder, *SHORT, "--fresh", "--patient", "P1")
    assert computed == ["P1", "P3", "P3", "P1"]
    assert list(table(folder)["patient_id"].unique()) == ["P1"]


def test_objectives_stand_side_by_side(evodose, run):
    folder = run(["P1"])
    evodose("dose", folder, *SHORT)
    evodose("dose", folder, *SHORT, "--objective", "least-dose")
    evodose(
        "dose",
        folder,
        *SHORT,
        "--running",
        "S + R + B*u**2/2",
        "--subject-to",
        "S(T) == K_tol",
        "--value",
        "B=700",
    )
    assert list(table(folder)["objective"].unique()) == ["containment", "least-dose", "custom"]
    own = content(folder, "P1", "custom")["objective"]
    assert own["numbers"]["B"] == 700
    assert own["subject_to"] == ["S(T) == K_tol"]


def test_an_interruption_keeps_what_is_done(evodose, run, monkeypatch):
    folder, real = run(["P1", "P3"]), planning.patient_schedule

    def stopped(patient, *arguments, **settings):
        if patient.patient_id == "P3":
            raise KeyboardInterrupt
        return real(patient, *arguments, **settings)

    monkeypatch.setattr(planning, "patient_schedule", stopped)
    code, _, err = evodose("dose", folder, *SHORT)
    assert code == 130
    assert "Repeat the same command" in err
    monkeypatch.setattr(planning, "patient_schedule", real)
    code, out, _ = evodose("dose", folder, *SHORT)
    assert code == 0
    assert "2 patients, 1 computed now" in out


def test_one_bad_patient_never_takes_the_others_down(evodose, run, monkeypatch):
    folder, real = run(["P1", "P3", "cannot-fit"]), planning.patient_schedule

    def broken(patient, *arguments, **settings):
        if patient.patient_id == "P1":
            raise RuntimeError("the sky fell")
        return real(patient, *arguments, **settings)

    monkeypatch.setattr(planning, "patient_schedule", broken)
    code, out, _ = evodose("dose", folder, *SHORT)
    assert code == 3
    assert "RuntimeError: the sky fell" in out
    rows = dict(iter(table(folder).groupby("patient_id")))
    assert list(rows["P1"]["action"]) == ["none"]
    assert "the model could not be solved" in rows["cannot-fit"]["reason"].iloc[0]
    assert list(rows["cannot-fit"]["dose"].isna()) == [True]
    assert rows["P3"]["dose"].notna().all()
    assert content(folder, "cannot-fit")["schedule"] == []
    assert evodose("dose", folder, *SHORT, "--patient", "cannot-fit")[0] == 1


def test_a_burden_that_cannot_be_held_is_a_result_with_its_reason(evodose, run):
    folder = run(["P1"])
    code, out, _ = evodose("dose", folder, *SHORT, "--objective", "least-dose", "--k-tol", 0.3)
    assert code == 1  # nobody has a schedule
    assert "No control within its bounds meets all conditions" in out
    assert "R + S <= K_tol is missed by" in content(folder, "P1", "least-dose")["reason"]


def test_a_usable_posterior_is_the_evidence_and_another_one_is_noted(evodose, run):
    folder = run(["P1", "P3"])
    store = RunStore(folder)
    for name, status in (("P1", PosteriorStatus.IMPORTANCE), ("P3", PosteriorStatus.NOT_CONVERGED)):
        PosteriorStore(store).save(make_posterior(store.load(name, "patient"), status=status), {"draws": 300})
    evodose("dose", folder, *SHORT)
    first, other = content(folder, "P1"), content(folder, "P3")
    assert first["evidence"]["kind"] == "posterior"
    assert first["evidence"]["members"] == 300
    assert "draws of the patient's posterior" in first["evidence"]["sentence"]
    assert other["evidence"]["kind"] == "profiles"
    assert "The posterior was not used: Did not converge" in other["notes"][0]


def test_a_new_posterior_is_a_new_question(evodose, run, computed):
    folder = run(["P1"])
    evodose("dose", folder, *SHORT)
    store = RunStore(folder)
    PosteriorStore(store).save(make_posterior(store.load("P1", "patient")), {"draws": 300})
    evodose("dose", folder, *SHORT)
    assert computed == ["P1", "P1"]


def test_fits_alone_rest_on_the_point_estimate_and_are_refused(evodose, rooms, tmp_path, folder):
    evodose("fit", write_cohort(tmp_path / "cohort.csv", ["P1"]), "-o", folder)
    evodose("dose", folder, *SHORT)
    found = content(folder, "P1")
    assert found["action"] == "refuse"
    assert "the point estimate ALONE" in found["evidence"]["sentence"]


def test_identifiers_stay_data(evodose, run, tmp_path):
    names = ["../../x", "<script>alert(1)</script>", "\x1b[31mred"]
    folder = run(names)
    code, out, err = evodose("dose", folder, *SHORT)
    assert code == 0
    assert "\x1b" not in out + err
    page = (folder / "schedules.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert content(folder, "../../x")["patient_id"] == "../../x"
    assert {p.name for p in tmp_path.iterdir()} == {"run", "cohort.csv"}
    assert set(table(folder)["patient_id"]) == set(names)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dose", "nowhere"), "nowhere does not exist; give a run directory"),
        (("dose", "EMPTY"), "is not a run directory"),
        (("dose", "RUN", "--patient", "P99"), "no results of a patient 'P99'; it has 'P1'"),
        (("dose", "RUN", "--objective", "cure"), "no objective 'cure'"),
        (("dose", "RUN", "--every", "2000"), "--every 2000 is longer than the horizon of 1460 days"),
        (("dose", "RUN", "--k-tol", "-1"), "--k-tol -1 is out of range"),
        (("dose", "RUN", "--running", "burdn"), "--value NAME=NUMBER gives a name a value"),
        (("dose", "RUN", "--running", "u", "--value", "delta=2"), "gives delta already"),
        (("dose", "RUN", "--running", "u", "--subject-to", "S(T)"), "is no condition"),
        (("dose", "RUN", "--weight", "3", "--objective", "least-dose"), "a weight belongs to"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(evodose, run, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    names = {"RUN": run(["P1"]), "EMPTY": tmp_path / "empty"}
    code, _, err = evodose(*(names.get(a, a) for a in arguments))
    assert code == 2
    assert words in err
    assert "Traceback" not in err


def test_a_run_without_finished_patients_is_told(evodose, run):
    folder = run(["P1"])
    for path in folder.glob("patients/*/fit.npz"):
        path.unlink()
    for path in folder.glob("patients/*/diagnosis.npz"):
        path.unlink()
    code, _, err = evodose("dose", folder)
    assert code == 2
    assert "no patient is finished" in err


def test_help_names_the_objectives(evodose):
    out = " ".join(evodose("dose", "--help")[1].split())
    for word in ("containment", "least-dose", "least-burden", "--subject-to", "--k-tol", "0 all patients"):
        assert word in out
