"""The tumour-immune study: across the separatrix, then rest."""

from functools import cache

import numpy as np
import pytest

from dosing.optimal.arcs import ArcLabel
from dosing.optimal.studies import tumor_immune_figure, tumor_immune_study
from dosing.optimal.studies.tumor_immune import malignant_weights
from dynamics.controlled import integrate
from dynamics.numeric_field import numeric_field


@cache
def study(start=(600.0, 0.1), **choices):
    """A study, solved once."""
    return tumor_immune_study(start=start, **choices)


def untreated_end(found, state, days=150.0):
    """State after a long time without drugs, by an integrator of another kind."""
    model = found.solution.problem.model
    run = integrate(model, {}, [0, days], np.zeros((1, 2)), [0, days], initial=state, method="Radau")
    return run.states[-1]


@pytest.mark.parametrize("start", [(600.0, 0.1), (700.0, 0.05), (600.0, 0.3)])
@pytest.mark.slow
def test_treatment_carries_the_state_across_and_then_rests(start):
    found = study(start)
    assert found.holds
    for arcs in found.arcs.values():
        assert arcs[-1].label is ArcLabel.ZERO
        assert arcs[-1].duration_days > 5
    assert 0 < found.crossed_days < found.rests_from_days < 6
    good = found.manifolds.outcomes.index(found.benign)
    assert found.manifolds.side(found.solution.states[0]) != good
    assert found.manifolds.side(found.solution.states[-1]) == good
    np.testing.assert_allclose(untreated_end(found, found.solution.states[-1]), found.benign.point, rtol=1e-4)
    np.testing.assert_allclose(untreated_end(found, np.array(start)), found.malignant.point, rtol=1e-4)


def test_rest_may_begin_once_the_separatrix_is_crossed_and_not_before():
    found = study()
    times, states = found.solution.times_days, found.solution.states
    before, after = (states[np.searchsorted(times, found.crossed_days + d)] for d in (-0.1, 0.1))
    np.testing.assert_allclose(untreated_end(found, before), found.malignant.point, rtol=1e-3)
    np.testing.assert_allclose(untreated_end(found, after), found.benign.point, rtol=1e-3)


def test_chemotherapy_is_full_then_singular_as_the_paper_describes():
    found = study()
    labels = [a.label for a in found.arcs["u"]]
    assert labels == [ArcLabel.FULL, ArcLabel.SINGULAR, ArcLabel.ZERO]
    assert [a.label for a in found.arcs["v"]] == [ArcLabel.ZERO, ArcLabel.FULL, ArcLabel.ZERO]
    assert found.course.order == 1
    assert found.course.holds_legendre_clebsch
    middle = slice(len(found.course.times_days) // 4, 3 * len(found.course.times_days) // 4)
    np.testing.assert_allclose(found.course.levels[middle], found.course.formula[middle], rtol=0.02)


def test_the_penalty_measures_the_way_along_the_unstable_eigenvector():
    found = study()
    model, saddle = found.solution.problem.model, found.manifolds.saddle
    weights = np.array(malignant_weights(model, saddle))
    rates, vectors = np.linalg.eig(numeric_field(model, {"u": 0.0, "v": 0.0}).jacobian(saddle.point))
    stable, unstable = vectors[:, np.argmin(rates)], vectors[:, np.argmax(rates)]
    # no way along the stable direction counts, and the malignant side costs more
    assert abs(weights @ stable) < 1e-9 * np.abs(weights * stable).sum()
    assert (weights @ unstable) * unstable[0] > 0
    assert weights @ found.malignant.point > weights @ saddle.point > weights @ found.benign.point
    assert weights[1] == -1


def test_without_a_reason_to_treat_nothing_is_claimed():
    # drugs that cost too much are not given, and the tumour stays where it goes
    found = study(tumour=0.0, chemotherapy=50.0, boost=50.0)
    assert not found.holds
    assert np.isnan(found.crossed_days)
    assert "never crosses" in found.statement


def test_the_figure_shows_the_separatrix_and_the_path():
    figure = tumor_immune_figure(study())
    legend = figure.axes[0].get_legend()
    assert legend is not None
    shown = {t.get_text() for t in legend.get_texts()}
    assert {"separatrix", "with drugs", "at rest thereafter", "benign equilibrium"} <= shown
    assert figure.axes[2].get_ylabel() == "immune boost v\n(at most 0.3)"
