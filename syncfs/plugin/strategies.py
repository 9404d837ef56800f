"""The kinds of strategies that the core does not know: where transfers run, and where the state lives."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:  # its package loads SQLite
    from syncfs.store.store import Store

__all__ = ["Elsewhere", "ElsewhereExecutor", "ExecutorStrategy", "StateStore"]


@runtime_checkable
class ExecutorStrategy(Protocol):
    """Makes the executor of one run: an immutable object whose fields are its options.

    An executor that a caller made himself needs no strategy: `Syncer(..., executor=pool)` takes it as it is,
    and never shuts it down.
    """

    name: ClassVar[str]

    def open(self, jobs: int) -> AbstractContextManager[Executor]:
        """Give an executor for the length of one run, ended when the block ends.

        Only `submit(fn, *args)` of it is used. What is submitted must run exactly once; see `Elsewhere`.

        Args:
            jobs: The most transfers that the user wants at once.
        """
        ...


@runtime_checkable
class Elsewhere(Protocol):
    """What an executor strategy has besides, and its executor, if the work is done by other processes.

    They are given copies only, as a function of a module and plain data; everything else that a run does
    stays with it. Where a process is lost half-way, another may do its work again, even while the first one
    still lives: every write is conditional, and a copy that finds its own work done takes it for that.
    """

    @property
    def shares_files(self) -> bool:
        """Whether they see the files of this machine, under the same paths."""
        ...


@runtime_checkable
class ElsewhereExecutor(Elsewhere, Protocol):
    """An executor whose work is done by other processes.

    Work that is lost for good ends with `concurrent.futures.BrokenExecutor`, from its future: those paths
    fail, and the run goes on. Where `submit` raises that, the run ends.
    """

    @property
    def processes(self) -> int:
        """How many there are now, at least 1: they share what a run may move per second."""
        ...

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Run a function there."""
        ...


@runtime_checkable
class StateStore(Protocol):
    """Opens the state of a pair in a place of its own: an immutable object whose fields are its options."""

    name: ClassVar[str]

    def open(self, left: str, right: str, *, read_only: bool = False) -> Store:
        """Open the state of one pair; begin it when there is none.

        Args:
            left: The identity of the left root; no secrets. The pair the other way round is another pair.
            right: The identity of the right root.
            read_only: Nothing may be made or changed; a missing state reads as an empty one.

        Raises:
            StoreError: It cannot be read or written; `retryable` where that may pass by itself.
        """
        ...
