"""Systems of cell lines for the tests of general switching."""

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.model import SwitchingModel


def random_model(lines, drugs, flow, seed=0):
    """Lines that grow 5 to 15 % a day, drugs of which each is strong against some, flows of a given size."""
    rng = np.random.default_rng(seed)
    A = np.diag(rng.uniform(0.05, 0.15, lines)) + flow * rng.uniform(0, 1, (lines, lines)) * (
        1 - np.eye(lines)
    )
    kill = rng.uniform(0, 0.4, (drugs, lines))
    cells = 10 ** rng.uniform(6, 10, lines) * (rng.random(lines) < 0.7)
    cells[0] = 1e10
    return SwitchingModel(
        A, kill, cells, tuple(f"line {i}" for i in range(lines)), tuple(f"drug {s}" for s in range(drugs))
    )


def full_cost(model, burden=0.1):
    """Weights of the size of the published case study."""
    toxicity = np.array([1e6, 5e4, 1e5, 1e6])[: len(model.drugs)]
    f = np.full(len(model.lines), burden) if burden else None
    return SwitchingCost(toxicity, 0.7, None, f, 0.7)


def two_sided(flow=1e-4, factor=1.0):
    """Two lines, each held by its own drug only: every good course switches."""
    A = np.array([[0.06, flow], [flow, 0.05]])
    kill = factor * np.array([[0.2, 0.01], [0.015, 0.18]])
    return SwitchingModel(A, kill, np.array([1e6, 7e5]), ("P", "Q"), ("a", "b"))


TWO_SIDED_COST = SwitchingCost(np.array([200.0, 300.0]), burden=np.array([0.02, 0.02]))
