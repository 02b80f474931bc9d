"""The whole line with the real rooms, from a file to tables and report."""

import shutil
import sys

import pandas as pd
import pytest

from workbench import cli
from workbench.store import TABLE_FILES

pytestmark = pytest.mark.slow

# Masud 2023: estimates (r, K, delta, c) of Table 1, window of eq. 4 at K_tol = V0, as fractions of MTD
PUBLISHED = {
    "MEL02": (0.131799194, 580.8725024, 0.089001925, 2.291960323, 0.565635, 0.834748),
    "MEL06": (0.181471087, 798.688266, 0.137568333, 3.182914523, 0.200983, 0.904692),
    "MEL07": (0.18287846, 663.0487189, 0.128324461, 2.362809094, 0.810411, 0.821977),
    "MEL08": (0.165457451, 544.2613509, 0.096811545, 1.734836965, 0.010241, 0.723922),
}


def evodose(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["evodose", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


@pytest.fixture(scope="module")
def melanoma(cohort_dir, tmp_path_factory):
    """A run on the melanoma file."""
    folder = tmp_path_factory.mktemp("melanoma") / "run"
    with pytest.MonkeyPatch.context() as patch:
        assert evodose(patch, "run", cohort_dir / "melanoma_ldh.csv", "-o", folder, "-q") == 0
    return folder


@pytest.mark.cohorts
def test_melanoma_estimates_and_windows_are_the_published_ones(melanoma):
    fits = pd.read_csv(melanoma / "fits.csv").pivot(
        index="patient_id", columns="parameter", values="estimate"
    )
    regimens = pd.read_csv(melanoma / "regimens.csv", index_col="patient_id")
    for patient, (r, K, delta, c, low, high) in PUBLISHED.items():
        assert tuple(fits.loc[patient, ["r", "K", "delta", "c"]]) == pytest.approx(
            (r, K, delta, c), rel=0.005
        )
        assert tuple(regimens.loc[patient, ["window_low", "window_high"]]) == pytest.approx(
            (low, high), abs=0.002
        )


@pytest.mark.cohorts
def test_melanoma_criteria_disagree_as_they_should(melanoma):
    table = pd.read_csv(melanoma / "identifiability.csv")
    overall = table[table["parameter"] == "all"].pivot(
        index="patient_id", columns="criterion", values="verdict"
    )
    assert set(overall.index[overall["paper"] == "identified"]) == set(PUBLISHED)
    for patient in ("MEL01", "MEL02", "MEL03", "MEL04", "MEL05", "MEL07"):
        assert overall.loc[patient, "profile95"] == "not_identified"
    c = table[(table["criterion"] == "profile95") & (table["parameter"] == "c")].set_index("patient_id")
    assert c.loc["MEL02", "lower_status"] == c.loc["MEL07", "lower_status"] == "open"


@pytest.mark.cohorts
def test_melanoma_patients_without_enough_evidence_are_refused(melanoma):
    regimens = pd.read_csv(melanoma / "regimens.csv", index_col="patient_id")
    for patient in ("MEL01", "MEL03", "MEL04", "MEL05"):
        assert regimens.loc[patient, "action"] == "refuse"
        assert len(regimens.loc[patient, "reason"]) > 20


@pytest.mark.cohorts
def test_a_patient_computed_alone_gets_the_same_numbers(melanoma, cohort_dir, tmp_path, monkeypatch):
    """As after a kill: what is computed beside a patient must not matter."""
    run = tmp_path / "run"
    shutil.copytree(melanoma, run)
    shutil.rmtree(next((run / "patients").glob("mel08-*")))
    assert evodose(monkeypatch, "run", cohort_dir / "melanoma_ldh.csv", "-o", run, "-q") == 0
    for name in TABLE_FILES:
        assert (run / name).read_bytes() == (melanoma / name).read_bytes(), name


def test_the_demo_recommends_and_refuses_and_says_virtual(tmp_path, monkeypatch):
    folder = tmp_path / "demo"
    assert evodose(monkeypatch, "demo", "-o", folder, "-q") == 0
    regimens = pd.read_csv(folder / "regimens.csv", index_col="patient_id")
    assert set(regimens["action"]) == {"recommend", "refuse"}
    assert regimens["virtual"].all()
    assert (regimens.loc[["virtual-E", "virtual-F"], "action"] == "refuse").all()
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert html.count('class="chip virtual"') == 6
    assert "http" not in html
