import numpy as np
import pytest

from patients.check import check
from patients.loading import load_cohort

pytestmark = pytest.mark.cohorts


def summary(problems):
    return {s: sum(p.severity == s for p in problems) for s in ("error", "warning", "note")}


def test_melanoma(cohort_dir):
    cohort, problems = load_cohort(cohort_dir / "melanoma_ldh.csv")
    assert problems == ()
    assert len(cohort) == 8
    assert sum(map(len, cohort)) == 37
    assert [(p.patient_id, e.time_days, e.burden, e.row) for p in cohort for e in p.excluded] == [
        ("MEL05", 29.0, 497.0, 21),
        ("MEL08", 84.0, 507.0, 38),
    ]
    assert all(p.schedule.doses == (1.0,) and p.marker == "LDH_U_per_L" for p in cohort)


def test_abiraterone(cohort_dir):
    cohort, problems = load_cohort(cohort_dir / "abiraterone_psa_adaptive.csv")
    assert len(cohort) == 17
    assert sum(map(len, cohort)) == 504
    assert [p.message for p in problems] == ["1 unknown column ignored: cohort"]
    assert sum(p.schedule.dose_at(p.times[0]) == 0 for p in cohort) == 13
    assert min(p.burdens.min() for p in cohort) == 0.03


def test_intermittent_with_its_schedule(cohort_dir):
    visits, schedule = cohort_dir / "intermittent_adt_psa.csv", cohort_dir / "intermittent_adt_schedule.csv"
    cohort, problems = load_cohort(visits, schedule)
    assert len(cohort) == 36
    assert sum(map(len, cohort)) == 1597
    assert summary(problems)["error"] == summary(problems)["warning"] == 0
    dropped = [p for p in problems if "starts and ends on" in p.message]
    assert [p.patient_id for p in dropped][:3] == ["B014", "B016", "B030"]
    assert cohort["B001"].schedule.edges[:3] == (0, 280, 399)
    assert cohort["B001"].schedule.doses[:3] == (1, 0, 1)
    # No dose is carried beyond the last segment.
    assert cohort["B001"].schedule.dose_at(1900.0) == 0
    report = check(visits, schedule)
    assert report.patients[0].doses == "on-off, 8 switches"


def test_intermittent_without_its_schedule_says_what_it_assumes(cohort_dir):
    cohort, problems = load_cohort(cohort_dir / "intermittent_adt_psa.csv")
    assert summary(problems) == {"error": 0, "warning": 1, "note": 2}
    assert "maximum tolerated dose is assumed" in problems[0].message
    assert all(p.notes for p in cohort)


def test_lesions(cohort_dir):
    cohort, problems = load_cohort(cohort_dir / "target_lesion_diameter.csv")
    assert len(cohort) == 626
    assert [r.patient_id for r in cohort.rejected] == ["Study3-0307", "Study3-0422"]
    assert sum(map(len, cohort)) == 3543 - 2 - 4
    assert sum(len(p.excluded) for p in cohort) == 4
    assert summary(problems) == {"error": 0, "warning": 3, "note": 7}
    assert any(p.message.startswith("622 patients") and "before day 0" in p.message for p in problems)


def test_xenografts_without_a_dose_column_are_not_silently_treated(cohort_dir):
    cohort, problems = load_cohort(cohort_dir / "lxf_erlotinib_volume.csv")
    assert len(cohort) == 30
    warnings = [p for p in problems if p.severity == "warning"]
    assert any(p.column == "dose_fraction_of_high_arm" and "rename it to dose" in p.remedy for p in warnings)
    assert any("maximum tolerated dose is assumed" in p.message for p in warnings)
    assert all(np.all(p.burdens > 0) for p in cohort)


def test_dose_events_are_refused_as_a_schedule(cohort_dir):
    report = check(cohort_dir / "lxf_erlotinib_volume.csv", cohort_dir / "lxf_erlotinib_doses.csv")
    assert not report.ok
    assert any("t_end is missing" in p.message for p in report.problems)
