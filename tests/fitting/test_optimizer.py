import numpy as np
import pytest

from fitting.optimizer import LARGEST_STEP, WORST, minimise

WIDE = 50.0


def least_squares(residual, jacobian):
    """Half a sum of squares, its gradient and its expected curvature, for a batch."""

    def evaluate(q, who):
        r, j = residual(q, who), jacobian(q, who)
        return 0.5 * np.sum(r**2, axis=1), np.einsum("br,brq->bq", r, j), np.einsum("brq,brs->bqs", j, j)

    return evaluate


def quadratic(matrices, centres):
    def evaluate(q, who):
        d, h = q - centres[who], matrices[who]
        g = np.einsum("bij,bj->bi", h, d)
        return 0.5 * np.einsum("bi,bi->b", d, g), g, h

    return evaluate


def random_quadratics(count, size, seed):
    generator = np.random.default_rng(seed)
    factors = generator.normal(size=(count, size, size))
    return np.einsum("bij,bkj->bik", factors, factors) + 0.1 * np.eye(size), generator.normal(
        size=(count, size)
    )


def box(count, size, low=-WIDE, high=WIDE):
    return np.full((count, size), low), np.full((count, size), high)


valley = least_squares(
    lambda q, who: np.stack([10 * (q[:, 1] - q[:, 0] ** 2), 1 - q[:, 0]], axis=1),
    lambda q, who: np.stack(
        [
            np.stack([-20 * q[:, 0], np.full(len(q), 10.0)], axis=1),
            np.stack([np.full(len(q), -1.0), np.zeros(len(q))], axis=1),
        ],
        axis=1,
    ),
)


def test_quadratics_without_active_bounds():
    matrices, centres = random_quadratics(20, 4, 1)
    found = minimise(
        quadratic(matrices, centres), np.zeros((20, 4)), np.arange(20), *box(20, 4), tolerance=1e-14
    )
    assert np.all(found.converged)
    np.testing.assert_allclose(found.q, centres, atol=1e-5)
    np.testing.assert_allclose(found.information, matrices)
    assert found.iterations < 60


def test_quadratics_on_bounds_satisfy_the_conditions_of_a_constrained_minimum():
    matrices, centres = random_quadratics(60, 4, 2)
    lower, upper = box(60, 4, -0.4, 0.6)
    found = minimise(
        quadratic(matrices, centres), np.zeros((60, 4)), np.arange(60), lower, upper, tolerance=1e-14
    )
    assert np.all(found.converged)
    on_lower, on_upper = found.q <= lower, found.q >= upper
    assert on_lower.any()
    assert on_upper.any()
    assert np.all(found.gradient[on_lower] >= -1e-6)
    assert np.all(found.gradient[on_upper] <= 1e-6)
    np.testing.assert_allclose(found.gradient[~on_lower & ~on_upper], 0.0, atol=1e-5)


def test_bent_valley_is_followed_to_its_end():
    start = np.array([[-1.2, 1.0], [3.0, -4.0], [-5.0, 8.0], [1.0, 1.0]])
    found = minimise(valley, start, np.zeros(4, dtype=int), *box(4, 2), tolerance=1e-12)
    assert np.all(found.converged)
    np.testing.assert_allclose(found.q, 1.0, atol=1e-4)
    assert np.all(found.value < 1e-9)


def test_bent_valley_that_leaves_the_box_ends_on_its_wall():
    found = minimise(valley, np.array([[-1.2, 1.0]]), np.zeros(1, dtype=int), np.array([[-3.0, -3.0]]),
                     np.array([[0.5, 3.0]]), tolerance=1e-13)  # fmt: skip
    assert found.converged[0]
    np.testing.assert_allclose(found.q[0], [0.5, 0.25], atol=1e-5)


def test_fixed_components_stay_where_they_start():
    matrices, centres = random_quadratics(10, 3, 4)
    start = np.full((10, 3), 0.3)
    fixed = np.zeros((10, 3), dtype=bool)
    fixed[:, 1] = True
    found = minimise(
        quadratic(matrices, centres), start, np.arange(10), *box(10, 3), fixed=fixed, tolerance=1e-14
    )
    np.testing.assert_array_equal(found.q[:, 1], 0.3)
    np.testing.assert_allclose(found.gradient[:, [0, 2]], 0.0, atol=1e-5)
    assert np.all(found.converged)


def test_starts_outside_the_box_are_moved_into_it():
    seen = []
    matrices, centres = random_quadratics(1, 2, 5)
    inner = quadratic(matrices, centres)

    def evaluate(q, who):
        seen.append(q.copy())
        return inner(q, who)

    minimise(evaluate, np.array([[7.0, -7.0]]), np.zeros(1, dtype=int), *box(1, 2, -1.0, 1.0))
    assert np.all(np.abs(np.concatenate(seen)) <= 1.0)


def test_batch_equals_one_by_one():
    generator = np.random.default_rng(6)
    start = generator.uniform(-3, 3, size=(12, 2))
    together = minimise(valley, start, np.zeros(12, dtype=int), *box(12, 2))
    for i in range(12):
        alone = minimise(valley, start[i : i + 1], np.zeros(1, dtype=int), *box(1, 2))
        np.testing.assert_allclose(alone.q[0], together.q[i], rtol=1e-9)
        assert alone.converged[0] == together.converged[i]


def test_jobs_that_lost_the_race_are_left_where_they_are():
    centre = np.array([[0.0], [0.0]])

    # a slope so long that 1.5 a step needs more than 15 steps
    def evaluate(q, who):
        return np.abs(q[:, 0]) + 1.0, np.sign(q), np.full((len(q), 1, 1), 1e-3)

    start, who, limits = np.array([[150.0], [150.0]]), np.array([0, 1]), np.array([50.0, np.inf])
    found = minimise(evaluate, start, who, centre - 200, centre + 200, give_up_above=limits)
    assert found.value[0] > 50
    assert not found.converged[0]
    assert found.value[1] < 2


def test_steps_are_bounded_and_the_best_point_seen_is_kept():
    values, places = [], []

    def evaluate(q, who):
        places.append(q.copy())
        values.append(valley(q, who)[0])
        return valley(q, who)

    found = minimise(evaluate, np.array([[-20.0, 30.0]]), np.zeros(1, dtype=int), *box(1, 2))
    assert found.value[0] == min(np.concatenate(values))
    first = np.max(np.abs(places[1] - places[0]))
    assert first == pytest.approx(LARGEST_STEP)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_no_progress(bad):
    # half the line has no value; the minimum lies on its edge
    def evaluate(q, who):
        value = np.where(q[:, 0] > 1.0, 0.5 * q[:, 0] ** 2, bad)
        gradient = np.where(q > 1.0, q, bad)
        return value, gradient, np.ones((len(q), 1, 1))

    found = minimise(evaluate, np.array([[4.0]]), np.zeros(1, dtype=int), *box(1, 1))
    assert np.isfinite(found.value[0])
    assert 1.0 < found.q[0, 0] < 1.3


@pytest.mark.parametrize("bad", [np.nan, np.inf, 10 * WORST])
def test_start_without_a_value_ends_there_unconverged_beside_one_that_goes_on(bad):
    matrices, centres = random_quadratics(2, 2, 8)
    inner = quadratic(matrices, centres)

    def evaluate(q, who):
        value, gradient, information = inner(q, who)
        lost = who == 0
        gradient = np.where(lost[:, None], 0.0 if np.isfinite(bad) else bad, gradient)
        return np.where(lost, bad, value), gradient, np.where(lost[:, None, None], 0.0, information)

    found = minimise(evaluate, np.zeros((2, 2)), np.arange(2), *box(2, 2), tolerance=1e-12)
    assert found.converged.tolist() == [False, True]
    np.testing.assert_allclose(found.q[1], centres[1], atol=1e-5)


def test_flat_directions_do_not_keep_a_job_running():
    flat = least_squares(lambda q, who: q[:, :1] + q[:, 1:] - 3.0, lambda q, who: np.ones((len(q), 1, 2)))
    found = minimise(flat, np.array([[5.0, 1.0]]), np.zeros(1, dtype=int), *box(1, 2))
    assert found.converged[0]
    assert found.value[0] < 1e-8
    assert found.iterations < 50
