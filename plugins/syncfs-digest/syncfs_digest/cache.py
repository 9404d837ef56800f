"""Digests that were read once, in a file that may be deleted at any time."""

from __future__ import annotations

import functools

from syncfs.store.cachefile import CacheFile, user_file

__all__ = ["Cache", "cache_at", "default_path"]

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS digests (key BLOB, algorithm TEXT, fingerprint TEXT, digest TEXT,
        PRIMARY KEY (key, algorithm)) WITHOUT ROWID;
    SELECT key, algorithm, fingerprint, digest FROM digests LIMIT 0;
"""


def default_path() -> str:
    """The cache's file in the user's cache directory, or in `SYNCFS_CACHE_DIR`."""
    return user_file("digests.sqlite", "cache")


@functools.cache
def cache_at(path: str) -> Cache:
    """The cache in a file: one a process, for all its threads."""
    return Cache(path)


class Cache:
    """Digests by file, one for each algorithm. Never raises: without its file it forgets.

    Args:
        path: The file; it and its directory are made when something is first asked.
    """

    def __init__(self, path: str) -> None:
        self._file = CacheFile(path, _SCHEMA)

    def get(self, key: str, algorithm: str, fingerprint: str) -> str | None:
        """The digest of a file that is as it was when it was read; None when that is not known."""
        rows = self._file.execute(
            "SELECT digest FROM digests WHERE key = ? AND algorithm = ? AND fingerprint = ?",
            (_bytes(key), algorithm, fingerprint),
        )
        return str(rows[0][0]) if rows else None

    def put(self, key: str, algorithm: str, fingerprint: str, digest: str) -> None:
        """Remember a digest, instead of an older one of the same file."""
        self._file.execute(
            "INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?)",
            (_bytes(key), algorithm, fingerprint, digest),
        )

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        self._file.close()


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")  # names need not be Unicode
