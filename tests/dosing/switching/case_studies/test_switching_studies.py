import dataclasses

import numpy as np
import pytest

from dosing.switching import PlanStatus, SwitchingSchedule, cells_over_time, evaluate, plan_switching
from dosing.switching.case_studies import (
    alk_cost,
    alk_model,
    alk_study,
    alk_table,
    cost_course,
    limiting_line,
    robust_plan,
    robustness,
)
from dosing.switching.free_horizon import scan_horizon
from dosing.switching.general import SwitchingEnsemble

# Dhawan 2017, EC50 in nM and Hill coefficient
MEASURED = {
    "parental": ((163.67, 0.954), (8.27, 0.526), (6.34, 0.538), (1.248, 1.129)),
    "crizotinib-resistant": ((322.0, 0.830), (65.6, 0.638), (1569, 0.818), (5.12, 0.981)),
    "alectinib-resistant": ((472.0, 0.649), (77.1, 0.415), (767, 0.734), (1.51, 0.510)),
    "ceritinib-resistant": ((523.1, 0.600), (121.7, 0.462), (2437, 0.391), (2.14, 2.77)),
    "lorlatinib-resistant": ((499.5, 0.820), (100.7, 0.620), (206.9, 0.595), (5.70, 0.899)),
}


@pytest.fixture(scope="module")
def table():
    return alk_table()


@pytest.fixture(scope="module")
def study():
    return alk_study()


def test_embedded_table_holds_the_measured_values(table):
    assert table.drugs == ("crizotinib", "alectinib", "ceritinib", "lorlatinib")
    assert set(table.lines) == set(MEASURED)
    for j, line in enumerate(table.lines):
        np.testing.assert_array_equal(
            np.column_stack([table.ec50_nM[:, j], table.hill[:, j]]), MEASURED[line]
        )
    assert any(n.startswith("ceritinib on ceritinib-resistant: the fit is unreliable") for n in table.notes)
    assert any(n.startswith("lorlatinib on ceritinib-resistant") for n in table.notes)
    assert any("declared" in n and "k_max" in n for n in table.notes)
    np.testing.assert_allclose(alk_cost().weights(table.model())[1], 0.7 * np.array([1e6, 5e4, 1e5, 1e6]))


def test_crizotinib_reaches_no_line_in_the_brain_and_one_line_limits(table):
    brain = [c == "brain" for c in table.compartments]
    crizotinib = table.drugs.index("crizotinib")
    assert np.all(table.kill[crizotinib, brain] < 0.01)
    found = limiting_line(alk_model())
    assert found.holds
    assert (found.line, found.drug) == ("alectinib-resistant (brain)", "lorlatinib")
    assert found.rate == alk_model().net_growth.min(axis=0).max()
    assert "8 lines are shrunk by one drug alone" in found.sentence


def test_without_lorlatinib_the_free_horizon_is_refused_and_lines_are_named(table):
    model = table.without("lorlatinib").model(mutation_per_day=1e-7)
    found = limiting_line(model)
    assert not found.holds
    assert "No drug shrinks" in found.sentence
    cost = table.without("lorlatinib").cost()
    refused = plan_switching(model, cost, limit_days=200)
    assert refused.status is PlanStatus.GROWING_LINE
    assert "lorlatinib-resistant (lung)" in refused.sentence


def test_lines_that_never_appear_do_not_limit(table):
    # without flows no resistant cell is ever in the brain
    assert limiting_line(table.model()).line == "alectinib-resistant (lung)"


def test_course_ends_at_the_cost_of_the_schedule():
    model, cost = alk_model(), alk_cost(0.1)
    schedule = SwitchingSchedule.of_drugs(np.array([3, 1, 2]), np.array([20.0, 31.5, 3.25]), 4)
    course, parts = cost_course(model, cost, schedule), evaluate(model, cost, schedule)
    assert course.final[-1] == pytest.approx(parts.final, rel=1e-9)
    assert course.toxicity[-1] == pytest.approx(parts.toxicity, rel=1e-9)
    assert course.transient[-1] == pytest.approx(parts.transient, rel=1e-9)
    assert course.total[-1] == pytest.approx(parts.total, rel=1e-9)
    np.testing.assert_allclose(
        course.cells, cells_over_time(model, schedule, course.times_days), rtol=1e-8, atol=1e-6
    )
    assert set(np.cumsum(schedule.days)) <= set(course.times_days)


def test_study_has_the_relations_of_figure_1(study):
    # C: at the end Algorithm 1 costs what the best mixtures cost, but for the flows
    assert study.course.total[-1] == pytest.approx(study.mixture_course.total[-1], rel=2e-4)
    assert study.course.total[-1] >= study.mixtures.lower_bound * (1 - 1e-9)
    # B: durations add up to the optimum at the end
    days, given, best = study.durations_along()
    assert days[-1] == pytest.approx(100)
    np.testing.assert_allclose(given[-1], best[-1], atol=1e-3)
    np.testing.assert_allclose(best.sum(axis=1), days, rtol=1e-9)
    # E: the best length is the minimum of a convex curve
    assert study.curve.convexity_defect < 1e-9
    length = study.best.schedule.horizon_days
    least = study.curve.horizons_days[np.argmin(study.curve.costs)]
    assert abs(length - least) <= 2.0
    assert study.best.dwell.cost <= study.curve.costs.min() * (1 + 1e-9)
    # F: no course of another length is cheaper
    assert study.best_course.total[-1] < study.course.total[-1]
    # G: one drug at a time stays above the bound, and is better than the plan without a price of cells on the way
    assert study.full.lower_bound <= study.full.value
    assert study.full.value < evaluate(study.model, study.full_cost, study.plan.schedule).total
    # H: without weights the whole is more
    plain, weighted = study.full_course(weighted=False), study.full_course()
    np.testing.assert_allclose(0.7 * plain.toxicity, weighted.toxicity)
    np.testing.assert_allclose(0.7 * plain.transient, weighted.transient)
    assert plain.transient[-1] > plain.final[-1] + plain.toxicity[-1]


def test_best_length_is_that_of_a_scan(study):
    scanned, answer = scan_horizon(study.model, study.cost, 200.0)
    assert study.best.schedule.horizon_days == pytest.approx(scanned, abs=0.01)
    assert study.best.dwell.free.cost == pytest.approx(answer.cost, rel=1e-8)
    # as stated in docs/switching.md
    assert scanned == pytest.approx(73.88, abs=0.01)
    np.testing.assert_allclose(study.plan.durations, [0, 69.05, 0, 30.95], atol=0.01)
    np.testing.assert_allclose(study.full.schedule.durations, [0, 52, 8, 40], atol=1e-6)


def test_dwell_time_is_kept(study):
    for schedule in (study.plan.schedule, study.best.schedule, study.full.schedule):
        assert schedule.is_pure
        assert schedule.merged().days.min() >= 1 - 1e-9


def test_judging_on_the_model_itself_changes_nothing(study):
    found = robustness(
        "nothing", SwitchingEnsemble.of(study.model), study.model, study.cost, study.plan.schedule
    )
    assert found.average == found.worst == pytest.approx(found.planned)
    np.testing.assert_allclose(found.cells[0], found.planned_cells)
    assert found.price_of_not_knowing == pytest.approx(study.plan.gap, abs=1e-6)
    assert found.growing == 0


def test_plan_for_draws_is_judged_on_others(study, table):
    asked = []

    def draw(seed):
        asked.append(seed)
        return table.uncertain(0.5, 4, seed)

    plain = dataclasses.replace(study.cost)
    found = robust_plan("EC50s", draw, 7, study.model, plain, study.plan.schedule, dwell_days=5.0)
    assert sorted(asked) == [7, 8]
    assert found.plan.schedule.merged().days.min() >= 5 - 1e-9
    expected = [evaluate(m, plain, found.plan.schedule).total for m in table.uncertain(0.5, 4, 8).models]
    np.testing.assert_allclose(found.robust.costs, expected)
    assert np.all(found.nominal.bounds <= found.nominal.costs)
    assert "on average" in found.sentence
