"""One directory of one side, as it was listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from syncfs.core.entry import Entry

__all__ = ["ABSENT", "AS_MARKED", "Listing", "ListingStatus"]


class ListingStatus(Enum):
    """How far a listing can be trusted."""

    COMPLETE = "complete"
    """Every name is there: what is missing from it is missing from the side."""
    ABSENT = "absent"
    """The directory is not there, by the evidence of its parent's complete listing."""
    REFUSED = "refused"
    """A definite answer that it may not be looked at (403, EACCES): unknown, this subtree only."""
    FAILED = "failed"
    """It broke (5xx, a timeout, a truncated body): unknown, and removals on the other side wait."""
    AS_MARKED = "as marked"
    """It still bears the mark that was asked about, so nobody has written its names down again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The names in one directory of one side.

    Attributes:
        entries: Name to entry. Names are single path components as the side spells them; reserved names
            (`.syncfs*`) are left out. Empty unless `status` is COMPLETE.
        status: How far it can be trusted.
        reason: Why it is not COMPLETE, in words for the user; empty otherwise.
        racy: The names whose fingerprint may hide another change: modified within the clock's grain of
            the moment they were observed, and with no entity tag that proves content.
        leftovers: Names of this program's own temporary files, from this run or another.
        mark: Stands for all that this listing shows: when a later one of the same side bears the same, it
            shows the same. None where that cannot be said: something in it may change unseen, cannot be
            looked at or is no file, or the side has no such thing.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    status: ListingStatus = ListingStatus.COMPLETE
    reason: str = ""
    racy: frozenset[str] = frozenset()
    leftovers: tuple[str, ...] = ()
    mark: bytes | None = None

    @property
    def is_evidence(self) -> bool:
        """Whether a name that it lacks is really missing."""
        return self.status is ListingStatus.COMPLETE or self.status is ListingStatus.ABSENT


ABSENT = Listing(status=ListingStatus.ABSENT)
"""The listing of a directory that is known not to exist."""

AS_MARKED = Listing(status=ListingStatus.AS_MARKED)
"""The listing of a directory that still bears the mark that was asked about."""
