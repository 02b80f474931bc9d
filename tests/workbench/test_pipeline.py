import pytest

from workbench.observer import Silent
from workbench.options import RunOptions
from workbench.pipeline import compute
from workbench.store import RunStore


@pytest.fixture
def run(tmp_path, rooms, model, make_patient):
    """Compute patients in a run directory; return the store."""

    def go(ids, chunk=2, folder="run", observer=None):
        store = RunStore(tmp_path / folder)
        patients = [make_patient(i, 301.0 + 17 * k) for k, i in enumerate(ids)]
        compute(store, patients, model, RunOptions(), "poisson", observer or Silent(), chunk=chunk)
        return store

    return go


def test_every_patient_passes_every_stage_once(run, rooms):
    store = run(["a", "b", "c"])
    for stage in ("fit", "diagnose", "recommend"):
        assert [i for s, i in rooms.calls if s == stage] == ["a", "b", "c"]
    assert store.record("c").regimen is not None


def test_a_second_session_computes_nothing(run, rooms):
    run(["a", "b", "c"])
    rooms.calls.clear()
    run(["a", "b", "c"])
    assert rooms.calls == []


def test_a_new_patient_is_the_only_one_computed(run, rooms):
    run(["a", "b"])
    rooms.calls.clear()
    run(["a", "b", "c"])
    assert {i for _, i in rooms.calls} == {"c"}


def test_one_patient_that_breaks_a_stage_does_not_take_others_down(run):
    store = run(["a", "breaks", "c", "cannot-fit"], chunk=4)
    assert store.record("a").regimen is not None
    assert store.record("c").regimen is not None
    broken, unfit = store.record("breaks"), store.record("cannot-fit")
    assert broken.failure.stage == "identifiability"
    assert broken.failure.reason == "RuntimeError: the information matrix is broken"
    assert broken.fit is not None
    assert unfit.failure.reason == "the model could not be solved"


def test_failures_are_not_tried_again(run, rooms):
    run(["breaks", "cannot-fit"])
    rooms.calls.clear()
    run(["breaks", "cannot-fit"])
    assert rooms.calls == []


def test_running_out_of_memory_is_not_a_patients_failure(run, monkeypatch):
    def hungry(*_, **__):
        raise MemoryError

    monkeypatch.setattr("identifiability.diagnosis.diagnose_cohort", hungry)
    with pytest.raises(MemoryError):
        run(["a"])


def test_chunks_do_not_change_results(run):
    ids = ["a", "b", "c", "d", "e"]
    one, five = run(ids, 1, "one"), run(ids, 5, "five")
    for i in ids:
        for stage in ("fit", "diagnosis", "regimen"):
            assert one.path(i, stage).read_bytes() == five.path(i, stage).read_bytes()


@pytest.mark.parametrize("stage", ["fit", "diagnosis", "regimen"])
def test_a_damaged_stage_and_what_rests_on_it_are_computed_again(run, rooms, stage):
    store = run(["a", "b"])
    before = store.path("a", stage).read_bytes()
    store.path("a", stage).write_bytes(before[:100])
    rooms.calls.clear()
    watcher = Silent()
    store = run(["a", "b"], observer=watcher)
    order = ["fit", "diagnosis", "regimen"]
    assert {i for _, i in rooms.calls} == {"a"}
    assert len(rooms.calls) == 3 - order.index(stage)
    assert store.path("a", stage).read_bytes() == before
    assert f"{stage} of patient 'a'" in watcher.notes[0]


def test_a_damaged_patient_file_is_written_again(run):
    store = run(["a"])
    store.path("a", "patient").write_bytes(b"PK")
    assert run(["a"]).record("a").patient.patient_id == "a"


class Recorder(Silent):
    def __init__(self):
        super().__init__()
        self.seen = []

    def start(self, total, done):
        self.seen.append(("start", total, done))

    def finished(self, patients):
        self.seen.append(("finished", patients))

    def tick(self, name, done):
        self.seen.append((name, done))


def test_progress_moves_patient_by_patient(run):
    recorder = Recorder()
    run(["a", "b", "c"], chunk=2, observer=recorder)
    assert recorder.seen[0] == ("start", 3, 0)
    assert [s for s in recorder.seen if s[0] == "finished"] == [("finished", 2), ("finished", 1)]
    assert ("fitting", 2) in recorder.seen
    assert ("dosing", 1) in recorder.seen
    assert ("identifiability", 2.0) in recorder.seen
