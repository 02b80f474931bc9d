"""The catalogue: the published equations, and models from a user's own file."""

import math

import pytest
import sympy as sp

from dynamics.catalogue import catalogue_names, control_names, get_model
from dynamics.catalogue.yaml_file import read_model
from dynamics.expressions import ModelError

S, R, K, u, r, c, delta = sp.symbols("S R K u r c delta")


def test_every_model_of_the_folder_is_sound():
    assert set(catalogue_names()) >= {"competition", "decay_regrowth", "gompertz", "logistic", "turnover"}
    for name in catalogue_names():
        model = get_model(name)
        assert model.name == name
        assert model.source
        assert model.title
        assert all(p.meaning and p.unit and p.bounds_reason and p.prior for p in model.parameters)
        for p in model.parameters:
            assert p.prior is not None
            assert p.lower < p.prior.median < p.upper


def test_models_for_the_study_of_control_are_complete_and_not_offered_for_fits():
    names = control_names()
    assert set(names) >= {"cell_cycle", "sensitive_partial_resistant", "traits", "tumor_immune"}
    assert not set(names) & set(catalogue_names())
    for name in names:
        model = get_model(name)
        assert model.name == name
        assert model.title
        assert model.source
        assert model.assumptions
        assert not model.parameters, "nothing to be estimated"
        assert all(c.value is not None and c.unit and c.meaning for c in model.constants)
        assert all(s.meaning for s in model.states)
        assert all(i.meaning for i in model.inputs)


@pytest.mark.parametrize("name", catalogue_names())
def test_models_offered_for_fits_have_one_dose_and_something_to_estimate(name):
    model = get_model(name)
    assert model.parameters
    assert len(model.inputs) == 1


def test_competition_is_equation_1_of_masud_2023():
    model = get_model("competition")
    assert sp.expand(model.rhs[0] - (r * (1 - (S + R) / K) - u * delta) * S) == 0
    assert sp.expand(model.rhs[1] - r * (1 - (c * S + R) / K) * R) == 0
    start = model.initial.subs({"f_R": sp.Rational(1, 100), "V0": 100})
    assert list(start.flat()) == [99, 1]
    assert sp.expand(model.output[0] - S - R) == 0


def test_competition_grows_at_r_when_small_and_dies_at_delta_when_treated():
    rhs = get_model("competition").rhs.subs({r: 0.2, K: 1e12, delta: 0.5, c: 2.0, R: 0.0, S: 1.0})
    assert float(rhs[0].subs(u, 0)) == pytest.approx(0.2)
    assert float(rhs[0].subs(u, 1)) == pytest.approx(-0.3)


def test_turnover_is_equation_1_5_of_scagliotti_2026():
    model = get_model("turnover")
    r_S, r_R, d_D, d_T = sp.symbols("r_S r_R d_D d_T")
    free = 1 - (S + R) / K
    assert sp.expand(model.rhs[0] - (r_S * free * (1 - 2 * d_D * u) - d_T) * S) == 0
    assert sp.expand(model.rhs[1] - (r_R * free - d_T) * R) == 0


def test_decay_regrowth_is_published_at_full_dose_and_one_growth_without():
    model = get_model("decay_regrowth")
    d, g, f_R, V0 = sp.symbols("d g f_R V0")
    treated, free = model.rhs.subs(u, 1), model.rhs.subs(u, 0)
    assert sp.expand(treated[0] + d * S) == 0
    assert sp.expand(treated[1] - g * R) == 0
    assert sp.expand(sum(free) - g * (S + R)) == 0
    assert sp.expand(sum(model.initial) - V0) == 0
    assert model.initial[1] == f_R * V0
    assert "f_R" in model.parameter_names


def test_one_population_models_are_those_of_the_textbooks():
    V, a = sp.symbols("V a")
    logistic, gompertz = get_model("logistic"), get_model("gompertz")
    assert sp.expand(logistic.rhs[0] - r * (1 - V / K) * V + u * delta * V) == 0
    assert sp.expand(gompertz.rhs[0] - a * sp.log(K / V) * V + u * delta * V) == 0
    for model in (logistic, gompertz):
        assert model.rhs.subs({u: 0, V: K})[0] == 0, "growth stops at the carrying capacity"
        assert all(not state.role for state in model.states)


YAML = """
name: gompertz
title: Gompertz growth under a drug
states:
  S: >
    r*S*log(K/S)
    - u*delta*S
initial: {S: V0}
outputs: {burden: S}
roles: {S: sensitive}
parameters:
  r: {unit: per day, lower: 1e-3, upper: 2, prior: {median: 1e-1, fold_95: 5, source: folklore}}
  K: {unit: burden, lower: 1.01, upper: 100, scale: V0, start: [1.1, 10]}
  delta: {unit: per day, lower: 1e-3, upper: 2}
constants:
  V0: {unit: burden, from_data: first_burden}
assumptions: one population
"""


def write(tmp_path, text, name="model.yaml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_yaml_file_is_a_model(tmp_path):
    model = get_model(str(write(tmp_path, YAML)))
    V0 = sp.Symbol("V0")
    assert model.rhs[0] == r * S * sp.log(K / S) - u * delta * S
    assert model.initial[0] == V0
    assert model.parameters[0].lower == 1e-3
    assert model.parameters[0].prior is not None
    assert model.parameters[0].prior.median == 0.1
    assert model.parameters[1].start == (1.1, 10.0)
    assert [i.name for i in model.inputs] == ["u"]
    assert model.assumptions == ("one population",)
    assert hash(model) == hash(read_model(write(tmp_path, YAML)))


def test_a_yaml_file_with_a_byte_order_mark_is_read(tmp_path):
    assert read_model(write(tmp_path, "\ufeff" + YAML)).name == "gompertz"


def test_a_model_without_inputs_can_be_declared(tmp_path):
    text = YAML.replace("- u*delta*S", "- delta*S") + "inputs:\n"
    assert read_model(write(tmp_path, text)).inputs == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("name: gompertz", "nome: gompertz", "unknown key nome"),
        ("outputs: {burden: S}", "", "`outputs` is missing"),
        ("initial: {S: V0}", "initial: [V0]", "`initial` is missing or not a mapping"),
        ("roles: {S: sensitive}", "roles: sensitive", "`roles` is missing or not a mapping"),
        ("delta: {unit", "on: {unit", "a name in `parameters` is read as True"),
        (
            "lower: 1e-3, upper: 2, prior",
            "lower: low, upper: 2, prior",
            "declaration of r: could not convert",
        ),
        ("lower: 1e-3, upper: 2, prior", "upper: 2, prior", "declaration of r: .*lower"),
        ("unit: burden, lower: 1.01", "unit: burden, bottom: 1.01", "declaration of K: .*bottom"),
        ("fold_95: 5", "fold: 5", "declaration of r: .*fold"),
        ("fold_95: 5", "fold_95: 0.5", "declaration of r: prior needs"),
        ("prior: {median: 1e-1, fold_95: 5, source: folklore}", "prior: wide", "declaration of r"),
        ("{S: V0}", "{S: V0, S: K}", "'S' is given twice"),
        ("initial: {S: V0}", "initial: {S: V0", "not valid YAML"),
        ("log(K/S)", "sinh(K/S)", "unknown function 'sinh'"),
    ],
)
def test_a_mistake_in_yaml_is_named(tmp_path, old, new, says):
    assert old in YAML
    with pytest.raises(ModelError, match=says):
        read_model(write(tmp_path, YAML.replace(old, new)))


@pytest.mark.parametrize("text", ["- a list", "", "42"])
def test_yaml_without_a_mapping_is_refused(tmp_path, text):
    with pytest.raises(ModelError, match="holds no mapping"):
        read_model(write(tmp_path, text))


def test_yaml_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "model.yaml"
    path.write_bytes("title: Größe".encode("latin-1"))
    with pytest.raises(ModelError, match="UTF-8"):
        read_model(path)


PYTHON = """
from __future__ import annotations
from dataclasses import dataclass
from dynamics import Model, Parameter

@dataclass
class Note:
    text: str

MODEL = Model.define("decay", states={"x": "-k*x"}, initial={"x": "1"}, outputs={"y": "x"},
                     parameters=[Parameter("k", "per day", 0.1, 1.0)], title=Note("one").text, inputs=())
"""


def test_a_python_file_is_a_model(tmp_path):
    model = get_model(str(write(tmp_path, PYTHON, "decay.py")))
    assert model.name == "decay"
    assert float(model.rhs[0].subs({"k": 0.5, "x": 2.0})) == pytest.approx(-1.0)
    assert math.isclose(model.parameters[0].lower, 0.1)


def test_what_is_not_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="catalogue has competition, decay_regrowth, gompertz"):
        get_model("competitoin")
    with pytest.raises(ModelError, match="does not exist"):
        get_model(str(tmp_path / "nothing.yaml"))
    with pytest.raises(ModelError, match="defines no `MODEL`"):
        get_model(str(write(tmp_path, "MODEL = 3\n", "three.py")))
