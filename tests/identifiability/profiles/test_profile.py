"""Profiles whose likelihood is a formula: heights, sets, sides, valleys."""

import numpy as np
import pytest
from analytic import fit_from, make_problem
from scipy.stats import chi2

from fitting.likelihood import LOG_NORMAL
from identifiability.profiles.profile import profile_cohort
from identifiability.profiles.profile_settings import ProfileSettings
from identifiability.result import SideStatus

CLOSED, OPEN, AT_BOUND = SideStatus.CLOSED, SideStatus.OPEN, SideStatus.AT_BOUND
TIMES = np.array([0.0, 2.0, 5.0, 9.0, 14.0, 20.0, 27.0, 35.0, 44.0])
NOISE = np.array([0.1, -0.2, 0.15, 0.05, -0.3, 0.2, 0.1, -0.15, 0.05])
WIDE = {"a": (0.05, 20.0), "g": (1e-3, 1.0)}


def growing(rate=0.05, noise=NOISE):
    return 100.0 * np.exp(rate * TIMES + noise)


def profiles_of(problem, *starts, **settings):
    """Profiles by name, around the best optimum from these starts."""
    fit = fit_from(problem, *starts)
    (found,) = profile_cohort(problem, [fit], ProfileSettings(**settings))
    return {p.parameter: p for p in found.profiles}, found, fit


def statuses(profile):
    return profile.lower_status, profile.upper_status


def height(profile, values):
    """Rise at some values, by interpolation in the logarithm."""
    return np.interp(np.log(values), np.log(profile.values), profile.rise)


# ---- exponential growth with log-normal noise: linear regression of the logarithm --------------------------
class Regression:
    """log y = log(a V0) + g t with standard deviation phi estimated: everything in closed form."""

    def __init__(self, burdens, first):
        self.X = np.column_stack([np.ones(len(TIMES)), TIMES])
        self.z = np.log(burdens / first)
        self.best = np.linalg.lstsq(self.X, self.z, rcond=None)[0]
        self.rss = float(np.sum((self.z - self.X @ self.best) ** 2))
        self.inverse = np.linalg.inv(self.X.T @ self.X)

    def rise(self, i, value):
        """n/2 log(RSS(value)/RSS), with RSS a parabola in log a, in g."""
        rss = self.rss + (value - self.best[i]) ** 2 / self.inverse[i, i]
        return 0.5 * len(TIMES) * np.log(rss / self.rss)

    def half_width(self, i, threshold):
        grown = self.rss * (np.exp(2 * threshold / len(TIMES)) - 1)
        return np.sqrt(grown * self.inverse[i, i])


@pytest.fixture(scope="module")
def regression():
    burdens = growing()
    found, patient, fit = profiles_of(make_problem("g", WIDE, TIMES, burdens), [1.0, 0.04, 0.3])
    return found, patient, fit, Regression(burdens, burdens[0])


def test_the_height_is_that_of_the_regression_with_the_noise_estimated_again(regression):
    found, _, fit, exact = regression
    assert fit["g"] == pytest.approx(exact.best[1], rel=1e-6)
    low, high = (np.log(b) for b in LOG_NORMAL.dispersion_bounds)
    for i, (name, of) in enumerate((("a", np.log), ("g", lambda v: v))):
        profile = found[name]
        expected = exact.rise(i, of(profile.values))
        # where the noise that is needed lies within its declared bounds
        sd = np.sqrt(
            (exact.rss + (of(profile.values) - exact.best[i]) ** 2 / exact.inverse[i, i]) / len(TIMES)
        )
        near = (expected < 2.5) & (np.log(sd) > low) & (np.log(sd) < high)
        assert near.sum() > 10
        np.testing.assert_allclose(profile.rise[near], expected[near], atol=2e-3)


def test_the_confidence_set_is_the_closed_form(regression):
    found, _, _, exact = regression
    threshold = chi2.ppf(0.95, 1) / 2
    for i, (name, to) in enumerate((("a", np.exp), ("g", lambda v: v))):
        half = exact.half_width(i, threshold)
        expected = to(exact.best[i] + np.array([-half, half]))
        assert len(found[name].intervals) == 1
        np.testing.assert_allclose(found[name].ci, expected, rtol=1e-3)
        assert statuses(found[name]) == (CLOSED, CLOSED)


def test_what_a_profile_says_of_itself(regression):
    found, patient, fit, _ = regression
    for name, profile in found.items():
        assert profile.df == 1
        assert profile.level == 0.95
        assert profile.threshold == pytest.approx(chi2.ppf(0.95, 1) / 2)
        assert profile.nll_min == pytest.approx(fit.nll, abs=1e-8)
        assert np.all(np.diff(profile.values) > 0)
        assert np.all(profile.rise > -1e-3)
        assert profile.sets.shape == (len(profile.values), 2)
        np.testing.assert_allclose(
            profile.sets[:, fit.parameter_names.index(name)], profile.values, rtol=1e-9
        )
        assert np.any(np.isclose(profile.values, profile.estimate, rtol=1e-9)), "the estimate is on the grid"
        # the paper's range and the multiples at which a reader looks, as far as they are of interest
        for value in profile.estimate * np.array([0.5, 0.8, 1.2, 2.0]):
            near = np.isclose(profile.values, value, rtol=1e-6)
            assert np.any(near) or height(profile, value) > profile.threshold
    assert patient.nll == pytest.approx(fit.nll, abs=1e-8)
    np.testing.assert_allclose(np.exp(patient.best[:2]), fit.estimates, rtol=1e-6)


@pytest.mark.parametrize("level", [0.8, 0.99])
def test_another_level_has_another_threshold_and_another_width(level):
    burdens = growing()
    found, _, _ = profiles_of(make_problem("g", WIDE, TIMES, burdens), [1.0, 0.04, 0.3], level=level)
    exact = Regression(burdens, burdens[0])
    profile = found["g"]
    assert profile.threshold == pytest.approx(chi2.ppf(level, 1) / 2)
    half = exact.half_width(1, profile.threshold)
    np.testing.assert_allclose(profile.ci, exact.best[1] + np.array([-half, half]), rtol=1e-3)


def test_the_set_does_not_depend_on_how_finely_it_is_searched(regression):
    found, _, _, _ = regression
    coarse, _, _ = profiles_of(make_problem("g", WIDE, TIMES, growing()), [1.0, 0.04, 0.3], points=11)
    for name in ("a", "g"):
        np.testing.assert_allclose(coarse[name].ci, found[name].ci, rtol=1e-3)


def test_a_search_is_reproducible():
    problem = make_problem("g", WIDE, TIMES, growing())
    first, again = (profiles_of(problem, [1.0, 0.04, 0.3], seed=3)[0] for _ in range(2))
    for name in first:
        np.testing.assert_array_equal(first[name].nll, again[name].nll)


# ---- what the data cannot tell -----------------------------------------------------------------------------
def test_a_product_leaves_both_factors_open_on_both_sides():
    bounds = {"g": (1e-2, 1.0), "h": (1e-3, 1e2)}
    found, _, _ = profiles_of(make_problem("g*h", bounds, TIMES, growing()), [0.2, 0.2, 0.3])
    profile = found["g"]
    assert statuses(profile) == (OPEN, OPEN)
    assert profile.ci == pytest.approx((1e-2, 1.0))
    assert profile.rise.max() < 1e-3, "flat: the other factor makes up for everything"
    products = profile.sets[:, 0] * profile.sets[:, 1]
    np.testing.assert_allclose(products, products[0], rtol=1e-3)


def test_what_only_the_other_factors_bound_closes_is_at_a_bound():
    # h from 0.5 to 2 leaves g no more than a factor of 4, and the data nothing to do with it
    bounds = {"g": (1e-3, 1.0), "h": (0.5, 2.0)}
    found, _, _ = profiles_of(make_problem("g*h", bounds, TIMES, growing()), [0.05, 1.0, 0.3])
    assert statuses(found["g"]) == (AT_BOUND, AT_BOUND)
    assert statuses(found["h"]) == (OPEN, OPEN)
    low, high = found["g"].ci
    inner = found["g"].rise < 1e-3
    assert found["g"].values[inner].max() / found["g"].values[inner].min() == pytest.approx(4.0, rel=0.3)
    assert high / low > 4.0


def test_growth_far_below_the_carrying_capacity_closes_it_on_one_side_only():
    y = 100 * 3000 / (100 + 2900 * np.exp(-0.1 * TIMES)) * np.exp(NOISE)
    problem = make_problem(
        "g*(1 - x/K)", {"g": (1e-3, 1.0), "K": (150.0, 1e6)}, TIMES[:6], y[:6],
        solution="V0*K/(V0 + (K - V0)*exp(-g*t))",
    )  # fmt: skip
    found, _, _ = profiles_of(problem, [0.1, 3000.0, 0.3], [0.08, 1e5, 0.3])
    assert statuses(found["K"]) == (CLOSED, OPEN)
    assert found["K"].ci[1] == pytest.approx(1e6)
    # at the lower end K sits on its bound, 1000 times the data: an unlimited K would move that end by nothing
    assert statuses(found["g"]) == (AT_BOUND, CLOSED)


def test_an_optimum_on_a_bound_is_open_there():
    problem = make_problem("g", {"a": (0.05, 20.0), "g": (1e-3, 0.03)}, TIMES, growing(0.05))
    found, _, fit = profiles_of(problem, [1.0, 0.02, 0.3])
    assert fit["g"] == pytest.approx(0.03)
    assert statuses(found["g"]) == (CLOSED, OPEN)
    assert found["g"].ci[1] == pytest.approx(0.03)


# ---- several valleys ---------------------------------------------------------------------------------------
def test_two_valleys_give_a_set_of_two_pieces():
    # (g - 0.3)² is known: two growth rates explain it equally well
    problem = make_problem("(g - 0.3)**2", {"a": (0.05, 20.0), "g": (1e-3, 1.0)}, TIMES, growing(0.04))
    found, _, fit = profiles_of(problem, [1.0, 0.45, 0.3])
    assert fit["g"] > 0.3, "the fit knows of one valley only"
    profile = found["g"]
    burdens = growing(0.04)
    exact = Regression(burdens, burdens[0])
    half = exact.half_width(1, profile.threshold)
    roots = np.sqrt(exact.best[1] + np.array([-half, half]))
    assert len(profile.intervals) == 2
    np.testing.assert_allclose(profile.intervals[0], 0.3 - roots[::-1], rtol=3e-3)
    np.testing.assert_allclose(profile.intervals[1], 0.3 + roots, rtol=3e-3)
    assert statuses(profile) == (CLOSED, CLOSED)
    assert height(profile, 0.3) > profile.threshold, "the ridge between them"


def test_a_profile_goes_on_in_the_valley_of_the_other_parameters_that_reaches_further():
    # k (g - 0.3)² is known: below g = 0.3 a small k soon meets g > 0, above it g may go on growing
    bounds = {"k": (0.05, 50.0), "g": (1e-3, 1.0)}
    problem = make_problem("k*(g - 0.3)**2", bounds, TIMES, growing(0.05))
    found, _, fit = profiles_of(problem, [1.0, 0.08, 0.3])
    assert fit["g"] < 0.3
    profile = found["k"]
    rate = fit["k"] * (fit["g"] - 0.3) ** 2
    branch_ends, valley_ends = rate / 0.3**2, rate / 0.7**2
    assert branch_ends > 4 * valley_ends
    flat = profile.values[profile.rise < 1e-3]
    assert flat.min() < 1.3 * valley_ends, "not the limit of the branch that the fit is on"
    assert profile.ci[0] < valley_ends
    assert profile.lower_status == AT_BOUND
    assert np.all(height(profile, np.geomspace(1.3 * valley_ends, 2 * branch_ends, 9)) < 1e-2)


def test_a_better_optimum_on_the_way_becomes_the_optimum():
    # the second valley is a little deeper: growth that slows is better explained by g above 0.3 than below
    rate = "(g - 0.3)**2*(1 + 0.02*g*t)"
    problem = make_problem(
        "(g - 0.3)**2", {"a": (0.05, 20.0), "g": (1e-3, 1.0)}, TIMES, growing(0.04) * np.exp(3e-4 * TIMES**2),
        solution=f"a*V0*exp({rate}*t)",
    )  # fmt: skip
    worse, better = fit_from(problem, [1.0, 0.1, 0.3]), fit_from(problem, [1.0, 0.5, 0.3])
    assert better.nll < worse.nll - 0.05, "two optima of different depth"
    (found,) = profile_cohort(problem, [worse], ProfileSettings())
    assert found.nll == pytest.approx(better.nll, abs=1e-4)
    np.testing.assert_allclose(np.exp(found.best[:2]), better.estimates, rtol=1e-3)
    for profile in found.profiles:
        assert profile.nll_min == found.nll
        assert np.all(profile.rise > -2e-3)
    by_name = {p.parameter: p for p in found.profiles}
    assert by_name["g"].estimate == pytest.approx(better["g"], rel=1e-3)


# ---- invariants --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rate", "bounds", "start"),
    [
        ("g", WIDE, [1.0, 0.04, 0.3]),
        ("g*h", {"g": (1e-3, 1.0), "h": (0.5, 2.0)}, [0.05, 1.0, 0.3]),
        ("k*(g - 0.3)**2", {"k": (0.05, 50.0), "g": (1e-3, 1.0)}, [1.0, 0.08, 0.3]),
        ("r - d", {"r": (1e-3, 0.5), "d": (1e-3, 0.3)}, [0.1, 0.05, 0.3]),
    ],
)
def test_no_admitted_set_lies_outside_another_parameters_confidence_set(rate, bounds, start):
    found, _, _ = profiles_of(make_problem(rate, bounds, TIMES, growing()), start)
    admitted = np.concatenate([p.sets[p.rise <= p.threshold] for p in found.values()])
    for i, profile in enumerate(found.values()):
        low, high = profile.ci
        assert admitted[:, i].min() >= low * (1 - 5e-3), profile.parameter
        assert admitted[:, i].max() <= high * (1 + 5e-3), profile.parameter


def test_the_nll_of_every_set_is_the_profiles_height(regression):
    found, _, _, _ = regression
    problem = make_problem("g", WIDE, TIMES, growing())
    for profile in found.values():
        for k in np.flatnonzero(profile.rise < 3.0)[::5]:
            # the noise that belongs to these two parameters, in closed form
            a, g = profile.sets[k]
            sd = np.sqrt(np.mean((np.log(growing() / (a * growing()[0])) - g * TIMES) ** 2))
            value, _, _ = problem.evaluate(np.log([[a, g, sd]]), np.zeros(1, dtype=int))
            assert value[0] == pytest.approx(profile.nll[k], abs=2e-3)


def test_progress_is_reported_from_some_to_all():
    shares = []
    problem = make_problem("g", WIDE, TIMES, growing())
    profile_cohort(problem, [fit_from(problem, [1.0, 0.04, 0.3])], ProfileSettings(points=11), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
