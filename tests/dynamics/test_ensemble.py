import numpy as np
import pytest

from dynamics.ensemble import Ensemble


def test_columns_are_found_by_name():
    ensemble = Ensemble(
        ("a", "b"), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.25, 0.75]), {}, "made here"
    )
    assert len(ensemble) == 2
    np.testing.assert_array_equal(ensemble.column("b"), [2.0, 4.0])


def test_a_point_estimate_is_an_ensemble_of_one():
    single = Ensemble.single(("a",), np.array([2.0]), {"V0": 1.0}, "point estimate")
    assert single.weights.tolist() == [1.0]
    assert single.provenance == "point estimate"


@pytest.mark.parametrize(
    ("values", "weights", "message"),
    [
        (np.ones((2, 3)), np.array([0.5, 0.5]), "shape"),
        (np.ones((2, 2)), np.array([0.5, 0.4]), "sum to"),
        (np.ones((2, 2)), np.array([1.5, -0.5]), "non-negative"),
        (np.ones((2, 2)), np.array([1.0]), "one a parameter set"),
    ],
)
def test_what_is_no_ensemble_is_refused(values, weights, message):
    with pytest.raises(ValueError, match=message):
        Ensemble(("a", "b"), values, weights, {}, "")
