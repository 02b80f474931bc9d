"""A cohort in chunks: in this process, and on a local Dask cluster that loses a worker."""

import os
import signal
import sys
import warnings
from collections import Counter
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from dynamics import DoseSchedule, get_model
from dynamics.model import ModelError
from fitting.maximum_likelihood import Fit, FitFailure, fit_cohort
from patients import Patient
from patients.virtual import sample_cohort
from workbench import distributed_executors, distributed_task
from workbench.distributed import ClusterError, DaskExecutor, map_patients
from workbench.distributed_executors import Lost
from workbench.distributed_task import ModelSource, Raised, Task, run_chunk, run_on_worker
from workbench.distributed_versions import check_workers, differences, identity

OPTIONS = {"starts": 4, "seed": 3}
WEEKS = [0.0, 14, 28, 42, 60, 80, 100, 130, 160, 200]


def cohort(count):
    schedule = DoseSchedule.from_rows([(0, 60, 1.0), (60, 100, 0.0), (100, 300, 1.0)])
    patients, _ = sample_cohort(get_model("logistic"), count, WEEKS, schedule, 5)
    return patients.patients


def same(one, other):
    """Equal to the last bit, field by field."""
    return type(one) is type(other) and all(
        np.array_equal(a, b, equal_nan=True) if isinstance(a, np.ndarray) else a == b
        for a, b in ((getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    )


def test_chunks_change_nothing():
    patients = cohort(5)
    direct = fit_cohort(patients, get_model("logistic"), **OPTIONS)
    seen, counts = [], []
    mapped = map_patients(
        fit_cohort, patients, "logistic", OPTIONS, chunk=2,
        on_result=lambda name, result: seen.append((name, result)), progress=lambda *n: counts.append(n),
    )  # fmt: skip
    assert list(mapped) == [p.patient_id for p in patients]
    assert all(same(a, b) for a, b in zip(direct, mapped.values(), strict=True))
    assert [name for name, _ in seen] == list(mapped)
    assert counts == [(i, 5) for i in range(1, 6)]


def test_the_likelihood_is_settled_for_the_whole_cohort():
    # one patient alone would count as Poisson; beside the other, whose burdens are fractions, none does
    patients = cohort(2)
    fractions = Patient("fractions", patients[0].times, patients[0].burdens + 0.5, patients[0].schedule)
    fits = map_patients(fit_cohort, [*patients, fractions], "logistic", OPTIONS, chunk=1)
    assert {fit.likelihood for fit in fits.values()} == {"log_normal"}


def test_nothing_is_kept_where_results_are_written_down():
    seen = {}
    assert (
        map_patients(fit_cohort, cohort(2), "logistic", OPTIONS, on_result=seen.__setitem__, keep=False) == {}
    )
    assert len(seen) == 2


def broken(patients, model):
    """Fail for one patient, and with it for the whole chunk."""
    if any(p.patient_id.endswith("2") for p in patients):
        raise ZeroDivisionError("no such burden")
    return [p.patient_id for p in patients]


def test_only_the_culprit_fails():
    patients = cohort(3)
    results = map_patients(broken, patients, "logistic", chunk=3)
    failed = FitFailure("virtual-002", "ZeroDivisionError: no such burden")
    assert list(results.values()) == ["virtual-001", failed, "virtual-003"]
    told = map_patients(broken, patients, "logistic", on_failure=lambda name, reason: (name, reason))
    assert told["virtual-002"] == ("virtual-002", "ZeroDivisionError: no such burden")


def too_few(patients, model):
    """Return fewer results than patients."""
    return []


def test_a_function_that_drops_patients_is_told():
    assert run_chunk(Task(too_few, ModelSource("logistic")), cohort(2)) == [
        Raised("0 results came back for 2 patients")
    ] * 2  # fmt: skip


class LosesChunks:
    """An executor that brings back single patients only."""

    def __init__(self, where):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def run(self, task, chunks):
        for i, chunk in reversed(list(enumerate(chunks))):
            lost = len(chunk) > 1 or chunk[0].patient_id == "virtual-003"
            yield i, Lost("the worker died") if lost else run_chunk(task, chunk)


def test_patients_of_a_lost_chunk_are_computed_alone(monkeypatch):
    monkeypatch.setattr("workbench.distributed.DaskExecutor", LosesChunks)
    counted = Counter()
    results = map_patients(
        fit_cohort, cohort(5), "logistic", OPTIONS, address="tcp://anywhere", chunk=3,
        on_result=lambda name, _: counted.update([name]),
    )  # fmt: skip
    assert results["virtual-003"] == FitFailure("virtual-003", "the worker died")
    assert sum(isinstance(r, Fit) for r in results.values()) == 4
    assert set(counted.values()) == {1}


def test_two_patients_of_one_name():
    patient = cohort(1)[0]
    with pytest.raises(ValueError, match="patient 'virtual-001' appears twice"):
        map_patients(fit_cohort, [patient, patient], "logistic")


def test_a_users_model_travels_as_text(tmp_path: Path):
    file = tmp_path / "mine.py"
    file.write_text("from dynamics.catalogue.logistic import MODEL\n", encoding="utf-8")
    source = ModelSource.of(str(file))
    file.unlink()
    assert source.open() == get_model("logistic")
    assert source.open() is source.open()
    assert ModelSource.of("competition+f_R").open() == get_model("competition+f_R")


def test_a_variant_of_a_users_model(tmp_path: Path):
    file = tmp_path / "mine.py"
    file.write_text("from dynamics.catalogue.competition import MODEL\n", encoding="utf-8")
    source = ModelSource.of(f"{file}+f_R")
    file.unlink()
    assert source.name == "mine.py+f_R"
    assert source.open().parameter_names[-1] == "f_R"


def test_an_unknown_model_is_told_at_once():
    with pytest.raises(ModelError, match="no model 'nonsense'"):
        map_patients(fit_cohort, cohort(1), "nonsense")


def test_kernels_are_met_once(tmp_path, monkeypatch):
    monkeypatch.setenv("EVODOSE_CACHE", str(tmp_path))
    calls = []
    monkeypatch.setattr(
        distributed_task, "run_chunk", lambda task, patients: calls.append(len(patients)) or []
    )
    task = Task(broken, ModelSource("logistic"))
    run_on_worker(task, cohort(3))
    run_on_worker(task, cohort(3))
    assert calls == [1, 3, 3]


def test_no_scheduler(monkeypatch):
    monkeypatch.setattr(distributed_executors, "CONNECT_S", 0.5)
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9 within"):
        DaskExecutor("tcp://127.0.0.1:9")
    with pytest.raises(ClusterError, match="no Dask scheduler answers at nowhere://x"):
        DaskExecutor("nowhere://x")


def test_distributed_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install 'evodose\[distributed\]'"):
        map_patients(fit_cohort, cohort(1), "logistic", address="tcp://127.0.0.1:9")


def test_other_versions_are_named():
    other = {**identity(), "numpy": "1.0"}
    assert differences(identity(), identity()) == []
    assert differences(identity(), other) == [f"numpy {identity()['numpy']} here, 1.0 there"]


class Asked:
    """A client whose workers answer what they are told to."""

    def __init__(self, python, answers):
        self.python, self.answers = python, answers

    def get_versions(self, check):
        return {"workers": {name: {"host": {"python": self.python}} for name in self.answers}}

    def run(self, function, on_error):
        return self.answers


def test_workers_that_differ():
    python = f"{identity()['python']}.0.final.0"
    answers = {
        "tcp://a:1": identity(),
        "tcp://b:1": {},
        "tcp://c:1": {**identity(), "evodose code": "other"},
        "tcp://d:1": OSError("gone"),
    }
    found = check_workers(Asked(python, answers))  # pyright: ignore[reportArgumentType]
    assert found[0] == "worker tcp://b:1: evodose is not installed there"
    assert found[1].startswith("worker tcp://c:1: evodose code ")
    assert len(found) == 2
    old = check_workers(Asked("3.9.1.final.0", {"tcp://a:1": {}}))  # pyright: ignore[reportArgumentType]
    assert old == [f"worker tcp://a:1: python {identity()['python']} here, 3.9 there"]


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster

    with warnings.catch_warnings():
        # the sockets of a worker that was killed are closed by the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        with LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as local:
            yield local


@pytest.mark.slow
def test_a_worker_is_killed_during_the_run(cluster):
    from distributed import Client

    patients = cohort(36)
    options = {"starts": 30, "seed": 3}
    serial = map_patients(fit_cohort, patients, "logistic", options, chunk=3)
    counted, killed = Counter(), []
    with Client(cluster.scheduler_address, set_as_default=False) as watcher:

        def kill(name, result):
            counted[name] += 1
            if not killed:
                busy = [address for address, keys in watcher.processing().items() if keys]
                pids = watcher.run(os.getpid)
                killed.append(pids[busy[0]])
                os.kill(killed[0], signal.SIGKILL)

        results = map_patients(
            fit_cohort, patients, "logistic", options, address=cluster.scheduler_address, chunk=3, on_result=kill
        )  # fmt: skip
        watcher.wait_for_workers(2, timeout=30)
        assert killed[0] not in watcher.run(os.getpid).values()
    assert list(counted.values()) == [1] * 36
    assert list(results) == list(serial)
    assert all(same(results[name], serial[name]) for name in serial)


@pytest.mark.slow
def test_a_users_model_on_workers(cluster, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        (Path(sys.modules[get_model.__module__].__file__ or "").parent / "logistic.py").read_text(), "utf-8"
    )
    patients = cohort(3)
    mapped = map_patients(fit_cohort, patients, str(file), OPTIONS, address=cluster.scheduler_address)
    assert all(
        same(a, b)
        for a, b in zip(fit_cohort(patients, get_model("logistic"), **OPTIONS), mapped.values(), strict=True)
    )
