"""Skellam probabilities against SciPy, and the expansion against them."""

import numpy as np
import pytest
from scipy.special import ive
from scipy.stats import poisson

from dosing.stochastic.birth_death import log_skellam_expansion, skellam_pmf

RATES = [(1e-3, 2.0), (3.0, 5.0), (60.0, 40.0), (700.0, 650.0), (1000.0, 200.0), (3300.0, 3000.0)]


def reference(change: np.ndarray, birth: float, death: float) -> np.ndarray:
    """Eq. 46 with SciPy's scaled Bessel function."""
    z = 2 * np.sqrt(birth * death)
    log = z - birth - death + change / 2 * np.log(birth / death)
    with np.errstate(divide="ignore"):
        return np.exp(log + np.log(ive(np.abs(change), z)))


@pytest.mark.parametrize(("birth", "death"), RATES)
def test_probabilities_are_those_of_scipy(birth, death):
    change, mass = skellam_pmf(birth, death)
    wanted = reference(change, birth, death)
    np.testing.assert_allclose(mass, wanted, atol=1e-12 * wanted.max())
    seen = wanted > 1e-10 * wanted.max()
    np.testing.assert_allclose(mass[seen], wanted[seen], rtol=2e-10)


@pytest.mark.parametrize(("birth", "death"), RATES)
def test_mean_and_variance_are_difference_and_sum(birth, death):
    change, mass = skellam_pmf(birth, death)
    assert mass.sum() == pytest.approx(1, abs=1e-13)
    mean = change @ mass
    assert mean == pytest.approx(birth - death, abs=1e-9 * (birth + death))
    assert (change - mean) ** 2 @ mass == pytest.approx(birth + death, rel=1e-8)


def test_one_rate_of_zero_leaves_a_poisson_number():
    for rate in (0.02, 4.0, 900.0):
        change, mass = skellam_pmf(rate, 0.0)
        np.testing.assert_allclose(mass, poisson.pmf(change, rate), atol=1e-12)
        down, mirrored = skellam_pmf(0.0, rate)
        np.testing.assert_allclose(mirrored, poisson.pmf(-down, rate), atol=1e-12)


def test_nothing_happens_without_rates():
    change, mass = skellam_pmf(0.0, 0.0)
    assert mass[change == 0] == 1
    assert mass.sum() == 1


@pytest.mark.parametrize(
    ("birth", "death", "at_mode", "over_four_deviations"),
    [(5.0, 5.0, 1.5e-2, 1.6e-2), (50.0, 45.0, 1.5e-3, 1.6e-3), (500.0, 500.0, 1.3e-4, 1.4e-4)],
)
def test_error_of_the_expansion(birth, death, at_mode, over_four_deviations):
    change, mass = skellam_pmf(birth, death)
    error = np.exp(log_skellam_expansion(change, birth, death)) / mass - 1
    mode = np.argmax(mass)
    near = np.abs(change - (birth - death)) < 4 * np.sqrt(birth + death)
    assert abs(error[mode]) < at_mode
    assert np.abs(error[near]).max() < over_four_deviations
    # its first neglected term, 1 / (8 z), says how large it is at the mode
    assert abs(error[mode]) == pytest.approx(1 / (16 * np.sqrt(birth * death)), rel=0.1)


def test_rates_that_cannot_be_are_named():
    with pytest.raises(ValueError, match=r"births -1\.0"):
        skellam_pmf(-1.0, 2.0)
    with pytest.raises(ValueError, match="the expansion needs both positive"):
        log_skellam_expansion(np.array([0]), 1.0, 0.0)
