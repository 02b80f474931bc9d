import pytest

from dynamics.expressions import ModelError
from identifiability.structural.system_file import SystemFileError, chosen, is_model_file, read_systems

TWO = """
- name: decay
  states: {x: "-k*x"}
  outputs: [x]
  global: [k]
  source: textbook
- states: {E: b*E*S - nu*E, S: -b*E*S, N: 0}
  outputs: [E, "N"]
  known: [nu]
  initial: {S: N0}
"""


def _write(tmp_path, text):
    path = tmp_path / "systems.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_list_of_systems(tmp_path):
    decay, epidemic = read_systems(_write(tmp_path, TWO))
    assert decay.name == "decay"
    assert [p.name for p in decay.parameters] == ["k"]
    assert (decay.inputs, decay.initial) == ((), {})
    assert epidemic.name == "systems 2"
    assert [p.name for p in epidemic.parameters] == ["b", "N0"]
    assert [k.name for k in epidemic.known] == ["nu"]
    assert {str(s): str(e) for s, e in epidemic.initial.items()} == {"S": "N0"}
    assert [str(e) for e in epidemic.outputs] == ["E", "N"]
    assert epidemic.rhs[2] == 0


def test_a_single_system_is_called_like_its_file(tmp_path):
    (system,) = read_systems(_write(tmp_path, "states: {x: -k*x + 1}\noutputs: c*x\n"))
    assert system.name == "systems"
    assert [p.name for p in system.parameters] == ["k", "c"]


def test_u_is_the_dose_unless_inputs_say_otherwise(tmp_path):
    body = "states: {x: a*x - d*u*x}\noutputs: [x]\n"
    (system,) = read_systems(_write(tmp_path, body))
    assert [i.name for i in system.inputs] == ["u"]
    (system,) = read_systems(_write(tmp_path, body + "inputs: []\n"))
    assert system.inputs == ()
    assert "u" in [p.name for p in system.parameters]
    (system,) = read_systems(_write(tmp_path, body + "inputs: [d]\n"))
    assert [i.name for i in system.inputs] == ["d"]


def test_one_of_several_by_its_name(tmp_path):
    path = _write(tmp_path, TWO)
    systems = read_systems(path)
    assert chosen(systems, "decay", path) is systems[0]
    with pytest.raises(SystemFileError, match=r"systems\.yaml has no system 'decoy'; it has 'decay'"):
        chosen(systems, "decoy", path)


def test_a_model_file_is_told_from_a_system(tmp_path):
    model = "states: {N: r*N}\ninitial: {N: 1}\noutputs: {burden: N}\nparameters: {r: {lower: 1, upper: 2}}\n"
    assert is_model_file(_write(tmp_path, model))
    assert not is_model_file(_write(tmp_path, TWO))
    assert not is_model_file(_write(tmp_path, "states: {x: -k*x}\noutputs: [x]\nparameters: [k]\n"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "an empty list"),
        ("just text", "is no mapping; write `states:"),
        ("- states: {x: -k*x}\n  outputs: [x]\n- 7", r"entry 2 is no mapping"),
        ("outputs: [x]", "`states` is missing"),
        ("states: [x]\noutputs: [x]", "`states` is no mapping"),
        ("states: {x: -k*x}", "`outputs` is missing; write what is measured"),
        ("states: {x: -k*x}\noutputs: []", "`outputs` is missing"),
        ("states: {x: -k*x}\noutputs: {burden: x}", "`outputs` names its expressions.*add `parameters:`"),
        ("states: {x: -k*x}\noutputs: 7", "`outputs` is no list"),
        ("states: {x: -k*x}\noutputs: [[x]]", r"read as \['x'\]; put it in quotes"),
        ("states: {x: -k*x}\noutputs: [x]\ninput: [u]", "`input` is not read; if `inputs` is meant"),
        ("states: {x: -k*x}\noutputs: [x]\nInital: {x: 1}", "if `initial` is meant"),
        ("states: {x: -k*x}\noutputs: [x]\nknown: {k: 1}", "`known` is no list of names"),
        ("states: {x: -k*x}\noutputs: [x]\nknown: [no]", "read as False; put it in quotes"),
        ("states: {on: 1}\noutputs: [1]", "read as True; put it in quotes"),
        ("states: {x: no}\noutputs: [x]", "an expression in `states` is read as False"),
        ("states: {x: -k*x}\noutputs: [x]\ninitial: {z: 1}", "has no state 'z'; it has x"),
        ("- name: odd\n  states: {x: -k*(x}\n  outputs: [x]", r"entry 1 \(odd\): .*is not an expression"),
        ("states: {x: -k*x}\nstates: {x: 1}\noutputs: [x]", "'states' is given twice"),
        ("- &a {name: m, states: {x: -k*x}, outputs: [x]}\n- *a", "two entries are called 'm'"),
        (
            "states: {x: -lambda*x}\noutputs: [x]",
            "'lambda' in '-lambda\\*x' is a word of Python.*write lambda_",
        ),
        ("states: {x", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_remedy(tmp_path, text, words):
    with pytest.raises(ModelError, match=words) as raised:
        read_systems(_write(tmp_path, text))
    assert "systems.yaml" in str(raised.value)
