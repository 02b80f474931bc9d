"""The cell-cycle study: full doses first, one switch, the blocking drug near it."""

from functools import cache

import numpy as np
import pytest

from dosing.optimal.arcs import ArcLabel
from dosing.optimal.studies import cell_cycle_figure, cell_cycle_study
from dosing.optimal.studies.study import cost_under

FULL, ZERO = ArcLabel.FULL, ArcLabel.ZERO


@cache
def study(**weights):
    """A study, solved once."""
    return cell_cycle_study(**weights)


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"killing": 1.0, "blocking": 0.01},
        {"along": 0.1, "at_end": 1.0, "killing": 0.3, "blocking": 0.005},
    ],
)
def test_the_killing_agent_has_one_switch_and_the_blocking_agent_starts_near_it(weights):
    found = study(**weights)
    assert found.holds
    assert [a.label for a in found.arcs["u"]] == [FULL, ZERO]
    assert [a.label for a in found.arcs["v"]] == [ZERO, FULL, ZERO]
    # "just prior to the termination of the cytotoxic agent", and off before the interval ends
    assert 0 < found.killing_ends_days - found.blocking_starts_days < 1.2
    assert found.killing_ends_days < found.blocking_ends_days < 21
    assert "one switch" in found.statement


def test_no_neighbouring_switching_time_is_better():
    found = study()
    problem, end = found.solution.problem, found.solution.final_time_days
    u, v = (high for _, high in problem.bounds_of_controls())

    def cost(stop, start, rest):
        edges = np.array([0, start, stop, rest, end])
        return cost_under(problem, edges, np.array([[u, 0], [u, v], [0, v], [0, 0]]))

    best = (found.killing_ends_days, found.blocking_starts_days, found.blocking_ends_days)
    least = cost(*best)
    assert least <= found.solution.defect.cost
    for k in range(3):
        for step in (-0.3, 0.3):
            moved = list(best)
            moved[k] += step
            assert cost(*moved) > least + 1e-6


def test_the_same_doses_given_evenly_are_worse():
    found = study()
    assert found.even_cost > 1.1 * found.solution.defect.cost


def test_a_drug_that_weighs_too_much_is_not_given_and_the_study_says_so():
    found = study(blocking=1.0)
    assert not found.holds
    assert [a.label for a in found.arcs["v"]] == [ZERO]
    assert np.isnan(found.blocking_starts_days)
    assert found.statement.startswith("Not the structure")


def test_the_figure_shows_both_drugs_and_every_phase():
    figure = cell_cycle_figure(study())
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert [label.split("\n")[0] for label in labels[:2]] == ["killing drug u", "blocking drug v"]
    legend = figure.axes[2].get_legend()
    assert legend is not None
    assert [t.get_text() for t in legend.get_texts()] == [
        "all cells", "cells in G0/G1", "cells in S", "cells in G2/M",
    ]  # fmt: skip
