import numpy as np
import pytest
from general_cases import full_cost, random_model
from scipy.optimize import LinearConstraint, minimize

from dosing.switching.durations import durations_of
from dosing.switching.general import bound_on_cells, optimal_mixtures
from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.general.mixture_cost import MixtureCost
from dosing.switching.model import SwitchingError, SwitchingModel
from dosing.switching.schedule import SwitchingSchedule, evaluate


@pytest.mark.parametrize(
    ("lines", "flow", "burden", "intervals"),
    [(4, 1e-6, 0.0, 5), (4, 0.05, 0.1, 8), (10, 1e-3, 0.1, 10), (18, 1e-9, 0.0, 10), (18, 1e-7, 0.1, 10)],
)
def test_gap_closes_and_a_second_start_ends_at_the_same_cost(lines, flow, burden, intervals):
    model = random_model(lines, 4, flow)
    cost = full_cost(model, burden)
    plan = optimal_mixtures(model, cost, np.full(intervals, 100 / intervals), second_start=True)
    assert 0 <= plan.gap < 1e-6
    assert plan.is_optimal
    assert plan.second_start == pytest.approx(0.0, abs=1e-6)
    assert evaluate(model, cost, plan.schedule).total == pytest.approx(plan.value, rel=1e-11)
    assert "no other mixtures" in plan.sentence


@pytest.mark.parametrize(("flow", "burden"), [(1e-6, 0.0), (0.02, 0.1)])
def test_slsqp_ends_at_the_same_cost(flow, burden):
    model = random_model(5, 3, flow, seed=4)
    cost = full_cost(model, burden)
    days = np.array([10.0, 15.0, 20.0, 15.0])
    plan = optimal_mixtures(model, cost, days)
    problem = MixtureCost(SwitchingEnsemble.of(model), cost, days)
    scale = plan.value

    def value(flat):
        return problem(flat.reshape(4, 3)).values[0] / scale

    def gradient(flat):
        return problem(flat.reshape(4, 3)).gradients()[0].ravel() / scale

    witness = minimize(
        value, np.full(12, 1 / 3), jac=gradient, method="SLSQP", bounds=[(0, 1)] * 12,
        constraints=LinearConstraint(np.kron(np.eye(4), np.ones(3)), 1, 1), options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    assert witness.fun == pytest.approx(1.0, rel=1e-6)
    assert witness.fun * scale >= plan.lower_bound * (1 - 1e-9)


def test_without_flows_and_transient_the_total_durations_alone_count():
    model = random_model(6, 3, 0.0, seed=2)
    cost = full_cost(model, 0.0)
    # eq. 23, typed here for the witness: exponents linear in the durations
    _, toxicity, _ = cost.weights(model)

    def value(tau):
        return (model.cells @ np.exp(model.net_growth.T @ tau) + toxicity @ tau) / 1e7

    def gradient(tau):
        return (model.net_growth @ (model.cells * np.exp(model.net_growth.T @ tau)) + toxicity) / 1e7

    witness = minimize(
        value, np.full(3, 20.0), jac=gradient, method="SLSQP", bounds=[(0, 60)] * 3,
        constraints=LinearConstraint(np.ones((1, 3)), 60, 60), options={"ftol": 1e-15, "maxiter": 500},
    )  # fmt: skip
    for days in ([60.0], [10.0, 20.0, 30.0]):
        plan = optimal_mixtures(model, cost, np.array(days))
        assert plan.value == pytest.approx(witness.fun * 1e7, rel=1e-6)
        np.testing.assert_allclose(plan.schedule.durations, witness.x, atol=0.02)


def test_one_interval_without_flows_is_the_durations_problem():
    model = random_model(18, 4, 0.0)
    cost = full_cost(model, 0.0)
    durations = durations_of(model, cost, 100.0)
    plan = optimal_mixtures(model, cost, np.array([100.0]))
    assert plan.value == pytest.approx(durations.cost, rel=1e-8)
    np.testing.assert_allclose(plan.schedule.durations, durations.durations, atol=1e-3)


def test_finer_intervals_never_cost_more_and_stay_above_the_bound_on_their_cells():
    model = random_model(5, 3, 0.01)
    cost = full_cost(model)
    plans = {n: optimal_mixtures(model, cost, np.full(n, 60 / n)) for n in (3, 6, 12)}
    for coarse, fine in [(3, 6), (6, 12), (3, 12)]:
        assert plans[fine].value <= plans[coarse].value * (1 + 1e-8)
        bound = bound_on_cells(model, cost, plans[coarse], np.full(fine, 60 / fine))
        assert bound <= plans[fine].value * (1 + 1e-12)
    assert bound_on_cells(model, cost, plans[6], np.full(6, 10.0)) == pytest.approx(
        plans[6].lower_bound, rel=1e-7
    )


def test_cells_that_cross_a_border_are_refused():
    model = random_model(3, 2, 0.0)
    plan = optimal_mixtures(model, full_cost(model), np.array([5.0, 5.0]))
    with pytest.raises(SwitchingError, match="crosses a border"):
        bound_on_cells(model, full_cost(model), plan, np.array([3.0, 4.0, 3.0]))


def test_a_plan_may_start_from_another():
    model = random_model(6, 3, 1e-4)
    cost, days = full_cost(model), np.full(8, 8.0)
    first = optimal_mixtures(model, cost, days)
    again = optimal_mixtures(model, cost, days, start=first.schedule.mixtures)
    assert again.steps == 0
    assert again.value == pytest.approx(first.value, rel=1e-12)


def test_progress_is_told():
    model = random_model(3, 2, 0.0)
    lines = []
    optimal_mixtures(model, full_cost(model), np.array([5.0, 5.0]), progress=lines.append)
    assert lines
    assert lines[0].startswith("step 0: cost")


def test_what_cannot_be_is_refused():
    model = random_model(3, 2, 0.0)
    with pytest.raises(SwitchingError, match="criterion 'best'"):
        optimal_mixtures(model, full_cost(model), np.ones(2), criterion="best")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SwitchingError, match="2 intervals and 2 drugs need"):
        optimal_mixtures(model, full_cost(model), np.ones(2), start=np.full((2, 3), 1 / 3))
    explosive = SwitchingModel(np.array([[30.0]]), np.zeros((2, 1)), np.ones(1), ("x",), ("a", "b"))
    with pytest.raises(SwitchingError, match="beyond what a number can hold"):
        optimal_mixtures(explosive, full_cost(explosive), np.full(4, 20.0))


@pytest.mark.slow
def test_intervals_of_the_paper_close_in_a_hundred_pieces():
    model = random_model(18, 4, 1e-7)
    plan = optimal_mixtures(model, full_cost(model), np.ones(100))
    assert plan.gap < 1e-6
    assert np.allclose(SwitchingSchedule(plan.schedule.days, plan.schedule.mixtures).durations.sum(), 100)
