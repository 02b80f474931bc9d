import dataclasses

import numpy as np
import pytest
from known_posteriors import gamma_poisson, normal_pairs
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fitting.posterior_checks.leave_one_out import leave_one_out
from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import label, log_axis
from fitting.posterior_checks.plots.pairs import plot_pairs
from fitting.posterior_checks.plots.parameter_intervals import plot_parameter_intervals
from fitting.posterior_checks.plots.pareto_k import plot_pareto_k
from fitting.posterior_checks.plots.pit_plot import plot_pit
from fitting.posterior_checks.plots.predictive_bands import plot_predictive_bands
from fitting.posterior_checks.plots.sensitivity_bars import plot_sensitivities
from fitting.posterior_checks.plots.trace_ranks import plot_trace_ranks
from fitting.posterior_checks.predictive import check_predictions
from fitting.posterior_checks.prior_sensitivity import prior_sensitivity

UNITS = {"r": "per day", "K": "U/L", "c": "1"}


@pytest.fixture(scope="module")
def posterior():
    tree = normal_pairs({"r": (0.5, 30.0), "K": (0.0, 0.05), "c": (0.1, 1.0)})
    draws = tree["posterior"].to_dataset()
    diverging = np.zeros((4, 1000), dtype=bool)
    diverging[2, [5, 77]] = True
    tree["sample_stats"] = (draws[["K"]] * 0 + diverging).rename(K="diverging")
    return tree


@pytest.fixture
def figure():
    """A figure that must be drawable when the test is done: text, ticks, scales."""
    figure = Figure(figsize=(5.4, 4.0))
    FigureCanvasAgg(figure)
    yield figure
    figure.canvas.draw()


def texts(axes):
    return [t.get_text() for t in axes.get_legend().get_texts()] if axes.get_legend() else []


def lines_of(axes, colour):
    return [line for line in axes.get_lines() if line.get_color() == colour]


def test_intervals_are_the_quantiles_of_prior_and_posterior(figure, posterior):
    assert plot_parameter_intervals(figure, posterior, units=UNITS) is figure
    assert [a.get_ylabel() for a in figure.axes] == ["r (per day)", "K (U/L)", "c"]
    assert texts(figure.axes[0]) == ["prior", "posterior"]
    outer = lines_of(figure.axes[1], palette.POSTERIOR)[0]
    np.testing.assert_allclose(
        outer.get_xdata(), np.quantile(posterior["posterior"]["K"].values, [0.05, 0.95])
    )
    assert figure.axes[1].get_xscale() == "log"


def test_intervals_without_prior_and_without_parameters(figure, posterior):
    alone = posterior.copy()
    del alone["prior"]
    plot_parameter_intervals(figure, alone, ["K"])
    assert texts(figure.axes[0]) == ["posterior"]
    held = posterior.copy()
    held["posterior"] = held["posterior"].to_dataset() * 0 + 2.0
    other = Figure()
    plot_parameter_intervals(other, held)
    assert other.axes[0].texts[0].get_text() == "no parameter was sampled"


def test_every_divergence_is_a_cross_inside_the_axes(figure, posterior):
    plot_pairs(figure, posterior, units=UNITS)
    panel = figure.axes[3]  # K over r
    (crosses,) = lines_of(panel, palette.ALARM)
    draws = posterior["posterior"]
    np.testing.assert_allclose(crosses.get_xdata(), draws["r"].values[2, [5, 77]])
    np.testing.assert_allclose(crosses.get_ydata(), draws["K"].values[2, [5, 77]])
    assert panel.get_ylim()[0] < crosses.get_ydata().min()
    assert panel.get_ylim()[1] > crosses.get_ydata().max()
    assert "2 divergent of 4000" in figure.axes[2].texts[0].get_text()


def test_ranks_of_a_chain_sum_to_its_draws(figure, posterior):
    plot_trace_ranks(figure, posterior, ["r", "K"], UNITS)
    for axes in figure.axes[1::2]:
        counts = [p.get_data().values for p in axes.patches if hasattr(p, "get_data")]
        assert [c.sum() for c in counts] == [1000] * 4
    assert texts(figure.axes[0]) == ["chain 1", "chain 2", "chain 3", "chain 4"]
    assert figure.axes[0].get_ylabel() == "r (per day)"


def test_bands_are_those_of_the_check_and_outside_is_marked(figure):
    posterior = gamma_poisson([100, 98, 103, 320])
    check, prior = check_predictions(posterior), check_predictions(posterior, "prior_predictive")
    axes = plot_predictive_bands(figure.subplots(), check, prior, "U/L")
    assert axes.get_ylabel() == "burden (U/L)"
    assert {"posterior predictive 90 %", "prior predictive 90 %", "measured", "outside 90 %"} <= set(
        texts(axes)
    )
    (rings,) = [line for line in axes.get_lines() if line.get_label() == "outside 90 %"]
    np.testing.assert_array_equal(rings.get_xdata(), check.times_days[check.outside])


def test_wide_bands_get_a_logarithmic_axis(figure):
    check = check_predictions(gamma_poisson([100, 98, 103, 99], shape=0.7, rate=0.002), "prior_predictive")
    assert check.quantiles.max() > 40 * check.quantiles[check.quantiles > 0].min()
    assert plot_predictive_bands(figure.subplots(), check).get_yscale() == "log"


def test_pit_curve_climbs_by_one_over_n(figure):
    axes = plot_pit(figure.subplots(), np.array([0.2, np.nan, 0.6, 0.9]))
    curve = next(line for line in axes.get_lines() if line.get_label() == "measured")
    np.testing.assert_allclose(curve.get_ydata(), [0, 1 / 3, 2 / 3, 1, 1])
    assert axes.get_xlabel().endswith("of 3 measurements")
    assert plot_pit(Figure().subplots(), np.array([np.nan])).get_xlabel().endswith("of 0 measurements")


def test_bars_are_the_sensitivities_with_the_verdict_beside(figure, posterior):
    several = prior_sensitivity(posterior)
    axes = plot_sensitivities(figure.subplots(), several)
    widths = sorted(p.get_width() for p in axes.patches)
    expected = [s.prior.sensitivity for s in several] + [s.likelihood.sensitivity for s in several]
    np.testing.assert_allclose(widths, sorted(expected))
    assert [t.get_text() for t in axes.texts] == ["data", "prior (of K)", "prior and data together"]


def test_pareto_k_tells_doubt_and_refits_apart(figure):
    loo = leave_one_out(gamma_poisson([100, 98, 103, 320]))
    refitted = np.array([True, False, False, False])
    loo = dataclasses.replace(loo, refitted=refitted, pareto_k=np.array([0.9, 0.3, -np.inf, 2.0]))
    axes = plot_pareto_k(figure.subplots(), loo)
    assert texts(axes)[:3] == ["holds", "refitted without it", "does not hold"]
    (bad,) = [line for line in axes.get_lines() if line.get_label() == "does not hold"]
    np.testing.assert_array_equal(bad.get_xdata(), [90])


@pytest.mark.parametrize("ends", [(1.0, 1.3), (0.02, 5000.0), (3.0, 40.0), (1e-7, 1e-2)])
def test_logarithmic_axes_have_a_few_ticks_inside(figure, ends):
    axes = figure.subplots()
    axes.set_xlim(*ends)
    log_axis(axes)
    ticks = axes.get_xticks()
    assert 2 <= len(ticks) <= 5
    assert all(ends[0] <= t <= ends[1] for t in ticks)
    assert label("c", {"c": "1"}) == "c"
