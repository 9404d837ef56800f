"""The base: what both sides last agreed on, path by path."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from syncfs.core.entry import DIRECTORY, Entry, Kind, Side, Written

__all__ = ["SHOWN_BOTH", "Change", "Flag", "Record", "change_of", "directory_record"]


class Flag:
    """What a record knows beyond its fingerprints; one bit a side.

    Plain integers: an `IntFlag` makes an object for every `&`, which was a third of a run that finds
    nothing to do.
    """

    RACY_LEFT = 1
    RACY_RIGHT = 2
    SHOWN_LEFT = 4
    SHOWN_RIGHT = 8

    @staticmethod
    def racy(side: Side) -> int:
        """The bit saying that this side's fingerprint may hide another change."""
        return 2 if side else 1

    @staticmethod
    def shown(side: Side) -> int:
        """The bit saying that a listing of this side has shown the name since it was recorded."""
        return 8 if side else 4


SHOWN_BOTH = Flag.SHOWN_LEFT | Flag.SHOWN_RIGHT


class Record(NamedTuple):
    """What both sides held under one path when they were last seen to agree.

    Attributes:
        left: Fingerprint as read back from the left side; a `Written` while only the reply to our own
            write is known.
        right: The same for the right side.
        digest: `"algorithm:hex"` of the content both sides held; None when no transfer computed it.
        flags: See `Flag`.
    """

    left: Entry | Written
    right: Entry | Written
    digest: str | None = None
    flags: int = 0

    def of(self, side: Side) -> Entry | Written:
        """The fingerprint of one side."""
        return self.left if side is Side.LEFT else self.right

    @property
    def is_directory(self) -> bool:
        """Whether both sides held a directory."""
        return isinstance(self.left, Entry) and self.left.kind is Kind.DIRECTORY

    def is_racy(self, side: Side) -> bool:
        """Whether this side's fingerprint may hide a change made in the same grain of its clock."""
        return bool(self.flags & Flag.racy(side))

    def was_shown(self, side: Side) -> bool:
        """Whether this side has itself listed the name since it was recorded."""
        return bool(self.flags & Flag.shown(side))


def directory_record(flags: int = SHOWN_BOTH) -> Record:
    """The record of a directory, shown by both sides unless `flags` says otherwise."""
    return Record(DIRECTORY, DIRECTORY, None, flags)


class Change(Enum):
    """What happened to a path on one side since the base."""

    NONE = "none"
    """Absent then and now."""
    UNCHANGED = "unchanged"
    CREATED = "created"
    MODIFIED = "modified"
    """Its fingerprint differs, or its kind does; or it cannot be told apart from that."""
    DELETED = "deleted"


def change_of(record: Record | None, side: Side, entry: Entry | None) -> Change:
    """Compare one side with its own past.

    Args:
        record: What the base holds; None when it holds nothing.
        side: Whose past.
        entry: What a complete listing shows now; None when it lacks the name.

    Returns:
        The change. A file that shows neither mtime, etag nor digest is MODIFIED: its size alone proves
        nothing.
    """
    if record is None:
        return Change.NONE if entry is None else Change.CREATED
    if entry is None:
        return Change.DELETED
    recorded = record.of(side)
    if isinstance(recorded, Written):
        return Change.UNCHANGED if recorded.is_shown_by(entry) else Change.MODIFIED
    if entry == recorded:
        shows_nothing = entry.mtime_ns is None and entry.etag is None and entry.digest is None
        return Change.MODIFIED if shows_nothing and entry.kind is Kind.FILE else Change.UNCHANGED
    return Change.UNCHANGED if _tells_more(entry, recorded) else Change.MODIFIED


def _tells_more(entry: Entry, recorded: Entry) -> bool:
    """Whether two entries differ only in that one tells a digest or a file's id and the other does not.

    A side that is looked at in another way (by a plugin's endpoint, say) has not changed by that. The
    entity tag must be the same: without one, nothing else would prove the content.
    """
    return (
        entry.etag is not None
        and entry._replace(digest=None, file_id=None) == recorded._replace(digest=None, file_id=None)
        and (entry.digest is None or recorded.digest is None or entry.digest == recorded.digest)
        and (entry.file_id is None or recorded.file_id is None or entry.file_id == recorded.file_id)
    )


def is_settled(record: Record, left: Entry | None, right: Entry | None, doubts: int) -> bool:
    """Whether a file needs no decision: both sides show what was recorded, and nothing is in doubt.

    The one question asked of every file of a tree in which nothing changed; tuples compare at C speed.

    Args:
        record: What the base holds.
        left: What the left side shows.
        right: What the right side shows.
        doubts: The bits of racy sides that are looked into (those that read at no cost).
    """
    return (
        left is not None
        and right is not None
        and left == record[0]
        and right == record[1]
        and record[3] & (SHOWN_BOTH | doubts) == SHOWN_BOTH
        and left[0] is Kind.FILE
        and not (left[2] is None and left[3] is None and left[4] is None)
        and not (right[2] is None and right[3] is None and right[4] is None)
    )
