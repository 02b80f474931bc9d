"""What ideal data could tell about the models of the catalogue, and about their variants."""

import pytest

from dynamics.catalogue import get_model
from identifiability.structural.analysis import analyse, is_identifiable_function
from identifiability.structural.experiment import ConstantDose, GenericInput, Phases
from identifiability.structural.result import Structural

GLOBAL, LOCAL, NOT = Structural.GLOBAL, Structural.LOCAL, Structural.NOT
PAUSE = Phases([1, 0])

VERDICTS = [
    # y = V0 ((1 - f_R) exp(-d t) + f_R exp(g t)): d and -g may change places; only their signs tell them apart
    ("decay_regrowth", ConstantDose(1), {"d": LOCAL, "g": LOCAL, "f_R": LOCAL}, ["d - g", "d*g"]),
    ("decay_regrowth", ConstantDose(0), {"d": NOT, "g": GLOBAL, "f_R": NOT}, []),
    ("decay_regrowth", GenericInput(), {"d": GLOBAL, "g": GLOBAL, "f_R": GLOBAL}, []),
    # y' = (r - u δ) y - (r/K) y²
    ("logistic", ConstantDose(1), {"r": NOT, "K": NOT, "delta": NOT}, ["r - delta", "r/K"]),
    ("logistic", PAUSE, {"r": GLOBAL, "K": GLOBAL, "delta": GLOBAL}, []),
    ("logistic+b0", ConstantDose(1), {"r": NOT, "K": NOT, "delta": NOT, "b0": GLOBAL}, ["r - delta"]),
    # log y relaxes at rate a towards log K - u δ/a
    ("gompertz", ConstantDose(1), {"a": GLOBAL, "K": NOT, "delta": NOT}, []),
    ("gompertz+b0", PAUSE, {"a": GLOBAL, "K": GLOBAL, "delta": GLOBAL, "b0": GLOBAL}, []),
    ("competition+f_R", ConstantDose(1), dict.fromkeys(("r", "K", "delta", "c", "f_R"), GLOBAL), []),
]


@pytest.mark.parametrize(
    ("name", "experiment", "expected", "combinations"),
    VERDICTS,
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_verdict(name, experiment, expected, combinations):
    model = get_model(name)
    answer = analyse(model, experiment)
    assert {p: answer.answer(p) for p in model.parameter_names} == expected
    for combination in combinations:
        assert is_identifiable_function(combination, model, experiment) is True
