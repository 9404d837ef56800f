"""Pure values and functions: what there is, what should happen, and why.

Nothing in this package does I/O, looks at a clock, draws a random number, logs or starts a thread;
times, temporary names and mtimes are arguments. `tests/test_layers.py` enforces it.

Decisions:
    An `Entry` is a NamedTuple, its own fingerprint. A frozen dataclass costs three times as much to make
    and cannot be compared with a stored row at C speed, which is what a run that finds nothing to do
    consists of.
"""

from syncfs.core.base import Change, Flag, Record, change_of
from syncfs.core.capabilities import Capabilities
from syncfs.core.compare import Comparator, ContentComparator, Openers, Verdict
from syncfs.core.conflict import (
    Conflict,
    ConflictKind,
    ConflictPolicy,
    Contents,
    Merged,
    MergingPolicy,
    Resolution,
)
from syncfs.core.entry import DIRECTORY, Entry, Kind, Side, Written
from syncfs.core.listing import ABSENT, Listing, ListingStatus

__all__ = [
    "ABSENT",
    "DIRECTORY",
    "Capabilities",
    "Change",
    "Comparator",
    "Conflict",
    "ConflictKind",
    "ConflictPolicy",
    "ContentComparator",
    "Contents",
    "Entry",
    "Flag",
    "Kind",
    "Listing",
    "ListingStatus",
    "Merged",
    "MergingPolicy",
    "Openers",
    "Record",
    "Resolution",
    "Side",
    "Verdict",
    "Written",
    "change_of",
]
