"""The kinds of strategies that the core does not know: where transfers run, and where the state lives."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:  # its package loads SQLite
    from syncfs.store.store import Store

__all__ = ["ExecutorStrategy", "StateStore"]


@runtime_checkable
class ExecutorStrategy(Protocol):
    """Makes the executor of one run: an immutable object whose fields are its options.

    An executor that a caller made himself needs no strategy: `Syncer(..., executor=pool)` takes it as it is,
    and never shuts it down.
    """

    name: ClassVar[str]

    def open(self, jobs: int) -> AbstractContextManager[Executor]:
        """Give an executor for the length of one run, ended when the block ends.

        Only `submit(fn, *args)` of it is used. What is submitted must run exactly once.

        Args:
            jobs: The most transfers that the user wants at once.
        """
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
