import math

import pytest
import sympy as sp

from dynamics.catalogue import get_model
from dynamics.schedule import DoseSchedule
from identifiability.structural.experiment import (
    ConstantDose,
    ExperimentError,
    Experiments,
    GenericInput,
    Phases,
    experiment_of,
)
from identifiability.structural.from_model import system_from_strings, system_of
from identifiability.structural.local import local_analysis
from identifiability.structural.witness import WitnessError, rank_at_switch_times

TURNOVER = system_from_strings(
    "two populations with turnover",
    {"S": "rS*S*(1 - (S + R)/K)*(1 - dD*u) - dS*S", "R": "rR*R*(1 - (S + R)/K) - dR*R"},
    ["S + R"],
    inputs=["u"],
)
# In the drug's absence x2 is lost unseen at the rate k; it shows only while the drug is given.
WASHOUT = system_from_strings("washout", {"x1": "u*x2", "x2": "-k*(1 - u)*x2"}, ["x1"], inputs=["u"])


@pytest.mark.parametrize(
    ("experiment", "defect"),
    [
        (GenericInput(), 0),
        (ConstantDose(1), 2),
        (ConstantDose(0.4), 2),
        (ConstantDose(0), 1),
        (Phases([0, 1]), 0),
        (Phases([1, 0], [30, 20]), 0),
        (Phases([1, 1], [30, 20]), 2),
        (Phases([1, 0.5], [30, 20]), 0),
        (Phases([1, 0] * 10, [30, 20] * 10), 0),
    ],
    ids=lambda value: getattr(value, "words", None),
)
def test_turnover_under_dosing_patterns(experiment, defect):
    """The project's own table, computed before by another program: 0 generic, 2 on, 1 never, 0 off and on."""
    answer = local_analysis(TURNOVER, experiment)
    assert answer.rank_defect == defect
    assert all(answer.identifiable) == (defect == 0)


def test_what_a_constant_dose_hides():
    on = local_analysis(TURNOVER, ConstantDose(1))
    assert not any(on.of(name) for name in ("rS", "dD", "dS", "rR", "dR", "K"))
    assert on.of("S(0)")
    assert on.absent == ()
    never = local_analysis(TURNOVER, ConstantDose(0))
    assert never.absent == ("dD",)
    assert not never.of("dD")
    assert "dD drops out" in never.remarks[0]


class TestBetweenReplicasAndGenericInput:
    """A generic input over-claims, independent replicas under-claim; the continuous state decides."""

    def test_generic_input(self):
        assert local_analysis(WASHOUT).rank_defect == 0

    def test_replicas(self):
        apart = Experiments([ConstantDose(1), ConstantDose(0), ConstantDose(1)])
        assert not local_analysis(WASHOUT, apart).of("k")

    def test_pause_between_two_doses_shows_the_loss(self):
        assert local_analysis(WASHOUT, Phases([1, 0, 1], [3, 4, 5])).rank_defect == 0
        assert local_analysis(WASHOUT, Phases([1, 0, 1])).rank_defect == 0

    def test_one_switch_does_not(self):
        off_on = local_analysis(WASHOUT, Phases([0, 1], [3, 4]))
        assert off_on.null_directions == (("k", "x2(0)"),)
        on_off = local_analysis(WASHOUT, Phases([1, 0], [3, 4]))
        assert on_off.null_directions == (("k",),)
        assert on_off.of("x2(0)")


@pytest.mark.parametrize(("pauses", "defect"), [(1, 2), (2, 1), (3, 0), (4, 0)])
def test_each_pause_shows_one_number_more(pauses, defect):
    """In a pause x2 moves by a cubic in time with three unknown coefficients; only its value afterwards is seen."""
    states = {"x1": "u*x2", "x2": "(1 - u)*x3", "x3": "(1 - u)*x4", "x4": "(1 - u)*x5", "x5": "0"}
    system = system_from_strings("cubic", states, ["x1"], inputs=["u"])
    pattern = Phases([1] + [0, 1] * pauses, [7] + [3, 2] * pauses)
    answer = local_analysis(system, pattern)
    assert answer.rank_defect == defect
    assert answer.of("x2(0)")
    assert rank_at_switch_times(system, pattern).rank_defect == defect


class TestCompetitionFromAKnownStart:
    SYSTEM = system_of(get_model("competition"))

    @pytest.mark.parametrize(
        "schedule",
        [
            DoseSchedule.constant(1.0),
            DoseSchedule.cycles(1.0, 30, 20, 4),
            DoseSchedule.cycles(0.6, 7, 7, 40),
            DoseSchedule.held_forward([0, 10, 33, 80], [0.0, 1.0, 0.5, 0.25]),
        ],
    )
    def test_treated(self, schedule):
        answer = local_analysis(self.SYSTEM, experiment_of(schedule, 300))
        assert answer.unknowns == ("r", "K", "delta", "c")
        assert all(answer.identifiable)

    def test_never_treated(self):
        answer = local_analysis(self.SYSTEM, ConstantDose(0))
        assert [answer.of(name) for name in answer.unknowns] == [True, True, False, True]

    def test_turnover_needs_a_switch(self):
        turnover = system_of(get_model("turnover"))
        assert local_analysis(turnover, ConstantDose(1)).null_directions == (("r_S", "d_D"),)
        assert local_analysis(turnover, Phases([1, 0], [30, 20])).rank_defect == 0

    def test_known_start_is_the_start_of_the_first_phase(self):
        """What is known at the first visit is no longer known at the switch."""
        system = system_from_strings(
            "decay before the dose",
            {"x": "-a*(1 - u)*x - b*u*x"},
            ["u*x"],
            inputs=["u"],
            known=["x0"],
            initial={"x": "x0"},
        )
        # Seen only under the dose: the known start and the length of the first phase give a.
        assert local_analysis(system, Phases([0, 1], [5, 5])).rank_defect == 0
        assert local_analysis(system, Phases([1, 0], [5, 5])).null_directions == (("a",),)


WITNESSED = [
    (WASHOUT, Phases([1, 0, 1], [10, 20, 30])),
    (WASHOUT, Phases([0, 1], [10, 20])),
    (TURNOVER, ConstantDose(1)),
    (TURNOVER, Phases([0, 1], [30, 50])),
    (TURNOVER, Phases([1, 0, 1, 0], [30, 20, 20, 20])),
    (system_of(get_model("turnover")), ConstantDose(1)),
    (system_of(get_model("competition")), Phases([1, 0, 1], [30, 20, math.inf])),
    (
        system_from_strings("Gompertz", {"N": "r*N*log(K/N) - u*d*N"}, ["c*N"], inputs=["u"]),
        Phases([1, 0, 1], [1, 2, 3]),
    ),
    (
        system_from_strings("root", {"N": "r*N*(1 - sqrt(N/K)) - u*d*N"}, ["c*N"], inputs=["u"]),
        Phases([1, 0], [1, 2]),
    ),
]


@pytest.mark.parametrize(
    ("system", "experiment"), WITNESSED, ids=[f"{s.name}-{e.words}" for s, e in WITNESSED]
)
def test_real_numbers_agree(system, experiment):
    """Formal phase lengths against the true ones: the same rank, with a gap of many digits."""
    exact = local_analysis(system, experiment)
    witness = rank_at_switch_times(system, experiment)
    assert (witness.unknowns, witness.rank) == (exact.unknowns, exact.rank)
    assert witness.singular_values[witness.rank - 1] > 1e-12
    if witness.rank_defect:
        assert witness.singular_values[witness.rank] < 1e-48
        assert witness.gap > 1e36
    else:
        assert witness.gap == math.inf


def test_witness_at_a_patients_values():
    """Values of the order of Masud 2023, Table 1; visits and doses in days."""
    values = {"r": 0.12, "K": 1.5, "delta": 0.1, "c": 2.5, "V0": 1.0, "f_R": 0.01}
    pattern = experiment_of(DoseSchedule.cycles(1.0, 30, 20, 2), 100)
    witness = rank_at_switch_times(system_of(get_model("competition")), pattern, values)
    assert witness.rank == 4


def test_witness_sees_that_one_dose_gives_a_sum_only():
    system = system_from_strings("decay", {"x": "-(a + u*b)*x"}, ["x"], inputs=["u"])
    witness = rank_at_switch_times(system, Phases([1, 0], [1, 1]), {"a": 0.5, "b": 0.25, "x(0)": 1.0})
    assert witness.rank == 3
    same = rank_at_switch_times(system, ConstantDose(1), {"a": 0.5, "b": 0.25, "x(0)": 1.0})
    assert same.rank == 2
    assert same.singular_values[2] < 1e-48


def test_witness_refuses_what_it_cannot_follow():
    system = system_from_strings("explosion", {"x": "a*x**2 + u*b"}, ["x"], inputs=["u"])
    with pytest.raises(WitnessError, match="could not be followed through a phase of 100"):
        rank_at_switch_times(system, Phases([1, 0], [100, 1]), {"a": 1.0, "b": 1.0, "x(0)": 1.0})
    with pytest.raises(ExperimentError, match="no lengths"):
        rank_at_switch_times(system, Phases([1, 0]))
    with pytest.raises(ExperimentError, match="one experiment in phases"):
        rank_at_switch_times(system, GenericInput())  # pyright: ignore[reportArgumentType]


def test_long_schedules_are_followed_to_a_limit_that_is_told():
    system = system_from_strings(
        "uncalibrated",
        {"S": "rS*S*(1 - (S + R)/K)*(1 - dD*u)", "R": "rR*R*(1 - (S + R)/K)"},
        ["rho*(S + R)"],
        inputs=["u"],
    )
    cycles = Phases([1, 0] * 15, [30, 20] * 15)
    answer = local_analysis(system, cycles)
    assert answer.rank_defect == 1
    assert "first 12 of 30 phases" in answer.remarks[0]
    assert local_analysis(system, cycles, max_phases=30).remarks == ()


def test_levels_must_fit_the_inputs():
    with pytest.raises(ExperimentError, match="give one for each input"):
        local_analysis(TURNOVER, ConstantDose((1, 0)))


def test_two_inputs():
    """Each drug shows its own effect only where it is given."""
    system = system_from_strings("two drugs", {"x": "(g - a*u - b*v)*x"}, ["x"], inputs=["u", "v"])
    assert local_analysis(system, Phases([(1, 0), (0, 1), (0, 0)])).rank_defect == 0
    both = local_analysis(system, Phases([(1, 1), (0, 0)]))
    assert both.null_directions == (("a", "b"),)
    assert local_analysis(system, Phases([(1, 0), (0, 0)])).absent == ("b",)


def test_without_inputs_the_dose_does_not_matter():
    system = system_from_strings("free growth", {"x": "g*x"}, ["x"])
    assert (
        local_analysis(system, Phases([1, 0, 1])).identifiable
        == local_analysis(system).identifiable
        == (True, True)
    )


def test_time_runs_on_across_switches():
    """A growth rate that dies away with time since the first visit, not since the switch."""
    system = system_from_strings("ageing", {"x": "(g*exp(-k*t) - u*d)*x"}, ["x"], inputs=["u"])
    assert local_analysis(system, Phases([1, 0, 1], [3, 4, 5])).rank_defect == 0
    assert sp.Symbol("t") in system.initial
