"""The strategy: which workers, and for how long."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from syncfs.errors import ConfigError, SyncAbortedError

__all__ = ["Dask"]

_CONNECT_S = 20


@dataclass(frozen=True, slots=True)
class Dask:
    """Copies on Dask workers: those of a scheduler, or processes of this machine made for the run.

    Attributes:
        address: The scheduler's, `tcp://host:8786`; it is used as it is, and left as it is. Empty: a cluster
            of our own on this machine, closed when the run ends.
        workers: Processes of a cluster of our own; 0 for as many as there are processors.
        threads: Threads of each of them; 0 for as many as it takes to have `jobs` transfers at once.
        shared: The workers of `address` see the files of this machine under the same paths.
    """

    name: ClassVar[str] = "dask"
    address: str = ""
    workers: int = 0
    threads: int = 0
    shared: bool = False

    @property
    def shares_files(self) -> bool:
        """Whether the workers see this machine's files: those of our own do."""
        return self.shared or not self.address

    def open(self, jobs: int) -> AbstractContextManager[Executor]:
        """Connect to the scheduler, or make a cluster, for the length of the block.

        Raises:
            ConfigError: An option makes no sense.
            SyncAbortedError: No scheduler answers, or it has no workers.
        """
        if min(self.workers, self.threads) < 0:
            raise ConfigError("dask: workers and threads are numbers of at least 1, or 0")
        return self._opened(jobs)

    @contextmanager
    def _opened(self, jobs: int) -> Iterator[Executor]:
        distributed: Any = importlib.import_module("distributed")
        from syncfs_dask.executor import DaskExecutor

        with ExitStack() as stack:
            try:
                at = self.address or stack.enter_context(self._cluster(distributed, jobs))
                client = distributed.Client(at, timeout=_CONNECT_S, set_as_default=False, name="syncfs")
                stack.callback(client.close)
                client.wait_for_workers(1, timeout=_CONNECT_S)
            except (OSError, ValueError) as error:  # TimeoutError among them
                where = f"the scheduler {self.address}" if self.address else "a cluster of our own"
                stopped = SyncAbortedError(f"dask: {where} has no worker for us: {type(error).__name__}")
                stopped.retryable = isinstance(error, OSError)
                raise stopped from error
            executor = stack.enter_context(DaskExecutor(client, jobs, shares_files=self.shares_files))
            yield executor

    def _cluster(self, distributed: Any, jobs: int) -> Any:
        """Processes of this machine, a context that ends them."""
        workers = self.workers or os.cpu_count() or 1
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=self.threads or -(-jobs // workers),
            processes=True,
            preload=["syncfs_dask.deaf"],
            security=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.ERROR,
        )
