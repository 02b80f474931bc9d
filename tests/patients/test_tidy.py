import math
from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamics.schedule import DoseSchedule
from patients.cohort import Cohort, Exclusion, Patient
from patients.loading import load_cohort
from patients.readers import write_schedule, write_tidy
from patients.sheet import _NO_IDENTIFIER


def same_measurements(a, b):
    assert a.patient_id == b.patient_id
    assert a.times.tolist() == b.times.tolist()
    assert a.burdens.tolist() == b.burdens.tolist()
    assert a.censoring.tolist() == b.censoring.tolist()
    assert a.marker == b.marker
    assert a.virtual == b.virtual
    np.testing.assert_equal(
        sorted((e.time_days, e.burden, e.reason) for e in a.excluded),
        sorted((e.time_days, e.burden, e.reason) for e in b.excluded),
    )


def same_doses(a, b):
    edges = sorted({*a.schedule.edges, *b.schedule.edges, -1e4, 1e5} - {math.inf})
    middles = [(x + y) / 2 for x, y in pairwise(edges)]
    assert a.schedule.dose_at(np.array(middles)).tolist() == b.schedule.dose_at(np.array(middles)).tolist()


def test_everything_comes_back(tmp_path):
    patient = Patient(
        'say "x", y;z',
        np.array([-3.0, 0.1, 14.0, 30.0]),
        np.array([100.0, 0.1, 1 / 3, 500.0]),
        DoseSchedule((-10.0, 5.0, 14.0, 21.0, 40.0), (0.5, 0.0, 1.0, 1 / 3)),
        "LDH_U_per_L",
        np.array([0, -1, 0, 1]),
        excluded=(
            Exclusion(7.0, -5.0, "its burden is negative", 4),
            Exclusion(14.0, 9.0, "second burden of day 14", 5),
        ),
        virtual=True,
    )
    cohort = Cohort((patient,), virtual=True)
    write_tidy(cohort, tmp_path / "tidy.csv")
    write_schedule(cohort, tmp_path / "doses.csv")

    back, problems = load_cohort(tmp_path / "tidy.csv")
    assert not [p for p in problems if p.severity != "note"]
    assert back.virtual
    same_measurements(back[patient.patient_id], patient)
    same_doses(back[patient.patient_id], patient)

    back, problems = load_cohort(tmp_path / "tidy.csv", tmp_path / "doses.csv")
    assert not [p for p in problems if p.severity != "note"]
    same_measurements(back[patient.patient_id], patient)
    assert back[patient.patient_id].schedule == patient.schedule


def test_left_out_rows_without_day_or_burden_come_back(tmp_path):
    lost = (
        Exclusion(9.0, math.nan, "no burden was recorded"),
        Exclusion(math.nan, 8.0, "its day is not known"),
    )
    patient = Patient("A", [0.0, 7.0], [5.0, 4.0], DoseSchedule.constant(1.0), excluded=lost)  # type: ignore[arg-type]
    write_tidy(Cohort((patient,)), tmp_path / "tidy.csv")
    back, problems = load_cohort(tmp_path / "tidy.csv")
    assert problems == ()
    np.testing.assert_equal(
        [(e.time_days, e.burden, e.reason) for e in back["A"].excluded],
        [(e.time_days, e.burden, e.reason) for e in lost],
    )


DAYS = st.integers(-40, 4000).map(lambda n: n / 8)
BURDENS = st.floats(1e-3, 1e6)
LABELS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=8)


@st.composite
def patients(draw):
    times = sorted(draw(st.sets(DAYS, min_size=2, max_size=6)))
    edges = sorted(draw(st.sets(DAYS, min_size=1, max_size=5)))
    end = draw(st.sampled_from([math.inf, edges[-1] + 1.5]))
    doses = draw(st.lists(st.sampled_from([0.0, 0.25, 1 / 3, 1.0]), min_size=len(edges), max_size=len(edges)))
    size = {"min_size": len(times), "max_size": len(times)}
    return (
        times,
        draw(st.lists(BURDENS, **size)),
        draw(st.lists(st.sampled_from([-1, 0, 0, 1]), **size)),
        DoseSchedule((*edges, end), tuple(doses)),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        LABELS.filter(lambda s: s.casefold() not in _NO_IDENTIFIER),
        patients(),
        min_size=1,
        max_size=3,
    )
)
def test_any_cohort_comes_back(tmp_path, series):
    cohort = Cohort(
        tuple(
            Patient(patient_id, np.array(times), np.array(burdens), schedule, "m", np.array(censoring))
            for patient_id, (times, burdens, censoring, schedule) in series.items()
        )
    )
    write_tidy(cohort, tmp_path / "tidy.csv")
    write_schedule(cohort, tmp_path / "doses.csv")
    alone, _ = load_cohort(tmp_path / "tidy.csv")
    paired, _ = load_cohort(tmp_path / "tidy.csv", tmp_path / "doses.csv")
    for patient in cohort:
        for back in (alone[patient.patient_id], paired[patient.patient_id]):
            same_measurements(back, patient)
            same_doses(back, patient)
        assert paired[patient.patient_id].schedule == patient.schedule
