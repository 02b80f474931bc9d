"""Where chunks of patients are computed: in this process, or by the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self
from uuid import uuid4

from workbench.distributed_task import Raised, Task, Value, run_chunk, run_on_worker
from workbench.distributed_versions import check_workers

if TYPE_CHECKING:
    from distributed import Client

    from patients.cohort import Patient

CONNECT_S = 10  # seconds until a scheduler counts as out of reach


class ClusterError(RuntimeError):
    """A cluster that cannot be used; the message says why, and what to do."""


@dataclass(frozen=True)
class Lost:
    """A chunk that no worker brought to its end, with the reason."""

    reason: str


class Executor(Protocol):
    """Computes chunks of patients."""

    def __enter__(self) -> Self:
        """Make ready."""
        ...

    def __exit__(self, *exception: object) -> None:
        """Give back what was taken."""
        ...

    def run(
        self, task: Task, chunks: Sequence[Sequence[Patient]]
    ) -> Iterator[tuple[int, list[Value | Raised] | Lost]]:
        """Yield each chunk's place and outcome, in the order in which they end."""
        ...


class SerialExecutor:
    """Computes one chunk after the other in this process; the kernels use its cores."""

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Do nothing."""

    def run(
        self, task: Task, chunks: Sequence[Sequence[Patient]]
    ) -> Iterator[tuple[int, list[Value | Raised] | Lost]]:
        """Yield each chunk's place and outcome."""
        for i, chunk in enumerate(chunks):
            yield i, run_chunk(task, chunk)


class DaskExecutor:
    """Sends the chunks to the workers of a Dask cluster.

    A chunk whose worker dies is computed again by another one; Dask gives it up after it has seen
    ``distributed.scheduler.allowed-failures`` workers die with it.

    Parameters
    ----------
    where : str or distributed.Client
        Address of a scheduler (``tcp://host:8786``), or a client, which is left open.

    Raises
    ------
    ClusterError
        Dask is not installed; no scheduler, no worker, or other versions there.
    """

    def __init__(self, where: str | Client) -> None:
        try:
            import distributed
        except ImportError:
            raise ClusterError(
                "a Dask cluster needs the package distributed, which is not installed; "
                "install it with: pip install 'evodose[distributed]'"
            ) from None
        self._own = isinstance(where, str)
        self._client: Client
        if isinstance(where, str):
            try:
                self._client = distributed.Client(where, timeout=CONNECT_S, set_as_default=False)
            except (OSError, ValueError) as error:
                raise ClusterError(
                    f"no Dask scheduler answers at {where} within {CONNECT_S} s ({_first_line(error)}); check the "
                    "address (tcp://host:port, as `dask scheduler` prints it), that it still runs, and the firewall"
                ) from None
        else:
            self._client = where

    def __enter__(self) -> Self:
        """Wait for a first worker, and compare all that there are with this process."""
        try:
            self._require_workers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the client that was opened here."""
        if self._own:
            self._client.close()

    def _require_workers(self) -> None:
        """Refuse a cluster without workers, or with others than this process."""
        address = self._client.scheduler.address if self._client.scheduler else "the cluster"
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_S)
        except TimeoutError:
            raise ClusterError(
                f"the scheduler at {address} has no workers; start some with: dask worker {address}"
            ) from None
        found = check_workers(self._client)
        if found:
            more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
            raise ClusterError(
                f"the workers at {address} are not like this machine, so their results would differ: "
                f"{'; '.join(found[:5])}{more}. Install the same versions there"
            )

    def run(
        self, task: Task, chunks: Sequence[Sequence[Patient]]
    ) -> Iterator[tuple[int, list[Value | Raised] | Lost]]:
        """Yield each chunk's place and outcome, in the order in which they end."""
        from concurrent.futures import CancelledError

        from distributed import as_completed

        run = f"evodose-{uuid4().hex[:12]}"
        places = {}
        for i, chunk in enumerate(chunks):
            future = self._client.submit(run_on_worker, task, tuple(chunk), key=f"{run}-{i}", pure=False)
            places[future] = i
        try:
            for future in as_completed(list(places), loop=self._client.loop):
                i = places.pop(future)
                try:
                    error = future.exception()
                    outcome = future.result() if error is None else Lost(_sentence(error))
                except CancelledError:
                    raise ClusterError(
                        "the Dask scheduler went away during the run; what had come back is kept. Start it again, and "
                        "repeat the command"
                    ) from None
                future.release()
                yield i, outcome
        finally:  # also where whoever reads the results stops
            if places:
                self._client.cancel(list(places), force=True)


def _sentence(error: BaseException) -> str:
    """Say why a chunk was lost."""
    from distributed.scheduler import KilledWorker

    if isinstance(error, KilledWorker):
        return (
            "every worker that took up the computation died of it, the last at "
            f"{getattr(error.last_worker, 'address', 'an unknown address')}: probably out of memory; its log says more"
        )
    return f"{type(error).__name__}: {_first_line(error)}"


def _first_line(error: BaseException) -> str:
    """First line of an error's message, or its kind."""
    return (str(error).splitlines() or [""])[0] or type(error).__name__
