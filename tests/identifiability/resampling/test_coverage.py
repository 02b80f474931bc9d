"""Coverage where it is known by theory."""

import dataclasses

import numpy as np
import pytest
import sympy as sp
from analytic import make_problem
from scipy import stats

from fitting.censoring import MU
from fitting.likelihood import NORMAL, Y
from identifiability.functions.formula import formula_quantity
from identifiability.resampling.coverage import measure_coverage
from identifiability.resampling.coverage_result import Coverage, CoverageRow
from identifiability.resampling.replicates import repeated, with_fresh_data

KNOWN_SD = dataclasses.replace(
    NORMAL,
    name="normal_known",
    equation=(Y - MU) ** 2 / 2 + sp.log(2 * sp.pi) / 2,
    variance=sp.Integer(1),
    dispersion="",
)


def known_normal(count, seed=0, low=1.0, high=1000.0, truth=100.0, visits=4):
    """Measurements around one mean, of standard deviation 1: the mean of n is normal with 1/sqrt(n)."""
    problem = make_problem(
        "0*m", {"m": (low, high)}, np.arange(visits) * 1.0, np.full(visits, truth), "normal", "m"
    )
    fields = {
        "likelihood": KNOWN_SD,
        **{k: getattr(problem, k)[:, :1] for k in ("lower", "upper", "start_lower", "start_upper")},
    }
    problem = repeated(dataclasses.replace(problem, **fields), np.zeros(count, dtype=int))
    everything = np.ones(problem.measured.shape, dtype=bool)
    q = np.full((count, 1), np.log(truth))
    return with_fresh_data(problem, q, np.random.default_rng(seed), visits=everything), np.full(
        (count, 1), truth
    )


def test_the_mean_of_normal_measurements_of_known_scatter_is_covered_in_95_of_100():
    problem, truth = known_normal(2000)
    mean = problem.burdens.mean(axis=1)
    half = stats.norm.ppf(0.975) / 2
    expected = int(np.sum(np.abs(mean - 100) <= half))
    found = measure_coverage(problem, truth, ["m"], methods=("profile", "wald"), starts=2)
    profile, wald = found.row("profile", "m"), found.row("wald", "m")
    # the same patients, one by one: the textbook interval mean ± 1.96/sqrt(n)
    assert profile.covered == expected
    assert abs(wald.covered - expected) <= 4  # of the logarithm, so slightly another interval
    assert profile.trials == 2000
    assert profile.interval[0] < 0.95 < profile.interval[1]
    assert profile.median_width == pytest.approx(2 * half / 100, rel=1e-2)
    assert wald.median_width == pytest.approx(2 * half / 100, rel=1e-2)
    assert profile.open_share == 0.0
    assert found.failed == 0


def test_other_levels_are_covered_as_often_as_they_claim():
    problem, truth = known_normal(1500, seed=1)
    found = measure_coverage(problem, truth, ["m"], methods=("profile",), level=0.5, starts=2, widths=False)
    low, high = found.row("profile", "m").interval
    assert low < 0.5 < high


def test_the_bootstrap_covers_a_mean_as_often_as_it_claims():
    # the first visit is one at which this model does not start, so all four are drawn anew
    problem, truth = known_normal(250, seed=2)
    problem = dataclasses.replace(problem, model=without_first_burden(problem.model))
    found = measure_coverage(problem, truth, ["m"], methods=("bootstrap",), replicates=200, starts=2)
    row = found.row("bootstrap", "m")
    low, high = row.interval
    assert low < 0.95 < high
    assert row.median_width == pytest.approx(2 * 1.96 / 2 / 100, rel=0.1)


def without_first_burden(model):
    """The model with a start that is no measured burden."""
    states = tuple(dataclasses.replace(s, initial=sp.Symbol("m")) for s in model.states)
    return dataclasses.replace(model, states=states)


def test_a_quantity_that_follows_from_a_parameter_is_covered_just_as_often_by_the_profile():
    problem, truth = known_normal(400, seed=3)
    inverse = formula_quantity("1000/m", ["m"], lower=0.0, upper=1000.0)
    found = measure_coverage(problem, truth, ["m", inverse], methods=("profile",), starts=2)
    a, b = found.row("profile", "m"), found.row("profile", "1000/m")
    assert abs(a.covered - b.covered) <= 1  # a profile does not care for the scale
    assert b.median_width == pytest.approx(a.median_width, rel=0.02)


def test_where_a_bound_is_near_intervals_are_open_and_say_so():
    problem, truth = known_normal(200, seed=4, high=100.2)
    row = measure_coverage(problem, truth, ["m"], methods=("profile",), starts=2).row("profile", "m")
    assert row.open_share > 0.9


def test_a_truth_of_the_wrong_shape_and_an_unknown_method_are_refused():
    problem, truth = known_normal(3)
    with pytest.raises(ValueError, match="shape"):
        measure_coverage(problem, truth[:2], ["m"])
    with pytest.raises(ValueError, match="guess"):
        measure_coverage(problem, truth, ["m"], methods=("guess",))
    with pytest.raises(ValueError, match="no parameter"):
        measure_coverage(problem, truth, ["kappa"], methods=("wald",))


def test_the_uncertainty_of_a_coverage_is_that_of_a_share():
    row = CoverageRow("profile", "m", 95, 100, 0, 0.0, 1.0)
    assert row.share == 0.95
    assert row.interval == pytest.approx((0.8882, 0.9785), abs=1e-3)  # Wilson, tabulated
    with pytest.raises(KeyError):
        Coverage((row,), 0.95, 100, 0).row("wald", "m")
