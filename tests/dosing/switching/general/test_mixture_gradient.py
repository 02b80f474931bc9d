import numpy as np
import pytest
from general_cases import full_cost, random_model
from scipy.linalg import expm

from dosing.switching.augmented import AugmentedSystem
from dosing.switching.cost import SwitchingCost
from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.general.mixture_cost import MixtureCost
from dosing.switching.model import SwitchingError
from dosing.switching.schedule import SwitchingSchedule, evaluate

CASES = [(4, 3, 1e-6, 0.0), (4, 3, 0.05, 0.1), (6, 4, 1e-3, 0.1)]


def posed(lines, drugs, flow, burden, intervals=5):
    model = random_model(lines, drugs, flow)
    cost = full_cost(model, burden)
    days = np.linspace(4.0, 12.0, intervals)
    mixtures = np.random.default_rng(1).dirichlet(np.ones(drugs), intervals)
    return model, cost, days, mixtures, MixtureCost(SwitchingEnsemble.of(model), cost, days)


@pytest.mark.parametrize("case", CASES)
def test_cost_is_that_of_the_augmented_system(case):
    model, cost, days, mixtures, problem = posed(*case)
    expected = evaluate(model, cost, SwitchingSchedule(days, mixtures)).total
    assert problem(mixtures).values[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_gradient_is_the_central_difference(case):
    *_, mixtures, problem = posed(*case)
    gradient = problem(mixtures).gradients()[0]
    for i, s in np.ndindex(*mixtures.shape):
        e = np.zeros_like(mixtures)
        e[i, s] = 1e-4
        ends = [problem(mixtures + k * e).values[0] for k in (-2, -1, 1, 2)]
        difference = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * 1e-4)
        assert gradient[i, s] == pytest.approx(difference, rel=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_gradient_is_the_complex_step_through_the_whole_augmented_system(case):
    model, cost, days, mixtures, problem = posed(*case)
    system = AugmentedSystem(model, cost)
    base = system.matrix(np.zeros(len(model.drugs)))
    by_drug = np.stack([system.matrix(row) - base for row in np.eye(len(model.drugs))])
    expected = np.empty(mixtures.shape)
    for i, s in np.ndindex(*mixtures.shape):
        trial = mixtures.astype(complex)
        trial[i, s] += 1e-30j
        z = system.start.astype(complex)
        for length, row in zip(days, trial, strict=True):
            z = expm((base + np.tensordot(row, by_drug, 1)) * length) @ z
        expected[i, s] = complex(system.readout @ z).imag / 1e-30
    np.testing.assert_allclose(problem(mixtures).gradients()[0], expected, rtol=1e-9)


@pytest.mark.slow
def test_gradient_is_that_of_automatic_differentiation():
    import jax
    import jax.numpy as jnp
    from jax.scipy.linalg import expm as jax_expm

    # in units of 10⁸ cells: the Padé approximant of that exponential loses digits where entries are large
    model = random_model(4, 3, 0.05)
    model = model.with_cells(model.cells / 1e8)
    cost = SwitchingCost(np.array([0.1, 0.02, 0.03]), burden=np.full(4, 0.1))
    days, mixtures = np.array([4.0, 7.0, 5.0]), np.random.default_rng(1).dirichlet(np.ones(3), 3)
    problem = MixtureCost(SwitchingEnsemble.of(model), cost, days)
    system = AugmentedSystem(model, cost)
    base = system.matrix(np.zeros(3))
    by_drug = np.stack([system.matrix(row) - base for row in np.eye(3)])

    with jax.enable_x64(True):

        def whole(shares):
            z = jnp.asarray(system.start)
            for i, length in enumerate(days):
                z = jax_expm((base + jnp.tensordot(shares[i], by_drug, 1)) * length, max_squarings=48) @ z
            return system.readout @ z

        expected = np.asarray(jax.grad(whole)(jnp.asarray(mixtures)))
    np.testing.assert_allclose(problem(mixtures).gradients()[0], expected, rtol=1e-8)


@pytest.mark.parametrize(
    ("flow", "burden", "allowed"), [(0.0, 0.0, 1e-6), (1e-6, 0.1, 0.01), (0.02, 0.1, 0.1)]
)
def test_hessian_is_close_to_the_change_of_the_gradient(flow, burden, allowed):
    *_, mixtures, problem = posed(5, 3, flow, burden)
    H = problem(mixtures).hessian(np.ones(1))
    np.testing.assert_allclose(H, H.T, rtol=1e-12)
    direction = np.random.default_rng(2).normal(size=mixtures.shape)
    ahead, behind = (problem(mixtures + e * direction).gradients()[0] for e in (1e-5, -1e-5))
    expected = ((ahead - behind) / 2e-5).ravel()
    assert np.abs(H @ direction.ravel() - expected).max() < allowed * np.abs(expected).max()


@pytest.mark.parametrize("case", [*CASES, (5, 4, 0.3, 1.0)])
def test_cost_is_convex_in_the_mixtures(case):
    *_, mixtures, problem = posed(*case)
    rng = np.random.default_rng(5)
    for _ in range(40):
        # corners as well as the inside: convexity is for all mixtures
        one, other = (rng.dirichlet(np.full(mixtures.shape[1], 0.2), len(mixtures)) for _ in range(2))
        low, middle, high = (problem(m).values[0] for m in (one, (one + other) / 2, other))
        assert middle <= (low + high) / 2 * (1 + 1e-12)
        # the gradient bounds from below: the certificate rests on this
        tangent = low + (problem(one).gradients()[0] * (other - one)).sum()
        assert tangent <= high + 1e-9 * max(abs(tangent), high)


@pytest.mark.parametrize("days", [[1.0, 0.0], [-1.0], [], [np.nan]])
def test_lengths_that_cannot_be_are_refused(days):
    model = random_model(3, 2, 0.0)
    with pytest.raises(SwitchingError, match="interval lengths must be"):
        MixtureCost(SwitchingEnsemble.of(model), full_cost(model), np.array(days))
