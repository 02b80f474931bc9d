"""Ranks of the truth among posterior draws: what passes, what fails, and with which words."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.special import ndtr

from fitting.posterior_checks.calibration import (
    CalibrationVerdict,
    band_probability,
    counts_below,
    ecdf_band,
    rank_points,
    rank_statistics,
)
from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.calibration_ranks import plot_calibration

DRAWS, PATIENTS = 99, 200


def ranks_of(shift=0.0, width=1.0, seed=3, patients=PATIENTS):
    """Rank standard normal truths, given no data, among draws from a posterior that may be shifted or too wide."""
    generator = np.random.default_rng(seed)
    truth = generator.standard_normal((patients, 1))
    return (shift + width * generator.standard_normal((patients, DRAWS)) < truth).sum(axis=1)


def test_ranks_of_exact_posteriors_pass():
    calibration = rank_statistics({"r": ranks_of(seed=1), "K": ranks_of(seed=2)}, DRAWS)
    assert calibration.passed
    assert "r, K are even" in calibration.sentence
    assert f"{PATIENTS} simulations" in calibration.sentence
    assert all(p.p_band > 0.025 and p.p_chi2 > 0.01 for p in calibration.parameters)
    assert 0.08 < calibration.resolution < 0.16


@pytest.mark.parametrize(
    ("wrong", "verdict"),
    [
        ({"shift": 0.5}, CalibrationVerdict.TOO_HIGH),
        ({"shift": -0.5}, CalibrationVerdict.TOO_LOW),
        ({"width": 0.6}, CalibrationVerdict.TOO_NARROW),
        ({"width": 1.8}, CalibrationVerdict.TOO_WIDE),
    ],
)
def test_wrong_posteriors_fail_with_what_is_wrong(wrong, verdict):
    calibration = rank_statistics({"r": ranks_of(), "K": ranks_of(**wrong)}, DRAWS)
    fine, off = calibration.parameters
    assert not calibration.passed
    assert fine.verdict is CalibrationVerdict.GOOD
    assert off.verdict is verdict
    assert off.p_band < 1e-4
    assert off.p_chi2 < 1e-3
    assert calibration.sentence == f"Not calibrated in 1 of 2 quantities. K: {verdict.value}"


def test_uneven_ranks_without_shift_or_excess_width_are_found():
    # at 1/2 and at both ends of an interval of the same variance as even ranks
    places = np.tile([0.5, 0.5 - np.sqrt(1 / 8), 0.5 + np.sqrt(1 / 8)], 60)
    calibration = rank_statistics({"c": np.floor(places * 100).astype(int)}, DRAWS)
    assert calibration.parameters[0].verdict is CalibrationVerdict.UNEVEN


def test_a_few_simulations_are_not_judged():
    calibration = rank_statistics({"r": np.zeros(8, dtype=int)}, DRAWS)
    assert calibration.parameters[0].verdict is CalibrationVerdict.TOO_FEW
    assert not calibration.passed
    assert "There are 8" in calibration.sentence
    assert np.isnan(calibration.parameters[0].p_chi2)


@pytest.mark.parametrize("draws", [99, 350])
def test_band_holds_whole_curves_of_even_ranks_as_often_as_it_says(draws):
    generator = np.random.default_rng(8)
    simulated = [generator.integers(0, draws + 1, size=60) for _ in range(2000)]
    _, lower, upper = ecdf_band(60, draws, 0.9)
    curves = np.array([counts_below(ranks, draws) for ranks in simulated]) / 60
    held = np.mean(np.all((curves >= lower) & (curves <= upper), axis=1))
    assert 0.88 < held < 0.925  # 0.9 with three standard errors of 2000, and a little for the steps of counts
    # the probability and the band are one test
    inside = np.all((curves >= lower) & (curves <= upper), axis=1)[:100]
    p = np.array([band_probability(ranks, draws) for ranks in simulated[:100]])
    np.testing.assert_array_equal(p > 0.1, inside)
    assert not inside.all()


def test_one_point_is_the_binomial_test():
    # one draw: the rank is 0 or 1, and the count of zeros is binomial
    assert list(rank_points(1)) == [1]
    ranks = np.repeat([0, 1], [2, 8])
    assert band_probability(ranks, 1) == pytest.approx(2 * (1 + 10 + 45) / 2**10)


def test_ranks_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="K: 100 is no whole number from 0 to 99"):
        rank_statistics({"K": [3, 100]}, DRAWS)
    with pytest.raises(ValueError, match="one rank a simulation, got 2, 3"):
        rank_statistics({"r": [1, 2], "K": [1, 2, 3]}, DRAWS)
    with pytest.raises(ValueError, match="no parameter"):
        rank_statistics({}, DRAWS)


def test_plot_shows_curves_bands_and_failures():
    ranks = {"r": ranks_of(), "K": ranks_of(shift=0.5), "$c": ranks_of(seed=5), "d": ranks_of(seed=6)}
    calibration = rank_statistics(ranks, DRAWS)
    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    assert plot_calibration(figure, calibration) is figure
    figure.canvas.draw()
    fine, off = figure.axes[:2]
    curves = [axes.get_lines()[1] for axes in (fine, off)]
    assert [c.get_color() for c in curves] == [palette.POSTERIOR, palette.ALARM]
    place, height = (np.asarray(values, dtype=float) for values in curves[1].get_data())
    expected = np.mean(ranks["K"][:, None] < place[1:-1] * 100 - 1e-9, axis=0) - place[1:-1]
    np.testing.assert_allclose(height[1:-1], expected, atol=1e-12)
    assert off.get_title(loc="left").startswith("K")
    # draws too high: ranks too low, and the curve leaves its band upwards
    band = off.collections[0].get_datalim(off.transData)
    assert height.max() > band.y1


def test_mean_rank_moves_as_much_as_a_normal_shift_says():
    # half a standard deviation moves the mean rank by Phi(-0.5 / sqrt 2) - 1/2
    moved = ndtr(-0.5 / np.sqrt(2)) - 0.5
    calibration = rank_statistics({"K": ranks_of(shift=0.5)}, DRAWS)
    assert calibration.parameters[0].mean - 0.5 == pytest.approx(moved, abs=3 * np.sqrt(1 / 12 / PATIENTS))
