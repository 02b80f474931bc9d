"""A cohort in chunks of patients, here or on a Dask cluster, by one code path."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.distributed_executors import ClusterError, DaskExecutor, Executor, Lost, SerialExecutor
from workbench.distributed_task import ModelSource, Raised, Task, Value

if TYPE_CHECKING:
    from distributed import Client

    from patients.cohort import Patient

__all__ = ["ClusterError", "DaskExecutor", "Executor", "SerialExecutor", "map_patients"]

CHUNK = 8  # patients a worker takes at once: small enough that a dead worker costs little


def map_patients(
    function: Callable[..., Sequence[Any]],
    patients: Sequence[Patient],
    model: str,
    options: Mapping[str, Any] | None = None,
    *,
    address: str | Client | None = None,
    chunk: int = CHUNK,
    on_result: Callable[[str, Any], None] | None = None,
    on_failure: Callable[[str, str], Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
    keep: bool = True,
) -> dict[str, Any]:
    """Apply a function to every patient of a cohort, in chunks, here or on a Dask cluster.

    A result depends on the patient, the model and the options alone, so neither the machine, nor the chunks' order,
    nor a worker that died changes it. Each patient has one result, whatever was computed twice on the way.

    Parameters
    ----------
    function : callable
        ``(patients, model, **options) -> one result a patient``, such as
        :func:`fitting.maximum_likelihood.fit_cohort` or :func:`fitting.approximate.approximate_cohort`.
    patients : sequence of Patient
    model : str
        Catalogue name, or a ``.py`` or ``.yaml`` file, whose text is sent along.
    options : mapping, optional
        Keyword arguments of the function. A likelihood ``auto`` is settled here, for the whole cohort.
    address : str or distributed.Client, optional
        Address of a Dask scheduler; without one everything is computed in this process.
    chunk : int
        Patients a task.
    on_result : callable, optional
        Called in this process with (patient_id, result) as soon as a result is there, once a patient, in no
        particular order; it writes the result down: ``lambda name, result: store.save(name, "fit", result)`` with a
        :class:`workbench.store.RunStore`. An interrupted run goes on with the patients that are not there yet.
    on_failure : callable, optional
        Makes a result of (patient_id, reason) for a patient whose computation raised, or killed its workers; a
        :class:`fitting.maximum_likelihood.FitFailure` unless another is given.
    progress : callable, optional
        Called with (patients done, patients in all).
    keep : bool
        False where ``on_result`` is all that is wanted: thousands of posteriors need not lie in memory.

    Returns
    -------
    dict
        Results by patient_id, in the order of ``patients``; empty unless ``keep``.

    Raises
    ------
    ClusterError
        No scheduler, no workers, other versions there, or ``distributed`` is not installed.
    ModelError
        No such model, or a file that is none.
    ValueError
        Two patients of one name, or a chunk below 1.
    """
    names = [p.patient_id for p in patients]
    if len(set(names)) != len(names):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise ValueError(f"patient {twice[0]!r} appears twice; results are kept by patient_id")
    if chunk < 1:
        raise ValueError(f"a chunk of {chunk} patients holds nobody; give at least 1")
    source = ModelSource.of(model)
    source.open()  # what is wrong with the model is said here, once, and not by every worker
    options = dict(options or {})
    if "likelihood" in inspect.signature(function).parameters and patients:
        from fitting.maximum_likelihood import prepare

        patients, options["likelihood"], _ = prepare(patients, options.get("likelihood", "auto"))
    task = Task(function, source, options)
    done: dict[str, Any] = {}

    def take(patient_id: str, outcome: Value | Raised) -> None:
        if patient_id in done:
            return
        result = outcome.value if isinstance(outcome, Value) else _failure(on_failure, patient_id, outcome)
        done[patient_id] = result if keep else None
        if on_result:
            on_result(patient_id, result)
        if progress:
            progress(len(done), len(names))

    with SerialExecutor() if address is None else DaskExecutor(address) as executor:
        pieces = [patients[first : first + chunk] for first in range(0, len(patients), chunk)]
        alone = []
        for i, outcome in executor.run(task, pieces):
            if isinstance(outcome, Lost):
                alone += [[patient] for patient in pieces[i]]
                continue
            for patient, one in zip(pieces[i], outcome, strict=True):
                take(patient.patient_id, one)
        # of a chunk that was lost, one patient may be the cause; the others shall not go with it
        for i, outcome in executor.run(task, alone):
            one = Raised(outcome.reason) if isinstance(outcome, Lost) else outcome[0]
            take(alone[i][0].patient_id, one)
    return {name: done[name] for name in names} if keep else {}


def _failure(on_failure: Callable[[str, str], Any] | None, patient_id: str, raised: Raised) -> Any:
    """Make a result of an error."""
    if on_failure:
        return on_failure(patient_id, raised.reason)
    from fitting.maximum_likelihood import FitFailure

    return FitFailure(patient_id, raised.reason)
