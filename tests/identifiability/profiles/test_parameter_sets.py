"""Admitted parameter sets and their weights, on profiles made by hand."""

import numpy as np
import pytest
from handmade import NAMES, THRESHOLD, make_fit, make_profile, parabola

from identifiability.profiles.parameter_sets import admitted_sets

FIT = make_fit()
LIMIT = np.sqrt(2 * THRESHOLD)  # of the parabola, in standard deviations


def on_grid(parameter, steps, sd=0.1):
    """A parabola on any grid, in standard deviations of the logarithm."""
    steps = np.asarray(steps, dtype=float)
    return make_profile(parameter, FIT[parameter] * np.exp(sd * steps), 0.5 * steps**2)


def share(ensemble, name, below):
    return float(ensemble.weights[ensemble.column(name) < below].sum())


def test_weights_sum_to_one_and_every_profile_weighs_the_same():
    # one of them five times as wide, one resolved ten times as finely
    profiles = [
        parabola("r"),
        parabola("K", sd=0.5),
        parabola("delta", points=251),
        on_grid("c", np.linspace(-4, 4, 9)),
    ]
    ensemble = admitted_sets(FIT, profiles)
    assert ensemble.weights.sum() == pytest.approx(1.0, abs=1e-12)
    moved = [np.abs(np.log(ensemble.column(n) / FIT[n])) > 1e-12 for n in NAMES]
    for where in moved:
        centre = ensemble.weights[~np.any(moved, axis=0)].sum()
        assert ensemble.weights[where].sum() == pytest.approx((1 - centre) / 4, rel=0.2)
        assert 0.15 < ensemble.weights[where].sum() < 0.25


@pytest.mark.parametrize(
    "steps",
    [
        np.linspace(-3, 3, 61),
        np.linspace(-3, 3, 601),
        # ten times as fine below the estimate, and finer still around the lower end
        np.unique(
            np.concatenate([np.linspace(-3, 0, 301), np.linspace(-2, -1.9, 200), np.linspace(0, 3, 31)])
        ),
        np.unique(np.concatenate([np.linspace(-3, 3, 61), np.linspace(0.5, 0.6, 500)])),
    ],
)
def test_refining_the_grid_anywhere_changes_no_share(steps):
    ensemble = admitted_sets(FIT, [on_grid("c", steps)])
    for cut in (-1.5, -0.5, 0.25, 1.0):
        expected = (cut + LIMIT) / (2 * LIMIT)
        assert share(ensemble, "c", FIT["c"] * np.exp(0.1 * cut)) == pytest.approx(expected, abs=0.03)
    logs = np.log(ensemble.column("c") / FIT["c"]) / 0.1
    assert np.sum(ensemble.weights * logs**2) == pytest.approx(LIMIT**2 / 3, rel=0.02)


def test_the_stretch_between_the_last_point_and_the_crossing_counts():
    # 5 points inside, far apart: the outermost stand for everything up to the threshold
    ensemble = admitted_sets(FIT, [on_grid("c", np.linspace(-3, 3, 7) * 0.9)])
    weights = ensemble.weights[np.argsort(ensemble.column("c"))]
    weights = weights[weights > 0]
    crossing = 1.8 + 0.9 * (THRESHOLD - 1.62) / (0.5 * 2.7**2 - 1.62)
    lengths = np.array([crossing - 1.35, 0.9, 0.9, 0.9, crossing - 1.35])
    np.testing.assert_allclose(weights, lengths / lengths.sum(), rtol=1e-9)


def test_only_sets_within_the_threshold_belong():
    profiles = [parabola(name, points=101) for name in NAMES]
    ensemble = admitted_sets(FIT, profiles)
    assert np.all(ensemble.nll_rise <= THRESHOLD)
    count = sum(int(np.sum(p.rise <= THRESHOLD)) for p in profiles)
    assert len(ensemble) == count + 1
    for name in NAMES:
        assert np.abs(np.log(ensemble.column(name) / FIT[name])).max() <= 0.1 * LIMIT


def test_the_optimum_comes_first_with_no_weight_of_its_own():
    ensemble = admitted_sets(FIT, [parabola("r")])
    assert ensemble.values[0].tolist() == FIT.estimates.tolist()
    assert ensemble.weights[0] == 0.0
    assert ensemble.nll_rise[0] == 0.0


def test_the_gap_between_two_pieces_weighs_nothing():
    steps = np.linspace(-3, 5, 161)
    rise = np.minimum(0.5 * steps**2, 0.5 * (steps - 4) ** 2 + 0.3)
    profile = make_profile("c", FIT["c"] * np.exp(0.1 * steps), rise)
    assert len(profile.intervals) == 2
    ensemble = admitted_sets(FIT, [profile])
    logs = np.log(ensemble.column("c") / FIT["c"]) / 0.1
    gap = np.sqrt(2 * THRESHOLD), 4 - np.sqrt(2 * (THRESHOLD - 0.3))
    assert not np.any((logs > gap[0]) & (logs < gap[1]))
    lower, upper = 2 * LIMIT, np.sqrt(2 * (THRESHOLD - 0.3)) + 1.0  # the upper piece is cut by the grid at 5
    assert ensemble.weights[logs < 2.0].sum() == pytest.approx(lower / (lower + upper), abs=0.02)


def test_an_open_side_counts_up_to_its_bound():
    steps = np.linspace(-4, 3, 141)
    rise = np.where(steps < 0, 0.5 * np.tanh(-steps), 0.5 * steps**2)
    ensemble = admitted_sets(FIT, [make_profile("c", FIT["c"] * np.exp(steps), rise, lower="open")])
    assert share(ensemble, "c", FIT["c"]) == pytest.approx(4 / (4 + LIMIT), abs=0.01)
    assert "declared bounds" in ensemble.provenance
    assert "95 %" in ensemble.provenance


def test_the_other_parameters_come_along():
    steps = np.linspace(-3, 3, 31)
    values = FIT["c"] * np.exp(0.1 * steps)
    sets = np.tile(FIT.estimates, (31, 1))
    sets[:, 3] = values
    sets[:, 1] *= values / FIT["c"]  # K in proportion to c
    ensemble = admitted_sets(FIT, [make_profile("c", values, 0.5 * steps**2, sets=sets)])
    np.testing.assert_allclose(ensemble.column("K") / FIT["K"], ensemble.column("c") / FIT["c"], rtol=1e-12)
    assert ensemble.constants == FIT.constants
    assert ensemble.parameter_names == NAMES


def test_a_profile_of_which_only_the_optimum_is_admitted_counts_as_its_crossing_to_crossing():
    profile = make_profile("c", FIT["c"] * np.exp([-1.0, 0.0, 1.0]), [50.0, 0.0, 50.0])
    ensemble = admitted_sets(FIT, [profile])
    assert ensemble.weights.tolist() == [0.0, 1.0]


def test_without_profiles_there_is_the_optimum():
    ensemble = admitted_sets(FIT, [])
    assert ensemble.values.tolist() == [FIT.estimates.tolist()]
    assert ensemble.weights.tolist() == [1.0]
