"""Conflicts as values, and how policies settle them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Protocol, runtime_checkable

from syncfs.core.entry import Entry, Side

__all__ = ["Conflict", "ConflictKind", "ConflictPolicy", "Resolution"]


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
    """

    path: str
    kind: ConflictKind
    left: Entry | None
    right: Entry | None
    tolerance_ns: int | None = 0
    resolution: Resolution | None = None
    outcome: str = ""
    is_open: bool = False


@runtime_checkable
class ConflictPolicy(Protocol):
    """Who wins: an immutable object, usually a frozen dataclass whose fields are its options.

    Whoever wins, the engine keeps the loser; a policy cannot lose content.
    """

    name: ClassVar[str]

    def resolve(self, conflict: Conflict) -> Resolution:
        """Settle one conflict; must not raise and must not do I/O."""
        ...
