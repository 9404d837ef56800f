"""Who takes a path that both sides changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from syncfs.core.conflict import Conflict, ConflictPolicy, Resolution
from syncfs.core.entry import Entry
from syncfs.plugin import hookimpl

__all__ = [
    "Dst",
    "Fail",
    "KeepBoth",
    "Larger",
    "Newer",
    "Older",
    "Skip",
    "Smaller",
    "Src",
    "syncfs_conflict_policies",
]

_DAY_NS = 24 * 3600 * 10**9
_EARLIEST_NS = 365 * _DAY_NS
"""Before 1971: what tools write that do not know the time."""
_AHEAD_NS = 2 * _DAY_NS
"""Further ahead of this machine's clock no file is: a wrong time zone makes at most 26 hours."""


def _survivor(conflict: Conflict) -> Resolution | None:
    """The side that still has content, when the other deleted it: the edit wins."""
    if conflict.left is None:
        return Resolution.RIGHT
    return Resolution.LEFT if conflict.right is None else None


def _credible_ns(entry: Entry | None) -> int | None:
    """An mtime that can be one."""
    if entry is None or entry.mtime_ns is None:
        return None
    return entry.mtime_ns if _EARLIEST_NS <= entry.mtime_ns <= time.time_ns() + _AHEAD_NS else None


def _lead_ns(conflict: Conflict) -> int:
    """By how much the left side is newer; 0 when that cannot be told."""
    left, right = _credible_ns(conflict.left), _credible_ns(conflict.right)
    if left is None or right is None or conflict.tolerance_ns is None:
        return 0
    return left - right if abs(left - right) > conflict.tolerance_ns else 0


def _lead_bytes(conflict: Conflict) -> int:
    """By how much the left side is larger; 0 when that cannot be told."""
    left = conflict.left.size_bytes if conflict.left else None
    right = conflict.right.size_bytes if conflict.right else None
    return 0 if left is None or right is None else left - right


def _by_lead(lead: int) -> Resolution:
    if lead == 0:
        return Resolution.KEEP_BOTH
    return Resolution.LEFT if lead > 0 else Resolution.RIGHT


@dataclass(frozen=True, slots=True)
class _Policy:
    """What policies without options share: making nine such classes would take 6 ms of every run."""


class Newer(_Policy):
    """The version modified last; both where the times cannot be ordered; an edit over a deletion."""

    __slots__ = ()
    name: ClassVar[str] = "newer"

    def resolve(self, conflict: Conflict) -> Resolution:
        """Settle one conflict. So do the others."""
        return _survivor(conflict) or _by_lead(_lead_ns(conflict))


class Older(_Policy):
    """The version modified first; both where the times cannot be ordered; an edit over a deletion."""

    __slots__ = ()
    name: ClassVar[str] = "older"

    def resolve(self, conflict: Conflict) -> Resolution:  # noqa: D102 - see Newer
        return _survivor(conflict) or _by_lead(-_lead_ns(conflict))


class Larger(_Policy):
    """The larger version; both where the sizes are equal or unknown; an edit over a deletion."""

    __slots__ = ()
    name: ClassVar[str] = "larger"

    def resolve(self, conflict: Conflict) -> Resolution:  # noqa: D102
        return _survivor(conflict) or _by_lead(_lead_bytes(conflict))


class Smaller(_Policy):
    """The smaller version; both where the sizes are equal or unknown; an edit over a deletion."""

    __slots__ = ()
    name: ClassVar[str] = "smaller"

    def resolve(self, conflict: Conflict) -> Resolution:  # noqa: D102
        return _survivor(conflict) or _by_lead(-_lead_bytes(conflict))


class Src(_Policy):
    """What src has, be it a deletion."""

    __slots__ = ()
    name: ClassVar[str] = "src"

    def resolve(self, conflict: Conflict) -> Resolution:  # noqa: D102
        return Resolution.LEFT


class Dst(_Policy):
    """What dst has, be it a deletion."""

    __slots__ = ()
    name: ClassVar[str] = "dst"

    def resolve(self, conflict: Conflict) -> Resolution:  # noqa: D102
        return Resolution.RIGHT


class KeepBoth(_Policy):
    """Both versions, the sender's under the path; an edit over a deletion."""

    __slots__ = ()
    name: ClassVar[str] = "keep-both"

    def resolve(self, conflict: Conflict) -> Resolution:  # noqa: D102
        return _survivor(conflict) or Resolution.KEEP_BOTH


class Skip(_Policy):
    """Leave both as they are; the conflict stays open."""

    __slots__ = ()
    name: ClassVar[str] = "skip"

    def resolve(self, conflict: Conflict) -> Resolution:  # noqa: D102
        return Resolution.SKIP


class Fail(_Policy):
    """Leave both as they are, and count it as a problem."""

    __slots__ = ()
    name: ClassVar[str] = "fail"

    def resolve(self, conflict: Conflict) -> Resolution:  # noqa: D102
        return Resolution.FAIL


@hookimpl
def syncfs_conflict_policies() -> Iterator[type[ConflictPolicy]]:
    """Register those that a name alone makes."""
    yield from (Newer, Older, Larger, Smaller, Src, Dst, KeepBoth, Skip, Fail)
