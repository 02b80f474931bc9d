"""Instances that several tests of switching treatments share."""

from __future__ import annotations

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.model import SwitchingModel

# net growth under each drug, closed-form optimum (16.03458271, 19.55699093) days at 1.1306890535
CLOSED_RATES = np.array([[-0.30, 0.05], [0.04, -0.25]])
CLOSED_COST = SwitchingCost(toxicity=np.array([0.02, 0.03]))


def from_net_growth(rates: np.ndarray, cells: np.ndarray) -> SwitchingModel:
    """Make a diagonal model with the given net growth under each drug, shape (d, n)."""
    growth = rates.max(axis=0)
    d, n = rates.shape
    return SwitchingModel(
        np.diag(growth), growth - rates, cells, tuple(f"L{j}" for j in range(n)), tuple(f"D{s}" for s in range(d))
    )  # fmt: skip


def closed_instance() -> SwitchingModel:
    return from_net_growth(CLOSED_RATES, np.array([5.0, 8.0]))


def random_model(
    seed: int, lines: int = 18, drugs: int = 4, *, flow: float = 0.0, shrinkable: bool = False
) -> SwitchingModel:
    """Draw growth 0.02 to 0.15 per day, kills that miss a third of the lines, and 1e3 to 1e9 cells a line."""
    random = np.random.default_rng(seed)
    growth = random.uniform(0.02, 0.15, lines)
    kill = random.uniform(0, 0.35, (drugs, lines)) * (random.random((drugs, lines)) < 0.7)
    if shrinkable:
        kill[random.integers(drugs, size=lines), np.arange(lines)] = random.uniform(0.2, 0.35, lines)
    matrix = np.diag(growth) + flow * (1 - np.eye(lines))
    return SwitchingModel(
        matrix, kill, 10 ** random.uniform(3, 9, lines), tuple(f"L{j}" for j in range(lines)),
        tuple(f"D{s}" for s in range(drugs)),
    )  # fmt: skip


def random_cost(seed: int, drugs: int = 4) -> SwitchingCost:
    """Draw toxicities between 1e4 and 1e6 a day."""
    return SwitchingCost(10 ** np.random.default_rng(seed).uniform(4, 6, drugs), toxicity_weight=0.7)
