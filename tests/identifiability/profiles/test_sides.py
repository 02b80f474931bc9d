"""Confidence sets and side statuses, read off profiles whose answers are known."""

import numpy as np
import pytest
from scipy.optimize import brentq

from identifiability.profiles.sides import bounds_that_hold, intervals_of, side_statuses
from identifiability.result import SideStatus

GRID = np.exp(np.linspace(-2.0, 2.0, 9))  # log-spacing 0.5


def pieces(rise, threshold=2.0, values=GRID):
    rise = np.asarray(rise, dtype=float)
    return np.log(intervals_of(values, rise, threshold, rise <= threshold))


def test_ends_are_interpolated_in_the_logarithm():
    # a tent in the logarithm: the crossing of linear pieces is exact
    np.testing.assert_allclose(pieces(3.0 * np.abs(np.log(GRID))), [(-2 / 3, 2 / 3)], rtol=1e-12)


def test_interpolation_follows_a_parabola_to_the_order_of_the_grid():
    errors = []
    for points in (41, 81):
        x = np.linspace(-3.0, 3.0, points)
        ((low, high),) = pieces(0.5 * x**2, values=np.exp(x))
        assert high == pytest.approx(-low, rel=1e-12)
        errors.append(abs(high - 2.0))
    assert errors[0] < 0.005
    assert errors[1] < errors[0]


def test_a_set_may_have_several_pieces():
    np.testing.assert_allclose(
        pieces([4, 1, 3, 1, 0, 1, 4, 0, 4]),
        [(-2 + 0.5 * 2 / 3, -1.25), (-0.75, 0.5 + 0.5 / 3), (1.25, 1.75)],
        rtol=1e-12,
    )


def test_an_open_side_ends_at_the_grid():
    np.testing.assert_allclose(pieces([1, 1, 1, 1, 0, 1, 2.5, 3, 4]), [(-2.0, 0.5 + 0.5 * 2 / 3)])
    np.testing.assert_allclose(pieces([4, 3, 1, 1, 0, 1, 1, 1, 1]), [(-1.25, 2.0)])
    np.testing.assert_allclose(pieces(np.zeros(9)), [(-2.0, 2.0)])


def test_next_to_what_is_not_known_the_end_lies_halfway():
    np.testing.assert_allclose(pieces([9, 9, np.inf, 1, 0, 1, np.inf, 9, 9]), [(-0.75, 0.75)])


CLOSED, OPEN, AT_BOUND, FAILED = SideStatus.CLOSED, SideStatus.OPEN, SideStatus.AT_BOUND, SideStatus.FAILED
NONE = "........."


@pytest.mark.parametrize(
    ("inside", "held", "failed", "reaches", "expected"),
    [
        ("..xxxxx..", NONE, NONE, (True, True), (CLOSED, CLOSED)),
        ("xxxxxxx..", NONE, NONE, (True, True), (OPEN, CLOSED)),
        ("..xxxxxxx", NONE, NONE, (True, True), (CLOSED, OPEN)),
        ("xxxxxxxxx", NONE, NONE, (True, True), (OPEN, OPEN)),
        # the search ended before the declared bound while still inside
        ("xxxxxxx..", NONE, NONE, (False, True), (FAILED, CLOSED)),
        ("..xxxxxxx", NONE, NONE, (True, False), (CLOSED, FAILED)),
        # ... which does not matter where the set has ended already
        ("..xxxxx..", NONE, NONE, (False, False), (CLOSED, CLOSED)),
        # held by a bound just inside, and just outside, the set
        ("..xxxxx..", "..x......", NONE, (True, True), (AT_BOUND, CLOSED)),
        ("..xxxxx..", ".......x.", NONE, (True, True), (CLOSED, AT_BOUND)),
        # a bound that is met on the way but left again before the end
        ("..xxxxx..", "...xxx...", NONE, (True, True), (CLOSED, CLOSED)),
        # a bound that holds an open side: the side is open
        ("xxxxxxx..", "xx.......", NONE, (True, True), (OPEN, CLOSED)),
        ("..xxxxx..", NONE, "..x......", (True, True), (FAILED, CLOSED)),
        # the outermost ends count, not those of a piece
        ("xx.xxx.x.", NONE, NONE, (True, True), (OPEN, CLOSED)),
        ("....x....", NONE, NONE, (True, True), (CLOSED, CLOSED)),
    ],
)
def test_how_a_side_ends(inside, held, failed, reaches, expected):
    inside, held, failed = (np.array([mark == "x" for mark in row]) for row in (inside, held, failed))
    assert side_statuses(inside, held, ~failed, reaches) == expected


def test_every_status_has_its_sentence():
    assert len({status.sentence for status in SideStatus}) == len(SideStatus) == 4


class Coupled:
    """f(x, y) = (x + s y)²/2 + y²/2000 with y >= bound: the crossing of its profile, by root finding."""

    def __init__(self, s):
        self.s = s

    def optimum(self, x, bound):
        return max(-self.s * x / (self.s**2 + 1e-3), bound)

    def value(self, x, bound):
        y = self.optimum(x, bound)
        return 0.5 * (x + self.s * y) ** 2 + 0.5e-3 * y**2

    def gradient(self, x, y):
        return np.array([x + self.s * y, self.s * (x + self.s * y) + 1e-3 * y])

    @property
    def information(self):
        return np.array([[1.0, self.s], [self.s, self.s**2 + 1e-3]])

    def crossing(self, bound, height=2.0):
        return brentq(lambda x: self.value(x, bound) - height, 0.0, 100.0, xtol=1e-13)


@pytest.mark.parametrize(("s", "holds"), [(1.0, True), (0.3, True), (0.05, False)])
def test_a_bound_holds_a_profile_where_moving_it_moves_the_crossing(s, holds):
    tumour, bound, h = Coupled(s), -1.0, 1e-4
    end = tumour.crossing(bound)
    y = tumour.optimum(end, bound)
    assert y == bound
    moved = (tumour.crossing(bound + h) - tumour.crossing(bound - h)) / (2 * h)
    gradient = tumour.gradient(end, y)
    assert gradient[1] / gradient[0] == pytest.approx(-moved, rel=1e-5), "the envelope theorem"
    held = bounds_that_hold(
        np.array([[end, y]]),
        gradient[None, :],
        tumour.information[None, :, :],
        0,
        np.array([-50.0, bound]),
        np.array([50.0, 50.0]),
    )
    assert held.tolist() == [[False, holds]]
    assert (abs(moved) > 0.1) is holds


def test_a_component_on_its_bound_without_a_push_is_not_held():
    low, high = np.array([-9.0, 0.0, -9.0]), np.array([9.0, 9.0, 1.0])
    q = np.array([[1.0, 0.0, 1.0]] * 3)
    # the gradient points inwards at both bounds; outwards at the lower; outwards at the upper
    gradient = np.array([[1.0, -0.5, 0.5], [1.0, 0.5, 0.5], [1.0, -0.5, -0.5]])
    held = bounds_that_hold(q, gradient, np.tile(np.eye(3), (3, 1, 1)), 0, low, high)
    assert held.tolist() == [[False] * 3, [False, True, False], [False, False, True]]


def test_away_from_all_bounds_nothing_is_held():
    q, gradient = np.zeros((2, 3)), np.array([[1.0, 5.0, -5.0]] * 2)
    information = np.tile(np.eye(3), (2, 1, 1))
    assert not bounds_that_hold(q, gradient, information, 0, np.full(3, -1.0), np.full(3, 1.0)).any()


def test_what_is_left_of_a_gradient_across_a_narrow_valley_does_not_count():
    # f = 5e7 (y - z)² + (x + y)²/2, y <= 1: the bound of y holds x; z lags behind y by nothing to speak of
    H = np.array([[1.0, 1.0, 0.0], [1.0, 1.0 + 1e8, -1e8], [0.0, -1e8, 1e8]])
    low, high = np.full(3, -9.0), np.array([9.0, 1.0, 9.0])
    for error in (0.0, 1e-6, -1e-6):
        q = np.array([[-3.0, 1.0, 1.0 + error]])
        gradient = (H @ q[0])[None, :]
        assert abs(gradient[0, 1] + 2.0) == pytest.approx(1e8 * abs(error), rel=0.1, abs=1e-6)
        assert bounds_that_hold(q, gradient, H[None], 0, low, high).tolist() == [[False, True, False]]
