"""Profiles of controls over both cell numbers."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from dosing.plots.control_profiles import plot_control_profile, plot_control_profiles
from dosing.stochastic.birth_death import solve_graded
from dosing.stochastic.birth_death.panels import PROFILE_PANELS


@pytest.fixture(scope="module")
def tables():
    return {letter: solve_graded(PROFILE_PANELS[letter].problem(40)) for letter in ("A", "C")}


def test_the_picture_holds_the_controls_of_the_table(tables):
    axes = Figure().subplots()
    plot_control_profile(axes, tables["C"], arrows=5, trajectory=np.array([[24, 16], [20, 10]]))
    (image,) = axes.get_images()
    shown = np.asarray(image.get_array()).T
    last = len(shown)
    assert np.array_equal(shown > 0, tables["C"].indices[:last, :last] > 0)
    # rapid mutation: the drug where sensitive cells are the majority
    assert shown[30, 10] > 0 == shown[10, 30]


def test_all_panels_have_their_letters_numbers_and_one_legend(tables):
    figure = plot_control_profiles(
        Figure(), tables, ["wait", "majority"], trajectories={"A": np.ones((3, 2))}
    )
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [t[0] for t in titles] == ["A", "C"]
    assert "wait" in titles[0]
    assert len(figure.legends) == 1
