"""Pictures of phase planes and bifurcation diagrams: what is drawn, and where."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from dynamics.analysis import basins, bifurcation_diagram, phase_plane
from dynamics.catalogue import get_model
from dynamics.model import Model, ModelError
from dynamics.plots import palette, plot_basins, plot_bifurcation, plot_dose_planes, plot_phase_plane

COMPETITION, IMMUNE = get_model("competition"), get_model("tumor_immune")
FIG2 = {"r": 0.02, "K": 1000.0, "c": 3.0, "u": 1.0}
PATIENT_2 = {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323}
REST = {"u": 0.0, "v": 0.0}


def blank(width=5.0, height=4.5):
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def drawn(axes, label):
    return [line for line in axes.get_lines() if line.get_label() == label]


def xy(line):
    """Points of a line, shape (m, 2)."""
    return np.asarray(line.get_xydata(), dtype=float)


def at(axes, marker):
    """Places of marks of a shape."""
    lines = [line for line in axes.get_lines() if line.get_marker() == marker and len(line.get_xdata())]
    return {tuple(np.round([line.get_xdata()[0], line.get_ydata()[0]], 3)): line for line in lines}


@pytest.fixture(scope="module")
def immune():
    return phase_plane(IMMUNE, REST, box={"x": (0, 850), "y": (0, 2)}, time_limit_s=0.5)


def triangle(values):
    K = values["K"]
    return phase_plane(COMPETITION, values, box={"S": (0, K), "R": (0, K)}, region="S + R <= K")


def test_the_bistable_plane_of_masud_2023():
    plane = triangle(FIG2 | {"delta": 0.012})
    axes = plot_phase_plane(
        blank(), plane, courses={"from (800, 190)": plane.course((800, 190), 3000)}, burden_unit="U/L"
    )
    assert axes.get_xlabel() == "$S$: drug-sensitive cells (U/L)"
    assert axes.get_ylabel() == "$R$: drug-resistant cells (U/L)"
    circles = at(axes, "o")
    faces = {place: to_hex(line.get_markerfacecolor()) for place, line in circles.items()}
    assert faces == {(0.0, 0.0): "#ffffff", (0.0, 1000.0): palette.INK, (400.0, 0.0): palette.INK}
    assert list(at(axes, "X")) == [(300.0, 100.0)]
    (border,) = drawn(axes, "separatrix")
    assert np.min(np.linalg.norm(xy(border) - (300, 100), axis=1)) < 1e-9
    (course,) = drawn(axes, "from (800, 190)")
    assert xy(course)[-1] == pytest.approx([400, 0], abs=0.5)
    assert {"$S$ nullcline", "$R$ nullcline", "stable equilibrium", "saddle", "start"} <= set(legend(axes))
    # Nothing is shown beyond the carrying capacity.
    assert np.all(np.isnan(plane.rates[0][plane.x[None, :] + plane.y[:, None] > 1001]))
    axes.figure.canvas.draw()


def test_two_doses_in_one_plane_share_what_the_dose_does_not_move():
    planes = {"MTD": triangle(PATIENT_2 | {"u": 1.0}), "70 % of MTD": triangle(PATIENT_2 | {"u": 0.7})}
    start = (0.99 * 359, 0.01 * 359)
    courses = {name: plane.course(start, 2000) for name, plane in planes.items()}
    axes = plot_dose_planes(blank(), planes, courses=courses)
    names = legend(axes)
    assert names.count("$R$ nullcline") == 1
    assert {"$S$ nullcline, MTD", "$S$ nullcline, 70 % of MTD", "separatrix, 70 % of MTD"} <= set(names)
    assert "separatrix, MTD" not in names
    # Under MTD the tumour becomes resistant, at 70 % it rests with sensitive cells (Fig. 4).
    assert courses["MTD"][-1] == pytest.approx([0, PATIENT_2["K"]], abs=1e-3)
    rest = PATIENT_2["K"] * (1 - 0.7 * PATIENT_2["delta"] / PATIENT_2["r"])
    assert courses["70 % of MTD"][-1] == pytest.approx([rest, 0], abs=1e-3)
    axes.figure.canvas.draw()
    with pytest.raises(ValueError, match="course under half"):
        plot_dose_planes(blank(), planes, courses={"half": courses["MTD"]})
    with pytest.raises(ValueError, match="same box"):
        plot_dose_planes(blank(), planes | {"other": triangle(FIG2 | {"delta": 0.012})})


def test_the_benign_and_malignant_equilibria_of_ledzewicz_2018_are_starred(immune):
    benign, malignant = (e for e in immune.equilibria if e.stable)
    axes = plot_phase_plane(
        blank(),
        immune,
        marks={"benign": benign, "malignant": malignant},
        courses={"untreated": immune.course((600, 0.1), 300)},
    )
    stars = {place: line.get_markerfacecolor() for place, line in at(axes, "*").items()}
    assert stars == {(73.068, 1.326): palette.BENIGN, (737.371, 0.031): palette.MALIGNANT}
    assert [place[0] for place in at(axes, "X")] == [pytest.approx(355.41, abs=0.01)]
    assert axes.get_xlabel() == "$x$: tumour volume (million cells)"
    assert (
        axes.get_ylabel().replace("\n", " ")
        == "$y$: density of immuno-competent cells, relative to a typical one"
    )
    assert {"benign equilibrium", "malignant equilibrium", "separatrix"} <= set(legend(axes))
    (course,) = drawn(axes, "untreated")
    assert xy(course)[-1] == pytest.approx(malignant.point, rel=1e-3)
    axes.figure.canvas.draw()


def test_basins_lie_under_the_plane(immune):
    areas = basins(IMMUNE, REST, box={"x": (0, 850), "y": (0, 2)}, shape=(40, 30), found=immune.equilibria)
    axes = plot_basins(blank(), areas)
    plot_phase_plane(axes, immune, flow=0)
    (mesh,) = axes.collections[:1]
    np.testing.assert_array_equal(np.ravel(np.asarray(mesh.get_array())), np.ravel(areas.reached))
    share = round(100 * areas.share(0))
    assert any(f"({share} % of the box)" in text for text in legend(axes))
    axes.figure.canvas.draw()


def test_the_bifurcation_diagram_of_masud_2023():
    diagram = bifurcation_diagram(COMPETITION, FIG2, "delta", (0.0005, 0.03))
    window = (0.01, diagram.points[0].value)
    axes = plot_bifurcation(blank(), diagram, tolerable=500.0, window=window, parts=True, burden_unit="U/L")
    assert axes.get_ylabel() == "total tumour burden at equilibrium (U/L)"
    assert axes.get_xlabel().endswith("(per day)")
    (stable,) = drawn(axes, "$S$ alone, stable")
    assert stable.get_linestyle() == "-"
    assert xy(stable)[-1, 0] == pytest.approx(0.04 / 3, abs=1e-9)
    (unstable,) = drawn(axes, "$S$ alone, unstable")
    assert unstable.get_linestyle() == "--"
    assert xy(unstable)[[0, -1], 0] == pytest.approx([0.04 / 3, 0.02], abs=1e-9)
    assert len(drawn(axes, "$S$ in $S$ and $R$, unstable")) == 1
    marks = [xy(line)[0] for line in drawn(axes, "transcritical")]
    np.testing.assert_allclose(marks, [(0.04 / 3, 1000 / 3), (0.02, 0)], atol=1e-6)
    (shade,) = [p for p in axes.patches if p.get_label() == "effective dose window"]
    span = shade.get_window_extent().transformed(axes.transData.inverted())
    assert (span.x0, span.x1) == pytest.approx(window)
    assert axes.get_ylim()[0] == 0
    axes.figure.canvas.draw()
    with pytest.raises(ValueError, match="has no 'Q' to draw"):
        plot_bifurcation(blank(), diagram, quantity="Q")


def test_regions_are_checked():
    with pytest.raises(ModelError, match="no inequality"):
        phase_plane(COMPETITION, FIG2 | {"delta": 0.012}, region="S + R")
    with pytest.raises(ModelError, match="Q"):
        phase_plane(COMPETITION, FIG2 | {"delta": 0.012}, region="S + Q <= K")
    one = Model.define(
        "one", states={"a": "-a"}, initial={"a": "1"}, outputs={"y": "a"}, parameters=[], inputs=()
    )
    with pytest.raises(ModelError, match="phase planes need a model with 2 states"):
        phase_plane(one, {})
