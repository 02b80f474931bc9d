"""Control between looks: exact chains, the order of the protocols, and the safe position."""

import numpy as np
import pytest

from dosing.stochastic.wright_fisher import (
    ControlledSelection,
    WrightFisherError,
    diffusion_regimes,
    mean_survival_time,
    naive_control,
    population_regimes,
    preemptive_control,
    survival_threshold,
    value_of_monitoring,
)
from dosing.stochastic.wright_fisher.monitoring import _Waits
from dosing.stochastic.wright_fisher.population import resampling_matrix

PAPER = ControlledSelection(10.0, -30.0)
THRESHOLD = survival_threshold(PAPER).frequency


@pytest.fixture(scope="module")
def value():
    return value_of_monitoring(PAPER, [0.01, 0.05, 0.1, 0.3, 1.0, 3.0], waits=20, points=81)


def test_looking_every_generation_is_perfect_monitoring():
    regimes = population_regimes(PAPER, 100)
    found = naive_control(regimes, 0.01, THRESHOLD)
    above = regimes.x >= THRESHOLD
    matrix = np.where(above[:, None], resampling_matrix(100, -20.0), resampling_matrix(100, 10.0))
    expected = np.linalg.solve(np.eye(99) - matrix, np.full(99, 0.01))
    np.testing.assert_allclose(found.survival, expected, rtol=1e-8)


def test_perfect_survival_of_finite_populations_tends_to_the_closed_form():
    found = []
    for population in (200, 400):
        regimes = population_regimes(PAPER, population)
        found.append(naive_control(regimes, 1 / population, THRESHOLD).survival_from(0.5))
    # the error is of first order in 1 / N
    limit = 2 * found[1] - found[0]
    assert limit == pytest.approx(mean_survival_time(0.5, THRESHOLD, PAPER), rel=0.05)


def test_order_of_the_protocols(value):
    assert (value.naive <= value.preemptive * (1 + 1e-9)).all()
    assert (value.preemptive <= value.perfect).all()
    assert (np.diff(value.naive) < 0).all()
    assert (np.diff(value.preemptive) < 0).all()
    assert value.preemptive[2] > 5 * value.naive[2]
    # looks that are too rare: naive control is one drug for ever, no better than none
    assert value.naive[-1] == pytest.approx(value.uncontrolled, rel=0.01)
    assert value.preemptive[-1] > 3 * value.naive[-1]
    assert "Planning ahead helps most" in value.sentence


def test_safe_position_moves_from_the_threshold_to_the_middle(value):
    assert (np.diff(value.safe) < 0).all()
    assert value.safe[0] == pytest.approx(THRESHOLD, abs=0.03)
    assert value.safe[-1] == pytest.approx(0.5, abs=0.002)
    frequent = preemptive_control(diffusion_regimes(PAPER, 0.0002, 81), 0.001)
    assert frequent.safe == pytest.approx(THRESHOLD, abs=0.005)


def test_waiting_times_steer_towards_the_safe_position(value):
    for plan in value.plans:
        below, above = plan.x < plan.safe - 0.03, plan.x > plan.safe + 0.03
        assert (plan.signed_waiting[below] >= 0).all()
        assert (plan.signed_waiting[above] <= 0).all()
        if plan.step < 0.05:  # longer steps round short waits to none
            assert (plan.signed_waiting[below] > 0).all()
            assert (plan.signed_waiting[above] < 0).all()
        # the farther away, the longer the wait, but for the last points, which may be beyond saving
        inner = (plan.x > 0.05) & (plan.x < 0.95)
        assert (np.diff(plan.signed_waiting[inner]) <= plan.step + 1e-12).all()
        assert plan.waiting.max() <= plan.interval * (1 + 1e-12)


def test_no_other_waiting_time_is_better():
    regimes = population_regimes(PAPER, 60, 1)
    plan = preemptive_control(regimes, 0.2)
    waits = _Waits(regimes, 12)
    start = (plan.signed_waiting < 0).astype(int)
    steps = np.rint(plan.waiting / plan.step).astype(int)
    rng = np.random.default_rng(1)
    for _ in range(10):
        other_start, other = start.copy(), steps.copy()
        changed = rng.integers(0, 59, 5)
        other[changed] = rng.integers(0, 13, 5)
        other_start[changed] = rng.integers(0, 2, 5)
        chain = waits.chain(other_start, other)
        survival = np.linalg.solve(np.eye(59) - chain.matrix, chain.kept)
        assert (survival <= plan.survival * (1 + 1e-9)).all()
    chain = waits.chain(start, steps)
    np.testing.assert_allclose(plan.survival, chain.kept + chain.matrix @ plan.survival, rtol=1e-10)


def test_finite_population_and_diffusion_agree():
    exact = population_regimes(PAPER, 200, 2)
    limit = diffusion_regimes(PAPER, 0.01, 161)
    pairs = (
        (naive_control(exact, 0.1, THRESHOLD), naive_control(limit, 0.1, THRESHOLD)),
        (preemptive_control(exact, 0.1), preemptive_control(limit, 0.1)),
    )
    for finite, diffusion in pairs:
        assert finite.survival_from(0.5) == pytest.approx(diffusion.survival_from(0.5), rel=0.04)
    assert pairs[1][0].safe == pytest.approx(pairs[1][1].safe, abs=2e-3)


def test_errors_say_what_to_do():
    with pytest.raises(WrightFisherError, match="whole number of steps"):
        naive_control(diffusion_regimes(PAPER, 0.03, 21), 0.1, 0.6)
    weak = diffusion_regimes(ControlledSelection(10.0, -5.0), 0.05, 21)
    with pytest.raises(WrightFisherError, match="no neutral regime"):
        preemptive_control(weak, 0.1)
