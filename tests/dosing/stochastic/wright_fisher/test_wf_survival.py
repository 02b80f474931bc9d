"""Mean survival in closed form, against quadrature, published numbers and limits."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from dosing.stochastic.wright_fisher import (
    ControlledSelection,
    WrightFisherError,
    log_mean_survival_time,
    mean_survival_time,
    quadrature_survival_time,
    survival_threshold,
)
from dosing.stochastic.wright_fisher.survival import capital_g, scaled_expei, scaled_f

PAPER = ControlledSelection(10.0, -30.0)


@pytest.mark.parametrize(
    ("sigma", "strongest"),
    [(10, -30), (10, -20), (5, -3), (2, -2), (2, -2.01), (0.01, -0.02), (1, -40), (15, -40), (0.03, -0.1)],
)
@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.644, 0.9])
def test_closed_form_is_the_quadrature(sigma, strongest, threshold):
    selection = ControlledSelection(sigma, strongest)
    for start in (0.01, 0.644, 0.95):
        expected = quadrature_survival_time(start, threshold, selection)
        assert mean_survival_time(start, threshold, selection) == pytest.approx(expected, rel=1e-9)


def test_numbers_of_the_paper():
    best = survival_threshold(PAPER)
    assert best.frequency == pytest.approx(0.644894, abs=5e-7)
    assert best.survival == pytest.approx(8381.34, abs=5e-3)
    assert "0.644894" in best.sentence


@pytest.mark.parametrize("sigma", [0.5, 2.0, 10.0, 40.0])
def test_equal_forces_put_the_threshold_in_the_middle(sigma):
    assert survival_threshold(ControlledSelection(sigma, -2 * sigma)).frequency == pytest.approx(
        0.5, abs=1e-12
    )


@pytest.mark.parametrize("selection", [PAPER, ControlledSelection(5, -3), ControlledSelection(3, -40)])
@pytest.mark.parametrize("start", [None, 0.3, 0.8])
def test_the_root_is_the_maximum_from_every_start(selection, start):
    def lost(x):
        return -log_mean_survival_time(x if start is None else start, x, selection)

    found = minimize_scalar(lost, bounds=(0.01, 0.99), method="bounded", options={"xatol": 1e-9})
    best = survival_threshold(selection)
    # a maximum is found to the root of the rounding error
    assert found.x == pytest.approx(best.frequency, abs=1e-6)
    assert -found.fun >= lost(best.frequency) * -1 - 1e-12


def test_without_selection_survival_is_the_textbook_formula():
    selection = ControlledSelection(1e-9, -2e-9)
    for x in (0.1, 0.5, 0.83):
        expected = -2 * (x * np.log(x) + (1 - x) * np.log(1 - x))
        assert mean_survival_time(x, 0.4, selection) == pytest.approx(expected, rel=1e-7)


def test_exchanging_the_alleles_changes_nothing():
    a, b = ControlledSelection(7, -18), ControlledSelection(11, -18)
    for start, threshold in ((0.2, 0.6), (0.7, 0.3), (0.5, 0.5)):
        expected = mean_survival_time(1 - start, 1 - threshold, b)
        assert mean_survival_time(start, threshold, a) == pytest.approx(expected, rel=1e-11)


def test_strong_selection_does_not_overflow():
    strong = ControlledSelection(2000.0, -5000.0)
    log = log_mean_survival_time(0.5, 0.6, strong)
    # the exponent is the smaller of the two barriers, 2 * 2000 * 0.6 and 2 * 3000 * 0.4
    assert 2370 < log < 2400
    assert survival_threshold(strong).survival == np.inf
    assert survival_threshold(strong).frequency == pytest.approx(0.6, abs=0.001)


@pytest.mark.parametrize("s", [-20.0, -0.7, 3.0, 12.0])
def test_special_functions_have_their_derivatives_and_symmetries(s):
    x, h = 0.37, 1e-5

    def capital_f(y):
        return np.exp(2 * s * y) * scaled_f(y, s)

    slope = (capital_f(x + h) - capital_f(x - h)) / (2 * h)
    assert slope == pytest.approx(np.exp(2 * s * x) / (x * (1 - x)), rel=1e-6)
    slope = (capital_g(x + h, s) - capital_g(x - h, s)) / (2 * h)
    assert slope == pytest.approx(-scaled_f(x, s), rel=1e-6)
    assert scaled_f(x, s) == pytest.approx(-scaled_f(1 - x, -s), rel=1e-13)
    assert capital_g(x, s) == pytest.approx(capital_g(1 - x, -s), rel=1e-12)
    assert capital_g(0.0, s) == pytest.approx(capital_g(1e-9, s), abs=1e-6)
    assert scaled_expei(49.9999) == pytest.approx(scaled_expei(50.0001), rel=1e-5)


def test_errors_say_what_to_do():
    with pytest.raises(WrightFisherError, match="exchange the alleles"):
        ControlledSelection(-1.0, -3.0)
    with pytest.raises(WrightFisherError, match="strongest = -u_c"):
        ControlledSelection(10.0, 30.0)
    with pytest.raises(WrightFisherError, match="lost already"):
        mean_survival_time(0.0, 0.5, PAPER)
