"""The pictures show what was computed."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from dosing.minimum_effective_dose import MinimumEffectiveDose
from dosing.optimal import containment_problem, solve
from dosing.plots import (
    plot_containment,
    plot_minimum_doses,
    plot_ttp_map,
    plot_weights,
    plot_window_against_tolerable,
)
from dosing.ttp_map import PauseFreeWindow, TtpMap
from dosing.window import dose_window
from dynamics import get_model

VALUES = {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323, "V0": 359.0}


@pytest.fixture(scope="module")
def model():
    return get_model("competition")


@pytest.fixture(scope="module")
def solution(model):
    return solve(containment_problem(model, VALUES, 359.0, horizon_days=200), intervals=20)


@pytest.fixture
def ttp():
    days = np.where(np.linspace(0, 1, 6)[:, None] > 0.5, 1460.0, 100.0) * np.ones((6, 3))
    return TtpMap(np.linspace(0, 1, 6), np.array([0.5, 0.6, 0.7]), days, days == 1460, 359.0, 1.0, 1460.0)


def test_containment_shows_the_dose_and_both_courses(solution):
    figure = plot_containment(Figure(), solution, unit="U/L")
    dose, burden, resistant = figure.axes
    assert burden.get_ylabel() == "burden (U/L)"
    assert np.asarray(dose.lines[0].get_ydata())[0] == pytest.approx(solution.controls[0, 0])
    optimal, mtd = (np.asarray(line.get_ydata()) for line in burden.lines[:2])
    assert optimal[0] == mtd[0] == pytest.approx(359.0)
    assert mtd[-1] > optimal[-1]  # the tumour relapses under the maximum tolerated dose
    assert len(resistant.lines) == 2


def test_weights_are_named(solution):
    other = solve(solution.problem.with_values(B=900.0), intervals=20, start=solution)
    axes = plot_weights(Figure().subplots(), [other, solution], edge=0.5656)
    texts = [t.get_text() for t in axes.get_legend().get_texts()]
    assert texts == [f"B = {solution.problem.values['B']:.4g}", "B = 900", "lower edge of the window"]


def test_the_map_marks_the_window(model, ttp):
    window = dose_window(model, [*VALUES.values()][:4], {"V0": 359.0}, 359.0)
    axes = plot_ttp_map(Figure().subplots(), ttp, window=window)
    assert [line.get_xdata()[0] for line in axes.lines] == pytest.approx([window.low, window.high])
    assert axes.collections[0].get_array().max() == 1460


def test_routes_of_patients(model, ttp, solution):
    window = dose_window(model, [*VALUES.values()][:4], {"V0": 359.0}, 359.0)
    adaptive = PauseFreeWindow(0.57, 0.83, 0.56, 0.84, 1460)
    one = MinimumEffectiveDose(window, 0.566, solution, adaptive, ttp)
    none = MinimumEffectiveDose(window, float("nan"), None, None, ttp, ("No course.",))
    axes = plot_minimum_doses(Figure().subplots(), {"A": one, "B": none})
    assert [t.get_text() for t in axes.get_yticklabels()] == ["A", "B"]
    shown = [line.get_xdata()[0] for line in axes.lines]
    assert shown[:3] == pytest.approx([window.low, 0.566, 0.57])
    assert "Fewer than two routes" in none.sentence


def test_the_window_shrinks_with_the_tolerable_burden(model):
    axes = plot_window_against_tolerable(Figure().subplots(), model, VALUES, 359.0)
    low, high = (np.asarray(line.get_ydata()) for line in axes.lines[:2])
    assert np.all(np.diff(low) <= 1e-12)
    assert high == pytest.approx(0.834748, abs=1e-5)
    assert axes.texts[0].get_text() == "none below 0.706"
