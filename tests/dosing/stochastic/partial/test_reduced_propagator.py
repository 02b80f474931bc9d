"""The reduced propagator is eqs 51 to 53 of Fischer 2015, summed out by hand; its policy solves its recursion."""

import itertools

import numpy as np
import pytest
from scipy.stats import skellam

from dosing.stochastic.partial.next_cells import next_cells
from dosing.stochastic.partial.reduced_propagator import reduced_propagator
from dosing.stochastic.partial.size_policy import solve_size_policy
from dosing.stochastic.process_kernel import rates_at
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting
from dynamics.drug_resistance import DRUG_RESISTANCE

DOSES = np.array([[0.0], [1.0]])
VALUES = {"gamma": 1.0, "phi_s": 3.0, "phi_r": 2.5, "mu": 0.4, "sigma": 0.3, "K": 6.0}


@pytest.fixture(scope="module")
def setting():
    return SimulationSetting.define(
        DRUG_RESISTANCE, VALUES, driver_rate=1.0, start=(0.5, 0.5), generations=4, edge=9
    )


@pytest.fixture(scope="module")
def reduced(setting):
    return reduced_propagator(next_cells(setting, DOSES))


def one_type(now, birth, death, edge):
    """Probabilities of the next number of cells, from SciPy."""
    p = np.zeros(edge + 1)
    if birth == 0 and death == 0:
        p[now] = 1.0
        return p
    changes = np.arange(-80, 81)
    # SciPy's law needs both rates positive
    mass = skellam.pmf(changes, max(birth, 1e-12), max(death, 1e-12))
    np.add.at(p, np.clip(now + changes, 0, edge), mass)
    return p


def micro(setting, row):
    """W(n', r' | n, r; u) for all numbers up to the edge."""
    edge = setting.edge
    w = {}
    for n, r in itertools.product(range(edge + 1), repeat=2):
        births, deaths = rates_at(setting.process, np.array([[n, r]], float), DOSES[row], setting.constants)
        first = one_type(n, births[0, 0], deaths[0, 0], edge)
        second = one_type(r, births[0, 1], deaths[0, 1], edge)
        w[n, r] = np.outer(first, second)
    return w


def test_it_is_the_sum_of_the_paper(setting, reduced):
    edge = setting.edge
    w = [micro(setting, u) for u in (0, 1)]
    for before, now, v, u in ((6, 5, 1, 0), (4, 7, 0, 1), (3, 3, 1, 1)):
        step = [[w[v][m, before - m][n, now - n] for n in range(now + 1)] for m in range(before + 1)]
        reach = np.sum(step, axis=1)
        third = reach / reach.sum()  # eq. 53
        second = np.array(step) / reach[:, None]  # eq. 52
        expected = np.zeros(edge + 1)
        for n, m in itertools.product(range(now + 1), range(before + 1)):
            for a, b in itertools.product(range(edge + 1), repeat=2):
                expected[min(a + b, edge)] += w[u][n, now - n][a, b] * second[m, n] * third[m]
        assert reduced.distribution(before, v, now, u) == pytest.approx(expected, abs=1e-9)


def test_every_row_is_a_distribution(reduced):
    assert reduced.composition.sum(axis=-1) == pytest.approx(1.0, abs=1e-12)
    for u in (0, 1):
        for now in range(reduced.size + 1):
            assert reduced.growth[u, now, : now + 1].sum(axis=-1) == pytest.approx(1.0, abs=1e-9)
    # no tumour comes from nothing
    assert not reduced.reachable[:, 0, 1:].any()


def test_the_policy_is_best_among_all_in_its_own_recursion(setting, reduced):
    policy = solve_size_policy(reduced)
    stay = np.exp(-setting.driver_chance_per_cell * np.arange(reduced.size + 1))

    def value(before, v, now, left):
        if left == 0:
            return 1.0, 0
        worth = []
        for u in (0, 1):
            p = reduced.distribution(before, v, now, u)
            worth.append(sum(q * value(now, u, k, left - 1)[0] for k, q in enumerate(p)))
        return stay[now] * max(worth), int(np.argmax(worth))

    # the last two generations by plain recursion
    for before, v, now in ((6, 1, 3), (6, 0, 3), (5, 1, 6)):
        assert policy.indices[2, v, before, now] == value(before, v, now, 2)[1]
    ahead = {u: reduced.growth[u] for u in (0, 1)}
    even = np.full(5, 0.2)
    chances = {u: even @ ahead[u][4, :5] for u in (0, 1)}
    short = SimulationSetting.define(
        DRUG_RESISTANCE, VALUES, driver_rate=1.0, start=(0.5, 0.5), generations=2, edge=9
    )
    two = solve_size_policy(reduced_propagator(next_cells(short, DOSES)))
    expected = stay[4] * max(float(p @ stay) for p in chances.values())
    assert two.value[4] == pytest.approx(expected, abs=1e-12)


def test_a_lattice_that_is_too_large_is_refused():
    large = SimulationSetting.define(
        DRUG_RESISTANCE, VALUES | {"K": 1000.0}, driver_rate=1.0, start=(0.5, 0.4)
    )
    with pytest.raises(SimulationError, match="particle filter"):
        next_cells(large, DOSES)
