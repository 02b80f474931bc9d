"""The end-point problem of Masud 2023: plateau, window edge and sweep agree; the weight is the program's own."""

import numpy as np
import pytest

from dosing.optimal import ProblemError, balanced_weight, containment_problem, plateau, solve, sweep
from dosing.window import dose_window
from dynamics import get_model

NAMES = ("r", "K", "delta", "c", "V0")
# Masud 2023, Table 1
PATIENTS = {
    2: (0.131799194, 580.8725024, 0.089001925, 2.291960323, 359.0),
    6: (0.181471087, 798.688266, 0.137568333, 3.182914523, 677.0),
    7: (0.18287846, 663.0487189, 0.128324461, 2.362809094, 286.0),
    8: (0.165457451, 544.2613509, 0.096811545, 1.734836965, 541.0),
}


@pytest.fixture(scope="module")
def model():
    return get_model("competition")


def values_of(patient):
    return dict(zip(NAMES, PATIENTS[patient], strict=True))


@pytest.mark.parametrize("patient", PATIENTS)
def test_the_plateau_is_the_lower_edge_of_the_window(patient, model):
    values = values_of(patient)
    problem = containment_problem(model, values, values["V0"])
    window = dose_window(model, PATIENTS[patient][:4], {"V0": values["V0"]}, values["V0"])
    solution = solve(problem, intervals=146, elements=2)
    assert solution.status.usable
    assert plateau(solution) == pytest.approx(window.low, rel=1e-5)
    witness = sweep(problem, intervals=146)
    assert plateau(witness) == pytest.approx(plateau(solution), abs=1e-6)
    assert witness.cost == pytest.approx(solution.cost, rel=1e-6)


def test_the_weight_of_patient_2_is_near_the_one_the_paper_scanned(model):
    values = values_of(2)
    assert balanced_weight(model, values, 359.0) == pytest.approx(691.9, rel=0.004)
    # with the paper's weight, the paper's plateau
    paper = containment_problem(model, values, 359.0, weight=691.9)
    assert plateau(solve(paper, intervals=146)) == pytest.approx(0.56689, abs=5e-5)


def test_the_weight_solves_the_static_problem(model):
    """Among equilibria without resistant cells, burden plus priced dose is least at the tolerable burden."""
    values = values_of(2)
    weight = balanced_weight(model, values, 1.1 * 359.0)
    burdens = np.linspace(0.5, 1.5, 20001) * 359.0
    doses = values["r"] / values["delta"] * (1 - burdens / values["K"])
    best = burdens[np.argmin(burdens + weight * doses**2 / 2)]
    assert best == pytest.approx(1.1 * 359.0, abs=0.05)


def test_what_cannot_be_posed_is_refused(model):
    values = values_of(2)
    with pytest.raises(ProblemError, match="without a drug"):
        containment_problem(model, values, 600.0)
    with pytest.raises(ProblemError, match="'sensitive'"):
        containment_problem(get_model("logistic"), values, 359.0)
