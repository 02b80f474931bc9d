"""Directions of the information as words."""

import numpy as np
import pytest
from analytic import make_problem

from dynamics import DoseSchedule, get_model
from dynamics.simulate import simulate
from fitting.likelihood import get_likelihood
from fitting.problem import build_problem
from identifiability.functions.formula import formula_quantity, log_gradient, read_formula
from identifiability.information.combinations import candidate_combinations, determined_combinations, written
from identifiability.information.directions import (
    describe_directions,
    directions_sentence,
    percent,
    power_product,
    readable,
    rounded_exponents,
)
from identifiability.information.fisher import expected_information, paper_information
from identifiability.quantity import Quantity
from patients import Patient

MODEL = get_model("competition")
PARAMETERS = np.array([0.131799194, 580.8725024, 0.089001925, 2.291960323])  # Masud 2023, patient 2
TIMES = [0.0, 3.0, 6.0, 9.0]
BOUNDS = {"r": (1e-3, 5.0), "d": (1e-3, 5.0)}


def information(rate, bounds, q, **options):
    problem = make_problem(rate, bounds, TIMES, [10.0, 12.0, 15.0, 18.0], **options)
    return expected_information(problem, 0, np.log(q))


@pytest.mark.parametrize(
    ("vector", "exponents"),
    [
        ((0.7, -0.7), (1, -1)),
        ((-0.7, 0.72), (1, -1)),
        ((0.9, 0.45), (2, 1)),
        ((0.03, -0.99), (0, 1)),
        ((0.89, -0.30, 0.31), (3, -1, 1)),
        ((0.0, 0.0), (0, 0)),
    ],
)
def test_vectors_become_whole_exponents(vector, exponents):
    assert rounded_exponents(np.array(vector)) == exponents


def test_products_and_percentages_can_be_read():
    assert power_product(("r", "K", "c"), (1, -1, 0)) == "r·K^-1"
    assert percent(0.031) == "to 3.1 %"
    assert percent(1.41) == "to 141 %"
    assert percent(2.3) == "to a factor of 10"
    assert percent(np.inf) == "not at all"
    assert readable("r*(1 - 1/c)") == "r·(1 − 1/c)"


def test_sums_are_written_as_they_are_spoken():
    for text in ("K*(1 - delta/r)", "r - delta", "(r - delta)/K", "r*(1 - 1/c)", "r*(1 - c)", "K + r"):
        assert written(read_formula(text, MODEL.parameter_names)) == text
        assert read_formula(
            written(read_formula(text, MODEL.parameter_names)), MODEL.parameter_names
        ) == read_formula(text, MODEL.parameter_names)


def test_only_the_product_is_determined():
    info = information("r*d", BOUNDS, [0.5, 0.2, 0.1])
    stiff, sloppy = describe_directions(info)
    assert (stiff.product, sloppy.product) == ("r·d", "r·d^-1")
    # log y = log V0 + r d t with standard deviation 0.1
    assert stiff.relative_se == pytest.approx(0.1 / np.sqrt(126) / 0.1, rel=1e-6)
    assert np.isinf(sloppy.relative_se)
    assert (
        directions_sentence((stiff, sloppy)) == "Best determined is r·d to 8.9 %; least, r·d^-1 not at all."
    )
    (only,) = determined_combinations(info, np.array([0.5, 0.2]), determined=0.1)
    assert only.expression == "d*r"
    assert only.open_parameters == ("r", "d")
    assert only.sentence.endswith("but r and d alone not at all.")


def test_only_the_difference_is_determined():
    info = information("r - d", BOUNDS, [0.5, 0.4, 0.1])
    found = determined_combinations(info, np.array([0.5, 0.4]), units={"r": "per day", "d": "per day"})
    assert [c.expression for c in found] == ["r - d"]
    assert found[0].value == pytest.approx(0.1)
    assert found[0].relative_se == pytest.approx(0.1 / np.sqrt(126) / 0.1, rel=1e-6)
    # of two units no difference can be formed
    assert determined_combinations(info, np.array([0.5, 0.4]), units={"r": "per day", "d": "mg"}) == ()


def test_only_r_times_one_minus_one_over_c_is_determined():
    info = information("r*(1 - 1/c)", {"r": (1e-3, 5.0), "c": (1e-2, 100.0)}, [0.5, 1.25, 0.1])
    found = determined_combinations(info, np.array([0.5, 1.25]), units={"r": "per day", "c": "1"})
    assert found[0].expression == "r*(1 - 1/c)"
    assert found[0].latex == r"r \left(1 - \frac{1}{c}\right)"
    assert found[0].sentence == ("r·(1 − 1/c) = 0.1 is determined to 8.9 %, but r and c alone not at all.")


def test_a_combination_of_the_structural_analysis_is_a_candidate_and_foreign_names_are_passed_over():
    info = information("r**2*d", BOUNDS, [0.5, 0.4, 0.1])
    estimates = np.array([0.5, 0.4])
    assert determined_combinations(info, estimates) == ()
    (found,) = determined_combinations(info, estimates, structural=["r**2*d", "S(0)*r", "x0*r", "r"])
    assert found.structural
    assert found.expression == "d*r**2"


def test_where_everything_is_determined_no_combination_is_named():
    info = information("g", {"a": (0.1, 10.0), "g": (1e-3, 1.0)}, [1.0, 0.2, 0.01])
    assert np.all(info.rse_percent[:2] < 30)
    assert determined_combinations(info, np.array([1.0, 0.2])) == ()


def test_on_treatment_alone_the_competition_model_shows_the_difference_of_growth_and_kill():
    schedule, days = DoseSchedule.constant(0.5), np.array([0.0, 5, 10, 15, 20, 25, 30])
    burdens = simulate(MODEL, PARAMETERS, schedule, days, {"V0": 359.0, "f_R": 0.01}).outputs[:, 0]
    problem = build_problem([Patient("P", days, burdens, schedule)], MODEL, get_likelihood("poisson"))
    info = expected_information(problem, 0, np.log(PARAMETERS))
    found = determined_combinations(info, PARAMETERS, units={p.name: p.unit for p in MODEL.parameters})
    errors = [c.relative_se for c in found]
    assert errors == sorted(errors)
    assert all(error < 0.1 for error in errors)
    for combination in found:
        assert all(
            info.standard_errors[MODEL.parameter_names.index(n)] > 0.3 for n in combination.open_parameters
        )
        # the delta method, by differences of the formula itself
        quantity = formula_quantity(combination.expression, MODEL.parameter_names)
        plain = Quantity(quantity.name, "", "", quantity.value)
        slope = log_gradient(plain, PARAMETERS[None, :])[0]
        variance = slope @ info.covariance @ slope / combination.value**2
        assert np.sqrt(variance) == pytest.approx(combination.relative_se, rel=1e-3)
    directions = describe_directions(info)
    assert directions[0].relative_se < 0.1 < directions[-1].relative_se
    for direction in directions:
        along = direction.eigenvector / np.abs(direction.eigenvector).max()
        se = info.standard_error(np.array(direction.exponents) if direction.exact else along)
        assert direction.relative_se == pytest.approx(se)
    # whole exponents would mix the hardly determined direction into the best one
    assert not directions[0].exact
    assert directions[0].sentence.startswith("about ")


def test_candidates_respect_units():
    found = {str(e) for e in candidate_combinations(("a", "b", "c"), {"a": "per day", "b": "mg", "c": "1"})}
    assert {"a*b", "a/b", "a*(1 - 1/c)", "a*(1 - c)"} <= found
    assert not {"a - b", "a + b", "a*(1 - b)", "a*(1 - 1/b)"} & found


def test_the_papers_information_has_no_directions():
    problem = make_problem("r*d", BOUNDS, TIMES, [10.0, 12.0, 15.0, 18.0])
    with pytest.raises(ValueError, match="expected"):
        describe_directions(paper_information(problem, 0, np.log([0.5, 0.2, 0.1])))


def test_a_formula_with_a_foreign_name_is_refused():
    with pytest.raises(ValueError, match="k_tol"):
        read_formula("r*k_tol", ["r", "c"])
