import numpy as np
import pytest
from matplotlib.figure import Figure

from dosing.plots.switching import (
    plot_cells,
    plot_cells_band,
    plot_cost_over_time,
    plot_cost_parts,
    plot_drug_choice,
    plot_durations_along,
    safe,
)
from dosing.plots.switching_study import PANELS, plot_switching_study
from dosing.switching import SwitchingSchedule
from dosing.switching.case_studies import alk_cost, alk_model, cost_course, robustness, switching_study
from dosing.switching.general import uncertain_models

SCHEDULE = SwitchingSchedule.of_drugs(np.array([3, 1]), np.array([20.0, 10.0]), 4)


@pytest.fixture
def axes():
    return Figure(figsize=(4, 3)).subplots()


def test_bars_stand_where_each_drug_is_given(axes):
    plot_drug_choice(axes, SCHEDULE, ("a", "b", "c", "d"))
    bars = {(b.get_x(), b.get_width(), round(b.get_y() + 0.4)) for b in axes.patches}
    assert bars == {(0.0, 20.0, -3), (20.0, 10.0, -1)}
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "b", "c", "d"]


def test_shares_of_a_mixture_are_as_high_as_they_are_large(axes):
    plot_drug_choice(axes, SwitchingSchedule(np.array([5.0]), np.array([[0.25, 0.75]])), ("a", "b"))
    assert sorted(b.get_height() for b in axes.patches) == pytest.approx([0.2, 0.6])


def test_cells_by_compartment_add_up_to_all(axes):
    model = alk_model()
    plot_cells(axes, model, cost_course(model, alk_cost(), SCHEDULE))
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    np.testing.assert_allclose(lines["lung"] + lines["brain"], lines["all"])
    assert axes.get_yscale() == "log"


def test_parts_without_a_price_are_left_out_and_add_up_with_one(axes):
    model = alk_model()
    course = cost_course(model, alk_cost(0.1), SCHEDULE)
    plot_cost_parts(axes, course)
    assert [line.get_label() for line in axes.lines] == ["cells at the end", "drugs", "cells on the way"]
    np.testing.assert_allclose(sum(line.get_ydata()[1:] for line in axes.lines), course.total[1:])
    other = Figure().subplots()
    plot_cost_parts(other, cost_course(model, alk_cost(), SCHEDULE))
    assert [line.get_label() for line in other.lines] == ["cells at the end", "drugs"]
    plot_cost_over_time(other, {"one": course})
    assert other.get_xlim() == (0, 30)


def test_drugs_that_are_never_used_are_not_drawn(axes):
    given = np.array([[1.0, 0.0], [2.0, 0.0]])
    plot_durations_along(axes, np.array([1.0, 2.0]), given, given, ("used", "unused"))
    assert "unused" not in [line.get_label() for line in axes.lines]


def test_band_holds_the_middle_of_the_draws_and_the_worst_is_dashed(axes):
    model = alk_model()
    found = robustness("x", uncertain_models(model, 0.2, 4, 0), model, alk_cost(), SCHEDULE, points=10)
    plot_cells_band(axes, found)
    worst = next(line for line in axes.lines if line.get_label() == "worst draw")
    np.testing.assert_array_equal(worst.get_ydata(), found.cells[found.costs.argmax()])


@pytest.mark.parametrize(
    ("name", "shown"), [("a $x$", r"a \$x\$"), ("_a", "\u200b_a"), ("a" * 40, "a" * 25 + "…")]
)
def test_names_of_strangers_are_text(name, shown):
    assert safe(name) == shown


def test_all_eight_panels_are_drawn_and_render(tmp_path):
    study = switching_study(
        alk_model(), alk_cost(), horizon_days=60, limit_days=120, subintervals=4, points=12
    )
    figure = plot_switching_study(Figure(figsize=(8, 10)), study)
    titles = [axes.get_title(loc="left")[0] for axes in figure.axes]
    assert "".join(titles) == "".join(PANELS)
    assert all(axes.has_data() for axes in figure.axes)
    figure.savefig(tmp_path / "x.png", dpi=40)
    odd = plot_switching_study(Figure(), study, "AEF")
    assert not odd.axes[3].axison
