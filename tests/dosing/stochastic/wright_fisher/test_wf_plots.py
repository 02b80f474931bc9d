"""Pictures of the monitoring study show the numbers that they are given."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from dosing.plots.stochastic_wright_fisher import (
    plot_courses,
    plot_monitoring_study,
    plot_survival_against_interval,
    plot_threshold_curves,
    plot_waiting_times,
)
from dosing.stochastic.wright_fisher import ControlledSelection
from dosing.stochastic.wright_fisher.study import MonitoringStudy, monitoring_study, paper_courses
from dosing.stochastic.wright_fisher.threshold_curve import threshold_curve
from dosing.stochastic.wright_fisher.value import value_of_monitoring

PAPER = ControlledSelection(10.0, -30.0)


@pytest.fixture(scope="module")
def study():
    value = value_of_monitoring(PAPER, [0.05, 0.2, 1.0], waits=10, points=41)
    curve = threshold_curve(10.0, [-15.0, -20.0, -30.0], finite_at=[-20.0], population=50)
    return MonitoringStudy(paper_courses(PAPER, population=500), value, (), (curve,))


def test_curves_hold_their_values(study):
    axes = plot_survival_against_interval(Figure().subplots(), study.value)
    drawn = [np.asarray(line.get_ydata(), float) for line in axes.get_lines()]
    assert any(len(y) == 3 and np.allclose(y, study.value.naive) for y in drawn)
    assert any(len(y) == 3 and np.allclose(y, study.value.preemptive) for y in drawn)
    axes = plot_threshold_curves(Figure().subplots(), study.curves)
    line, points = axes.get_lines()[:2]
    assert np.asarray(line.get_ydata())[1] == pytest.approx(0.5)
    assert np.asarray(points.get_xdata())[0] == 2.0
    assert np.asarray(points.get_ydata())[0] == pytest.approx(0.5, abs=1e-6)


def test_courses_and_map_have_labels(study):
    axes = plot_courses(Figure().subplots(), study.courses, study.value.threshold)
    legend = axes.get_legend()
    assert legend is not None
    names = [t.get_text() for t in legend.get_texts()]
    assert names == ["no control", "perfect monitoring", "naive", "pre-emptive"]
    assert "N generations" in axes.get_xlabel()
    axes = plot_waiting_times(Figure().subplots(), study.value)
    assert np.allclose(axes.get_lines()[0].get_ydata(), study.value.safe)


@pytest.mark.slow
def test_the_whole_study_fits_on_a_figure(study):
    figure = plot_monitoring_study(Figure(figsize=(13, 8)), study)
    figure.draw_without_rendering()
    assert len(figure.axes) == 6
    assert "Perfect monitoring keeps both alleles" in study.sentence


@pytest.mark.slow
def test_simulation_confirms_the_computed_curves():
    seen = []
    study = monitoring_study(
        intervals=[0.5, 1.0],
        simulate_at=(0.2, 0.5),
        runs=300,
        population=2000,
        sigmas=(2.0, 5.0),
        threshold_population=200,
        progress=seen.append,
    )
    assert seen[-1] == pytest.approx(1.0)
    assert 0 < study.largest_deviation < 4.0
    for curve in study.curves:
        for solved in curve.finite:
            expected = np.interp(solved.selection.strongest, curve.strongest[::-1], curve.thresholds[::-1])
            assert solved.threshold == pytest.approx(
                expected, abs=0.05 * abs(solved.selection.strongest) / 200
            )
    figure = plot_monitoring_study(Figure(figsize=(13, 8)), study)
    figure.draw_without_rendering()
