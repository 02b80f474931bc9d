"""Shares that have not progressed."""

import numpy as np
import pytest

from dosing.remaining_share import remaining_share


def test_the_share_falls_by_each_weight_and_the_area_under_it_is_the_mean():
    days = np.array([30.0, 10.0, 100.0])
    censored, weights = np.array([False, False, True]), np.array([0.5, 0.2, 0.3])
    at, share = remaining_share(days, censored, weights, 100.0)
    assert at.tolist() == [0, 10, 30, 100]
    assert share == pytest.approx([1, 0.8, 0.3, 0.3])
    assert np.diff(at) @ share[:-1] == pytest.approx(weights @ days)
