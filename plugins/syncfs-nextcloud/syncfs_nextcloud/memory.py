"""Listings under the tags that came with them, in a file that may be deleted at any time."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import logging
import os
import sqlite3
import threading
from collections.abc import Mapping

from syncfs.core.entry import Entry, Kind
from syncfs.core.listing import Listing

__all__ = ["Memory", "default_path", "memory_at"]

logger = logging.getLogger("syncfs.nextcloud")

_VERSION = 1
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS listings"
    " (root TEXT, path BLOB, tag TEXT, listing TEXT, PRIMARY KEY (root, path)) WITHOUT ROWID"
)


def default_path() -> str:
    """`nextcloud.sqlite` in the user's cache directory, or in `SYNCFS_CACHE_DIR`."""
    import platformdirs

    directory = os.environ.get("SYNCFS_CACHE_DIR") or platformdirs.user_cache_dir("syncfs", appauthor=False)
    return os.path.join(os.path.expanduser(directory), "nextcloud.sqlite")


def memory_at(path: str) -> Memory:
    """The memory in a file: one a process, for all its threads."""
    return _memory_at(os.path.abspath(os.path.expanduser(path)), os.getpid())


@functools.cache
def _memory_at(path: str, pid: int) -> Memory:
    # A connection to SQLite must not be carried across a fork.
    memory = Memory(path)
    atexit.register(memory.close)
    return memory


class Memory:
    """What directories held when they had a certain tag. Never raises: without its file it forgets.

    Args:
        path: The file; made, with its directory, when something is first remembered. Its owner's only.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._is_broken = False

    def works(self) -> bool:
        """Whether its file can be read and written, as far as is known."""
        return bool(self._execute("SELECT 1", ()))

    def get(self, root: str, path: str, tag: str) -> tuple[Listing, dict[str, str]] | None:
        """The listing of a directory that has that tag, and the tags of the directories in it."""
        rows = self._execute(
            "SELECT listing FROM listings WHERE root = ? AND path = ? AND tag = ?",
            (root, _bytes(path), f"{_VERSION}:{tag}"),
        )
        if not rows:
            return None
        try:
            entries, tags, leftovers = json.loads(str(rows[0][0]))
            found = {
                name: Entry(Kind(kind), size, mtime_ns, etag, digest, file_id)
                for name, kind, size, mtime_ns, etag, digest, file_id in entries
            }
        except (ValueError, TypeError):
            return None
        return Listing(entries=found, leftovers=tuple(leftovers)), tags

    def put(self, root: str, path: str, tag: str, listing: Listing, tags: Mapping[str, str]) -> None:
        """Remember a listing, instead of an older one of the same directory."""
        entries = [
            (name, int(entry.kind), entry.size_bytes, entry.mtime_ns, entry.etag, entry.digest, entry.file_id)
            for name, entry in listing.entries.items()
        ]
        text = json.dumps([entries, dict(tags), listing.leftovers], separators=(",", ":"))
        self._execute(
            "INSERT OR REPLACE INTO listings VALUES (?, ?, ?, ?)",
            (root, _bytes(path), f"{_VERSION}:{tag}", text),
        )

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    def _execute(self, query: str, arguments: tuple[object, ...]) -> list[tuple[object, ...]]:
        with self._lock:
            if self._is_broken:
                return []
            try:
                if self._connection is None:
                    self._connection = self._opened()
                return self._connection.execute(query, arguments).fetchall()
            except (sqlite3.Error, OSError) as error:
                self._is_broken = True
                logger.info("listings are not remembered in %s: %s", self._path, error)
                return []

    def _opened(self) -> sqlite3.Connection:
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(self._path, timeout=1, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = OFF")  # what a power failure takes is listed again
            connection.execute(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
