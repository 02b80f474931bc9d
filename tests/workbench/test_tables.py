import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fitting.result import FitStatus
from workbench.columns import TABLES, as_markdown
from workbench.decision import decide
from workbench.record import PatientRecord
from workbench.rows import fit_rows
from workbench.store import CohortIndex, RunStore
from workbench.tables import cell, write_tables

LEADING = {
    "fits.csv": "patient_id, parameter, unit, estimate, se, rse_percent, ci_low, ci_high, status",
    "identifiability.csv": "patient_id, criterion, parameter, verdict, lower_status, upper_status, sentence",
    "regimens.csv": "patient_id, action, dose_fraction, window_low, window_high, reason",
}


@pytest.fixture
def written(tmp_path, model, make_record, excluded):
    """Tables of four patients: recommended, refused, not fitted, not diagnosed."""
    records = [
        make_record("P1", 359.0, excluded=excluded),
        make_record("=1+1", 358.0, virtual=True),
        make_record('a,"b"\nc', 357.0, failure="fitting"),
        make_record("007", 356.0, failure="identifiability"),
    ]
    store = RunStore(tmp_path)
    index = CohortIndex(tuple(r.patient.patient_id for r in records), (("P9", "no usable measurement"),))
    decisions = write_tables(store, records, index, model, "profile95")
    return tmp_path, records, decisions


def read(folder, name):
    return pd.read_csv(folder / name, dtype={"patient_id": str})


@pytest.mark.parametrize("name", LEADING)
def test_tables_begin_with_the_agreed_columns(written, name):
    header = (written[0] / name).read_text().splitlines()[0]
    assert header.startswith(",".join(LEADING[name].split(", ")) + ",")


@pytest.mark.parametrize("name", TABLES)
def test_every_table_can_be_read_and_keeps_the_identifiers(written, name):
    folder, records, _ = written
    found = set(read(folder, name)["patient_id"])
    assert found <= {r.patient.patient_id for r in records} | {"P9"}
    assert "P1" in found


def test_patients_stand_in_the_order_of_the_input(written):
    folder, records, _ = written
    assert list(read(folder, "regimens.csv")["patient_id"]) == [r.patient.patient_id for r in records]


def test_numbers_carry_enough_digits(written):
    folder, records, _ = written
    fits = read(folder, "fits.csv")
    mine = fits[fits["patient_id"] == "P1"]
    np.testing.assert_allclose(mine["estimate"], records[0].fit.estimates, rtol=1e-9)
    np.testing.assert_allclose(mine["se"], records[0].fit.se, rtol=1e-9)
    profiles = read(folder, "profiles.csv")
    mine = profiles[(profiles["patient_id"] == "P1") & (profiles["parameter"] == "c")]
    np.testing.assert_allclose(mine["rise"], records[0].diagnosis.profile("c").rise, atol=1e-9)
    np.testing.assert_allclose(mine["at_c"], mine["value"])


def test_each_criterion_has_one_row_for_all(written):
    folder, records, _ = written
    table = read(folder, "identifiability.csv")
    counts = table[table["parameter"] == "all"].groupby(["patient_id", "criterion"]).size()
    assert set(counts) == {1}
    assert len(counts) == 2 * len(records)


def test_who_failed_stays_with_the_reason(written):
    folder, _, decisions = written
    fits, regimens = read(folder, "fits.csv"), read(folder, "regimens.csv")
    row = fits[fits["patient_id"] == 'a,"b"\nc'].iloc[0]
    assert row["status"] == "not_fitted"
    assert "broke down" in row["status_sentence"]
    failed = regimens[regimens["failed"]]
    assert list(failed["patient_id"]) == ['a,"b"\nc', "007"]
    assert set(failed["action"]) == {"refuse"}
    assert failed["reason"].str.contains("broke down").all()
    assert [d.failed for d in decisions] == [False, False, True, True]


def test_a_recommendation_and_a_refusal(written):
    regimens = read(written[0], "regimens.csv").set_index("patient_id")
    assert regimens.loc["P1", "action"] == "recommend"
    assert regimens.loc["P1", "dose_fraction"] == 0.62
    assert regimens.loc["P1", "ttp_days"] == 1460
    assert regimens.loc["P1", "window_low"] == 0.565635
    assert regimens.loc["=1+1", "action"] == "refuse"
    assert np.isnan(regimens.loc["=1+1", "dose_fraction"])
    assert not regimens.loc["=1+1", "identified_profile"]


def test_exclusions_name_rows_and_patients(written):
    table = read(written[0], "exclusions.csv").set_index("patient_id")
    assert table.loc["P1", "reason"] == "marked as not used in the file"
    assert table.loc["P1", "row"] == 12
    assert table.loc["P9", "kind"] == "patient"


def test_regimens_are_strict_json(written):
    content = json.loads((written[0] / "regimens.json").read_text(), parse_constant=pytest.fail)
    first = content["regimens"][0]
    assert first["schedule"] == [{"t_start": 0.0, "t_end": None, "dose": 0.62}]
    assert first["support_by_dose"][14] == [0.7, 1.0]
    assert content["regimens"][1]["dose_fraction"] is None
    assert content["research_use_only"] is True


def test_every_column_is_documented():
    page = Path(__file__).parents[2] / "docs" / "tables.md"
    assert page.read_text(encoding="utf-8") == as_markdown(), (
        "run: python -m workbench.columns > docs/tables.md"
    )


def test_an_undeclared_column_is_an_error(tmp_path, make_record, model, monkeypatch):
    monkeypatch.setattr("workbench.rows.strategy_rows", lambda record: [{"patient_id": "x", "mood": "good"}])
    with pytest.raises(KeyError, match="mood"):
        write_tables(RunStore(tmp_path), [make_record()], CohortIndex(("P1",)), model, "profile95")


def test_a_fit_that_did_not_converge_counts_as_failed(make_record):
    import dataclasses

    record = make_record()
    fit = dataclasses.replace(record.fit, status=FitStatus.FAILED, converged=False)
    record = PatientRecord(record.patient, fit, record.diagnosis, record.regimen)
    assert decide(record).failed
    assert {row["status"] for row in fit_rows(record, decide(record))} == {"failed"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (float("nan"), ""), (float("inf"), "inf"), (True, "True"), (np.bool_(False), "False"),
     (1 / 3, "0.3333333333"), (np.float64(4.2e15), "4.2e+15"), (7, "7"), ("x", "x")],
)  # fmt: skip
def test_cells(value, text):
    assert cell(value) == text


def test_tables_use_unix_line_ends(written):
    content = (written[0] / "regimens.csv").read_bytes()
    assert b"\r" not in content
    assert len(list(csv.reader(content.decode().splitlines()))) >= 5
