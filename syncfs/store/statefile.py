"""The state file as a file: made, checked, set aside."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import Any

from syncfs.errors import StoreError
from syncfs.store.rows import COLUMNS, IS_DIRECTORY

__all__ = [
    "FORMAT",
    "DamagedError",
    "empty",
    "is_damage",
    "meta",
    "opened",
    "opened_to_read",
    "set_aside",
    "trouble",
]

FORMAT = 2
"""The version of the tables; each keeps `meta(key, value)` with `format`, so that older ones can tell.

1 had no seals. A version that does not know them would change records and leave them in place.
"""

_BUSY_S = 10.0
_SIDECARS = ("-wal", "-shm", "-journal")

_SEALS = (
    "CREATE TABLE seals (directory PRIMARY KEY, left_mark, right_mark, files, directories, renewals)"
    " WITHOUT ROWID"
)
_SCHEMA = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    f"CREATE TABLE records (parent, name, {', '.join(COLUMNS)}, PRIMARY KEY (parent, name)) WITHOUT ROWID",
    f"CREATE INDEX directories ON records (parent, name) WHERE {IS_DIRECTORY}",
    "CREATE TABLE runs (id TEXT PRIMARY KEY, mode, started_ns, finished_ns, report)",
    "CREATE TABLE trash (run, side, slot, path, PRIMARY KEY (run, side, slot))",
    "CREATE INDEX runs_by_start ON runs (started_ns, id)",
    _SEALS,
)


class DamagedError(Exception):
    """What is wrong with the file, as the end of a sentence that begins with its name."""


def meta(connection: sqlite3.Connection, key: str) -> Any:
    """One value of the table `meta`; None when it is missing."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def opened(path: str, left: str, right: str) -> sqlite3.Connection:
    """Open the file for a run, begin it when it is missing or empty.

    Raises:
        DamagedError: It must be set aside first.
        StoreError: It is of a newer version.
        sqlite3.Error, OSError: It cannot be read or written.
    """
    os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    if not os.path.exists(path):
        for sidecar in _SIDECARS:  # of a file that was moved away: SQLite must not replay them into this one
            with contextlib.suppress(FileNotFoundError):
                os.remove(path + sidecar)
        # Made here, so that nobody else can read it for a moment. SQLite gives its sidecars the same mode.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    return _checked(_connected(path), path, left, right, writable=True)


def opened_to_read(path: str, left: str, right: str) -> sqlite3.Connection:
    """Open the file and change nothing; a missing or empty one is an empty base. Raises as `opened` does."""
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        return empty(left, right)
    from pathlib import Path  # with urllib; only plans and the history need it

    uri = f"{Path(path).absolute().as_uri()}?mode=ro"
    return _checked(_connected(uri, uri=True), path, left, right, writable=False)


def empty(left: str, right: str) -> sqlite3.Connection:
    """An empty base in memory."""
    connection = _connected(":memory:")
    _begin(connection, left, right)
    return connection


def _connected(name: str, *, uri: bool = False) -> sqlite3.Connection:
    # Transactions are begun by hand; one thread at a time uses it, not always the same one.
    return sqlite3.connect(name, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, uri=uri)


def _checked(
    connection: sqlite3.Connection, path: str, left: str, right: str, *, writable: bool
) -> sqlite3.Connection:
    try:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables and writable:
            _begin(connection, left, right)
        elif not tables:  # a run died before its first commit
            connection.close()
            return empty(left, right)
        else:
            _check(connection, path, tables, left, right)
            if "seals" not in tables:
                _add_seals(connection, writable=writable)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error) and is_damage(error, while_opening=True):
            raise DamagedError("is damaged") from error
        raise
    return connection


def _begin(connection: sqlite3.Connection, left: str, right: str) -> None:
    """Make the tables, all or none: a run killed here leaves an empty file."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA:
        connection.execute(statement)
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?)",
        [("format", FORMAT), ("left", left), ("right", right), ("generation", 0)],
    )
    connection.execute("COMMIT")


def _add_seals(connection: sqlite3.Connection, *, writable: bool) -> None:
    """Bring a file of format 1 to the present one; one that is only read stays as it is."""
    if not writable:
        connection.execute(_SEALS.replace("TABLE", "TEMP TABLE"))
        return
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_SEALS)
    connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (FORMAT,))
    connection.execute("COMMIT")


def _check(connection: sqlite3.Connection, path: str, tables: set[str], left: str, right: str) -> None:
    version = meta(connection, "format") if "meta" in tables else None
    if isinstance(version, int) and version > FORMAT:
        refusal = StoreError(
            f"the state {path} was written by a newer syncfs (format {version}, this one knows {FORMAT}):"
            " upgrade syncfs, or name another file with --state"
        )
        refusal.is_newer = True
        raise refusal
    if not tables >= {"meta", "records", "runs", "trash"} or version is None:
        raise DamagedError("is damaged")
    if version not in (1, FORMAT) or (version == FORMAT) != ("seals" in tables):
        raise DamagedError(f"has a format that cannot be read any more ({version})")
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise DamagedError("is damaged")
    columns = {row[1] for row in connection.execute("PRAGMA table_info(records)")}
    if not columns >= {"parent", "name", *COLUMNS} or not isinstance(meta(connection, "generation"), int):
        raise DamagedError("is damaged")
    pair = (meta(connection, "left"), meta(connection, "right"))
    if pair == (right, left) and left != right:
        raise DamagedError("belongs to this pair the other way round (src and dst are swapped)")
    if pair != (left, right):
        raise DamagedError("belongs to another pair of directories")


def set_aside(path: str) -> str:
    """Rename a file that cannot be used, with what SQLite keeps beside it; nothing is deleted.

    Returns:
        Its new path.

    Raises:
        StoreError: It cannot be renamed.
    """
    number = 1
    while os.path.lexists(aside := f"{path}.damaged-{number}"):
        number += 1
    try:
        os.rename(path, aside)
        for sidecar in _SIDECARS:
            with contextlib.suppress(FileNotFoundError):
                os.rename(path + sidecar, aside + sidecar)
    except OSError as error:
        raise StoreError(f"the state {path} is damaged and cannot be renamed: {error.strerror}") from error
    return aside


def is_damage(error: sqlite3.Error, *, while_opening: bool = False) -> bool:
    """Whether the content of the file is at fault, not its surroundings."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by Python's module: text that is not UTF-8
        return isinstance(error, sqlite3.OperationalError)
    if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return True
    if code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return True
    # "no such table", "no such column": while a run is on it would be a fault of ours.
    return while_opening and code == sqlite3.SQLITE_ERROR


_ADVICE = {
    sqlite3.SQLITE_FULL: "the disk is full; make room and run again",
    sqlite3.SQLITE_READONLY: "it cannot be written; check its permissions, or name another file with --state",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check its permissions, or name another file with --state",
    sqlite3.SQLITE_BUSY: "another program keeps it busy; try again when that has ended",
    sqlite3.SQLITE_LOCKED: "another program keeps it busy; try again when that has ended",
}


def trouble(path: str, error: sqlite3.Error | OSError) -> StoreError:
    """Say that the file cannot be read or written, why, and what to do."""
    if isinstance(error, OSError):
        return StoreError(f"the state {path}: {error.strerror or error}")
    code = getattr(error, "sqlite_errorcode", None)
    advice = str(error) if code is None else _ADVICE.get(code & 0xFF, str(error))
    failure = StoreError(f"the state {path}: {advice}")
    failure.retryable = code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return failure
