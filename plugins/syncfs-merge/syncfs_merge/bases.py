"""The contents that both sides last agreed on, by digest, in a file that may be deleted at any time."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import zlib
from typing import Any

__all__ = ["Bases", "default_path"]

logger = logging.getLogger("syncfs.merge")

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS contents"
    " (digest TEXT PRIMARY KEY, content BLOB, size INTEGER, number INTEGER);"
    "CREATE INDEX IF NOT EXISTS by_number ON contents (number)"
)
_SWEEP_EVERY = 256


def default_path() -> str:
    """`bases.sqlite` in the user's state directory, or in `SYNCFS_STATE_DIR`."""
    import platformdirs

    directory = os.environ.get("SYNCFS_STATE_DIR") or platformdirs.user_state_dir("syncfs", appauthor=False)
    return os.path.join(os.path.expanduser(directory), "bases.sqlite")


class Bases:
    """Contents by digest. Never raises: what cannot be kept cannot be merged, and that is all.

    Args:
        path: The file; made, with its directory, when something is first kept. Its owner's only.
        limit_bytes: How much of the disk the contents may take; the oldest go first.
    """

    def __init__(self, path: str, limit_bytes: int) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._pid = os.getpid()
        self._puts = 0

    def get(self, digest: str) -> bytes | None:
        """The content of that digest; None when it is not kept."""
        rows = self._execute("SELECT content FROM contents WHERE digest = ?", (digest,))
        try:
            return zlib.decompress(rows[0][0]) if rows else None
        except zlib.error:
            return None

    def has(self, digest: str) -> bool:
        """Whether a content is kept."""
        return bool(self._execute("SELECT 1 FROM contents WHERE digest = ?", (digest,)))

    def put(self, digest: str, content: bytes) -> None:
        """Keep a content, and let the oldest go where there are too many."""
        packed = zlib.compress(content, 1)
        self._execute(
            "INSERT OR REPLACE INTO contents VALUES"
            " (?, ?, ?, (SELECT coalesce(max(number), 0) + 1 FROM contents))",
            (digest, packed, len(packed)),
        )
        if self._puts % _SWEEP_EVERY == 0:
            self._sweep()
        self._puts += 1

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    def _sweep(self) -> None:
        rows = self._execute("SELECT sum(size) FROM contents")
        excess = (rows[0][0] or 0) - self._limit_bytes if rows else 0
        if excess > 0:
            # A quarter more than needed, so that a full store is not swept again at once.
            self._execute(
                "DELETE FROM contents WHERE digest IN (SELECT digest FROM"
                " (SELECT digest, size, sum(size) OVER (ORDER BY number) AS so_far FROM contents)"
                " WHERE so_far - size < ?)",
                (excess + self._limit_bytes // 4,),
            )

    def _execute(self, query: str, arguments: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                if self._connection is None or self._pid != os.getpid():
                    # A connection to SQLite must not be carried across a fork.
                    self._connection, self._pid = self._opened(), os.getpid()
                return self._connection.execute(query, arguments).fetchall()
            except (sqlite3.Error, OSError) as error:
                logger.warning("the contents kept for merging cannot be used (%s): %s", self._path, error)
                return []

    def _opened(self) -> sqlite3.Connection:
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(self._path, timeout=5, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection
