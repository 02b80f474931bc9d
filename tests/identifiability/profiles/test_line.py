"""A profile under construction: what it keeps, how it grows."""

import numpy as np
import pytest

from identifiability.profiles.line import Line


@pytest.fixture
def line():
    return Line.unknown(3, 1, np.array([0.0, 1.0, 2.0]), 2)


def put(line, g, value, done=True):
    line.keep(g, np.array([value, line.grid[g]]), value, done, np.full((2, 2), value))


def test_nothing_is_known_at_first(line):
    assert (line.w, line.index) == (3, 1)
    assert np.all(np.isinf(line.nll))
    assert np.all(np.isnan(line.q))
    assert not line.converged.any()
    assert not line.changed.any()


def test_only_a_better_solution_is_kept(line):
    put(line, 1, 5.0)
    put(line, 1, 6.0, done=False)
    assert line.nll[1] == 5.0
    assert line.converged[1]
    put(line, 1, 4.0, done=False)
    assert line.nll.tolist() == [np.inf, 4.0, np.inf]
    assert line.q[1].tolist() == [4.0, 1.0]
    assert line.information[1].tolist() == [[4.0, 4.0], [4.0, 4.0]]
    assert not line.converged[1]


def test_a_gain_that_is_worth_nothing_is_kept_but_calls_for_no_second_look(line):
    put(line, 1, 5.0)
    line.changed[:] = False
    put(line, 1, 5.0 - 0.5 * line.improvement)
    assert line.nll[1] == 5.0 - 0.5 * line.improvement
    assert not line.changed[1]
    put(line, 1, 5.0 - 3 * line.improvement)
    assert line.changed.tolist() == [False, True, False]


def test_a_worse_solution_does_not_hide_that_the_point_changed(line):
    put(line, 0, 5.0)
    put(line, 0, 6.0)
    assert line.changed[0]


def test_a_point_may_be_inserted(line):
    for g in range(3):
        put(line, g, float(g))
    line.insert(0, 0.25)
    assert line.grid.tolist() == [0.0, 0.25, 1.0, 2.0]
    assert line.nll.tolist() == [0.0, np.inf, 1.0, 2.0]
    assert line.converged.tolist() == [True, False, True, True]
    assert line.changed.tolist() == [True, False, True, True]
    assert len(line.q) == len(line.information) == 4
    assert line.q[2].tolist() == [1.0, 1.0], "what was known moved with its point"
    put(line, 1, 0.5)
    assert line.nll[1] == 0.5


def test_lines_share_no_memory():
    grid = np.array([0.0, 1.0])
    first, second = Line.unknown(0, 0, grid, 1), Line.unknown(0, 1, grid, 1)
    first.changed[0] = True
    first.keep(1, np.zeros(1), 1.0, True, np.zeros((1, 1)))
    assert not second.changed.any()
    assert np.isinf(second.nll).all()
