import mpmath
import numpy as np
from scipy.integrate import quad_vec
from scipy.linalg import expm

from dosing.switching.general.exponential import exponentials


def metzler(seed, size=5, flow=0.1):
    rng = np.random.default_rng(seed)
    B = flow * rng.uniform(0, 1, (size, size))
    B[np.diag_indices(size)] = rng.uniform(-1.0, 0.2, size)
    return B


def test_exponential_of_a_stack_is_scipys():
    matrices = np.stack([metzler(s) for s in range(6)])
    days = np.array([0.01, 0.3, 1.0, 5.0, 20.0, 60.0])
    found = exponentials(matrices, days)
    expected = expm(matrices * days[:, None, None])
    np.testing.assert_allclose(found.whole, expected, rtol=1e-11)
    np.testing.assert_allclose(found.half @ found.half, found.whole, rtol=1e-14)


def test_every_entry_keeps_its_digits_where_flows_are_minute():
    # mutation at 1e-19 and migration at 1e-27 a day beside growth of 1e-1: entries spread over 40 decades
    B = np.diag([0.1, -0.3, 0.05])
    B[1, 0], B[2, 1], B[0, 2] = 1e-19, 1e-27, 1e-12
    with mpmath.workdps(120):
        exact = mpmath.expm(mpmath.matrix(B.tolist()) * 30)
        expected = np.array([[float(exact[i, j]) for j in range(3)] for i in range(3)])
    found = exponentials(B[None], np.array([30.0])).whole[0]
    assert expected.min() < 1e-43
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_overlap_is_the_integral_of_state_times_adjoint():
    rng = np.random.default_rng(3)
    matrices, days = np.stack([metzler(s) for s in (7, 8)]), np.array([0.2, 12.0])
    x, p = rng.uniform(0, 1, (2, 2, 5))
    found = exponentials(matrices, days).overlap(x, p)
    for k, (B, T) in enumerate(zip(matrices, days, strict=True)):

        def product(t, B=B, T=T, k=k):
            return (expm(B * t) @ x[k]) * (expm(B.T * (T - t)) @ p[k])

        np.testing.assert_allclose(found[k], quad_vec(product, 0, T, epsrel=1e-12)[0], rtol=1e-10)


def test_no_time_changes_nothing():
    found = exponentials(metzler(1)[None], np.zeros(1))
    np.testing.assert_array_equal(found.whole[0], np.eye(5))
    np.testing.assert_array_equal(found.overlap(np.ones((1, 5)), np.ones((1, 5))), np.zeros((1, 5)))
