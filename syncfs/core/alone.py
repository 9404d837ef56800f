"""Rules for a name that only one side has."""

from __future__ import annotations

from syncfs.core import paths
from syncfs.core.base import Change, Record
from syncfs.core.compare import Verdict
from syncfs.core.conflict import ConflictKind, Resolution
from syncfs.core.content import Unreadable, is_certain, settled_change
from syncfs.core.entry import DIRECTORY, Entry, Side
from syncfs.core.note import copy, descend, is_kept, leave_open, remove, resolve, settle, yield_file
from syncfs.core.question import Ask, Unanswerable
from syncfs.core.scope import Descent, Scope
from syncfs.core.selection import Tracking
from syncfs.core.settings import Delete, Mode

__all__ = ["one_directory", "one_file"]


def _known(scope: Scope, name: str, side: Side, entry: Entry, record: Record | None) -> Record | None:
    """What the base may be believed to say of a name that the other side lacks.

    A listing that lacks a name it has never shown is no evidence (nginx hides dotfiles): the other side
    is asked for the name itself. If that has nothing either, the name counts as new.

    Raises:
        Unreadable: It is there, and listings do not show it.
    """
    lacking = side.other
    if record is None or record.was_shown(lacking):
        return record
    seen = (entry, None) if side is Side.LEFT else (None, entry)
    answer = scope.ask(name, Ask.existence_on(lacking), *seen)
    if isinstance(answer, Unanswerable):
        raise Unreadable(answer)
    if answer is Verdict.SAME:
        raise Unreadable(
            Unanswerable(
                lacking, "is there, but listings do not show it; left alone (this server hides such names)"
            )
        )
    return None


def one_file(scope: Scope, name: str, side: Side, entry: Entry, record: Record | None) -> None:
    """A file that the other side lacks."""
    settings = scope.settings
    if record is not None and record.is_directory:
        descend(scope, name, Descent.GONE, side, record, Tracking.TRACKED)
        record = None  # what stands here now is new
    record = _known(scope, name, side, entry, record)
    if settings.mode.sender is side:
        copy(scope, name, side.other, entry, None, "missing there" if record else "new")
    elif settings.mode is Mode.SYNC:
        if record is None:
            copy(scope, name, side.other, entry, None, "new")
        elif settings.delete is Delete.NONE:
            copy(scope, name, side.other, entry, None, "missing there; deletions do not propagate")
        else:
            _removed_on_one_side(scope, name, side, entry, record)
    elif settings.delete is Delete.EXTRA:
        if paths.is_conflict_copy(name):
            scope.stays(side)
        else:
            # What was edited here goes too, but it is not the file that was renamed there.
            is_agreed = (
                record is not None and settled_change(scope, name, side, entry, record)[0] is Change.UNCHANGED
            )
            agreed = record if is_agreed else None
            remove(scope, name, side, entry, f"not in {side.other.label}", agreed=agreed)
    elif settings.delete is Delete.SYNCED and record is not None:
        _removed_on_one_side(scope, name, side, entry, record)
    else:
        scope.stays(side)
        scope.counts.extra += 1


def _removed_on_one_side(scope: Scope, name: str, side: Side, entry: Entry, record: Record) -> None:
    """The other side removed what both once had: rules 3 and 4."""
    # Reading a file costs no more than copying it back for nothing.
    change, _ = settled_change(scope, name, side, entry, record, thorough=True)
    if change is Change.UNCHANGED and is_certain(scope, name, side, entry, record, is_kept=True):
        remove(scope, name, side, entry, f"removed in {side.other.label}", agreed=record)
        return
    seen = (entry, None) if side is Side.LEFT else (None, entry)
    conflict, resolution = resolve(scope, name, ConflictKind.EDIT_DELETE, seen)
    if scope.settings.mode.sender is not None:
        leave_open(scope, name, conflict, resolution, f"the edit in {side.label} stays")
    elif resolution in (Resolution.SKIP, Resolution.FAIL):
        leave_open(scope, name, conflict, resolution, "left as it is")
    elif resolution is Resolution.winner(side.other):
        kept = yield_file(scope, name, side, seen, across=True, beside=is_kept(scope, resolution))
        settle(scope, conflict, resolution, kept)
    else:
        settle(scope, conflict, resolution, f"the edit in {side.label} is restored in {side.other.label}")
        copy(scope, name, side.other, entry, None, "edited here, removed there")


def one_directory(scope: Scope, name: str, side: Side, record: Record | None, tracking: Tracking) -> None:
    """A directory that the other side lacks."""
    settings = scope.settings
    if record is not None and not record.is_directory:
        record = None
    known = _known(scope, name, side, DIRECTORY, record) is not None
    if settings.mode.sender is side:
        descent = Descent.MAKE
    elif settings.mode is Mode.SYNC:
        descent = Descent.REMOVE if known and settings.delete is not Delete.NONE else Descent.MAKE
    elif settings.delete is Delete.EXTRA or (settings.delete is Delete.SYNCED and known):
        descent = Descent.REMOVE
    else:
        scope.stays(side)
        scope.counts.extra += 1
        return
    descend(scope, name, descent, side, record, tracking)
