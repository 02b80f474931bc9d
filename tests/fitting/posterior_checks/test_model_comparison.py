import dataclasses
import math

import numpy as np
import pytest
from known_posteriors import gamma_poisson

from fitting.posterior_checks.cohort_comparison import compare_over_cohort
from fitting.posterior_checks.comparison import compare_models, is_apart
from fitting.posterior_checks.comparison_result import ComparisonVerdict
from fitting.posterior_checks.leave_one_out import LeaveOneOut, leave_one_out
from fitting.posterior_checks.model_weights import pseudo_bma_weights, stacking_weights

rng = np.random.default_rng(7)


def scores(elpd, patient="A", k=None, likelihood="poisson", model="m"):
    """Leave-one-out densities as given."""
    elpd = np.asarray(elpd, float)
    n = elpd.size
    return LeaveOneOut(
        patient, model, likelihood, 10.0 * np.arange(n), np.full(n, 100.0), elpd, elpd + 0.1,
        np.full(n, 0.2) if k is None else np.asarray(k, float), 0.7, np.zeros(n, bool), np.empty((0, 0, 0)),
    )  # fmt: skip


def test_weights_are_those_of_arviz():
    from arviz_stats import compare
    from arviz_stats import loo as arviz_loo

    # counts that rise in proportion to day + 1: exposures that fit, and one that does not quite
    counts = [20, 41, 58, 83, 97]
    known = {
        "rising": gamma_poisson(counts, offset=1.0),
        "other": gamma_poisson(counts, shape=20.0, rate=2.0, seed=4),
    }
    loos = {name: leave_one_out(p) for name, p in known.items()}
    with pytest.warns(UserWarning, match="Estimated shape"):
        theirs = {name: arviz_loo(p, pointwise=True) for name, p in known.items()}
    ours = compare_models(loos)
    for method, column in (("stacking", "stacking"), ("BB-pseudo-BMA", "pseudo_bma")):
        table = compare(theirs, method=method, round_to="none")
        for name in known:
            assert ours.to_table()[column][name] == pytest.approx(table.loc[name, "weight"], abs=0.03)
    table = compare(theirs, round_to="none")
    assert list(ours.to_table().index) == list(table.index)
    assert ours.scores[1].difference == pytest.approx(table.elpd_diff.iloc[1], abs=0.15)
    # ArviZ divides by n, the estimate from five visits by n - 1
    assert ours.scores[1].difference_se == pytest.approx(table.dse.iloc[1] * math.sqrt(5 / 4), rel=0.02)


def test_stacking_finds_the_mixture_with_the_highest_score():
    pointwise = np.log(np.array([[0.8, 0.8, 0.1], [0.2, 0.2, 0.6]]))
    weights = stacking_weights(pointwise)
    grid = np.linspace(0, 1, 10001)
    best = grid[np.argmax(np.log(np.exp(pointwise).T @ np.stack([grid, 1 - grid])).sum(axis=0))]
    np.testing.assert_allclose(weights, [best, 1 - best], atol=2e-3)
    assert pseudo_bma_weights(pointwise).sum() == pytest.approx(1.0)


def test_densities_beyond_the_range_of_exponentials_do_not_break_the_weights():
    pointwise = np.array([[-900.0, -950.0, -1000.0], [-2000.0, -960.0, -1400.0]])
    np.testing.assert_allclose(stacking_weights(pointwise), [1, 0], atol=1e-6)
    np.testing.assert_allclose(pseudo_bma_weights(pointwise), [1, 0], atol=0.05)


def test_models_within_their_error_predict_alike():
    result = compare_models(
        {"competition": scores([-3, -4, -5, -3]), "logistic": scores([-3.5, -3.2, -5.8, -3.1])}
    )
    assert result.verdict is ComparisonVerdict.ALIKE
    assert result.sentence.startswith("patient A: competition and logistic predict alike: logistic elpd ")
    assert result.best == "competition"
    assert result.scores[1].difference == pytest.approx(-0.6)
    assert sum(result.weights.values()) == pytest.approx(1.0)


def test_a_large_and_even_difference_is_better():
    near = scores([-3, -4, -5, -3, -4])
    far = scores([-6, -7.5, -8, -5.8, -7.2])
    result = compare_models({"gompertz": far, "turnover": near})
    assert result.verdict is ComparisonVerdict.BETTER
    assert "turnover predicts better than gompertz" in result.sentence
    three = compare_models({"a": near, "b": far, "c": scores([-3.1, -4.2, -4.9, -3, -4])})
    assert three.verdict is ComparisonVerdict.ALIKE
    assert "a and c predict alike" in three.sentence
    assert "worse: b" in three.sentence


def test_a_difference_from_one_visit_alone_is_not_better():
    result = compare_models({"a": scores([-3, -3, -3, -3]), "b": scores([-3, -3, -3, -23])})
    assert result.verdict is ComparisonVerdict.ALIKE


def test_an_order_that_hinges_on_a_visit_in_doubt_is_said():
    k = [0.1, 0.2, 0.9, 0.3]
    result = compare_models(
        {"a": scores([-3, -3, -3, -3]), "b": scores([-4, -4, -9, -3.9], k=[0.1, 0.2, 0.9, 0.3])}
    )
    assert result.verdict is ComparisonVerdict.ALIKE
    even = compare_models(
        {"a": scores([-3, -3, -3], k=k[1:]), "b": scores([-4.7, -5.0, -4.9], k=[0.1, 0.1, 0.1])}
    )
    assert even.verdict is ComparisonVerdict.HINGES
    assert "at 1 of them importance sampling does not hold" in even.sentence
    assert "over the other 2 b differs by -3.6" in even.sentence


def test_one_visit_and_one_model_are_no_comparison():
    assert compare_models({"a": scores([-3, -4])}).verdict is ComparisonVerdict.ONE_MODEL
    single = compare_models({"a": scores([-3]), "b": scores([-30])})
    assert single.verdict is ComparisonVerdict.ALIKE
    assert "SE unknown" in single.sentence
    with pytest.raises(ValueError, match="no model"):
        compare_models({})


def test_other_visits_are_refused_and_counts_beside_densities_noted():
    with pytest.raises(ValueError, match=r"patient A: model 'b' was fitted to 3 visits, 'a' to 2"):
        compare_models({"a": scores([-3, -4]), "b": scores([-3, -4, -5])})
    other = dataclasses.replace(scores([-3, -4]), burdens=np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="other values"):
        compare_models({"a": scores([-3, -4]), "b": other})
    mixed = compare_models({"a": scores([-3, -4]), "b": scores([-3, -4], likelihood="log_normal")})
    assert "counts and densities" in mixed.notes[0]


def test_few_units_need_more_than_two_errors():
    assert is_apart(-10, 4.5, 100)
    assert not is_apart(-10, 4.5, 4)
    assert not is_apart(-3.9, 0.1, 100)
    assert not is_apart(-10, float("nan"), 1)


def test_a_cohort_counts_patients_and_not_visits():
    # a gain of 1 a visit in every patient: nobody's own visits tell, the patients together do
    patients = {}
    for i in range(8):
        noise = rng.normal(size=4)
        patients[f"P{i}"] = {
            "a": scores(-3 + noise, f"P{i}"),
            "b": scores(-4 + noise + 0.1 * rng.normal(size=4), f"P{i}"),
        }
        own = compare_models(patients[f"P{i}"])
        assert own.scores[1].difference > -5
    result = compare_over_cohort(patients)
    assert result.verdict is ComparisonVerdict.BETTER
    assert result.units == 8
    assert result.visits == 32
    sums = np.array([p["b"].elpd - p["a"].elpd for p in patients.values()])
    assert result.scores[1].difference == pytest.approx(sums.sum())
    assert result.scores[1].difference_se == pytest.approx(math.sqrt(8) * sums.std(ddof=1))
    assert result.sentence.startswith("8 patients: a predicts better than b")


def test_patients_without_all_models_are_named_and_not_counted():
    patients = {
        "P1": {"a": scores([-3, -4], "P1"), "b": scores([-3, -5], "P1")},
        "P2": {"a": scores([-3, -4], "P2")},
    }
    result = compare_over_cohort(patients)
    assert result.notes == ("not counted: P2 lacks b",)
    assert result.subject == "patient P1"
    with pytest.raises(ValueError, match="none of 1 patients was fitted with all"):
        compare_over_cohort({"P3": {}})


def test_a_visit_in_doubt_stays_in_doubt_in_the_cohort():
    patients = {
        who: {"a": scores([-3, -4], who, k=[0.1, 0.69]), "b": scores([-3, -5], who, k=[0.95, 0.1])}
        for who in ("P1", "P2")
    }
    result = compare_over_cohort(patients)
    assert [s.doubtful for s in result.scores] == [0, 2]
