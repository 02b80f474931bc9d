import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import write_cohort

from workbench import cli

HEAVY = (
    "numpy",
    "pandas",
    "scipy",
    "sympy",
    "jax",
    "numba",
    "matplotlib",
    "jinja2",
    "rich",
    "diffrax",
    "lmfit",
)


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


def test_nothing_large_is_imported_for_help():
    code = f"import sys, workbench.cli; print([m for m in {HEAVY!r} if m in sys.modules])"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "command", [(), ("run",), ("demo",), ("check",), ("models",), ("fit",), ("dose",), ("report",)]
)
def test_every_command_has_help(evodose, command):
    code, out, _ = evodose(*command, "--help")
    assert code == 0
    assert "Usage: evodose" in out


def test_help_documents_the_exit_codes(evodose):
    out = " ".join(evodose("--help")[1].split())
    for words in (
        "0 all patients have a result",
        "1 nothing could be fitted",
        "2 a wrong option",
        "3 finished, but some",
    ):
        assert words in out


def test_without_a_command_it_shows_help(evodose):
    code, _, err = evodose()
    assert code == 2
    assert err.startswith("Usage: evodose")


def test_version(evodose):
    assert evodose("--version")[1].startswith("evodose ")


def test_a_run_ends_with_a_table_and_the_report(evodose, rooms, cohort_file, tmp_path):
    code, out, err = evodose("run", cohort_file, "-o", tmp_path / "run")
    assert code == 0
    assert "Research use only" in out
    assert "62 %" in out
    assert "No single dose is supported." in out
    assert "5 patients: 3 recommended, 2 refused." in out
    assert str(tmp_path / "run" / "report.html") in out.replace("\n", "")
    assert "5 of 5 patients done" in err


def test_quiet_says_only_the_end(evodose, rooms, cohort_file, tmp_path):
    code, out, err = evodose("run", cohort_file, "-o", tmp_path / "run", "--quiet")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 2


def test_a_repeated_run_says_that_nothing_was_computed(evodose, rooms, cohort_file, tmp_path):
    evodose("run", cohort_file, "-o", tmp_path / "run")
    code, out, _ = evodose("run", cohort_file, "-o", tmp_path / "run")
    assert code == 0
    assert "nothing was computed again" in out


def test_options_reach_the_run(evodose, rooms, cohort_file, tmp_path):
    evodose(
        "run", cohort_file, "-o", tmp_path / "run", "--k-tol", 1.2, "--support", 0.9, "--seed", 7, "--starts", 3,
        "--horizon", 700, "--likelihood", "normal", "--level", 0.9, "--patient", "P2", "--patient", "P3",
    )  # fmt: skip
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["options"] == {
        "likelihood": "normal", "starts": 3, "seed": 7, "k_tol": 1.2, "support": 0.9, "level": 0.9, "horizon": 700.0,
        "marker": None,
    }  # fmt: skip
    assert manifest["patients"]["selected"] == ["P2", "P3"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run",), "Missing argument"),
        (("run", "nowhere.csv", "-o", "x"), "nowhere.csv does not exist"),
        (("run", "FILE"), "Missing option"),
        (("run", "FILE", "-o", "RUN", "--starts", "many"), "--starts"),
        (("run", "FILE", "-o", "RUN", "--starts", "0"), "--starts 0 is out of range"),
        (("run", "FILE", "-o", "RUN", "--likelihood", "gamma"), "--likelihood gamma: choose one of auto"),
        (("run", "FILE", "-o", "RUN", "--model", "unheard"), "no model 'unheard'"),
        (("run", "FILE", "-o", "RUN", "--model", "cell_cycle"), "can be fitted are competition"),
        (("fit", "FILE", "-o", "RUN", "--model", "sensitive_partial_resistant"), "has no parameters to fit"),
        (("run", "FILE", "-o", "RUN", "--model", "gone.yaml"), "model file gone.yaml does not exist"),
        (("run", "FILE", "-o", "RUN", "--patient", "P99"), "no patient 'P99'"),
        (("run", "FILE", "-o", "FILE"), "is a file"),
        (("check", "nowhere.csv"), "nowhere.csv does not exist"),
        (("models", "unheard"), "no model 'unheard'"),
        (("report", "nowhere"), "not a run directory"),
        (("fly",), "No such command"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    evodose, rooms, cohort_file, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    names = {"FILE": cohort_file, "RUN": tmp_path / "run"}
    code, _, err = evodose(*(names.get(a, a) for a in arguments))
    assert code == 2
    assert words in err
    assert "Traceback" not in err


def test_a_file_with_nothing_to_fit_is_exit_code_1(evodose, tmp_path):
    (tmp_path / "c.csv").write_text("patient_id,time_days,burden\nP1,0,abc\n")
    code, _, err = evodose("run", tmp_path / "c.csv", "-o", tmp_path / "run")
    assert code == 1
    assert "no patient can be fitted" in err
    assert evodose("check", tmp_path / "c.csv")[0] == 1


def test_failed_patients_are_exit_code_3_and_1(evodose, rooms, tmp_path):
    some = write_cohort(tmp_path / "some.csv", ["P1", "breaks"])
    none = write_cohort(tmp_path / "none.csv", ["cannot-fit"])
    code, out, _ = evodose("run", some, "-o", tmp_path / "some")
    assert code == 3
    assert "1 failed" in out
    assert evodose("run", none, "-o", tmp_path / "none")[0] == 1


def test_an_interruption_says_how_to_go_on(evodose, rooms, tmp_path):
    file = write_cohort(tmp_path / "c.csv", ["P1", "ctrl-c"])
    code, _, err = evodose("run", file, "-o", tmp_path / "run")
    assert code == 130
    assert "Repeat the same command to continue" in err


def test_an_unexpected_error_is_one_line_unless_debugging(evodose, rooms, cohort_file, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("workbench.tables.write_tables", broken)
    code, _, err = evodose("run", cohort_file, "-o", tmp_path / "run")
    assert code == 2
    assert "ZeroDivisionError: a bug" in err
    assert "EVODOSE_DEBUG=1" in err
    monkeypatch.setenv("EVODOSE_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["evodose", "run", str(cohort_file), "-o", str(tmp_path / "run")])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_identifiers_cannot_write_on_the_terminal(evodose, rooms, tmp_path):
    file = write_cohort(tmp_path / "c.csv", ["\x1b[31mred", "[bold]b[/bold]"])
    code, out, _ = evodose("run", file, "-o", tmp_path / "run")
    assert code == 0
    assert "\x1b" not in out
    assert "[bold]b[/bold]" in out.replace("\n", "")


def test_check_lists_problems_and_what_would_be_fitted(evodose, cohort_file):
    cohort_file.write_text(cohort_file.read_text() + "P5,900,-3,LDH_U_per_L,1\nP6,0,10,LDH_U_per_L,1\n")
    code, out, _ = evodose("check", cohort_file)
    assert code == 0
    assert "row 32" in out
    assert "value '-3'" in out
    assert "5 of 6 patients can be fitted" in out


def test_models_lists_and_explains(evodose):
    code, out, _ = evodose("models")
    assert code == 0
    assert "competition" in out
    assert "turnover" in out
    fitted, controlled = out.split("For dose optimisation, not fitted")
    assert "tumor_immune" in controlled
    assert "tumor_immune" not in fitted
    assert "competition" not in controlled
    code, out, _ = evodose("models", "competition")
    assert code == 0
    assert "dS/dt = " in out
    assert "carrying capacity" in out
    assert "[0.01, 100]" in out


def test_a_model_file_is_explained_like_the_catalogue(evodose, tmp_path):
    file = tmp_path / "gompertz.yaml"
    file.write_text(
        "states: {N: r*N*(1 - N/K) - u*k*N}\ninitial: {N: V0}\noutputs: {burden: N}\n"
        "parameters: {r: {lower: 0.001, upper: 1}, K: {lower: 1, upper: 100, scale: V0}, k: {lower: 0.001, upper: 1}}\n"
        "constants: {V0: {unit: burden, from_data: first_burden}}\n"
    )
    code, out, err = evodose("models", file)
    assert (code, err) == (0, "")
    assert "[1, 100] × V0" in out


def test_a_report_is_made_again(evodose, rooms, cohort_file, tmp_path):
    evodose("run", cohort_file, "-o", tmp_path / "run")
    (tmp_path / "run" / "report.html").unlink()
    code, out, _ = evodose("report", tmp_path / "run")
    assert code == 0
    assert Path(out.strip()).is_file()
    assert evodose("report", tmp_path / "run", "--patient", "P99")[0] == 2
