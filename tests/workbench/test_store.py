import pytest

from workbench.record import Diagnosed, Failure
from workbench.store import STAGES, CohortIndex, RunStore, StoreError


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "run")


def save_all(store, record):
    name = record.patient.patient_id
    store.save_patient(record.patient)
    store.save(name, "fit", record.fit)
    store.save(name, "diagnosis", Diagnosed(record.fit, record.diagnosis))
    store.save(name, "regimen", record.regimen)


def test_a_record_comes_back(store, make_record):
    record = make_record("../../x")
    save_all(store, record)
    again = store.record("../../x")
    assert again.regimen.reason == record.regimen.reason
    assert again.diagnosis.verdict().sentence == record.diagnosis.verdict().sentence
    assert not again.failed
    assert store.record("somebody else") is None


def test_nothing_leaves_the_run_directory(store, make_record, tmp_path):
    for patient_id in ("../../x", "/etc/passwd", "..", "a/b\\c"):
        save_all(store, make_record(patient_id))
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    assert len(list((store.folder / "patients").iterdir())) == 4


def test_stages_are_done_in_order(store, make_record):
    record = make_record()
    assert store.first_missing("P1") == 0
    store.save("P1", "fit", record.fit)
    assert store.first_missing("P1") == 1
    store.save("P1", "diagnosis", Diagnosed(record.fit, record.diagnosis))
    store.save("P1", "regimen", record.regimen)
    assert store.first_missing("P1") == len(STAGES)


def test_after_a_failure_nothing_is_missing(store, make_record):
    store.save_patient(make_record().patient)
    store.save("P1", "fit", Failure("fitting", "one visit only"))
    assert store.first_missing("P1") == len(STAGES)
    record = store.record("P1")
    assert record.failed
    assert "one visit only" in record.reason


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half", None])
def test_a_damaged_file_is_missing_with_a_note(store, make_record, stage, damage):
    save_all(store, make_record())
    path = store.path("P1", stage)
    path.write_bytes(path.read_bytes()[:-30] if damage is None else damage)
    assert store.first_missing("P1") == STAGES.index(stage)
    assert f"{stage} of patient 'P1'" in store.notes[0]
    assert "computed again" in store.notes[0]


def test_a_folder_of_other_files_is_not_touched(tmp_path):
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(StoreError, match=r"thesis\.docx.*new directory"):
        RunStore(tmp_path)


def test_a_file_is_no_directory(tmp_path):
    (tmp_path / "run").write_text("x")
    with pytest.raises(StoreError, match="is a file"):
        RunStore(tmp_path / "run")


def test_clearing_keeps_what_no_run_wrote(store, make_record):
    save_all(store, make_record())
    store.write("manifest.json", "{}")
    (store.folder / "my notes.txt").write_text("keep")
    store.clear()
    assert [p.name for p in store.folder.iterdir()] == ["my notes.txt"]


def test_the_index_of_a_cohort_comes_back(store):
    index = CohortIndex(("a", "<b>\udcff"), (("c", "no visit"),), "x.csv", ("n",), ("error: …",), True)
    store.save_index(index)
    assert store.load_index() == index


def test_a_damaged_index_says_what_to_do(store):
    store.write("cohort.json", "{")
    with pytest.raises(StoreError, match="evodose run"):
        store.load_index()
