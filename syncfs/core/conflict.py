"""Conflicts as values, and how policies settle them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO, ClassVar, NamedTuple, Protocol, runtime_checkable

from syncfs.core.entry import Entry, Side

__all__ = [
    "Conflict",
    "ConflictKind",
    "ConflictPolicy",
    "Contents",
    "Merged",
    "MergingPolicy",
    "Resolution",
]


class ConflictKind(Enum):
    """What kind of disagreement it is."""

    EDIT_EDIT = "edit against edit"
    EDIT_DELETE = "edit against delete"
    TYPE = "directory against file"


class Resolution(Enum):
    """What a policy says. LEFT and RIGHT name the side whose version takes the path."""

    LEFT = "src"
    RIGHT = "dst"
    KEEP_BOTH = "keep-both"
    """The sender's version (in sync: src's) takes the path, the other is kept beside it."""
    SKIP = "skip"
    """Leave both as they are; the conflict stays open."""
    FAIL = "fail"
    """As SKIP, and the report counts it as a problem."""
    MERGE = "merge"
    """Both edits in one file, as a `MergingPolicy` has made it; by itself it settles nothing, as SKIP."""

    @staticmethod
    def winner(side: Side) -> Resolution:
        """The resolution by which `side` wins."""
        return Resolution.LEFT if side is Side.LEFT else Resolution.RIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Both sides hold user-made content under one path, and it is not the same.

    Attributes:
        path: Relative to both roots, `/`-separated.
        kind: What kind of disagreement it is.
        left: What `src` holds; None when it was deleted there.
        right: What `dst` holds; None when it was deleted there.
        tolerance_ns: Two mtimes closer than this cannot be ordered: the measured difference between the
            two clocks plus the coarser grain. None when the clocks' difference is not known.
        resolution: What the policy said; None before it was asked.
        outcome: What was or will be done, in words.
        is_open: Whether the two sides still differ under this path after the run.
        base_digest: `"algorithm:hex"` of the content that both sides last agreed on; None when they never
            did, or nobody digested it.
    """

    path: str
    kind: ConflictKind
    left: Entry | None
    right: Entry | None
    tolerance_ns: int | None = 0
    resolution: Resolution | None = None
    outcome: str = ""
    is_open: bool = False
    base_digest: str | None = None


@runtime_checkable
class ConflictPolicy(Protocol):
    """Who wins: an immutable object, usually a frozen dataclass whose fields are its options.

    Whoever wins, the engine keeps the loser; a policy cannot lose content.
    """

    name: ClassVar[str]

    def resolve(self, conflict: Conflict) -> Resolution:
        """Settle one conflict; must not raise and must not do I/O."""
        ...


class Contents(NamedTuple):
    """How a policy reads the two files that are in conflict.

    Attributes:
        left: Opens the left file anew, in binary, at its start, as it is now.
        right: The same for the right file.
    """

    left: Callable[[], AbstractContextManager[BinaryIO]]
    right: Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """One content made of both sides' edits; it is in the plan, so it must be small.

    Attributes:
        content: What takes the path. In sync both sides get it; in push and pull only the receiver, and
            the conflict stays open unless it is what the sender has.
        outcome: How it was made, in words for the user.
    """

    content: bytes
    outcome: str = "merged"


@runtime_checkable
class MergingPolicy(ConflictPolicy, Protocol):
    """A policy that can make one file out of two, given the content that both were made from.

    That content is nowhere but with the policy: whatever both sides come to agree on is offered to it. It
    may read and write what is its own; nothing it does may raise.
    """

    def can_merge(self, conflict: Conflict) -> bool:
        """Whether it is worth reading both files (of an edit against an edit); looks at no content."""
        ...

    def merge(self, conflict: Conflict, contents: Contents) -> Merged | None:
        """Make one content of both; None when that cannot be done surely: then `resolve` decides.

        Called from any thread, before anything is written.
        """
        ...

    def keeps(self, path: str, size_bytes: int, digest: str | None) -> bool:
        """Whether to be given a content that both sides now agree on; called for such only.

        Args:
            path: Relative to both roots.
            size_bytes: Of the content.
            digest: `"algorithm:hex"`; None when nobody digested it.
        """
        ...

    def keep(self, path: str, digest: str, content: bytes) -> None:
        """Take a content that both sides agree on, before the base records it."""
        ...
