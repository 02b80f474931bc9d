"""Variants: derived from a model's symbols, found by name, equal to the model where nothing was freed."""

import numpy as np
import pytest
import sympy as sp

from dynamics import Constant, DoseSchedule, Model, ModelError, Parameter, get_model
from dynamics.catalogue import base_and_suffixes, catalogue_names
from dynamics.jobs import pad_courses
from dynamics.simulate import simulate, solve_jobs
from dynamics.variants import SUFFIXES, free_first_burden, free_resistant_fraction, variant

PATIENT_2 = {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323}
TIMES = np.array([0.0, 36.0, 103.0, 131.0, 169.0])
SCHEDULE = DoseSchedule.cycles(0.8, 20.0, 13.3, 6, start=7.0)


def test_the_resistant_fraction_becomes_the_last_parameter():
    base = get_model("competition")
    free = free_resistant_fraction(base)
    assert free.name == "competition+f_R"
    assert free.parameter_names == (*base.parameter_names, "f_R")
    assert [c.name for c in free.constants] == ["V0"]
    assert free.rhs == base.rhs
    assert free.initial == base.initial


def test_the_true_first_burden_moves_the_start_only():
    base = get_model("competition")
    free = free_first_burden(base)
    V0, b0, f_R = sp.symbols("V0 b0 f_R")
    assert free.name == "competition+b0"
    assert sp.expand(free.initial[0] - (1 - f_R) * b0 * V0) == 0
    assert sp.expand(free.initial[1] - f_R * b0 * V0) == 0
    assert free.rhs == base.rhs
    assert free.output == base.output
    # the carrying capacity stays relative to the measured burden
    assert [p.scale for p in free.parameters] == ["", "V0", "", "", ""]


@pytest.mark.parametrize(("f_R", "b0"), [(0.01, 1.0), (0.2, 1.0), (0.03, 1.2)])
def test_a_variant_is_the_model_with_other_constants(f_R, b0):
    base, free = get_model("competition"), get_model("competition+f_R+b0")
    constants = {"V0": b0 * 359.0, "f_R": f_R}
    expected = simulate(base, PATIENT_2, SCHEDULE, TIMES, constants, rtol=1e-10).outputs
    found = simulate(free, PATIENT_2 | {"f_R": f_R, "b0": b0}, SCHEDULE, TIMES, {"V0": 359.0}, rtol=1e-10)
    np.testing.assert_allclose(found.outputs, expected, rtol=1e-8)


def test_names_resolve_to_variants():
    both = get_model("competition+f_R+b0")
    assert both.name == "competition+f_R+b0"
    assert both.parameter_names == ("r", "K", "delta", "c", "f_R", "b0")
    assert both == free_first_burden(free_resistant_fraction(get_model("competition")))
    assert hash(both) == hash(get_model("competition+f_R+b0"))
    other_way = get_model("competition+b0+f_R")
    assert other_way.name == "competition+b0+f_R"
    assert set(other_way.initial) == set(both.initial)


@pytest.mark.parametrize("name", catalogue_names())
def test_every_variant_of_the_catalogue_is_declared_in_full(name):
    base = get_model(name)
    for suffix in SUFFIXES:
        if suffix == "f_R" and suffix not in [c.name for c in base.constants]:
            continue
        free = get_model(f"{name}+{suffix}")
        added = free.parameters[-1]
        assert added.name == suffix
        assert added.meaning
        assert added.bounds_reason
        assert added.remedy
        assert added.prior is not None
        assert added.prior.source
        assert added.start_box[0] < added.prior.median < added.start_box[1]
        assert free.title != base.title
        assert len(free.assumptions) == len(base.assumptions), "one assumption is taken back, one is added"
        assert free.assumptions != base.assumptions


def test_sensitivities_to_the_freed_quantities():
    model = get_model("competition+f_R+b0")
    row = np.array([[*PATIENT_2.values(), 0.03, 1.1]])
    courses = pad_courses(model, [TIMES], [SCHEDULE], [{"V0": 359.0}])
    who = np.zeros(1, dtype=int)

    def solve(values, **options):
        return solve_jobs(model, courses, who, values, rtol=1e-11, **options)

    kernel = solve(row, sensitive=True)[2][0, :, 0]
    step = 1e-5
    for k in range(6):
        scale = np.exp(step * np.eye(6)[k])
        difference = (solve(row * scale)[1] - solve(row / scale)[1])[0, :, 0] / (2 * step)
        np.testing.assert_allclose(kernel[:, k], difference, rtol=1e-4, atol=1e-2)
    assert kernel[0] == pytest.approx([0, 0, 0, 0, 0, 1.1 * 359.0], abs=1e-9)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "competition+x",
            r"no variant '\+x'; the variants are \+f_R: the resistant fraction.*\+b0: the true",
        ),
        ("competition+", r"no variant '\+'"),
        ("competition+f_R+f_R", "estimates the resistant fraction f_R already"),
        ("decay_regrowth+f_R", "estimates the resistant fraction f_R already"),
        ("logistic+f_R", "no constant f_R, .*its constants are V0"),
        ("competition+b0+b0", "has a b0 of its own"),
        ("nothing+f_R", "no model 'nothing'; the catalogue has"),
        ("+f_R", "no model ''"),
    ],
)
def test_a_variant_that_cannot_be_is_refused(name, says):
    with pytest.raises(ModelError, match=says):
        get_model(name)


def test_models_that_start_elsewhere_have_no_true_first_burden():
    growth = Model.define(
        "growth", states={"x": "g*x"}, initial={"x": "3"}, outputs={"y": "x"},
        parameters=[Parameter("g", "per day", 0.1, 1.0)], inputs=(),
    )  # fmt: skip
    with pytest.raises(ModelError, match="does not start from the first measured burden"):
        free_first_burden(growth)
    with pytest.raises(ModelError, match="it has no constants"):
        free_resistant_fraction(growth)


def test_a_constant_that_is_the_first_burden_under_another_name():
    model = Model.define(
        "renamed", states={"x": "g*x"}, initial={"x": "y1/2"}, outputs={"y": "2*x"},
        parameters=[Parameter("g", "per day", 0.01, 1.0)], inputs=(),
        constants=[Constant("y1", "burden", from_data="first_burden")],
    )  # fmt: skip
    free = variant(model, ["b0"])
    assert free.initial[0] == sp.Symbol("b0") * sp.Symbol("y1") / 2


YAML = """
states: {S: g*S - u*d*S, R: g*R}
initial: {S: (1 - f_R)*V0, R: f_R*V0}
outputs: {burden: S + R}
parameters:
  g: {unit: per day, lower: 1e-3, upper: 2}
  d: {unit: per day, lower: 1e-3, upper: 2}
constants:
  V0: {unit: burden, from_data: first_burden}
  f_R: {unit: "1", value: 0.01}
"""


def test_a_user_s_file_has_variants_and_may_have_plus_signs_in_its_path(tmp_path):
    folder = tmp_path / "a+b"
    folder.mkdir()
    path, odd = folder / "mine.yaml", folder / "c+f_R.yaml"
    path.write_text(YAML)
    odd.write_text(YAML)
    assert get_model(f"{path}+f_R").name == "mine+f_R"
    assert get_model(f"{path}+f_R").parameter_names == ("g", "d", "f_R")
    assert get_model(str(odd)).parameter_names == ("g", "d")
    assert base_and_suffixes(f"{path}+f_R+b0") == (str(path), ("f_R", "b0"))
    assert base_and_suffixes(str(odd)) == (str(odd), ())
    assert get_model(f"{path}+b0").parameter_names == ("g", "d", "b0")
    with pytest.raises(ModelError, match="does not exist"):
        get_model(f"{folder / 'none.yaml'}+f_R")
    with pytest.raises(ModelError, match="does not exist"):
        get_model(str(folder / "none.yaml"))
