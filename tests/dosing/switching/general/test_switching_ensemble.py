import cvxpy as cp
import numpy as np
import pytest
from general_cases import TWO_SIDED_COST, full_cost, random_model, two_sided

from dosing.switching.cost import SwitchingCost
from dosing.switching.general import SwitchingEnsemble, member_costs, optimal_mixtures, uncertain_models
from dosing.switching.model import SwitchingError
from dosing.switching.schedule import SwitchingSchedule

DAYS = np.full(6, 8.0)


def spread_out(flow=1e-3):
    return SwitchingEnsemble(
        (two_sided(flow), two_sided(flow, 0.8), *uncertain_models(two_sided(flow), 0.3, 4, 5).models)
    )


def test_average_over_the_same_model_is_that_model():
    model = random_model(5, 3, 1e-3)
    cost = full_cost(model)
    single = optimal_mixtures(model, cost, DAYS)
    for criterion in ("average", "worst"):
        several = optimal_mixtures([model] * 3, cost, DAYS, criterion=criterion)
        assert several.value == pytest.approx(single.value, rel=1e-7)
        assert several.gap < 1e-6
        np.testing.assert_allclose(several.member_values, single.value, rtol=1e-7)


def test_each_criterion_is_best_by_its_own_measure():
    ensemble = spread_out()
    average = optimal_mixtures(ensemble, TWO_SIDED_COST, DAYS, second_start=True)
    worst = optimal_mixtures(ensemble, TWO_SIDED_COST, DAYS, criterion="worst", second_start=True)
    for plan in (average, worst):
        assert 0 <= plan.gap < 1e-6
        assert plan.second_start == pytest.approx(0.0, abs=1e-6)
        np.testing.assert_allclose(
            member_costs(ensemble, TWO_SIDED_COST, plan.schedule), plan.member_values, rtol=1e-11
        )
    assert worst.value == worst.member_values.max()
    assert average.value == pytest.approx(average.member_values.mean())
    assert worst.value < average.member_values.max()
    assert average.value < worst.member_values.mean()
    # no plan made for one member, and no mixture drawn at random, has a better worst case
    rng = np.random.default_rng(8)
    others = [optimal_mixtures(m, TWO_SIDED_COST, DAYS).schedule for m in ensemble.models]
    others += [SwitchingSchedule(DAYS, rng.dirichlet(np.ones(2), len(DAYS))) for _ in range(100)]
    for other in others:
        costs = member_costs(ensemble, TWO_SIDED_COST, other)
        assert costs.max() >= worst.lower_bound
        assert costs.mean() >= average.lower_bound


def test_members_that_are_worst_together_carry_the_bound():
    # two tumours, each of one line in the main: what is best for one is worst for the other
    one, other = (two_sided(0.0).with_cells(np.array(c)) for c in ([1e6, 1e3], [1e3, 1e6]))
    worst = optimal_mixtures([one, other], TWO_SIDED_COST, np.array([40.0]), criterion="worst")
    assert worst.gap < 1e-6
    assert worst.member_values[0] == pytest.approx(worst.member_values[1], rel=1e-6)
    assert worst.multipliers.sum() == pytest.approx(1.0)
    assert worst.multipliers.min() > 0.1
    # the bound is the best weighted cost at those weights, found on its own
    weighted = optimal_mixtures(
        SwitchingEnsemble((one, other), worst.multipliers), TWO_SIDED_COST, np.array([40.0])
    )
    assert weighted.value == pytest.approx(worst.value, rel=1e-6)


@pytest.mark.parametrize("criterion", ["average", "worst"])
def test_durations_of_an_exponential_cone_programme_cost_the_same(criterion):
    base = two_sided(0.0)
    ensemble = SwitchingEnsemble(
        (base, base.with_cells(np.array([1e5, 3e6])), *uncertain_models(base, 0.3, 3, 2).models),
        np.array([1.0, 2.0, 1.0, 1.0, 1.0]),
    )
    cost = SwitchingCost(np.array([2000.0, 3000.0]))
    plan = optimal_mixtures(ensemble, cost, np.array([60.0]), criterion=criterion)
    tau = cp.Variable(2, nonneg=True)
    scale = plan.value
    costs = [
        cp.sum(cp.exp(m.net_growth.T @ tau + np.log(m.cells / scale))) + cost.toxicity @ tau / scale
        for m in ensemble.models
    ]
    aim = cp.maximum(*costs) if criterion == "worst" else ensemble.shares @ cp.hstack(costs)
    programme = cp.Problem(cp.Minimize(aim), [cp.Zero(cp.sum(tau) - 60)])
    programme.solve(solver=cp.CLARABEL)
    assert programme.status == cp.OPTIMAL
    assert programme.value == pytest.approx(1.0, rel=1e-6)
    np.testing.assert_allclose(plan.schedule.durations, np.asarray(tau.value), atol=0.01)


def test_uncertain_models_are_drawn_around_the_model():
    model = two_sided(1e-3)
    drawn = uncertain_models(model, 0.2, 400, 3, growth_spread=0.1, cells_spread=0.5)
    again = uncertain_models(model, 0.2, 400, 3, growth_spread=0.1, cells_spread=0.5)
    kill = np.log(np.stack([m.kill for m in drawn.models]) / model.kill)
    np.testing.assert_allclose(kill.std(axis=0), 0.2, rtol=0.15)
    np.testing.assert_allclose(kill.mean(axis=0), 0.0, atol=0.05)
    growth = np.stack([m.growth for m in drawn.models])
    np.testing.assert_allclose(
        np.log(growth[:, [0, 1], [0, 1]] / np.diag(model.growth)).std(axis=0), 0.1, rtol=0.15
    )
    assert np.all(growth[:, 0, 1] == model.growth[0, 1])
    np.testing.assert_array_equal(drawn.models[7].cells, again.models[7].cells)
    assert "lognormal" in drawn.models[0].assumptions[-1]
    exact = uncertain_models(model, 0.0, 1, 0).models[0]
    np.testing.assert_array_equal(exact.kill, model.kill)


def test_ensembles_that_cannot_be_are_refused():
    model = two_sided()
    with pytest.raises(SwitchingError, match="at least one model"):
        SwitchingEnsemble(())
    with pytest.raises(SwitchingError, match="has the lines"):
        SwitchingEnsemble((model, random_model(2, 2, 0.0)))
    with pytest.raises(SwitchingError, match="2 models need 2 weights"):
        SwitchingEnsemble((model, model), np.array([1.0, -1.0]))
    with pytest.raises(SwitchingError, match="cannot be drawn"):
        uncertain_models(model, -0.1, 3, 0)
