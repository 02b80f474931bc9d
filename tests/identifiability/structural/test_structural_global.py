"""Global answers against the literature; see ``published.py`` for the models and their sources."""

import pytest
from published import CASES, Published

from dynamics.catalogue import get_model
from identifiability.structural.analysis import analyse, is_identifiable_function
from identifiability.structural.experiment import ConstantDose, Experiments, GenericInput, Phases
from identifiability.structural.from_model import system_from_strings
from identifiability.structural.result import Structural

COMPETITION = {"S": "r*(1 - (S + R)/K)*S - u*delta*S", "R": "r*(1 - (c*S + R)/K)*R"}
TURNOVER = {
    "S": "rS*S*(1 - (S + R)/K)*(1 - dD*u) - dS*S",
    "R": "rR*R*(1 - (S + R)/K) - dR*R",
}


@pytest.mark.parametrize("case", [c for c in CASES if not c.slow_global], ids=str)
def test_published_answer(case: Published):
    answer = analyse(case.system(), time_limit_s=30.0)
    expected = {
        **{name: {Structural.GLOBAL} for name in case.unique},
        **{name: {Structural.LOCAL} for name in case.several},
        **{name: {Structural.NOT} for name in case.free},
        **{name: {Structural.GLOBAL, Structural.LOCAL} for name in case.at_least_local},
    }
    wrong = {p: answer.answer(p) for p, kinds in expected.items() if answer.answer(p) not in kinds}
    assert not wrong, answer.remarks


@pytest.mark.parametrize("case", [c for c in CASES if c.combinations and not c.slow_global], ids=str)
def test_published_combinations(case: Published):
    system = case.system()
    assert all(is_identifiable_function(c, system, time_limit_s=30.0) for c in case.combinations)
    for name in (*case.several, *case.free):
        assert is_identifiable_function(name, system, time_limit_s=30.0) is False
    for found in analyse(system, time_limit_s=30.0).combinations:
        assert is_identifiable_function(found, system, time_limit_s=30.0) is True


@pytest.mark.parametrize("case", [c for c in CASES if c.slow_global], ids=str)
@pytest.mark.slow
def test_never_wrong_where_time_may_run_out(case: Published):
    answer = analyse(case.system(), time_limit_s=2.0)
    for kinds, names in (
        ({Structural.GLOBAL, Structural.AT_LEAST_LOCAL}, case.unique),
        ({Structural.LOCAL, Structural.AT_LEAST_LOCAL}, case.several),
        ({Structural.NOT}, case.free),
    ):
        assert {answer.answer(name) for name in names} <= kinds
    if Structural.AT_LEAST_LOCAL in answer.answers:
        assert answer.remarks


def test_competition_model_of_masud_2023():
    """Eqs 5-7: with a generic input and unknown initial states all is globally identifiable."""
    system = system_from_strings("competition", COMPETITION, ["S + R"], ["u"])
    answer = analyse(system)
    assert answer.parameters == ("r", "K", "delta", "c", "S(0)", "R(0)")
    assert set(answer.answers) == {Structural.GLOBAL}
    assert answer.combinations == ()
    assert answer.equations[0].startswith("y_2**2 ")
    assert answer.equations_latex[0].startswith(r"\ddot{y}^{2}")


def test_dose_of_the_competition_model_has_to_be_seen():
    """Without a drug nothing of its effect is seen; c is, as long as there are both kinds of cells."""
    system = system_from_strings("competition", COMPETITION, ["S + R"], ["u"])
    answer = analyse(system, ConstantDose(0))
    assert answer.answer("delta") == Structural.NOT
    assert {answer.answer(p) for p in ("r", "K", "c")} <= {Structural.GLOBAL, Structural.LOCAL}


@pytest.mark.parametrize(
    ("experiment", "kinds"),
    [
        (GenericInput(), {Structural.GLOBAL}),
        (ConstantDose(1), {Structural.NOT}),
        (ConstantDose(0), {Structural.NOT}),
        (Phases([0, 1]), {Structural.GLOBAL}),
        (Phases([1, 0, 1], [20, 30, 40]), {Structural.GLOBAL}),
        (Phases([1, 0.5]), {Structural.GLOBAL}),
        (Experiments([ConstantDose(0), ConstantDose(1)]), {Structural.GLOBAL, Structural.LOCAL}),
    ],
    ids=lambda value: getattr(value, "words", ""),
)
def test_turnover_model_under_different_doses(experiment, kinds):
    system = system_from_strings("turnover", TURNOVER, ["S + R"], ["u"])
    answer = analyse(system, experiment)
    assert {answer.answer(p) for p in ("rS", "K", "dS", "rR", "dR")} <= kinds
    assert answer.experiment == experiment.words


@pytest.mark.parametrize("name", ["competition", "turnover"])
def test_catalogue_models_under_their_own_initial_states(name):
    model = get_model(name)
    answer = analyse(model, Phases([1, 0, 1, 0, 1], [30, 21, 40, 14, 50]))
    assert answer.parameters == model.parameter_names
    assert analyse(model, Phases([1, 0, 1, 0, 1], [30, 21, 40, 14, 50])) is answer
    assert Structural.UNSETTLED not in answer.answers


def test_dependent_terms_are_not_taken_for_coefficients():
    """Two experiments show a and b, one does not (Hong, Ovchinnikov, Pogudin & Yap 2020, example 2.14)."""
    system = system_from_strings("hidden", {"x1": "0", "x2": "x1*x2 + a*x1 + b"}, ["x2"])
    once = analyse(system)
    assert once.answer("a") == once.answer("b") == Structural.NOT
    assert once.answer("x1(0)") == Structural.GLOBAL
    assert any("One experiment does not show" in remark for remark in once.remarks)
    twice = analyse(system, Experiments([GenericInput(), GenericInput()]))
    assert twice.answer("a") == twice.answer("b") == Structural.GLOBAL


@pytest.mark.parametrize(
    ("states", "outputs", "unique"),
    [
        ({"N": "-b*N*log(N/K)"}, ["N"], ["b", "K", "N(0)"]),
        ({"N": "r*N*(1 - (N/K)**g)"}, ["N"], ["r", "K", "g", "N(0)"]),
        ({"N": "r*N**g - d*N"}, ["N"], ["r", "g", "d", "N(0)"]),
        ({"N": "r*N*sqrt(1 + N) - d*N"}, ["N"], ["r", "d", "N(0)"]),
    ],
)
def test_models_that_are_not_rational(states, outputs, unique):
    answer = analyse(system_from_strings("lifted", states, outputs))
    assert {name: answer.answer(name) for name in unique} == dict.fromkeys(unique, Structural.GLOBAL)


def test_initial_states_that_change_places():
    system = system_from_strings("exponentials", {"x": "-a*x", "z": "-b*z"}, ["x + z"])
    answer = analyse(system)
    assert set(answer.answers) == {Structural.LOCAL}
    assert set(answer.combinations) == {"a*b", "a + b"}
    assert answer.equations == ("y_2 + (a + b)*y_1 + a*b*y",)
    assert answer.equations_latex == (r"\ddot{y} + \left(a + b\right) \dot{y} + a b y",)


def test_only_the_local_answer():
    system = system_from_strings("exponentials", {"x": "-a*x", "z": "-b*z"}, ["x + z"])
    answer = analyse(system, global_answers=False)
    assert set(answer.answers) == {Structural.AT_LEAST_LOCAL}
    assert answer.equations == ()


def test_unknown_names_are_refused():
    system = system_from_strings("decay", {"x": "-a*x"}, ["x"])
    with pytest.raises(ValueError, match="q, which 'decay' does not have"):
        is_identifiable_function("a + q", system)
    with pytest.raises(ValueError, match="says itself which initial states are known"):
        analyse(system, unknown_initial=["x"])


def test_state_that_never_leaves_zero():
    """A resistant clone that is not there shows nothing of itself, whatever a generic state would show."""
    states = {"S": "r*S*(1 - (S + R)/K) - u*d*S", "R": "q*R*(1 - (S + R)/K)"}
    system = system_from_strings("no resistance", states, ["S + R"], ["u"], ["V0"], {"S": "V0", "R": "0"})
    answer = analyse(system, Phases([1, 0, 1]))
    assert answer.answer("q") == Structural.NOT
    assert Structural.UNSETTLED not in answer.answers
