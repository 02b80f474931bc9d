import dataclasses
import json

import numpy as np
import pytest

from dosing.optimal.arcs import Arc, ArcLabel
from dosing.schedule_result import PatientSchedule
from dosing.schedule_scores import PolicyScore, ScheduleCourses
from workbench.codec import dumps, loads
from workbench.report.plots.schedule import schedule_figure, shows_derivative
from workbench.report.schedule_view import overview_row, schedule_view, ttp
from workbench.schedule_store import (
    NONE,
    NOT_SUPPORTED,
    REFUSE,
    SUPPORTED,
    ScheduleStore,
    StoredSchedule,
    as_json,
    standing_of,
)
from workbench.store import RunStore

DAYS = np.linspace(0, 60, 31)


def score(name, share):
    return PolicyScore(name, f"{name}.", share, 60.0, 31.0, 30.0, 0.5, 60.0, False, 0.0)


@pytest.fixture
def schedule():
    burdens = 359 - DAYS
    return PatientSchedule(
        "P1", "custom", "running cost u", 359.0, 359.0, 430.8, 60.0, 20.0, edges_days=np.array([0.0, 20, 40, 60]),
        doses=np.array([1.0, 0.41234, 0.0]), running="u", numbers={"B": 2.0}, status="Solved.", cost=1.5, defect=2e-5,
        violations={"S(T) == K_tol": 0.0}, elements=2, witness="The sign stands.", structure=("The dose u: full.",),
        arcs=(
            Arc("u", ArcLabel.FULL, 0, 20, 1.0, 0.3), Arc("u", ArcLabel.SINGULAR, 20, 40, 0.4, 0.0),
            Arc("u", ArcLabel.ZERO, 40, 60, 0.0, 0.3),
        ),
        switching=np.array([-0.3, 0.0, 0.3]), switching_linear=True, evidence="profiles", members=40,
        rests_on="They are judged on sets.", progression="Progression: 430.8.",
        scores=(score("optimal schedule", 0.9), score("MTD", 0.2)),
        courses=ScheduleCourses(DAYS, burdens, burdens - 20, burdens + 20, burdens / 2, np.zeros(0)),
    )  # fmt: skip


def test_the_figure_shows_dose_burden_and_switching_function(schedule):
    svg = schedule_figure(schedule, "LDH_U_per_L")
    for text in (
        "full",
        "singular",
        "zero",
        "(U/L)",
        "MTD",
        "switching",
        "progression",
        "90 % of the evidence",
    ):
        assert text in svg
    assert "AT50" not in svg  # there is none at this tolerable burden
    assert svg.count("days since the first measurement") == 1


def test_a_derivative_that_is_zero_throughout_gets_no_panel(schedule):
    quiet = dataclasses.replace(
        schedule, switching_linear=False, arcs=(Arc("u", ArcLabel.INTERIOR, 0, 60, 0.5, 0.0),)
    )
    assert shows_derivative(schedule)
    assert not shows_derivative(quiet)
    assert "∂H/∂dose" not in schedule_figure(quiet, "PSA")
    bounded = dataclasses.replace(quiet, arcs=schedule.arcs)
    assert "∂H/∂dose" in schedule_figure(bounded, "PSA")


def test_a_point_estimate_has_no_band(schedule):
    assert "of the evidence" not in schedule_figure(dataclasses.replace(schedule, members=1), "PSA")


def test_the_standing_follows_the_run_then_the_evidence(schedule, make_record):
    good, bad = make_record("P1"), make_record("P2", first=360.0)
    assert (good.recommended, bad.recommended) == (True, False)
    assert standing_of(schedule, good, 0.9, 1.0).action == SUPPORTED
    low = standing_of(schedule, good, 0.95, 1.0)
    assert low.action == NOT_SUPPORTED
    assert low.reason.startswith(
        "Under this schedule 90 % of the evidence stays without progression over 60 days; 95 %"
    )
    assert "a tolerable burden of 1.2 times the first" in standing_of(schedule, good, 0.9, 1.2).reason
    refused = standing_of(schedule, bad, 0.5, 1.0)
    assert refused.action == REFUSE
    assert refused.reason.startswith(bad.reason)
    none = dataclasses.replace(schedule, reason="No schedule: infeasible.")
    assert standing_of(none, good, 0.5, 1.0).action == NONE
    assert standing_of(none, bad, 0.5, 1.0).reason == f"{bad.reason} No schedule: infeasible."


def test_without_scores_nothing_is_supported(schedule, make_record):
    bare = dataclasses.replace(schedule, scores=())
    assert standing_of(bare, make_record("P1"), 0.5, 1.0).action == NOT_SUPPORTED


def test_json_holds_no_number_that_json_does_not_have(schedule, make_record):
    standing = standing_of(schedule, make_record("P1"), 0.9, 1.0)
    content = json.loads(json.dumps(as_json(schedule, standing), allow_nan=False))
    assert content["schedule"][1] == {"t_start": 20.0, "t_end": 40.0, "dose": 0.41234}
    assert content["solution"]["witness_dose_difference"] is None
    assert content["solution"]["arcs"][0] == {"label": "full", "t_start": 0, "t_end": 20, "mean_dose": 1.0}
    assert content["objective"]["numbers"] == {"B": 2.0}
    assert content["total_dose_days"] == pytest.approx(20 * 1.41234)
    assert content["scores"][1]["share_without_progression"] == 0.2


def test_a_schedule_survives_the_disk_and_a_damaged_one_is_absent(schedule, tmp_path):
    again = loads(dumps(StoredSchedule(schedule, "asked"))).schedule
    assert again.arcs == schedule.arcs
    assert np.array_equal(again.doses, schedule.doses)
    store = RunStore(tmp_path / "run")
    kept = ScheduleStore(store)
    assert not kept.has("P1")
    kept.save(StoredSchedule(schedule, "asked"))
    assert [s.objective for s in kept.all_of("P1")] == ["custom"]
    store.path("P1", "schedule-custom").write_bytes(b"half of a fi")
    assert kept.load("P1", "custom") is None
    assert "it is computed again" in store.notes[0]
    kept.clear()
    assert not kept.has("P1")


def test_the_view_merges_equal_doses_and_tells_the_numbers(schedule, make_record):
    record = make_record("P1")
    standing = standing_of(schedule, record, 0.9, 1.0)
    level = dataclasses.replace(schedule, doses=np.array([0.5, 0.5, 0.0]))
    view = schedule_view(level, standing, record.patient)
    assert [(r["start"], r["end"], r["dose"]) for r in view["rows"]] == [
        ("0", "40", "50 %"),
        ("40", "60", "0 %"),
    ]
    facts = {f["name"]: f["text"] for f in view["facts"]}
    assert facts["Minimised"] == "integral of u; B = 2.000"
    assert facts["Subject to"] == "S(T) == K_tol (missed by 0)"
    assert "2.0e-05" in facts["Re-simulated"]
    row = overview_row(schedule, standing, linked=True)
    assert (row["share"], row["mtd"], row["worst"]) == ("90 %", "20 %", "31")


def test_the_horizon_is_no_progression():
    assert (ttp(60.0, 60.0), ttp(31.25, 60.0)) == ("> 60", "31.2")
