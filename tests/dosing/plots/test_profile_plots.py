"""Control profiles as pictures: what is grey, where the arrows point, what the claims of the paper look like."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from dosing.plots.control_profiles import plot_control_profile, plot_control_profiles
from dosing.stochastic.birth_death import PROFILE_PANELS, solve_graded


@pytest.fixture(scope="module")
def tables():
    # rates per generation are those over K: 60 cells are too few for slow mutation to differ from rapid
    capacities = {"A": 60.0, "B": 60.0, "C": 60.0, "D": 120.0}
    return {letter: solve_graded(PROFILE_PANELS[letter].problem(K)) for letter, K in capacities.items()}


def test_profiles_show_what_the_paper_says(tables):
    def treated_up_to(letter):
        """Largest share of resistant cells at which a tumour of K cells is treated."""
        resistant = np.arange(1, 60)
        return resistant[tables[letter].control(60 - resistant, resistant)[:, 0] == 1].max(initial=0) / 60

    assert 0 < treated_up_to("A") < 0.25  # waits until the resistant cells are nearly gone
    assert treated_up_to("B") > 2 * treated_up_to("A")  # treats earlier
    few = np.add.outer(np.arange(61), np.arange(61)) <= 60
    sensitive_lead = np.subtract.outer(np.arange(61), np.arange(61)) > 0
    majority = np.mean((tables["C"].indices[:61, :61] == sensitive_lead)[few])
    assert majority == 1
    # a mixed tumour is first driven to its majority type, a nearly uniform one is killed
    assert tables["D"].control(66, 54)[0] == 0
    assert tables["D"].control(54, 66)[0] == 1
    assert tables["D"].control(115, 5)[0] == 1
    assert tables["D"].control(5, 115)[0] == 0


def test_one_profile_shows_controls_arrows_and_a_course(tables):
    table = tables["B"]
    axes = Figure().add_subplot()
    course = np.array([[600, 200], [500, 220], [450, 230]])
    plot_control_profile(axes, table, trajectory=course, trajectory_capacity=800.0, arrows=6)
    shown = np.asarray(axes.get_images()[0].get_array())
    last = int(1.25 * 60)
    np.testing.assert_array_equal(shown > 0, table.indices[: last + 1, : last + 1].T == 1)
    line = next(x for x in axes.get_lines() if x.get_label() == "a sampled course")
    np.testing.assert_allclose(np.column_stack(line.get_data()), course / 800)
    (quiver,) = [c for c in axes.collections if hasattr(c, "U")]
    places = np.rint(np.asarray(quiver.XY) * 60).astype(int)
    treated = table.control(places[:, 0], places[:, 1])[:, 0] == 1
    assert treated.any()
    assert np.all(np.asarray(quiver.U)[treated] < 0)  # the drug kills sensitive cells
    np.testing.assert_allclose(np.hypot(quiver.U, quiver.V), 1)
    labels = [t.get_text() for t in axes.get_legend().get_texts()]
    assert labels == ["$u$ = 0", "$u$ = 1", "$N = K$", "a sampled course"]
    assert "drug-sensitive cells" in axes.get_xlabel()


def test_several_profiles_share_one_legend(tables):
    figure = plot_control_profiles(Figure(), tables, [p.title for p in PROFILE_PANELS.values()])
    assert len(figure.axes) == 4
    assert len(figure.legends) == 1
    assert all(axes.get_legend() is None for axes in figure.axes)
    assert figure.axes[1].get_title(loc="left").startswith("B  a higher driver rate")
    assert len(plot_control_profiles(Figure(), {"A": tables["A"]}).axes) == 1
