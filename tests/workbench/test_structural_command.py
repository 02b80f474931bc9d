import json
import sys
from pathlib import Path

import pytest
from fakes import write_cohort

from identifiability.structural.result import Structural, StructuralAnswer
from workbench import cli
from workbench.structural_listing import readable, telling_of

TURNOVER = """
name: turnover, two death rates
states: {S: "rS*S*(1 - (S + R)/K)*(1 - dD*u) - dS*S", R: "rR*R*(1 - (S + R)/K) - dR*R"}
outputs: ["S + R"]
"""
SEVERAL = """
- name: gain
  inputs: [u]
  states: {x: a*x + b*u}
  outputs: [c*x]
- name: decay
  states: {x: -k*x}
  outputs: [x]
"""


@pytest.fixture
def structural(monkeypatch, capsys):
    """Call ``evodose structural`` as a shell does; return exit code, standard output, standard error."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["evodose", "structural", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return call


@pytest.fixture
def file(tmp_path):
    """Write a YAML file."""

    def write(text):
        path = tmp_path / "systems.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def _row(out, name):
    """Cells of the table's row that begins with a name."""
    (line,) = [line for line in out.splitlines() if line.split()[:1] == [name]]
    return line.split()[1:]


def test_help(structural):
    code, out, _ = structural("--help")
    assert code == 0
    assert "--all-patterns" in out


def test_the_competition_model_of_masud_is_globally_identifiable(structural):
    code, out, _ = structural("competition")
    assert code == 0
    assert "competition, generic input" in out
    for name in ("r", "K", "delta", "c"):
        assert _row(out, name) == ["global", "one", "value"]
    assert "Rank defect: 0" in out
    assert "y″" in out
    assert " = 0" in out


def test_four_patterns_side_by_side(structural, file, tmp_path):
    saved = tmp_path / "answers.json"
    code, out, _ = structural(file(TURNOVER), "--all-patterns", "--local", "--json", saved)
    assert code == 0
    assert "unknown generic input always on never off, then on" in " ".join(out.split())
    local = ["local", "or", "global"]
    assert _row(out, "rS") == [*local, "not", "not", *local]
    assert _row(out, "dD") == [*local, "not", "not", *local]
    generic, on, never, both = json.loads(saved.read_text(encoding="utf-8"))
    assert [e["rank_defect"] for e in (generic, on, never, both)] == [0, 2, 1, 0]
    assert generic["unknowns"]["rS"]["verdict"] == "at_least_local"
    assert on["unknowns"]["rS"]["verdict"] == "not"
    assert never["experiment"] == "no dose throughout"
    assert any("dD drops out" in remark for remark in never["remarks"])


def test_latex_or_raised_exponents(structural, file):
    path = file(SEVERAL)
    code, out, _ = structural(path, "--name", "gain")
    assert code == 0
    assert "Identifiable combination:\n    b·c" in out
    assert "y′ - a·y - b·c·u = 0" in out
    out = structural(path, "--name", "gain", "--latex")[1]
    assert r"\dot{y} - a y - b c u = 0" in out


def test_all_systems_of_a_file(structural, file):
    code, out, _ = structural(file(SEVERAL), "--local")
    assert code == 0
    assert "gain, generic input" in out
    assert "decay, generic input" in out


def test_a_pattern_is_of_no_matter_to_a_system_without_input_beside_others(structural, file):
    code, out, _ = structural(file(SEVERAL), "--dose", 1, "--local")
    assert code == 0
    assert "gain, dose 1 throughout" in out
    assert "decay, generic input" in out


def test_one_that_fails_does_not_stop_the_others(structural, file):
    path = file(SEVERAL + "- {name: odd, states: {x: -k/x}, initial: {x: 0}, outputs: [x]}\n")
    code, out, _ = structural(path, "--local")
    assert code == 3
    assert "decay, generic input" in out
    assert "odd: 'odd': a denominator is zero at the known initial state" in out
    code, out, err = structural(path, "--local", "--name", "odd")
    assert (code, out) == (2, "")
    assert "a denominator is zero" in err


def test_initial_states_on_request(structural):
    out = structural("turnover", "--local", "--unknown-initial", "R", "--dose", "0.5")[1]
    assert "turnover, dose 0.5 throughout" in out
    assert _row(out, "R(0)")
    assert "S(0)" not in out
    assert "S(0)" in structural("turnover", "--local", "--unknown-initial", "all")[1]


def test_phases_with_lengths(structural, tmp_path):
    saved = tmp_path / "answers.json"
    code, out, _ = structural(
        "turnover", "--local", "--phases", "1,0,1/2", "--lengths", "30,14.5", "--json", saved
    )
    assert code == 0
    assert "3 phases: 1, 0, 0.5 of MTD" in out
    assert json.loads(saved.read_text(encoding="utf-8"))[0]["experiment"] == "3 phases: 1, 0, 0.5 of MTD"


def test_two_inputs_have_two_levels(structural, file):
    path = file("states: {x: a*x + b*u1 + c*u2}\noutputs: [x]\ninputs: [u1, u2]\n")
    out = structural(path, "--phases", "1:0,0:1", "--local")[1]
    assert "Rank defect: 0" in out
    out = structural(path, "--dose", "1:0", "--local")[1]
    assert "c drops out" in out


def test_the_patients_own_patterns(structural, tmp_path):
    cohort = write_cohort(tmp_path / "cohort.csv", ["P1", "P2", "P3"])
    schedule = tmp_path / "schedule.csv"
    schedule.write_text(
        "patient_id,t_start,t_end,dose\nP1,0,200,1\nP2,0,40,1\nP2,40,60,0\nP2,60,200,1\nP3,0,200,1\n"
    )
    code, out, _ = structural("turnover", "--cohort", cohort, "--schedule", schedule, "--local")
    assert code == 0
    assert "MTD throughout" in out
    assert "on-off, 2 switches" in out
    assert _row(out, "patients") == ["P1,", "P3", "P2"]
    assert _row(out, "r_S") == ["not", "local", "or", "global"]
    out = structural("turnover", "--cohort", cohort, "--schedule", schedule, "--local", "--patient", "P2")[1]
    assert "turnover, on-off, 2 switches" in out
    assert "Patients: P2" in out


def test_many_patterns_stand_below_each_other(structural, tmp_path):
    ids = [f"P{i}" for i in range(1, 8)]
    cohort = write_cohort(tmp_path / "cohort.csv", ids)
    schedule = tmp_path / "schedule.csv"
    rows = [f"{p},0,{20 + 3 * i},1\n{p},{20 + 3 * i},200,0.2\n" for i, p in enumerate(ids)]
    schedule.write_text("patient_id,t_start,t_end,dose\n" + "".join(rows))
    code, out, _ = structural("competition", "--cohort", cohort, "--schedule", schedule, "--local")
    assert code == 0
    assert "dosing pattern" in out
    assert out.count("MTD until day") == 8
    assert "and 6 more patterns with the same answers" in out
    assert "Patients: P1, P2, P3, P4, P5, P6, P7" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument"),
        (("unheard",), "no model 'unheard'"),
        (("gone.yaml",), "model file gone.yaml does not exist"),
        (("competition", "--dose", "x"), "--dose x: 'x' is not a number"),
        (("competition", "--dose", "1,0"), "is not one level"),
        (("competition", "--dose=-1"), "a dose is 0 or more"),
        (("competition", "--dose", "1", "--phases", "1,0"), "--dose and --phases exclude each other"),
        (("competition", "--dose", "1:0"), "2 levels; give one for each input"),
        (("competition", "--lengths", "3"), "--lengths are those of --phases"),
        (("competition", "--phases", "1,0", "--lengths", "1,2,3"), "2 phases need 2 lengths"),
        (("competition", "--phases", "1,0", "--lengths", "0,3"), "phase 1 lasts 0 days"),
        (("competition", "--unknown-initial", "Q"), "'competition' has the states S, R"),
        (("competition", "--name", "x"), "competition is none"),
        (("competition", "--time-limit", "0"), "--time-limit 0 is out of range"),
        (("competition", "--patient", "P1"), "--patient needs --cohort"),
        (("competition", "--cohort", "nowhere.csv"), "nowhere.csv does not exist"),
        (("competition", "--cohort", "COHORT", "--patient", "P9"), "no patient 'P9'"),
        (("competition", "--json", "nowhere/x.json"), "the folder nowhere does not exist"),
        (("FILE", "--name", "gian"), "no system 'gian'; it has 'gain'"),
        (("FILE", "--name", "decay", "--dose", "1"), "'decay' has no input"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(structural, file, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    there = {"FILE": file(SEVERAL), "COHORT": write_cohort(tmp_path / "cohort.csv", ["P1", "P2"])}
    code, out, err = structural(*(there.get(a, a) for a in arguments))
    assert code == 2
    assert out == ""
    assert words in err
    assert "Traceback" not in err


def test_a_file_without_patients_ends_like_the_other_commands(structural, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("patient_id,time_days,burden,marker\nP1,soon,many,LDH\n")
    assert structural("competition", "--cohort", empty)[0] == 1


def test_a_python_file_and_a_model_file(structural, tmp_path):
    model = tmp_path / "growth.yaml"
    model.write_text(
        "states: {N: r*N*(1 - N/K) - u*k*N}\ninitial: {N: V0}\noutputs: {burden: N}\n"
        "parameters: {r: {lower: 0.001, upper: 1}, K: {lower: 1, upper: 100, scale: V0}, k: {lower: 0.001, upper: 1}}\n"
        "constants: {V0: {unit: burden, from_data: first_burden}}\n"
    )
    code, out, _ = structural(model, "--local", "--dose", "1")
    assert code == 0
    assert [_row(out, name)[0] for name in ("r", "K", "k")] == ["not"] * 3
    assert "Rank defect: 1" in out
    script = tmp_path / "growth.py"
    script.write_text(
        "from pathlib import Path\nfrom dynamics.catalogue.yaml_file import read_model\n"
        "MODEL = read_model(Path(__file__).with_suffix('.yaml'))\n"
    )
    assert structural(script, "--local", "--dose", "1")[1].splitlines()[1:-1] == out.splitlines()[1:-1]


def test_readable():
    assert readable("a*x**2/K**10 - x**gamma") == "a·x²/K¹⁰ - x^gamma"
    assert readable("x**0.5 + x**(1/2)") == "x^0.5 + x^(1/2)"


def test_a_parameter_with_a_number_is_no_derivative(structural, file):
    out = structural(file("states: {x: -k_1*x + u}\noutputs: [x]\n"))[1]
    assert "y′ + k_1·y - u = 0" in out


def test_long_work_is_announced(monkeypatch, capsys):
    from identifiability.structural.experiment import ConstantDose
    from identifiability.structural.from_model import system_from_strings
    from workbench.structural_command import Question

    monkeypatch.setattr("workbench.structural_listing._TELL_AFTER_S", 0.0)
    question = Question(system_from_strings("decay", {"x": "-k*x + u"}, ["x"], ["u"]), ConstantDose(1))
    import threading

    with telling_of(question, 2, 3, 20):
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.join()
    told = capsys.readouterr().err
    assert told == "evodose: decay, dose 1 throughout (2 of 3): working; global answers take at most 20 s\n"


def test_what_was_not_settled_is_shown(structural, monkeypatch):
    def answer(system, experiment, **_):
        kinds = (Structural.AT_LEAST_LOCAL, Structural.UNSETTLED, Structural.NOT, Structural.KNOWN)
        names = tuple(p.name for p in system.parameters)
        return StructuralAnswer(
            system.name, experiment.words, names, kinds, 1, remarks=("Stopped after 1 s.",)
        )

    monkeypatch.setattr("identifiability.structural.analysis.analyse", answer)
    out = structural("competition")[1]
    assert "isolated values; how many was not settled" in out
    assert "Note: Stopped after 1 s." in out


@pytest.mark.cohorts
def test_the_melanoma_patients_share_one_pattern(structural, cohort_dir: Path):
    code, out, _ = structural("turnover", "--cohort", cohort_dir / "melanoma_ldh.csv", "--local")
    assert code == 0
    assert "turnover, MTD throughout" in out
    assert "MEL01, MEL02, MEL03, MEL04, MEL05, MEL06, MEL07, MEL08" in out
    assert "Rank defect: 1" in out
