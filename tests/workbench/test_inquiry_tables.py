import dataclasses

import numpy as np
import pandas as pd
import pytest
from inquiry_fakes import make_inquiry, make_profile

from identifiability.codes import VerdictCode
from identifiability.result import Verdict
from workbench.codec import dumps, loads
from workbench.columns import INQUIRY_TABLES
from workbench.inquiry_record import admitted_ensemble
from workbench.store import CohortIndex, RunStore
from workbench.tables import write_tables


def write(folder, model, records):
    index = CohortIndex(tuple(r.patient.patient_id for r in records))
    write_tables(RunStore(folder), records, index, model, "profile95")
    return folder


def read(folder, name):
    return pd.read_csv(folder / name, dtype={"patient_id": str})


@pytest.fixture
def record(make_record):
    known = make_record("P1")
    structural = (
        Verdict("structural", "c", False, "", "", "c is open.", VerdictCode.STRUCTURALLY_OPEN),
        Verdict(
            "structural", "all", False, "", "", "Under dose 1 throughout, c is open.", VerdictCode.SEVERAL
        ),
    )
    diagnosis = dataclasses.replace(known.diagnosis, verdicts=structural + known.diagnosis.verdicts)
    known = dataclasses.replace(known, diagnosis=diagnosis)
    return dataclasses.replace(known, inquiry=make_inquiry(known))


@pytest.fixture
def written(tmp_path, model, record, make_record):
    return write(tmp_path, model, [record, make_record("P2", failure="identifiability")])


def test_an_ordinary_run_has_no_tables_of_identify(tmp_path, model, make_record):
    folder = write(tmp_path, model, [make_record("P1")])
    assert not any((folder / name).exists() for name in INQUIRY_TABLES)
    assert (folder / "information.csv").is_file()


def test_codes_and_structural_rows(written):
    table = read(written, "identifiability.csv")
    mine = table[(table["patient_id"] == "P1") & (table["criterion"] == "structural")].set_index("parameter")
    assert mine.loc["c", "code"] == "STRUCTURALLY_OPEN"
    assert mine.loc["all", "code"] == "SEVERAL"
    assert mine[["fim_rank", "fim_condition", "ci_low", "ci_high", "level"]].isna().all().all()
    assert set(table.loc[table["patient_id"] == "P2", "code"]) == {"STAGE_FAILED"}
    other = table[(table["patient_id"] == "P1") & (table["criterion"] == "paper")]
    assert other["fim_rank"].eq(4).all()


def test_profiles_hold_the_quantities_with_their_units(written, record):
    table = read(written, "profiles.csv")
    low = table[table["parameter"] == "window_low"]
    np.testing.assert_allclose(low["value"], record.inquiry.quantity("window_low").values, atol=1e-9)
    assert set(low["unit"]) == {"fraction of the maximum tolerated dose"}
    assert low["inside"].any()
    assert not low["inside"].all()


def test_next_visits(written):
    table = read(written, "next_visits.csv")
    assert list(table["days"].astype(str)) == ["214", "214 270"]
    assert list(table["closed"]) == [0.4, 0.9]
    assert list(table["width_after"]) == [0.12, 0.08]
    assert table["best"].all()
    assert table["sentence"].str.startswith("No single further visit closes window_low").all()


def test_bootstrap_stands_beside_the_profile(written, record):
    table = read(written, "bootstrap.csv").set_index("name")
    assert table.loc["c", "on_bound"] == 0.05
    assert table.loc["window_low", "missing"] == 0.1
    low, high = record.inquiry.quantity("window_low").ci
    assert table.loc["window_low", "profile_lower"] == pytest.approx(low)
    assert table.loc["window_low", "profile_upper"] == pytest.approx(high)
    assert table.loc["r", "profile_lower"] == pytest.approx(record.diagnosis.profile("r").ci[0])


def test_bounds(written):
    (row,) = read(written, "bounds.csv").to_dict("records")
    assert row["parameter"] == "delta"
    assert row["rests_on_bound"]
    assert "moving it to 10 moves the edge to 0.70" in row["sentence"]


def test_information(written):
    table = read(written, "information.csv")
    kinds = table.groupby("kind").size()
    assert kinds["parameter"] == 4
    assert kinds["eigenvalue"] == kinds["eigenvalue_paper"] == 4
    assert kinds["correlation"] == 6
    assert table.loc[table["kind"] == "parameter", "relative_se"].eq(1.0).all()


def test_an_answer_survives_the_store(record):
    again = loads(dumps(record.inquiry))
    assert again.quantity("window_low").ci == record.inquiry.quantity("window_low").ci
    assert again.inquiry.designs[0].sentence == record.inquiry.inquiry.designs[0].sentence
    np.testing.assert_array_equal(again.inquiry.planes[0].rise, record.inquiry.inquiry.planes[0].rise)
    assert again.options == record.inquiry.options


def test_admitted_sets_of_quantities_join_those_of_parameters(record):
    profile = make_profile(record.fit, "window_low", 0.6, rise_without=1.0)
    known = record.diagnosis.ensemble
    joined = admitted_ensemble(known, [profile])
    assert len(joined) > 1
    assert np.any(np.all(np.isclose(joined.values, profile.set_without), axis=1))
    excluded = make_profile(record.fit, "window_low", 0.6, rise_without=5.0)
    joined = admitted_ensemble(known, [excluded])
    assert not np.any(np.all(np.isclose(joined.values, excluded.set_without), axis=1))
