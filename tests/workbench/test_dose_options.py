import json
import re

import pytest

from dosing.objectives import SENTENCES, Objective
from dynamics.catalogue import get_model
from workbench.cli_dose import OBJECTIVES_HELP
from workbench.dose_command import check_objective
from workbench.dose_options import DoseOptions, read_objective
from workbench.options import OptionError, RunOptions


def test_the_help_names_every_objective_and_no_other():
    assert re.findall(r"(?:^|; )([a-z-]+):", OBJECTIVES_HELP) == list(SENTENCES)


def test_without_a_word_it_is_containment_and_with_costs_custom():
    assert read_objective(None) == Objective("containment")
    own = read_objective(None, running="u", values=["B=700", " a = 2.5"], subject_to=["S(T) == K_tol"])
    assert own == Objective(
        "custom", running="u", subject_to=("S(T) == K_tol",), values=(("B", 700.0), ("a", 2.5))
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "cure"}, "no objective 'cure'"),
        ({"name": "containment", "running": "u"}, "belong to the objective 'custom'"),
        ({"name": None, "values": ["B"]}, "give NAME=NUMBER, such as B=700"),
        ({"name": None, "values": ["B=many"]}, "give NAME=NUMBER"),
        ({"name": None, "values": ["B=nan"]}, "give NAME=NUMBER"),
        ({"name": None, "values": ["B=1", "B=2"]}, "--value B is given twice"),
        ({"name": None, "subject_to": ["S(T) == 1"]}, "needs a running or a terminal cost"),
        ({"name": "least-dose", "weight": 2.0}, "a weight belongs to"),
    ],
)
def test_what_makes_no_objective_is_told(arguments, words):
    with pytest.raises(OptionError, match=re.escape(words)):
        read_objective(**arguments)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"k_tol": 0.0}, "--k-tol 0 is out of range"),
        ({"k_tol": float("nan")}, "--k-tol nan is out of range"),
        ({"every": 0.5}, "--every 0.5 is out of range"),
        ({"horizon": 3.0}, "--horizon 3 is out of range"),
        ({"horizon": 100.5}, "--horizon 100.5 is no whole number"),
    ],
)
def test_values_out_of_range_are_told(options, words):
    with pytest.raises(OptionError, match=re.escape(words)):
        DoseOptions(**options)


def test_the_runs_own_values_count_where_nothing_is_asked():
    settled = DoseOptions(every=30.0).settled(RunOptions(k_tol=1.2, horizon=700))
    assert (settled.k_tol, settled.every, settled.horizon) == (1.2, 30.0, 700.0)
    asked = DoseOptions(k_tol=1.5, horizon=100.0).settled(RunOptions(k_tol=1.2, horizon=700))
    assert (asked.k_tol, asked.horizon) == (1.5, 100.0)


def test_doses_held_beyond_the_horizon_are_refused():
    with pytest.raises(OptionError, match="--every 800 is longer than the horizon of 700 days"):
        DoseOptions(every=800.0).settled(RunOptions(horizon=700))


def test_options_are_kept_as_json():
    options = DoseOptions(read_objective(None, running="u", values=["B=1"], subject_to=["R <= V0"]))
    assert json.loads(json.dumps(options.as_dict())) == options.as_dict()


def test_an_objective_that_the_model_does_not_have_names_those_that_work():
    with pytest.raises(OptionError, match="least-dose, least-burden and custom work for this model"):
        check_objective(DoseOptions(), get_model("logistic"))
    check_objective(DoseOptions(Objective("least-dose")), get_model("logistic"))
