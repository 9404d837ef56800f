"""Listings under the tags that came with them, in a file that may be deleted at any time."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping

from syncfs.core.entry import Entry, Kind
from syncfs.core.listing import Listing
from syncfs.store.cachefile import CacheFile, user_file

__all__ = ["Memory", "default_path", "memory_at"]

_VERSION = 1
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS listings"
    " (root TEXT, path BLOB, tag TEXT, listing TEXT, PRIMARY KEY (root, path)) WITHOUT ROWID"
)


def default_path() -> str:
    """`nextcloud.sqlite` in the user's cache directory, or in `SYNCFS_CACHE_DIR`."""
    return user_file("nextcloud.sqlite", "cache")


@functools.cache
def memory_at(path: str) -> Memory:
    """The memory in a file: one a process, for all its threads."""
    return Memory(path)


class Memory:
    """What directories held when they had a certain tag. Never raises: without its file it forgets.

    Args:
        path: The file; made, with its directory, when something is first remembered. Its owner's only.
    """

    def __init__(self, path: str) -> None:
        self._file = CacheFile(path, _SCHEMA)

    def works(self) -> bool:
        """Whether its file can be read and written, as far as is known."""
        return self._file.works()

    def get(self, root: str, path: str, tag: str) -> tuple[Listing, dict[str, str]] | None:
        """The listing of a directory that has that tag, and the tags of the directories in it."""
        rows = self._file.execute(
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
        self._file.execute(
            "INSERT OR REPLACE INTO listings VALUES (?, ?, ?, ?)",
            (root, _bytes(path), f"{_VERSION}:{tag}", text),
        )

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        self._file.close()


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
