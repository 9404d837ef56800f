"""A file of what can be found out again, for plugins: it may be damaged or deleted at any time."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sqlite3
import threading
import weakref
from typing import Any, Literal

__all__ = ["CacheFile", "user_file"]

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def user_file(name: str, kind: Literal["cache", "state"]) -> str:
    """Where a plugin keeps a file for this user; `SYNCFS_CACHE_DIR` and `SYNCFS_STATE_DIR` say otherwise.

    Args:
        name: The file's.
        kind: What the system tells apart: a cache may be emptied by anyone, a state is the user's.
    """
    import platformdirs

    directory = os.environ.get(f"SYNCFS_{kind.upper()}_DIR")
    if not directory:
        find = platformdirs.user_cache_dir if kind == "cache" else platformdirs.user_state_dir
        directory = find("syncfs", appauthor=False)
    return os.path.join(os.path.expanduser(directory), name)


class CacheFile:
    """An SQLite database for all threads of a process. Never raises: without its file it forgets.

    A damaged file is begun again, once; a file that cannot be used at all is not tried twice. It is its
    owner's only. A power failure may take what was last put: nobody waits for the disk.
    """

    def __init__(self, path: str, schema: str, *, wait_s: float = 1.0) -> None:
        """Open nothing yet.

        Args:
            path: The file; it and its directory are made when something is first asked.
            schema: What makes its tables where they are missing, and fails where they are others.
            wait_s: How long another process that writes is waited for.
        """
        self.path = os.path.abspath(os.path.expanduser(path))
        self._schema = schema
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._connection: sqlite3.Connection | None = None
        self._log = logging.getLogger("syncfs")
        self._is_broken = False
        atexit.register(_close, weakref.ref(self))

    def works(self) -> bool:
        """Whether it remembers anything."""
        return bool(self.execute("SELECT 1"))

    def execute(self, query: str, arguments: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Ask, or put; the rows, none where the file cannot be used."""
        with self._lock:
            for is_last in (False, True):
                if self._is_broken:
                    break
                try:
                    return self._opened().execute(query, arguments).fetchall()
                except (sqlite3.Error, OSError) as error:
                    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING:
                        self._log.info("%s is busy: %s", self.path, error)
                        break
                    self._recover(error, is_last)
        return []

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        with self._lock:
            self._let_go()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None and self._pid == os.getpid():
            return self._connection
        # A connection to SQLite must not be carried across a fork, nor closed there.
        self._connection, self._pid = None, os.getpid()
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(
            self.path, timeout=self._wait_s, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(self._schema)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _recover(self, error: sqlite3.Error | OSError, is_last: bool) -> None:
        self._let_go()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE and not is_last:
            self._log.warning("%s is damaged and begun again: %s", self.path, error)
            for suffix in ("", "-wal", "-shm", "-journal"):
                with contextlib.suppress(OSError):
                    os.remove(self.path + suffix)
            return
        self._is_broken = True
        self._log.warning("%s cannot be used, so nothing is remembered there: %s", self.path, error)

    def _let_go(self) -> None:
        if self._connection is not None and self._pid == os.getpid():
            self._connection.close()
        self._connection = None


def _close(reference: weakref.ref[CacheFile]) -> None:
    if (file := reference()) is not None:
        file.close()
