"""Thinning: exact small cases, the distance by a second hand, and what it does to burdens."""

import numpy as np
import pytest
from scipy.optimize import linprog

from dosing.ensemble.member_times import TtpSetting
from dosing.ensemble.reduction import thin_ensemble
from dosing.ensemble.reduction_error import reduction_error
from dosing.ensemble.sources import paper_grid
from dynamics import get_model
from dynamics.ensemble import Ensemble

TURNOVER = get_model("turnover")


def cloud(m=60, seed=1):
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.1, 1, m)
    return Ensemble(
        ("a", "b"), np.exp(rng.normal(size=(m, 2))), weights / weights.sum(),
        {"V0": np.exp(rng.normal(size=m)), "f": 2.0}, "random",
    )  # fmt: skip


def standardised(of, whole):
    """Logarithms of a, b, V0 in the units of the whole ensemble."""
    columns = [np.log(np.column_stack([e.values, e.constant("V0")])) for e in (of, whole)]
    mean = whole.weights @ columns[1]
    return (columns[0] - mean) / np.sqrt(whole.weights @ (columns[1] - mean) ** 2)


def test_the_reported_distance_is_the_optimal_transport_plan():
    whole = cloud()
    found = thin_ensemble(whole, 7)
    few = found.ensemble
    x, y = standardised(whole, whole), standardised(few, whole)
    cost = np.sum((x[:, None] - y[None]) ** 2, axis=2)
    m, k = cost.shape
    marginals = np.vstack([np.kron(np.eye(m), np.ones(k)), np.kron(np.ones(m), np.eye(k))])
    plan = linprog(
        cost.ravel(), A_eq=marginals, b_eq=np.concatenate([whole.weights, few.weights]), method="highs"
    )
    assert plan.status == 0
    assert found.wasserstein == pytest.approx(np.sqrt(plan.fun), rel=1e-6)
    assert found.spread == pytest.approx(np.sqrt(3), rel=1e-12)
    assert found.coordinates == ("log a", "log b", "log V0")


def test_representatives_are_centres_of_what_they_stand_for():
    whole = cloud()
    found = thin_ensemble(whole, 9)
    assert len(found.ensemble) == 9
    assert found.ensemble.weights.sum() == pytest.approx(1)
    assert found.ensemble.constants["f"] == 2.0
    for j in range(9):
        mine = found.member_of == j
        weight = whole.weights[mine]
        assert weight.sum() == pytest.approx(found.ensemble.weights[j])
        centre = np.exp(weight @ np.log(whole.column("a")[mine]) / weight.sum())
        assert found.ensemble.column("a")[j] == pytest.approx(centre)


def test_more_members_come_nearer():
    distances = [thin_ensemble(cloud(200), k).wasserstein for k in (1, 5, 20, 80, 200)]
    assert np.all(np.diff(distances) < 0)
    assert distances[0] == pytest.approx(np.sqrt(3))
    assert distances[-1] == pytest.approx(0, abs=1e-7)


def test_repeats_are_merged_without_an_error():
    values = np.array([[1.0, 0.0], [1.0, 0.0], [2.0, 0.5]])
    found = thin_ensemble(Ensemble(("a", "b"), values, np.array([0.2, 0.3, 0.5]), {}, "made"), 2)
    assert found.wasserstein == pytest.approx(0, abs=1e-9)
    assert sorted(found.ensemble.weights) == pytest.approx([0.5, 0.5])
    # a column with a zero stays on its own scale, and zero stays zero
    assert found.coordinates == ("log a", "b")
    assert sorted(found.ensemble.column("b")) == pytest.approx([0.0, 0.5])


def test_members_without_weight_count_for_nothing():
    whole = cloud(30)
    values = np.vstack([whole.values, [[1e9, 1e-9]]])
    weights = np.append(whole.weights, 0.0)
    constants = {"V0": np.append(whole.constant("V0"), 1e9), "f": 2.0}
    heavy = thin_ensemble(Ensemble(("a", "b"), values, weights, constants, "with a ghost"), 5)
    plain = thin_ensemble(whole, 5)
    assert heavy.wasserstein == pytest.approx(plain.wasserstein)


def test_one_member_is_its_own_representative():
    single = Ensemble.single(("a",), np.array([2.0]), {"V0": 1.0}, "one")
    found = thin_ensemble(single, 10)
    assert len(found.ensemble) == 1
    assert found.wasserstein == 0
    assert found.ensemble.values[0, 0] == 2.0
    with pytest.raises(ValueError, match="at least 1"):
        thin_ensemble(single, 0)


def test_burdens_on_the_grid_of_the_paper_hardly_move():
    grid = paper_grid(0.5)
    setting = TtpSetting.paper(0.5)
    found = thin_ensemble(grid, 60)
    assert "60 weighted members stand for 1225" in found.sentence
    mtd, at = reduction_error(TURNOVER, found, setting)
    assert (mtd.treatment, at.treatment) == ("MTD", "AT50")
    assert int(mtd.expected_whole) == 270
    for error in (mtd, at):
        assert error.largest_gap < 0.02
        assert error.relative_cost < 0.002
        assert error.expected_thinned == pytest.approx(error.expected_whole, rel=0.01)
    assert "the averaged burden is off by" in mtd.sentence


def test_fewer_starts_and_sweeps_give_a_distance_that_is_no_smaller():
    whole = cloud(200)
    best, hasty = thin_ensemble(whole, 12), thin_ensemble(whole, 12, starts=1, sweeps=1)
    assert hasty.wasserstein > best.wasserstein
    with pytest.raises(ValueError, match="0 starts of 5 sweeps"):
        thin_ensemble(whole, 12, starts=0, sweeps=5)
