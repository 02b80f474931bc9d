"""The recursion written the plain way, with SciPy's Skellam distribution and dense sums."""

import numpy as np
from scipy.stats import skellam

from dosing.stochastic.birth_death.problem import BirthDeathProblem
from dosing.stochastic.edge_rule import EdgeRule


def one_axis(cells, birth, death, edge: int, rule: EdgeRule) -> np.ndarray:
    """Probabilities of 0, …, edge cells in the next generation."""
    change = np.arange(-4 * edge - 40, 4 * edge + 41)
    if birth == 0 and death == 0:
        mass = (change == 0).astype(float)
    else:  # SciPy has no Skellam with a rate of zero
        mass = skellam.pmf(change, max(birth, 1e-300), max(death, 1e-300))
    to = np.maximum(cells + change, 0)
    out = np.zeros(edge + 1)
    if rule is EdgeRule.STAYS:
        np.add.at(out, np.minimum(to, edge), mass)
    else:
        np.add.at(out, to[to <= edge], mass[to <= edge])
    return out


def transitions(problem: BirthDeathProblem, rates) -> tuple[np.ndarray, np.ndarray]:
    """Both axes' probabilities, (controls, edge + 1, edge + 1, edge + 1), from a function of cells and doses."""
    size = problem.edge + 1
    found = np.empty((2, len(problem.controls), size, size, size))
    for c, dose in enumerate(problem.controls):
        for i in range(size):
            for j in range(size):
                births, deaths = rates(i, j, dose)
                for axis in range(2):
                    found[axis, c, i, j] = one_axis(
                        (i, j)[axis], births[axis], deaths[axis], problem.edge, problem.edge_rule
                    )
    return found[0], found[1]


def fischer_rates(values: dict[str, float]):
    """Eq. 5 in numbers."""
    K = values["K"]
    g, s, m = values["gamma"] / K, values["sigma"] / K, values["mu"] / K

    def rates(a, b, dose):
        crowd = 1 + g * (a + b) / K + s * a / K
        births = (1 + g + s) * a / crowd + m * (b - a), (1 + g) * b / crowd + m * (a - b)
        deaths = a * (1 + dose[0] * values["phi_s"] / K), b * (1 + (1 - dose[0]) * values["phi_r"] / K)
        return np.maximum(births, 0), deaths

    return rates


def recursion(problem: BirthDeathProblem, rates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value at the start, the values of both controls in the first generation, and the kernel of each axis."""
    first, second = transitions(problem, rates)
    cells = np.add.outer(np.arange(problem.edge + 1), np.arange(problem.edge + 1))
    chance = problem.driver_rate / problem.values["K"] ** 2
    value = np.ones(cells.shape)
    for _ in range(problem.horizon_generations):
        each = np.einsum("cija,ab,cijb->cij", first, value, second, optimize=True) * np.exp(-chance * cells)
        value = each.max(axis=0)
    return value, each, first
