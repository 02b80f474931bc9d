"""Pictures of ensembles show the numbers that they are given."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

from dosing.ensemble import EnsembleProblem, ensemble_switching, hyperbolic_cost, optimise
from dosing.ensemble.candidates import usual_candidates
from dosing.ensemble.cohort_schedules import cohort_schedules
from dosing.ensemble.feedback_family import FeedbackFamily
from dosing.ensemble.feedback_search import search_feedback
from dosing.ensemble.member_times import TtpSetting, member_times
from dosing.ensemble.reduction import thin_ensemble
from dosing.ensemble.reduction_error import reduction_error
from dosing.ensemble.sources import paper_grid
from dosing.ensemble.ttp_objective import weighted_quantile
from dosing.plots import (
    plot_cohort_schedules,
    plot_ensemble_schedule,
    plot_ensemble_switching,
    plot_feedback_search,
    plot_progression_curves,
    plot_reduction_error,
    plot_thinned_members,
)
from dosing.policies import ConstantDose
from dynamics import DoseSchedule, get_model

TURNOVER = get_model("turnover")
PAPER = TtpSetting.paper(0.5)


@pytest.fixture(scope="module")
def reduction():
    return thin_ensemble(paper_grid(0.5), 20)


def test_curves_fall_from_one_to_the_share_that_is_left(reduction):
    times = member_times(TURNOVER, reduction.ensemble, usual_candidates(), TtpSetting(320.0))
    axes = plot_progression_curves(Figure().subplots(), times)
    for line, censored in zip(axes.get_lines(), times.censored, strict=True):
        y = np.asarray(line.get_ydata())
        assert y[0] == 1.0
        assert y[-1] == pytest.approx(times.weights @ censored)
        assert np.all(np.diff(y) <= 1e-12)
    # halfway down is the median
    days = np.asarray(axes.get_lines()[0].get_xdata())
    y = np.asarray(axes.get_lines()[0].get_ydata())
    assert days[np.argmax(y < 0.5)] == pytest.approx(weighted_quantile(times.days[0], times.weights, 0.5))
    assert [t.get_text()[:3] for t in axes.get_legend().get_texts()] == ["MTD", "AT5", "off"]


def test_the_map_of_rules_shows_each_pair_once(reduction):
    family = FeedbackFamily((0.8, 1.0), (0.5, 0.9), (0.6, 1.0))
    found = search_feedback(TURNOVER, reduction.ensemble, PAPER, family, rounds=0, keep=1)
    axes = plot_feedback_search(Figure().subplots(), found)
    shown = [t.get_text() for t in axes.texts]
    assert len(shown) == 3
    top = max(s.value for s in found.grid)
    assert any(t.startswith(f"{top:.0f} d") for t in shown)
    with pytest.raises(ValueError, match="every 7 days"):
        plot_feedback_search(Figure().subplots(), found, 7.0)


def test_patients_of_a_cohort_have_a_row_each(reduction):
    patients = {f"P{i}": reduction.ensemble.take(np.array([i])) for i in range(4)}
    found = cohort_schedules(TURNOVER, patients, {f"{d:g}": ConstantDose(d) for d in (0.7, 1.0)}, PAPER)
    axes = plot_cohort_schedules(Figure().subplots(), found)
    assert [t.get_text() for t in axes.get_yticklabels()] == ["P0", "P1", "P2", "P3"]
    own = next(line for line in axes.get_lines() if line.get_label() == "own")
    np.testing.assert_allclose(own.get_xdata(), [p.own_days for p in found.patients])


def test_thinning_is_drawn_with_both_sides(reduction):
    figure = Figure()
    left, right = figure.subplots(1, 2)
    plot_thinned_members(left, reduction, "r_R", "f_R")
    assert [len(c.get_offsets()) for c in left.collections] == [1225, 20]
    errors = reduction_error(TURNOVER, reduction, PAPER)
    plot_reduction_error(right, errors)
    assert len(right.get_lines()) == 4
    figure.draw_without_rendering()


def test_the_schedule_stands_below_the_burdens(reduction):
    plan = DoseSchedule((0.0, 100.0, 1000.0), (0.25, 1.0))
    figure = plot_ensemble_schedule(Figure(), TURNOVER, reduction.ensemble, plan, PAPER)
    burden, dose = figure.axes
    assert np.asarray(burden.get_lines()[0].get_ydata())[0] == pytest.approx(100)
    assert dose.get_ylabel() == "dose (% of MTD)"
    # the grid relapses to twice the first burden; a lower level cuts the picture at three times that level
    assert burden.get_ylim()[1] > 200
    low = dataclasses.replace(PAPER, level=0.5)
    cut = plot_ensemble_schedule(Figure(), TURNOVER, reduction.ensemble, plan, low).axes[0]
    assert cut.get_ylim()[1] == pytest.approx(1.08 * 150)
    doses, edges, _ = dose.patches[-1].get_data()
    assert set(doses) == {25.0, 100.0}
    assert edges[np.flatnonzero(np.diff(doses))[0] + 1] == 100.0


def test_the_switching_function_stands_below_the_doses(reduction):
    problem = EnsembleProblem.define(
        TURNOVER,
        reduction.ensemble,
        horizon_days=200,
        running=hyperbolic_cost(TURNOVER, unit="K", rate="r_S"),
    )
    solution = optimise(problem, hold_days=20.0)
    figure = plot_ensemble_switching(Figure(), solution)
    above, below = figure.axes
    assert "fraction of MTD" in above.get_ylabel()
    np.testing.assert_allclose(above.patches[-1].get_data().values, solution.doses[:, 0])
    psi = np.asarray(below.lines[1].get_ydata())
    np.testing.assert_allclose(psi, ensemble_switching(solution).values[:, 0])
    assert len(psi) == 200 * 8


def test_pictures_are_imported_without_what_draws_and_computes_them():
    heavy = ("matplotlib", "casadi", "numba", "scipy", "jax", "pandas")
    code = f"import dosing.plots, sys; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
