"""Decide one name of one directory: which rule applies. For every mode; nothing here knows which."""

from __future__ import annotations

from syncfs.core import paths
from syncfs.core.action import Expect
from syncfs.core.alone import one_directory, one_file
from syncfs.core.base import Record
from syncfs.core.content import Unreadable
from syncfs.core.entry import Entry, Kind, Side
from syncfs.core.note import descend
from syncfs.core.pair import directory_and_file, two_files
from syncfs.core.scope import Descent, Scope
from syncfs.core.selection import Tracking

__all__ = ["decide"]


def decide(scope: Scope, name: str, left: Entry | None, right: Entry | None, record: Record | None) -> None:
    """Decide one name.

    Args:
        scope: The directory; takes up what is decided.
        name: As both sides spell it.
        left: What the left side's listing shows; None when it lacks the name.
        right: The same for the right side.
        record: What the base holds.

    Raises:
        Unanswered: Something must be read first; nothing was noted.
    """
    tracking = _tracking(scope, name, left, right, record)
    if tracking is Tracking.EXCLUDED:
        _leave_excluded(scope, name, left, right, record)
        return
    if _leave_untouchable(scope, name, left, right):
        return
    left_is_directory = left is not None and left.kind is Kind.DIRECTORY
    right_is_directory = right is not None and right.kind is Kind.DIRECTORY
    try:
        if left is None and right is None:
            scope.forget(name, "gone on both sides")
        elif left_is_directory and right_is_directory:
            scope.agree_directory(name, record, "a directory on both sides")
            scope.stays(*Side)
            descend(scope, name, Descent.BOTH, Side.LEFT, record, tracking)
        elif left is None or right is None:
            side = Side.RIGHT if left is None else Side.LEFT
            entry = left or right
            assert entry is not None
            if entry.kind is Kind.DIRECTORY:
                one_directory(scope, name, side, record, tracking)
            else:
                one_file(scope, name, side, entry, record)
        elif left_is_directory or right_is_directory:
            side = Side.LEFT if left_is_directory else Side.RIGHT
            directory_and_file(scope, name, side, (left, right), record, tracking)
        else:
            two_files(scope, name, left, right, record)
    except Unreadable as unreadable:
        answer = unreadable.answer
        scope.problem(name, answer.side, answer.message, "unreadable", retryable=answer.retryable)
        scope.stays_where(left, right)


def _tracking(
    scope: Scope, name: str, left: Entry | None, right: Entry | None, record: Record | None
) -> Tracking:
    """Ask the selection about each kind that the name has; excluded anywhere is excluded."""
    selection = scope.settings.selection
    if selection.is_everything and not paths.is_reserved(name):
        return Tracking.TRACKED
    kinds = {entry.kind is Kind.DIRECTORY for entry in (left, right) if entry is not None}
    if not kinds and record is not None:
        kinds = {record.is_directory}
    found = {selection.of(scope.path(name), is_directory) for is_directory in kinds}
    for tracking in (Tracking.EXCLUDED, Tracking.PASSAGE):
        if tracking in found:
            return tracking
    return Tracking.TRACKED


def _leave_excluded(
    scope: Scope, name: str, left: Entry | None, right: Entry | None, record: Record | None
) -> None:
    """Rule 9: excluded paths lose their records; what is there stays."""
    if left is not None or right is not None:
        scope.stays_where(left, right)
        scope.holds_ignored = True
    if record is not None and not scope.settings.keep_filtered:
        scope.forget(name, "excluded by the filters now", Expect(left, right))
        scope.counts.untracked += 1


def _leave_untouchable(scope: Scope, name: str, left: Entry | None, right: Entry | None) -> bool:
    """Rule 1: what cannot be read or is neither file nor directory is left alone, record kept."""
    touchable = True
    for side, entry in ((Side.LEFT, left), (Side.RIGHT, right)):
        if entry is None:
            continue
        if entry.kind is Kind.OTHER:
            touchable = False
            scope.counts.skipped += 1
            scope.holds_ignored = True
        elif entry.kind is Kind.UNREADABLE:
            touchable = False
            scope.problem(name, side, "cannot be read; left alone on both sides", "unreadable")
    if not touchable:
        scope.stays_where(left, right)
    return not touchable
