"""The study of many traits: chemo-switch, and less drug where cells mutate more."""

from functools import cache

import numpy as np
import pytest

from dosing.optimal.arcs import ArcLabel
from dosing.optimal.studies import traits_figure, traits_study
from dosing.optimal.studies.study import cost_under


@cache
def study(n=21, **choices):
    """A study, solved once."""
    return traits_study(n=n, **choices)


def check_chemo_switch(found):
    """Full dose, then ever less, none at the end; less drug at higher mutation rates."""
    assert found.holds
    for one in found.by_rate.values():
        arcs = one.arcs["u"]
        assert [a.label for a in arcs] == [ArcLabel.FULL, ArcLabel.INTERIOR, ArcLabel.ZERO]
        assert arcs[-1].duration_days < 1
        assert np.all(np.diff(one.solution.controls[:, 0]) <= 1e-6)
        # continuous, as the effect saturates: no jump where full dose ends
        switch = int(np.argmax(one.solution.controls[:, 0] < 2.999))
        assert one.solution.controls[switch, 0] > 2.8
    ends = [one.arcs["u"][0].end_days for one in found.by_rate.values()]
    assert np.all(np.diff(ends) < 0)
    assert np.all(np.diff(found.doses) < 0)


def test_few_traits_show_the_profile_too():
    check_chemo_switch(study(rates=(0.0, 0.3), n=5))


def test_full_dose_all_the_time_is_dearer():
    for one in study(rates=(0.0, 0.3), n=5).by_rate.values():
        problem, cost = one.solution.problem, one.solution.defect.cost
        for level in (1.0, 2.0, 3.0):
            assert cost_under(problem, np.array([0.0, 20.0]), np.array([[level]])) > 1.01 * cost


@pytest.mark.slow
def test_twenty_one_traits_reach_the_known_costs():
    found = study()
    check_chemo_switch(found)
    # found by another program with eq. 12 as printed and G(N) = 1 + N/200
    assert found.costs == pytest.approx([6.389e5, 5.911e5, 5.473e5], rel=2e-4)
    middle = found.levels[[int(np.argmax(found.profile(rate))) for rate in found.by_rate]]
    assert middle == pytest.approx([0.5] * 3, abs=0.1)
    # where no cell mutates the dominant trait stands out, where many do the profile is flat
    spread = [np.ptp(found.profile(rate)) / found.profile(rate).mean() for rate in found.by_rate]
    assert spread[0] > 2 * spread[1] > 2 * spread[2]


@pytest.mark.slow
def test_the_two_readings_of_a_mutation_differ_little():
    rates = (0.0, 0.3)
    found, other = (study(rates=rates, n=11, to_itself=choice) for choice in (True, False))
    check_chemo_switch(other)
    change = other.costs / found.costs - 1
    # a mutation that leads back is none: without such ones there are more
    assert change[0] == pytest.approx(0, abs=1e-6)
    assert -0.02 < change[1] < -0.001


def test_the_figure_tells_the_mutation_rates_apart():
    figure = traits_figure(study(rates=(0.0, 0.3), n=5))
    assert [axes.get_xlabel() for axes in figure.axes] == ["days", "days", "trait x (0: most sensitive)"]
    for axes in figure.axes:
        legend = axes.get_legend()
        assert legend is not None
        assert [t.get_text() for t in legend.get_texts()] == [f"$\\theta$ = {r}" for r in ("0", "0.3")]
