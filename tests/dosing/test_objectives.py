import pytest

from dosing.objectives import CUSTOM, SENTENCES, Objective, ObjectiveError
from dynamics.catalogue import catalogue_names, get_model
from dynamics.expressions import ModelError

FIT = {
    "r": 0.131799194,
    "K": 580.8725024,
    "delta": 0.089001925,
    "c": 2.291960323,
    "V0": 359.0,
}  # Masud 2023, patient 2


@pytest.fixture
def competition():
    return get_model("competition")


def test_containment_is_the_problem_of_the_paper(competition):
    problem = Objective("containment").problem(competition, FIT, 359.0, 359.0, 1460)
    assert str(problem.running) == "B*u**2/2 + R + S"
    assert [c.text for c in problem.conditions] == ["S(T) == K_tol"]
    assert problem.values["B"] == pytest.approx(691.9, rel=0.02)
    given = Objective("containment", weight=500.0).problem(competition, FIT, 359.0, 359.0, 1460)
    assert given.values["B"] == 500.0


def test_least_dose_ends_with_no_more_resistant_cells_than_it_began_with(competition):
    problem = Objective("least-dose").problem(competition, FIT, 400.0, 359.0, 730)
    assert str(problem.running) == "u"
    assert [c.text for c in problem.conditions] == ["R + S <= K_tol", "R(T) <= R_start"]
    assert [c.at_end for c in problem.conditions] == [False, True]
    assert problem.values["R_start"] == pytest.approx(3.59)
    assert problem.values["K_tol"] == 400.0


def test_least_burden_forbids_resistant_cells_to_grow(competition):
    problem = Objective("least-burden").problem(competition, FIT, 359.0, 359.0, 1460)
    growth = competition.state_with_role("resistant").rhs / competition.state_symbols[1]
    (rule,) = [c for c in problem.conditions if "K_tol" not in c.text]
    assert (rule.expr - growth).simplify() == 0
    assert not rule.at_end
    assert problem.values["price"] == pytest.approx(35.9)
    assert (
        Objective("least-burden", weight=5.0).problem(competition, FIT, 359, 359, 1460).values["price"] == 5.0
    )


def test_a_price_that_was_given_stands_in_the_sentence():
    assert "half the squared dose costs 5" in Objective("least-burden", weight=5.0).sentence
    assert "0.1 tolerable burdens" in Objective("least-burden").sentence


def test_own_costs_and_conditions(competition):
    own = Objective(
        CUSTOM, running="S + R + B*u**2/2", terminal="2*R", subject_to=("S(T) == K_tol", "S + R <= 1.2*V0"),
        values=(("B", 700.0),),
    )  # fmt: skip
    own.check(competition)
    problem = own.problem(competition, FIT, 300.0, 359.0, 365)
    assert problem.values["B"] == 700.0
    assert problem.values["K_tol"] == 300.0
    assert str(problem.terminal) == "2*R"
    assert [c.at_end for c in problem.conditions] == [True, False]
    assert own.sentence.startswith(
        "running cost S + R + B*u**2/2; terminal cost 2*R; subject to S(T) == K_tol"
    )


def test_the_first_burden_has_a_name_in_every_model():
    Objective(CUSTOM, running="V/V0 + u").check(get_model("logistic"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"name": "cure"}, "no objective 'cure'; there is containment, least-dose"),
        ({"name": "containment", "running": "S"}, "belong to the objective 'custom'"),
        ({"name": CUSTOM}, "needs a running or a terminal cost"),
        ({"name": "least-dose", "weight": 3.0}, "a weight belongs to containment and least-burden"),
        ({"name": "containment", "weight": -1.0}, "must be a positive number"),
    ],
)
def test_what_makes_no_question_is_refused(settings, words):
    with pytest.raises(ObjectiveError, match=words):
        Objective(**settings)


def test_a_model_without_roles_is_told_what_works_for_it():
    logistic = get_model("logistic")
    with pytest.raises(ObjectiveError, match="least-dose, least-burden and custom work for this model"):
        Objective("containment").check(logistic)
    for name in ("least-dose", "least-burden"):
        Objective(name).check(logistic)
        problem = Objective(name).problem(
            logistic, {"r": 0.1, "K": 2.0, "delta": 0.1, "V0": 1.0}, 1.2, 1.0, 100
        )
        assert len(problem.conditions) == 1


def test_models_with_several_doses_are_refused():
    with pytest.raises(ObjectiveError, match="has 2 doses"):
        Objective("least-dose").check(get_model("cell_cycle"))


@pytest.mark.parametrize("name", catalogue_names())
def test_every_named_objective_can_be_posed_or_says_why_not(name):
    model = get_model(name)
    ones = dict.fromkeys((q.name for q in (*model.parameters, *model.constants)), 0.5)
    for objective in (Objective("least-dose"), Objective("least-burden")):
        objective.check(model)
        assert objective.problem(model, ones, 1.0, 1.0, 100).along_path


def test_a_name_that_the_model_has_cannot_be_given_a_value(competition):
    own = Objective(CUSTOM, running="u", values=(("delta", 2.0),))
    with pytest.raises(ObjectiveError, match="--value delta: the model or the patient gives delta already"):
        own.check(competition)


def test_a_misspelt_cost_is_refused_before_anything_is_solved(competition):
    with pytest.raises(ModelError, match="burdn"):
        Objective(CUSTOM, running="burdn + u").check(competition)


def test_sentences_stand_for_all_objectives():
    assert set(SENTENCES) == {"containment", "least-dose", "least-burden", "longest-control", "custom"}
