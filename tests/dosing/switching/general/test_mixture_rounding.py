from itertools import product

import numpy as np
import pytest
from general_cases import TWO_SIDED_COST, full_cost, random_model, two_sided

from dosing.switching.general import nearest_multiples, optimal_mixtures, step_grid, sum_up_rounding
from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.general.local_search import improve
from dosing.switching.general.pure_cost import PureCost
from dosing.switching.general.step_grid import Held, StepGrid, dwell_obeyed
from dosing.switching.model import SwitchingError
from dosing.switching.schedule import SwitchingSchedule, evaluate


def random_mixtures(steps, drugs, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(drugs, 0.7), steps)


@pytest.mark.parametrize("per_dwell", [1, 2, 5])
@pytest.mark.parametrize("held", [None, 2])
def test_sum_up_rounding_keeps_the_dwell_time_and_follows_the_shares(per_dwell, held):
    for seed in range(10):
        grid = step_grid(100.0, 4.0, per_dwell=per_dwell, held=held)
        mixtures = random_mixtures(len(grid.days), 3, seed)
        drugs = sum_up_rounding(grid, mixtures)
        assert grid.obeys(drugs)
        assert dwell_obeyed(grid.schedule(drugs, 3), 4.0, held=None if held is None else Held(held, 4.0))
        apart = np.cumsum((mixtures - np.eye(3)[drugs]) * grid.days[:, None], axis=0)
        assert np.abs(apart).max() <= 3 * 4.0


def test_rounding_error_shrinks_with_the_dwell_time():
    model = two_sided(flow=0.0)
    apart = []
    for dwell in (12.0, 6.0, 3.0, 1.5, 0.75):
        grid = step_grid(96.0, dwell)
        plan = optimal_mixtures(model, TWO_SIDED_COST, np.full(8, 12.0))
        asked = np.repeat(plan.schedule.mixtures, len(grid.days) // 8, axis=0)
        rounded = evaluate(model, TWO_SIDED_COST, grid.schedule(sum_up_rounding(grid, asked), 2)).total
        apart.append(rounded / plan.value - 1)
    assert apart[-1] < 0.02
    assert apart[-1] < apart[0] / 10
    assert apart[2] < apart[0] / 2


def test_nearest_multiples_fill_each_interval_with_the_shares_asked_for():
    grid = step_grid(40.0, 1.0)
    mixtures = np.array([[0.52, 0.28, 0.2], [0.0, 0.0, 1.0], [1 / 3, 1 / 3, 1 / 3], [0.04, 0.96, 0.0]])
    drugs = nearest_multiples(grid, np.full(4, 10), mixtures)
    counts = np.stack([np.bincount(part, minlength=3) for part in drugs.reshape(4, 10)])
    assert counts[0].tolist() == [5, 3, 2]
    assert counts[1].tolist() == [0, 0, 10]
    assert sorted(counts[2].tolist()) == [3, 3, 4]
    assert counts[3].tolist() == [0, 10, 0]
    # the drug that ends an interval goes on in the next where it has a share there
    assert drugs[9] == drugs[10] == drugs[20] == 2


def test_what_an_interval_leaves_over_goes_to_the_drug_given_longest():
    grid = StepGrid(np.full(7, 1.0), 3.0, 3)
    assert nearest_multiples(grid, np.array([7]), np.array([[0.3, 0.7]])).tolist() in (
        [1, 1, 1, 1, 0, 0, 0],
        [0, 0, 0, 0, 1, 1, 1],
    )
    assert nearest_multiples(grid, np.array([7]), np.array([[0.1, 0.9]])).tolist() == [1] * 7


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("criterion", ["average", "worst"])
@pytest.mark.parametrize("width", [1, 2])
def test_costs_of_changes_are_those_of_the_changed_courses(members, criterion, width):
    models = [random_model(4, 3, 0.01, seed) for seed in range(members)]
    ensemble = SwitchingEnsemble(tuple(models))
    cost = full_cost(models[0])
    grid = step_grid(33.0, 4.0, per_dwell=2)
    weights = ensemble.shares if criterion == "average" else None
    problem = PureCost(ensemble, cost, grid, weights)
    drugs = np.random.default_rng(1).integers(0, 3, len(grid.days))
    sweep = problem.sweep(drugs)
    values = [evaluate(m, cost, grid.schedule(drugs, 3)).total for m in models]
    assert sweep.value == pytest.approx(np.mean(values) if weights is not None else max(values), rel=1e-11)
    singles = sweep.single_changes(width)
    for i, s in np.ndindex(*singles.shape):
        changed = drugs.copy()
        changed[i : i + width] = s
        assert singles[i, s] == pytest.approx(problem.sweep(changed).value, rel=1e-10)
    seen = 0
    for q, costs in sweep.pair_changes(width):
        for p, s, r in np.ndindex(*costs.shape):
            changed = drugs.copy()
            changed[p : p + width], changed[q : q + width] = s, r
            assert costs[p, s, r] == pytest.approx(problem.sweep(changed).value, rel=1e-10)
            seen += 1
    places = len(drugs) - width + 1
    assert seen == 9 * sum(max(0, q - width + 1) for q in range(places))


@pytest.mark.parametrize(("per_dwell", "held"), [(1, None), (2, None), (2, 1)])
def test_local_changes_come_near_the_best_of_all_courses(per_dwell, held):
    model = two_sided()
    grid = step_grid(40.0 if per_dwell == 1 else 20.0, 4.0, per_dwell=per_dwell, held=held)
    problem = PureCost(SwitchingEnsemble.of(model), TWO_SIDED_COST, grid, np.ones(1))
    courses = [np.array(c) for c in product(range(2), repeat=len(grid.days))]
    allowed = [c for c in courses if grid.obeys(c)]
    assert per_dwell == 1 or len(allowed) < len(courses)
    best = min(problem.sweep(c).value for c in allowed)
    start = allowed[len(allowed) // 2]
    found = improve(problem, start)
    assert grid.obeys(found.drugs)
    assert best <= found.value * (1 + 1e-12)
    assert found.value <= problem.sweep(start).value
    assert found.value <= best * 1.01


def test_a_dwell_time_is_read_off_a_course():
    course = SwitchingSchedule.of_drugs(np.array([0, 1, 0]), np.array([3.0, 5.0, 4.0]), 2)
    assert dwell_obeyed(course, 3.0)
    assert not dwell_obeyed(course, 4.0)
    assert dwell_obeyed(course, 4.0, held=Held(0, 1.0))
    assert not dwell_obeyed(course, 3.0, held=Held(1, 2.0))
    assert dwell_obeyed(SwitchingSchedule.of_drugs(np.array([1]), np.array([2.0]), 2), 3.0)
    with pytest.raises(SwitchingError, match="this course mixes drugs"):
        dwell_obeyed(SwitchingSchedule(np.ones(1), np.array([[0.5, 0.5]])), 1.0)


def test_a_held_drug_may_end_early_and_nothing_else_may():
    grid = step_grid(20.0, 4.0, per_dwell=2, held=0)
    assert grid.obeys(np.array([0] + [1] * 9))
    assert not grid.obeys(np.array([1] + [0] * 9))
    assert not grid.obeys(np.array([0] * 9 + [1]))
    assert not step_grid(3.0, 4.0, held=0).obeys(np.array([1]))


def test_steps_fill_the_horizon():
    grid = step_grid(103.0, 4.0, per_dwell=2)
    assert grid.days.sum() == pytest.approx(103.0, abs=1e-12)
    assert np.all(grid.days >= 2.0)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((0.0, 1.0), {}, "the horizon is 0.0 days"),
        ((10.0, -1.0), {}, "the dwell time is -1.0 days"),
        ((10.0, 1.0), {"per_dwell": 0}, "at least 1"),
        ((2.0, 3.0), {}, "shorter than the dwell time"),
    ],
)
def test_grids_that_cannot_be_are_refused(arguments, options, words):
    with pytest.raises(SwitchingError, match=words):
        step_grid(*arguments, **options)
