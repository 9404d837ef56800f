"""The contents that both sides last agreed on, by digest, in a file that may be deleted at any time."""

from __future__ import annotations

import zlib

from syncfs.store.cachefile import CacheFile, user_file

__all__ = ["Bases", "default_path"]

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS contents"
    " (digest TEXT PRIMARY KEY, content BLOB, size INTEGER, number INTEGER);"
    "CREATE INDEX IF NOT EXISTS by_number ON contents (number)"
)
_SWEEP_EVERY = 256


def default_path() -> str:
    """`bases.sqlite` in the user's state directory, or in `SYNCFS_STATE_DIR`."""
    return user_file("bases.sqlite", "state")


class Bases:
    """Contents by digest. Never raises: what cannot be kept cannot be merged, and that is all.

    Args:
        path: The file; made, with its directory, when something is first kept. Its owner's only.
        limit_bytes: How much of the disk the contents may take; the oldest go first.
    """

    def __init__(self, path: str, limit_bytes: int) -> None:
        self._file = CacheFile(path, _SCHEMA, wait_s=5)
        self._limit_bytes = limit_bytes
        self._puts = 0

    def get(self, digest: str) -> bytes | None:
        """The content of that digest; None when it is not kept."""
        rows = self._file.execute("SELECT content FROM contents WHERE digest = ?", (digest,))
        try:
            return zlib.decompress(rows[0][0]) if rows else None
        except zlib.error:
            return None

    def has(self, digest: str) -> bool:
        """Whether a content is kept."""
        return bool(self._file.execute("SELECT 1 FROM contents WHERE digest = ?", (digest,)))

    def put(self, digest: str, content: bytes) -> None:
        """Keep a content, and let the oldest go where there are too many."""
        packed = zlib.compress(content, 1)
        self._file.execute(
            "INSERT OR REPLACE INTO contents VALUES"
            " (?, ?, ?, (SELECT coalesce(max(number), 0) + 1 FROM contents))",
            (digest, packed, len(packed)),
        )
        if self._puts % _SWEEP_EVERY == 0:
            self._sweep()
        self._puts += 1

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        self._file.close()

    def _sweep(self) -> None:
        rows = self._file.execute("SELECT sum(size) FROM contents")
        excess = (rows[0][0] or 0) - self._limit_bytes if rows else 0
        if excess > 0:
            # A quarter more than needed, so that a full store is not swept again at once.
            self._file.execute(
                "DELETE FROM contents WHERE digest IN (SELECT digest FROM"
                " (SELECT digest, size, sum(size) OVER (ORDER BY number) AS so_far FROM contents)"
                " WHERE so_far - size < ?)",
                (excess + self._limit_bytes // 4,),
            )
