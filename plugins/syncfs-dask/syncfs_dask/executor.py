"""An executor whose work is done by Dask workers."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from distributed.comm.core import CommClosedError
from distributed.scheduler import KilledWorker

__all__ = ["DaskExecutor"]

_LOOK_S = 30.0
"""So often is looked whether there are workers at all, while a result is waited for."""
_LOST = (KilledWorker, CancelledError, CommClosedError)


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A function and its arguments; no repr shows what is in it."""

    packed: bytes = field(repr=False)


def _unpack(parcel: _Parcel) -> Any:
    fn, args = pickle.loads(parcel.packed)
    return fn(*args)


class DaskExecutor(Executor):
    """Runs functions of modules on workers; a context, at whose end what was submitted has run.

    Args:
        client: A `distributed.Client`, which leads to the scheduler; left open.
        jobs: The most results to wait for at once; what is submitted beyond them waits longer.
        shares_files: See `Elsewhere`.
    """

    def __init__(self, client: Any, jobs: int, *, shares_files: bool) -> None:
        self.shares_files = shares_files
        self._client = client
        self._has_workers = True
        self._waiters = ThreadPoolExecutor(jobs, thread_name_prefix="syncfs-dask")

    @property
    def processes(self) -> int:
        """How many workers there are now, or 1."""
        return max(1, self._count())

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function on a worker, and again on another one where that dies.

        Raises:
            BrokenExecutor: There is no scheduler any more, or no worker.
        """
        if kwargs:
            raise TypeError("arguments without names only")
        if self._client.status != "running" or not self._has_workers:
            raise BrokenExecutor("Dask has no scheduler, or no workers, any more")
        parcel = _Parcel(pickle.dumps((fn, args)))
        # Pure functions of equal arguments would run once.
        sent = self._client.submit(_unpack, parcel, pure=False)
        return self._waiters.submit(self._result, sent)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take nothing more."""
        self._waiters.shutdown(wait, cancel_futures=cancel_futures)

    def _result(self, sent: Any) -> Any:
        try:
            self._wait(sent)
            return sent.result()
        except _LOST as error:
            raise BrokenExecutor(f"Dask has lost it: {type(error).__name__}") from None

    def _wait(self, sent: Any) -> None:
        """Wait for as long as there is somebody who may do it.

        Raises:
            BrokenExecutor: There was no worker for a while, twice; nobody will do it any more.
        """
        done = threading.Event()
        sent.add_done_callback(lambda _: done.set())
        missed = 0
        while not done.wait(_LOOK_S):
            missed = 0 if self._count() else missed + 1
            if missed == 2:
                self._has_workers = False
                sent.cancel()
                raise BrokenExecutor("Dask has no workers any more")

    def _count(self) -> int:
        try:
            return len(self._client.scheduler_info().get("workers", ()))
        except (OSError, CommClosedError):  # the scheduler is gone too
            return 0
