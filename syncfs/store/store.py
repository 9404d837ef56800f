"""What the engine asks of the place where the base lives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from syncfs.core.base import Record
from syncfs.core.entry import Side
from syncfs.core.seal import Seal

__all__ = ["Records", "Run", "Seals", "Store", "Trashed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trashed:
    """One file that a run moved to the trash.

    Attributes:
        run: The run's id.
        side: On which side.
        slot: Where it is now, relative to that side's root.
        path: Where it was.
    """

    run: str
    side: Side
    slot: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a pair, as the history keeps it.

    Attributes:
        id: Its id; also in the names of its temporary files and its trash.
        mode: `push`, `pull` or `sync`.
        started_ns: By this machine's clock.
        finished_ns: None when it died.
        report: What `Report.to_dict()` gave; None when it died.
        trashed: What it removed and can still be restored. Filled in by `Syncer.history` only; a store
            keeps it apart from its runs.
    """

    id: str
    mode: str
    started_ns: int
    finished_ns: int | None = None
    report: dict[str, Any] | None = None
    trashed: tuple[Trashed, ...] = ()


class Records(Protocol):
    """The base alone, as the walk and the execution see it."""

    def load(self, directory: str) -> Mapping[str, Record]:
        """The records of one directory's names; empty when it holds none."""
        ...

    def load_tree(self, directory: str) -> Iterator[tuple[str, Record]]:
        """Every (path, record) below a directory, in no fixed order, streamed."""
        ...

    def record(self, changes: Iterable[tuple[str, Record | None]]) -> None:
        """Write records, None to remove one, in one transaction: all of them or none."""
        ...


@runtime_checkable
class Seals(Protocol):
    """What a `Store` has besides, if it recognises unchanged directories: see `syncfs.core.seal`.

    A cache: it may forget at any time.
    """

    def seal(self, directory: str) -> Seal | None:
        """The seal of a directory; None when it has none."""
        ...

    def all_seals(self) -> Iterator[tuple[str, Seal]]:
        """Every (directory, seal), streamed; in the order of their paths where those are Unicode."""
        ...

    def set_seals(self, seals: Iterable[tuple[str, Seal]]) -> None:
        """Keep seals, each until a record in its directory changes. A store that is only read keeps none."""
        ...


@runtime_checkable
class Store(Records, Protocol):
    """The base of one pair, its run history and what is known of its roots.

    Used by one thread at a time (the coordinator). Raises `StoreError` only. Paths are relative to both
    roots; the root itself has no record.

    Attributes:
        is_durable: Whether anything outlives the run; False makes every run a first run.
        notice: What the user must be told about the state, or empty: that it was damaged and set aside,
            say, so that this run is a union. It may grow until the store is closed.
    """

    @property
    def is_durable(self) -> bool:
        """Whether anything outlives the run."""
        ...

    @property
    def notice(self) -> str:
        """What the user must be told; empty when there is nothing."""
        ...

    @property
    def generation(self) -> int:
        """Grows with every `record` that changed something; plans carry it."""
        ...

    def directories(self) -> Iterator[str]:
        """The paths of all recorded directories, parents before children, streamed."""
        ...

    def count(self) -> int:
        """How many files (not directories) the base holds."""
        ...

    def root_of(self, side: Side) -> str | None:
        """What told this side's root from another when it was last synced; None when nothing did."""
        ...

    def set_roots(self, left: str | None, right: str | None) -> None:
        """Remember what tells the two roots from others."""
        ...

    def facts_of(self, side: Side) -> dict[str, Any] | None:
        """What was learnt of this side's place, as `set_facts` got it; None when nothing was."""
        ...

    def set_facts(self, side: Side, facts: Mapping[str, Any] | None) -> None:
        """Remember what was learnt of a side's place, as JSON values; nothing is written for the same."""
        ...

    def checkpoint(self) -> None:
        """Make all that was written so far outlive this process and its machine, if it does not yet.

        Called once a run, before its first action: what the run has noted of what it is about to do must be
        found should it be killed.

        Raises:
            LockedError: Another run has moved the state since it was opened; nothing was done yet.
        """
        ...

    def start_run(self, run: Run) -> None:
        """Begin an entry of the history; committed at once, so that a killed run shows."""
        ...

    def finish_run(self, run: Run) -> None:
        """Complete that entry."""
        ...

    def runs(self, limit: int | None = None) -> list[Run]:
        """The history, newest first."""
        ...

    def trash(self, items: Iterable[Trashed]) -> None:
        """Note what is about to be moved to the trash, in one transaction: a killed run's is found too."""
        ...

    def trashed(self, run: str | None = None) -> list[Trashed]:
        """What one run, or every run, moved to the trash; the oldest run first."""
        ...

    def forget_trash(self, items: Iterable[Trashed]) -> None:
        """Drop the notes of what is not in the trash any more, or never got there."""
        ...

    def open_conflicts(self) -> list[dict[str, Any]]:
        """The conflicts that the last run left open, as `conflict_to_dict` gives them, by path."""
        ...

    def set_open_conflicts(self, conflicts: Sequence[dict[str, Any]]) -> None:
        """Replace them; nothing is written when they are the same."""
        ...

    def close(self) -> None:
        """Commit and let go of the file."""
        ...
