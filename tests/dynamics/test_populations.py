"""Any number of populations: Scagliotti 2026, eqs 1.3, 2.3, 3.3 and Lemma 2.1."""

import numpy as np
import pytest
import sympy as sp

from dynamics import ModelError, get_model
from dynamics.catalogue.concentration import with_concentration
from dynamics.catalogue.populations import population_model
from dynamics.feedback import FeedbackRule, run_feedback

u = sp.Symbol("u")


def random_model(n, seed=0):
    """A model with all transitions, at random rates."""
    rng = np.random.default_rng(seed)
    shares = rng.uniform(0.1, 1, n)
    return population_model(
        n,
        growth=rng.uniform(0.01, 0.05, n),
        sensitivity=rng.uniform(0.0, 1.0, n),
        turnover=rng.uniform(0, 0.01, n),
        spontaneous=rng.uniform(0, 0.01, (n, n)) * (1 - np.eye(n)),
        induced=rng.uniform(0, 0.02, (n, n)) * (1 - np.eye(n)),
        fractions=shares / shares.sum(),
        capacity=2.0,
        initial_burden=1.0,
    )


def declared(model):
    """Declared values of the constants."""
    return {c.name: c.value for c in model.constants}


def published(model, cells, dose):
    """Eq. 1.3 in arrays, from the declared constants."""
    n, value = len(cells), declared(model)

    def matrix(label):
        off = np.array(
            [[value.get(f"{label}_{i}_{j}", 0.0) for j in range(1, n + 1)] for i in range(1, n + 1)]
        )
        return off - np.diag(off.sum(axis=0))

    r, dI, dT = (np.array([value[f"{k}_{i}"] for i in range(1, n + 1)]) for k in ("r", "dI", "dT"))
    logistic = r * (1 - cells.sum() / value["K"]) * (1 - 2 * dI * dose) * cells
    return logistic - dT * cells + (matrix("A") + dose * matrix("AI")) @ cells


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_the_equations_are_those_of_the_paper(n):
    model = random_model(n, n)
    cells = np.random.default_rng(1).uniform(0.01, 0.3, n)
    for dose in (0.0, 0.4, 1.0):
        at = declared(model) | dict(zip(model.state_names, cells, strict=True)) | {"u": dose}
        found = np.array(model.rhs.subs(at), dtype=float).ravel()
        np.testing.assert_allclose(found, published(model, cells, dose), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_transitions_change_no_number_of_cells_whatever_their_rates(n):
    model = random_model(n)
    rates = {c.name: 0 for c in model.constants if c.name[:2] in ("r_", "dT")}
    assert sp.expand(sum(model.rhs.subs(rates))) == 0
    assert sp.expand(sum(model.initial) - sp.Symbol("N0")) == 0


def test_two_populations_without_transitions_are_equation_1_5():
    # same symbols: one turnover rate, resistant cells that the drug does not reach
    model, turnover = population_model(2), get_model("turnover")
    names = {"X1": "S", "X2": "R", "r_1": "r_S", "r_2": "r_R", "dI_1": "d_D", "dT_1": "d_T", "dT_2": "d_T"}
    names |= {"N0": "V0", "f_2": "f_R"}
    same = {sp.Symbol(a): sp.Symbol(b) for a, b in names.items()} | {sp.Symbol("dI_2"): 0}
    assert sp.simplify(model.rhs.subs(same) - turnover.rhs) == sp.zeros(2, 1)
    assert sp.simplify(model.initial.subs(same) - turnover.initial) == sp.zeros(2, 1)
    assert sp.simplify(model.output.subs(same) - turnover.output) == sp.zeros(1, 1)


def test_in_scaled_time_they_are_equation_3_3():
    s, r, rate, kill, death = sp.symbols("s r rhat_R dhat_D dhat_T")
    scaled = {
        "X1": s,
        "X2": r,
        "r_1": 1,
        "r_2": rate,
        "dI_1": kill / 2,
        "dI_2": 0,
        "dT_1": death,
        "dT_2": death,
    }
    found = population_model(2).rhs.subs({sp.Symbol(a): b for a, b in scaled.items()} | {sp.Symbol("K"): 1})
    assert sp.expand(found[0] - ((1 - s - r) * (1 - kill * u) * s - death * s)) == 0
    assert sp.expand(found[1] - (rate * (1 - s - r) * r - death * r)) == 0


def test_its_figure_1_is_that_of_the_two_population_model():
    # the single tumour of Figs 1 and 7 progresses on day 370.75 under MTD
    model = population_model(
        2, growth=(0.027, 0.027 * 0.66), sensitivity=(0.75, 0), fractions=(0.99, 0.01), initial_burden=0.5
    )
    run = run_feedback(model, np.empty((1, 0)), None, FeedbackRule(1.0), horizon_days=600)
    assert run.within[0, 0] == 370.75


def test_the_number_of_cells_stays_within_the_capacity():
    # Lemma 2.1
    model = random_model(4, 3)
    value = declared(model)
    for dose in (0.0, 0.5, 1.0):
        run = run_feedback(
            model, np.empty((1, 0)), {"N0": 1.99}, FeedbackRule(dose), horizon_days=2000, keep_states=True
        )
        assert np.all(run.states >= 0)
        assert np.all(run.burdens <= value["K"])


def test_members_of_an_ensemble_may_differ_in_every_rate():
    model = get_model("populations")
    faster = np.array([5e-4, 5e-3, 5e-2])
    run = run_feedback(model, np.empty((3, 0)), {"AI_3_2": faster}, FeedbackRule(1.0), horizon_days=400)
    assert np.all(np.diff(run.within[:, 0]) < 0), "the faster the drug makes cells resistant, the earlier"


def test_the_concentration_follows_its_own_equation_and_the_tumour_follows_it():
    turnover = get_model("turnover")
    model = with_concentration(turnover, 0.5, 2.0)
    C, k, volume = sp.symbols("C_u k_el_u volume_u")
    assert sp.expand(model.rhs[2] - (u / volume - k * C)) == 0
    assert declared(model)["volume_u"] == 0.5
    assert sp.expand(model.rhs[0] - turnover.rhs[0].subs(u, C)) == 0
    assert sp.diff(model.rhs, u, 2) == sp.zeros(3, 1), "still affine in the dose"
    default = with_concentration(turnover, 0.5)
    assert sp.expand(default.rhs[2].subs({C: u})) == 0, "a lasting dose ends at itself"


def test_a_slow_drug_begins_late():
    quick, slow = (with_concentration(get_model("populations"), k) for k in (50.0, 0.05))
    course = [
        run_feedback(m, np.empty((1, 0)), None, FeedbackRule(1.0), horizon_days=60, steps_per_day=200)
        for m in (get_model("populations"), quick, slow)
    ]
    at = [c.final_burdens[0] for c in course]
    assert at[1] == pytest.approx(at[0], rel=2e-3)
    assert at[2] > 1.05 * at[0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n": 0}, "need at least 1"),
        ({"growth": (0.02, 0.0, 0.01)}, "growth of population 2 is 0; it must be positive"),
        ({"sensitivity": (0.7, -0.1, 0.0)}, "sensitivity of population 2 is -0.1"),
        ({"turnover": (0.0, 0.0)}, "2 numbers for turnover, but 3 populations"),
        ({"fractions": (0.5, 0.4, 0.2)}, "sum to 1.1"),
        ({"initial_burden": 1.5}, "need 0 < N0 <= K"),
        ({"spontaneous": np.zeros((2, 2))}, "3 by 3"),
        ({"spontaneous": [[0, -1e-3, 0], [0] * 3, [0] * 3]}, "from population 2 to 1 has the rate -0.001"),
        (
            {"induced": [[-2e-3, 0, 0], [1e-3, 0, 0], [0, 0, 0]]},
            "cells would be lost .eqs 2.3.. Set it to -0.001",
        ),
        ({"induced": [[-1e-3, 0, 0], [1e-3, 0, 1e-3], [0, 0, 0]]}, "created"),
    ],
)
def test_what_the_paper_rules_out_is_refused(given, message):
    with pytest.raises(ModelError, match=message):
        population_model(**({"n": 3} | given))


def test_a_diagonal_that_closes_is_accepted():
    off = [[0, 0, 0], [1e-3, 0, 2e-3], [0, 0, 0]]
    full = [[-1e-3, 0, 0], [1e-3, 0, 2e-3], [0, 0, -2e-3]]
    assert population_model(3, induced=off) == population_model(3, induced=full)


def test_a_concentration_needs_one_dose_and_positive_rates():
    with pytest.raises(ModelError, match="intake rate -1"):
        with_concentration(get_model("turnover"), 0.5, -1.0)
    with pytest.raises(ModelError, match="2 inputs"):
        with_concentration(get_model("cell_cycle"), 0.5)
