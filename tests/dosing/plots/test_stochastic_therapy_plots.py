"""The pictures of small tumours show what was computed."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from dosing.plots.stochastic_therapies import (
    plot_monitoring_value,
    plot_predictions,
    plot_size_policy,
    plot_therapies,
)
from dosing.stochastic.birth_death import BirthDeathProblem, solve_exact
from dosing.stochastic.partial.monitoring_value import monitoring_value
from dosing.stochastic.partial.observed import LastTwoSizes, simulate_observed
from dosing.stochastic.partial.size_only import size_policy
from dosing.stochastic.simulation.compare import compare_therapies, predictions
from dosing.stochastic.simulation.policies import MaximumDose, Metronomic, NoDrug
from dosing.stochastic.simulation.setting import SimulationSetting
from dynamics.drug_resistance import DRUG_RESISTANCE

VALUES = {"gamma": 6.0, "phi_s": 15.0, "phi_r": 15.0, "mu": 3.0, "K": 24.0}


@pytest.fixture
def setting():
    return SimulationSetting.define(DRUG_RESISTANCE, VALUES, driver_rate=1.0, start=(0.6, 0.4))


def test_therapies_end_at_the_counted_share_with_bands(setting):
    comparison = compare_therapies(setting, [NoDrug(), MaximumDose(), Metronomic(3, 3)], runs=60)
    axes = plot_therapies(Figure().subplots(), comparison)
    ends = sorted(float(np.asarray(line.get_ydata())[-1]) for line in axes.lines)
    assert ends == sorted(r.without_event for r in comparison.runs)
    assert len(axes.collections) == 3
    # the best stands first in the legend, with its value
    best = max(comparison.runs, key=lambda r: r.value)
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_texts()[0].get_text() == f"{best.policy}: {best.value:.3f}"


def test_predictions_share_one_diagonal():
    table = solve_exact(BirthDeathProblem.define(DRUG_RESISTANCE, VALUES, driver_rate=1.0))
    axes = Figure().subplots()
    plot_predictions(axes, predictions(table, runs=50))
    plot_predictions(axes, predictions(table, runs=50, capacity=48))
    assert axes.get_xlim() == axes.get_ylim()
    labels = axes.get_legend_handles_labels()[1]
    assert labels == ["simulated at K = 24", "simulated at K = 48"]


def test_the_size_policy_shows_both_profiles_and_a_course(setting):
    policy = size_policy(setting, np.array([[0.0], [1.0]]))
    runs = simulate_observed(setting, LastTwoSizes(policy), runs=4, marks=setting.generations)
    figure = plot_size_policy(Figure(layout="constrained"), policy, runs)
    course, off, on = figure.axes
    shown = np.asarray(course.lines[0].get_ydata())
    assert shown[0] == 24
    points = [len(np.asarray(axes.lines[1].get_xdata())) for axes in (off, on)]
    assert sum(points) == len(shown) - 1
    with pytest.raises(ValueError, match="simulate with marks"):
        plot_size_policy(Figure(), policy, simulate_observed(setting, LastTwoSizes(policy), runs=4, marks=5))


def test_the_value_of_monitoring_has_a_curve_for_each_way_of_watching(setting):
    value = monitoring_value(setting, intervals=(0.05, 0.2), noises=(0.3,), particles=20, runs=20)
    axes = plot_monitoring_value(Figure().subplots(), value)
    assert len(axes.containers) == 2
    assert [t.get_text() for t in axes.get_xticklabels()] == [f"{v / 24:g}" for v in value.visit_generations]
