"""Digests that were read once, in a file that may be deleted at any time."""

from __future__ import annotations

import atexit
import contextlib
import functools
import logging
import os
import sqlite3
import threading

__all__ = ["Cache", "cache_at", "default_path"]

logger = logging.getLogger("syncfs.digest")

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS digests (key BLOB, algorithm TEXT, fingerprint TEXT, digest TEXT,"
    " PRIMARY KEY (key, algorithm)) WITHOUT ROWID"
)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def default_path() -> str:
    """The cache's file in the user's cache directory, or in `SYNCFS_CACHE_DIR`."""
    import platformdirs

    directory = os.environ.get("SYNCFS_CACHE_DIR") or platformdirs.user_cache_dir("syncfs", appauthor=False)
    return os.path.join(os.path.expanduser(directory), "digests.sqlite")


def cache_at(path: str) -> Cache:
    """The cache in a file: one a process, for all its threads."""
    return _cache_at(os.path.abspath(os.path.expanduser(path)), os.getpid())


@functools.cache
def _cache_at(path: str, pid: int) -> Cache:
    # The process id is part of the key: a connection to SQLite must not be carried across a fork.
    cache = Cache(path)
    atexit.register(cache.close)
    return cache


class Cache:
    """Digests by file, one for each algorithm. Never raises: without its file it forgets.

    Args:
        path: The file; it and its directory are made when something is first asked.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._is_broken = False

    def get(self, key: str, algorithm: str, fingerprint: str) -> str | None:
        """The digest of a file that is as it was when it was read; None when that is not known."""
        row = self._execute(
            "SELECT digest FROM digests WHERE key = ? AND algorithm = ? AND fingerprint = ?",
            (_bytes(key), algorithm, fingerprint),
        )
        return str(row[0]) if row else None

    def put(self, key: str, algorithm: str, fingerprint: str, digest: str) -> None:
        """Remember a digest, instead of an older one of the same file."""
        self._execute(
            "INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?)",
            (_bytes(key), algorithm, fingerprint, digest),
        )

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
                self._connection = None

    def _execute(self, query: str, arguments: tuple[object, ...]) -> tuple[object, ...] | None:
        with self._lock:
            for is_last in (False, True):
                if self._is_broken:
                    return None
                try:
                    if self._connection is None:
                        self._connection = self._opened()
                    row: tuple[object, ...] | None = self._connection.execute(query, arguments).fetchone()
                    return row
                except (sqlite3.Error, OSError) as error:
                    self._recover(error, is_last)
            return None

    def _opened(self) -> sqlite3.Connection:
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(self._path, timeout=1, isolation_level=None, check_same_thread=False)
        try:
            # What a power failure takes is read again: no need to wait for the disk.
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_SCHEMA)
            connection.execute("SELECT key, algorithm, fingerprint, digest FROM digests LIMIT 0")
        except BaseException:
            connection.close()
            raise
        return connection

    def _recover(self, error: sqlite3.Error | OSError, is_last: bool) -> None:
        """Begin a damaged file again, once; do without it when that does not help."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        is_damage = getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE
        if is_damage and not is_last:
            logger.warning("the digest cache %s is damaged and begun again: %s", self._path, error)
            for suffix in ("", "-wal", "-shm", "-journal"):
                with contextlib.suppress(OSError):
                    os.remove(self._path + suffix)
            return
        self._is_broken = True
        logger.warning("the digest cache %s cannot be used, so files are read again: %s", self._path, error)


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")  # names need not be Unicode
