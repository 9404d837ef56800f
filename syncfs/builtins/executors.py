"""Where the transfers of a run run."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar

from syncfs.plugin import ExecutorStrategy, hookimpl

__all__ = ["Threads", "syncfs_executors"]


@dataclass(frozen=True, slots=True)
class Threads:
    """Threads of this process, as many as there may be transfers at once: the default."""

    name: ClassVar[str] = "threads"

    def open(self, jobs: int) -> AbstractContextManager[Executor]:
        """Make the pool."""
        return ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="syncfs")


@hookimpl
def syncfs_executors() -> Iterator[type[ExecutorStrategy]]:
    """Register them."""
    yield Threads
