import numpy as np

from fitting.starts import latin_hypercube, patient_generator


def test_generator_depends_on_seed_patient_and_purpose_only():
    def draw(*key):
        return patient_generator(*key).random(4).tolist()

    assert draw(1, "P1", "starts") == draw(1, "P1", "starts")
    others = [
        draw(2, "P1", "starts"),
        draw(1, "P2", "starts"),
        draw(1, "P1", "profile"),
        draw(1, "P1s", "tarts"),
    ]
    assert len({tuple(d) for d in [draw(1, "P1", "starts"), *others]}) == 5


def test_identifiers_of_any_script_are_welcome():
    assert patient_generator(0, "Ärztin/№ 7 '\0'", "starts").random() >= 0


def test_points_fill_the_box_one_in_each_slice():
    lower, upper = np.array([-2.0, 0.0, 5.0]), np.array([2.0, 1.0, 6.0])
    points = latin_hypercube(lower, upper, 16, np.random.default_rng(3))
    assert points.shape == (16, 3)
    slices = np.floor((points - lower) / (upper - lower) * 16)
    for column in slices.T:
        np.testing.assert_array_equal(np.sort(column), np.arange(16))


def test_the_draws_are_those_of_scipy():
    from scipy.stats import qmc

    for dimensions, count in ((1, 2), (4, 12), (7, 33)):
        ours = latin_hypercube(np.zeros(dimensions), np.ones(dimensions), count, np.random.default_rng(3))
        theirs = qmc.LatinHypercube(d=dimensions, rng=np.random.default_rng(3)).random(count)
        np.testing.assert_array_equal(ours, theirs)
