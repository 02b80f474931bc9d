"""The whole line on other cohorts: prostate marker, with a schedule file, lesion diameters, mice."""

import sys

import pandas as pd
import pytest

from workbench import cli

pytestmark = [pytest.mark.slow, pytest.mark.cohorts]


@pytest.mark.parametrize(
    ("file", "options", "likelihood"),
    [
        ("abiraterone_psa_adaptive.csv", (), "log_normal"),
        ("intermittent_adt_psa.csv", ("--schedule", "intermittent_adt_schedule.csv"), "log_normal"),
        ("target_lesion_diameter.csv", (), "log_normal"),
        ("lxf_erlotinib_volume.csv", (), "log_normal"),
    ],
)
def test_two_patients_go_through(cohort_dir, tmp_path, monkeypatch, file, options, likelihood):
    ids = list(dict.fromkeys(pd.read_csv(cohort_dir / file, dtype={"patient_id": str})["patient_id"]))[:2]
    chosen = [part for name in ids for part in ("--patient", name)]
    options = [cohort_dir / o if o.endswith(".csv") else o for o in options]
    arguments = ["run", cohort_dir / file, *options, *chosen, "-o", tmp_path / "run", "-q"]
    monkeypatch.setattr(sys, "argv", ["evodose", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in (0, 3), "patients that cannot be fitted are told, not raised"
    fits = pd.read_csv(tmp_path / "run" / "fits.csv", dtype={"patient_id": str})
    assert set(fits["patient_id"]) == set(ids)
    assert set(fits["likelihood"].dropna()) == {likelihood}
    verdicts = pd.read_csv(tmp_path / "run" / "identifiability.csv", dtype={"patient_id": str})
    assert {"structural", "paper", "profile95"} <= set(verdicts["criterion"])
    html = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert all(name in html for name in ids)
