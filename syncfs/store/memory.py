"""A base that is forgotten when the run ends: for `state=None`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from syncfs.core import paths
from syncfs.core.base import Record
from syncfs.core.entry import Side
from syncfs.core.seal import Seal
from syncfs.store.store import Run, Trashed

__all__ = ["MemoryStore"]


class MemoryStore:
    """A `Store` without a file: every run with a new one is a first run.

    Args:
        notice: What the user must be told; empty when the user asked for no state.
    """

    is_durable = False

    def __init__(self, notice: str = "") -> None:
        self.notice = notice
        self.generation = 0
        self._names: dict[str, dict[str, Record]] = {}
        self._seals: dict[str, Seal] = {}
        self._roots: tuple[str | None, str | None] = (None, None)
        self._facts: dict[Side, dict[str, Any] | None] = {}
        self._runs: dict[str, Run] = {}
        self._trash: dict[Trashed, None] = {}
        self._open_conflicts: list[dict[str, Any]] = []

    def load(self, directory: str) -> Mapping[str, Record]:
        """A copy of one directory's records."""
        return dict(self._names.get(directory, ()))

    def load_tree(self, directory: str) -> Iterator[tuple[str, Record]]:
        """Every (path, record) below a directory; records written meanwhile may or may not show."""
        below = f"{directory}/" if directory else ""
        for parent in [each for each in self._names if each == directory or each.startswith(below)]:
            for name, record in self.load(parent).items():
                yield paths.join(parent, name), record

    def directories(self) -> Iterator[str]:
        """The paths of all recorded directories, parents before children."""
        for parent in sorted(self._names):  # a parent is a prefix of its children, so it sorts before them
            for name, record in self.load(parent).items():
                if record.is_directory:
                    yield paths.join(parent, name)

    def record(self, changes: Iterable[tuple[str, Record | None]]) -> None:
        """Write records; nothing is written when `changes` raises."""
        changed: set[str] = set()
        for path, record in dict(changes).items():
            parent, name = paths.split(path)
            names = self._names.get(parent, {})
            if names.get(name) == record:
                continue
            changed |= {
                parent,
                paths.split(parent)[0],
            }  # a directory's own time may show in the listing above
            if record is not None:
                self._names.setdefault(parent, names)[name] = record
            else:
                del names[name]
                if not names:
                    del self._names[parent]
        for directory in changed:
            self._seals.pop(directory, None)
        self.generation += bool(changed)

    def seal(self, directory: str) -> Seal | None:
        """The seal of a directory."""
        return self._seals.get(directory)

    def all_seals(self) -> Iterator[tuple[str, Seal]]:
        """Every (directory, seal), in order."""
        yield from sorted(self._seals.items())

    def set_seals(self, seals: Iterable[tuple[str, Seal]]) -> None:
        """Keep seals until a record in their directories changes."""
        self._seals.update(seals)

    def count(self) -> int:
        """How many files the base holds."""
        return sum(not record.is_directory for names in self._names.values() for record in names.values())

    def root_of(self, side: Side) -> str | None:
        """What told this side's root from another."""
        return self._roots[side]

    def set_roots(self, left: str | None, right: str | None) -> None:
        """Remember what tells the two roots from others."""
        self._roots = (left, right)

    def facts_of(self, side: Side) -> dict[str, Any] | None:
        """What was learnt of this side's place."""
        return self._facts.get(side)

    def set_facts(self, side: Side, facts: Mapping[str, Any] | None) -> None:
        """Remember what was learnt of a side's place."""
        self._facts[side] = None if facts is None else dict(facts)

    def start_run(self, run: Run) -> None:
        """Begin an entry of the history."""
        self._runs[run.id] = run

    def finish_run(self, run: Run) -> None:
        """Complete that entry."""
        self._runs[run.id] = run

    def runs(self, limit: int | None = None) -> list[Run]:
        """The history, newest first."""
        newest = sorted(self._runs.values(), key=lambda run: (run.started_ns, run.id), reverse=True)
        return newest[:limit]

    def trash(self, items: Iterable[Trashed]) -> None:
        """Note what is about to be moved to the trash."""
        self._trash.update(dict.fromkeys(items))

    def trashed(self, run: str | None = None) -> list[Trashed]:
        """What one run, or every run, moved to the trash."""
        return [item for item in self._trash if run in (None, item.run)]

    def forget_trash(self, items: Iterable[Trashed]) -> None:
        """Drop notes."""
        for item in items:
            self._trash.pop(item, None)

    def open_conflicts(self) -> list[dict[str, Any]]:
        """The conflicts that the last run left open."""
        return list(self._open_conflicts)

    def set_open_conflicts(self, conflicts: Sequence[dict[str, Any]]) -> None:
        """Replace them."""
        self._open_conflicts = list(conflicts)

    def checkpoint(self) -> None:
        """Nothing to do: it is forgotten anyway."""

    def close(self) -> None:
        """Nothing to let go of."""
