"""Confidence sets and side statuses, read off profiles whose answers are known."""

import numpy as np
import pytest

from identifiability.profiles.sides import intervals_of, side_statuses
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
