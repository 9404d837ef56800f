"""The base of one pair in one SQLite file."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from syncfs.core import paths
from syncfs.core.base import Record
from syncfs.core.entry import Side
from syncfs.core.seal import Seal
from syncfs.errors import StoreError
from syncfs.store.rows import (
    COLUMNS,
    IS_DIRECTORY,
    Row,
    key_of,
    records_of,
    row_of,
    seal_of,
    seal_row,
    unescaped,
)
from syncfs.store.statefile import (
    DamagedError,
    empty,
    is_damage,
    meta,
    opened,
    opened_to_read,
    set_aside,
    trouble,
)
from syncfs.store.store import Run, Trashed

__all__ = ["SqliteStore"]

_PAGE = 1_000
_UNION = "first run again (union, nothing is deleted)"
_HISTORY_NS = 90 * 24 * 3600 * 10**9
"""How long a run stays in the history: the trash, which is emptied by it, needs 30 days."""

_COUNT = f"SELECT (SELECT count(*) FROM records) - (SELECT count(*) FROM records WHERE {IS_DIRECTORY})"
_ALL = ", ".join(COLUMNS)
_LOAD = f"SELECT name, {_ALL} FROM records WHERE parent = ?"
_LOAD_PAGE = (
    f"SELECT parent, name, {_ALL} FROM records WHERE (parent, name) > (?, ?) AND parent < ?"
    f" ORDER BY parent, name LIMIT {_PAGE}"
)
_DIRECTORIES_PAGE = (
    f"SELECT parent, name FROM records WHERE {IS_DIRECTORY} AND (parent, name) > (?, ?)"
    f" ORDER BY parent, name LIMIT {_PAGE}"
)
# An unchanged row is not written again: neither the file nor the generation moves for it.
_UPSERT = (
    f"INSERT INTO records VALUES ({', '.join('?' * (len(COLUMNS) + 2))})"
    " ON CONFLICT (parent, name) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in COLUMNS)
    + f" WHERE ({_ALL}) IS NOT ({', '.join(f'excluded.{column}' for column in COLUMNS)})"
)
_SEAL = "SELECT left_mark, right_mark, files, directories, renewals FROM seals WHERE directory = ?"
_SEALS_PAGE = (
    "SELECT left_mark, right_mark, files, directories, renewals, directory FROM seals WHERE directory > ?"
    f" ORDER BY directory LIMIT {_PAGE}"
)
_PUT_RUN = (
    "INSERT INTO runs (id, mode, started_ns, finished_ns, report) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET mode = excluded.mode, started_ns = excluded.started_ns,"
    " finished_ns = excluded.finished_ns, report = excluded.report"
)


class SqliteStore:
    """A `Store` in a file of mode 0600; used by one thread at a time.

    Open it with `SqliteStore.open`; `Store` says what the methods do. They raise `StoreError` only.
    """

    is_durable = True

    def __init__(self, path: str, connection: sqlite3.Connection, *, notice: str, read_only: bool) -> None:
        self.path = path
        self.notice = notice
        self._connection = connection
        self._read_only = read_only
        self._wrote = False

    @classmethod
    def open(cls, path: str, *, left: str, right: str, read_only: bool = False) -> SqliteStore:
        """Open the state of a pair, begin it when it is missing, set it aside when it is damaged.

        Args:
            path: The file; its directory is made (mode 0700) when it is missing.
            left: The identity of the left root; no secrets.
            right: The identity of the right root.
            read_only: Make and change nothing; a missing or damaged file reads as an empty base.

        Raises:
            StoreError: The file is of a newer version, or cannot be read or written at all.
        """
        notice = ""
        while True:
            try:
                connection = (opened_to_read if read_only else opened)(path, left, right)
                return cls(path, connection, notice=notice, read_only=read_only)
            except DamagedError as damage:
                if read_only:
                    notice = f"the state {path} {damage}: {_UNION}"
                    return cls(path, empty(left, right), notice=notice, read_only=True)
                aside = set_aside(path)
                notice = f"the state {path} {damage} and was set aside as {aside}: {_UNION}"
            except (sqlite3.Error, OSError) as error:
                if isinstance(error, StoreError):
                    raise
                raise trouble(path, error) from error

    # -- what both sides agreed on ---------------------------------------------------------------

    @property
    def generation(self) -> int:
        """Grows with every `record` that changed something."""
        with self._watched():
            return int(meta(self._connection, "generation") or 0)

    def load(self, directory: str) -> Mapping[str, Record]:
        """The records of one directory's names."""
        with self._watched():
            return self._records(self._connection.execute(_LOAD, (key_of(directory),)))

    def load_tree(self, directory: str) -> Iterator[tuple[str, Record]]:
        """Every (path, record) below a directory; records written meanwhile may or may not show."""
        for name, record in self.load(directory).items():
            yield paths.join(directory, name), record
        key = key_of(directory)
        # Below "a" lies what begins with "a/", and "0" follows "/". Below the root lies every parent but the
        # root itself: "" < "\0" <= any other text < any blob.
        after: Row = (f"{key}/" if key else "\0", "")
        end = f"{key}0" if key else b""
        while rows := self._page(_LOAD_PAGE, (*after, end)):
            after = rows[-1][:2]
            for parent, group in groupby(rows, itemgetter(0)):
                with self._watched():
                    records = self._records(row[1:] for row in group)
                for name, record in records.items():
                    yield paths.join(unescaped(parent), name), record

    def directories(self) -> Iterator[str]:
        """The paths of all recorded directories, parents before children."""
        after: Row = ("", "")
        while rows := self._page(_DIRECTORIES_PAGE, after):
            after = rows[-1]
            for parent, name in rows:  # a parent is a prefix of its children, so it sorts before them
                yield unescaped(paths.join(parent, name))

    def record(self, changes: Iterable[tuple[str, Record | None]]) -> None:
        """Write records, None to remove one, in one transaction."""
        last = dict(changes)
        # In the order of the key: neighbours share a page, which makes a large batch several times faster.
        rows = sorted(
            (row_of(path, record) for path, record in last.items() if record is not None),
            key=lambda row: row[:2],
        )
        gone = [paths.split(key_of(path)) for path, record in last.items() if record is None]
        if not rows and not gone:
            return
        with self._transaction() as connection:
            before = connection.total_changes
            connection.executemany(_UPSERT, rows)
            connection.executemany("DELETE FROM records WHERE parent = ? AND name = ?", gone)
            if connection.total_changes != before:
                connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
                # A directory's own time may show in the listing above it.
                touched = {row[0] for row in rows} | {parent for parent, _ in gone}
                broken = sorted(touched | {paths.split(parent)[0] for parent in touched})
                connection.executemany("DELETE FROM seals WHERE directory = ?", ((key,) for key in broken))

    def seal(self, directory: str) -> Seal | None:
        """The seal of a directory."""
        with self._watched():
            row = self._connection.execute(_SEAL, (key_of(directory),)).fetchone()
            return None if row is None else self._seal(row)

    def all_seals(self) -> Iterator[tuple[str, Seal]]:
        """Every (directory, seal), in the order of the directories' paths."""
        after: str | int = 0  # before any text
        while rows := self._page(_SEALS_PAGE, (after,)):
            after = rows[-1][-1]
            for *values, directory in rows:
                with self._watched():
                    seal = self._seal(tuple(values))
                yield unescaped(directory), seal

    def set_seals(self, seals: Iterable[tuple[str, Seal]]) -> None:
        """Keep seals until a record in their directories changes."""
        rows = sorted(seal_row(directory, seal) for directory, seal in seals)
        if rows and not self._read_only:
            with self._transaction() as connection:
                connection.executemany("INSERT OR REPLACE INTO seals VALUES (?, ?, ?, ?, ?, ?)", rows)

    def count(self) -> int:
        """How many files the base holds."""
        with self._watched():
            return int(self._connection.execute(_COUNT).fetchone()[0])

    # -- the roots -------------------------------------------------------------------------------

    def root_of(self, side: Side) -> str | None:
        """What told this side's root from another when it was last synced."""
        with self._watched():
            value = meta(self._connection, f"root_{side.name.lower()}")
            return None if value is None else str(value)

    def set_roots(self, left: str | None, right: str | None) -> None:
        """Remember what tells the two roots from others."""
        if (left, right) == (self.root_of(Side.LEFT), self.root_of(Side.RIGHT)):
            return
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", [("root_left", left), ("root_right", right)]
            )

    def facts_of(self, side: Side) -> dict[str, Any] | None:
        """What was learnt of this side's place."""
        with self._watched():
            text = meta(self._connection, f"facts_{side.name.lower()}")
        try:
            facts = json.loads(text or "null")
        except (TypeError, ValueError):
            return None  # it can be learnt again
        return facts if isinstance(facts, dict) else None

    def set_facts(self, side: Side, facts: Mapping[str, Any] | None) -> None:
        """Remember what was learnt of a side's place, if it is something else."""
        if facts != self.facts_of(side):
            with self._transaction() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                    (f"facts_{side.name.lower()}", json.dumps(facts)),
                )

    # -- the history -----------------------------------------------------------------------------

    def start_run(self, run: Run) -> None:
        """Begin an entry of the history; entries older than 90 days go."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM runs WHERE started_ns < ?", (run.started_ns - _HISTORY_NS,))
            connection.execute(_PUT_RUN, _run_row(run))

    def finish_run(self, run: Run) -> None:
        """Complete that entry."""
        with self._transaction() as connection:
            connection.execute(_PUT_RUN, _run_row(run))

    def runs(self, limit: int | None = None) -> list[Run]:
        """The history, newest first."""
        with self._watched():
            rows = self._connection.execute(
                "SELECT id, mode, started_ns, finished_ns, report FROM runs"
                " ORDER BY started_ns DESC, id DESC LIMIT ?",
                (-1 if limit is None else limit,),
            ).fetchall()
            return [
                Run(
                    id=run_id,
                    mode=mode,
                    started_ns=started_ns,
                    finished_ns=finished_ns,
                    report=None if report is None else json.loads(report),
                )
                for run_id, mode, started_ns, finished_ns, report in rows
            ]

    # -- what is left over -----------------------------------------------------------------------

    def trash(self, items: Iterable[Trashed]) -> None:
        """Note what is about to be moved to the trash."""
        rows = [(item.run, int(item.side), item.slot, key_of(item.path)) for item in items]
        if rows:
            with self._transaction() as connection:
                connection.executemany("INSERT OR REPLACE INTO trash VALUES (?, ?, ?, ?)", rows)

    def trashed(self, run: str | None = None) -> list[Trashed]:
        """What one run, or every run, moved to the trash."""
        with self._watched():
            rows = self._connection.execute(
                "SELECT run, side, slot, path FROM trash WHERE ?1 IS NULL OR run = ?1 ORDER BY run, rowid",
                (run,),
            ).fetchall()
        return [
            Trashed(run=run_id, side=Side(side), slot=slot, path=unescaped(path))
            for run_id, side, slot, path in rows
        ]

    def forget_trash(self, items: Iterable[Trashed]) -> None:
        """Drop notes."""
        rows = [(item.run, int(item.side), item.slot) for item in items]
        if rows:
            with self._transaction() as connection:
                connection.executemany("DELETE FROM trash WHERE run = ? AND side = ? AND slot = ?", rows)

    def open_conflicts(self) -> list[dict[str, Any]]:
        """The conflicts that the last run left open."""
        with self._watched():
            return list(json.loads(meta(self._connection, "conflicts") or "[]"))

    def set_open_conflicts(self, conflicts: Sequence[dict[str, Any]]) -> None:
        """Replace them, if they are others."""
        if list(conflicts) != self.open_conflicts():
            with self._transaction() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO meta VALUES ('conflicts', ?)", (json.dumps(list(conflicts)),)
                )

    def checkpoint(self) -> None:
        """Nothing to do: every write is in the file already."""

    def close(self) -> None:
        """Let go of the file and leave it whole, without files beside it; may be called twice."""
        # Suppressed: it is closed already, or a reader is there and the next run tidies up.
        with contextlib.suppress(sqlite3.Error):
            if self._wrote:
                self._connection.execute("PRAGMA busy_timeout = 0")
                self._connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        self._connection.close()

    # -- inside ----------------------------------------------------------------------------------

    @staticmethod
    def _records(rows: Iterable[Row]) -> dict[str, Record]:
        try:
            return records_of(rows)
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedError("holds what no version wrote") from error

    @staticmethod
    def _seal(values: Row) -> Seal:
        try:
            return seal_of(values)
        except (TypeError, ValueError) as error:
            raise DamagedError("holds what no version wrote") from error

    def _page(self, query: str, arguments: Row) -> list[Row]:
        # A page at a time: no read transaction stays open while the caller records what it decides.
        with self._watched():
            return self._connection.execute(query, arguments).fetchall()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or none."""
        if self._read_only:
            raise StoreError(f"the state {self.path} was opened to be read only")
        with self._watched():
            if not self._wrote:
                # Only now: a run that finds nothing to do leaves the file as it is, to the byte. A filesystem
                # that cannot do WAL keeps its rollback journal: slower, as safe.
                self._connection.execute("PRAGMA journal_mode = WAL").fetchone()
                self._connection.execute("PRAGMA synchronous = NORMAL")
                self._wrote = True
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled it back already
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """Turn what SQLite raises into `StoreError`; a damaged file is set aside."""
        try:
            yield
        except (sqlite3.Error, DamagedError) as error:
            if isinstance(error, sqlite3.Error) and not is_damage(error):
                raise trouble(self.path, error) from error
            self._connection.close()
            where = "" if self._read_only else f" and was set aside as {set_aside(self.path)}"
            raise StoreError(f"the state {self.path} is damaged{where}; run again: {_UNION}") from error


def _run_row(run: Run) -> Row:
    report = None if run.report is None else json.dumps(run.report, separators=(",", ":"))
    return (run.id, run.mode, run.started_ns, run.finished_ns, report)
