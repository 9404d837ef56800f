"""What is known of one name in one directory of one side."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

__all__ = ["DIRECTORY", "Entry", "Kind", "Side", "Written"]


class Kind(IntEnum):
    """What stands under a name."""

    FILE = 1
    DIRECTORY = 2
    OTHER = 3
    """A symlink, a device, a socket: counted, never followed, never touched."""
    UNREADABLE = 4
    """Something is there and cannot be looked at; never the same as nothing being there."""


class Side(IntEnum):
    """Which of the two filesystems: LEFT is the constructor's `src`, RIGHT its `dst`, in every mode."""

    LEFT = 0
    RIGHT = 1

    @property
    def other(self) -> Side:
        """The opposite side."""
        return _OTHER[self]

    @property
    def label(self) -> str:
        """`"src"` or `"dst"`: the word that users see."""
        return _LABELS[self]


_OTHER = (Side.RIGHT, Side.LEFT)
_LABELS = ("src", "dst")


class Entry(NamedTuple):
    """The facets of one name as one side tells them; the whole tuple is the entry's fingerprint.

    Two entries of the *same* side are equal when nothing that this side shows has changed. Entries of
    *different* sides are never compared with `==`: that is a `Comparator`'s work.

    A NamedTuple and not a dataclass: a tree of unchanged files is recognised by comparing plain tuples
    at C speed, and a tuple is made in a third of the time.

    Attributes:
        kind: What stands there. A DIRECTORY has no other facet: its own mtime and etag say nothing of
            its content.
        size_bytes: Size of a file; None when the side does not tell.
        mtime_ns: Modification time in nanoseconds since the epoch by that side's own clock; None when
            the side does not tell. Not comparable with the other side's unless both keep mtimes.
        etag: An entity tag without quotes and `W/`; None when the side has none.
        digest: `"algorithm:hex"` as the side tells it; None when it does not.
        file_id: The inode, or the server's own id of the file; None when there is none.
        ctime_ns: The inode's change time, same clock as `mtime_ns`; None when there is none.
    """

    kind: Kind
    size_bytes: int | None = None
    mtime_ns: int | None = None
    etag: str | None = None
    digest: str | None = None
    file_id: int | str | None = None
    ctime_ns: int | None = None


DIRECTORY = Entry(Kind.DIRECTORY)
"""The one entry of every directory."""


class Written(NamedTuple):
    """What a side's reply to our own write lets us expect of the file's next listing.

    Attributes:
        size_bytes: How many bytes were sent.
        etag: The entity tag of what was written, from the write's own reply or from a look before it
            became public; None when it is not known.
        earliest_ns: The write began no earlier than this, by that side's own clock; None when that
            clock is not known.
        latest_ns: The write ended no later than this, by the same clock; None likewise.
    """

    size_bytes: int
    etag: str | None = None
    earliest_ns: int | None = None
    latest_ns: int | None = None

    def is_shown_by(self, entry: Entry) -> bool:
        """Tell whether `entry` can be our own write and nobody else's later one.

        Either the entity tag of the write's own reply, or our size and an mtime within the write by
        the side's clock. Anything else may be a stranger's edit that landed after ours.
        """
        if entry.kind is not Kind.FILE or entry.size_bytes != self.size_bytes:
            return False
        if self.etag is not None and entry.etag is not None:
            return self.etag == entry.etag
        if entry.mtime_ns is None or self.earliest_ns is None or self.latest_ns is None:
            return False
        return self.earliest_ns <= entry.mtime_ns <= self.latest_ns

    def is_refuted_by(self, entry: Entry) -> bool:
        """Tell whether `entry` is certainly not our own write; between this and `is_shown_by` is doubt."""
        if entry.kind is not Kind.FILE or entry.size_bytes not in (self.size_bytes, None):
            return True
        return self.etag is not None and entry.etag is not None and self.etag != entry.etag
