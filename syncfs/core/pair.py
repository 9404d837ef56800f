"""Rules for a name that both sides have."""

from __future__ import annotations

from syncfs.core.action import Expect, MergeFile
from syncfs.core.base import Change, Record
from syncfs.core.conflict import Conflict, ConflictKind, Resolution
from syncfs.core.content import is_certain, judge, merge_of, settled_change
from syncfs.core.entry import Entry, Side
from syncfs.core.note import (
    copy,
    descend,
    is_kept,
    leave_open,
    remove,
    resolve,
    settle,
    winner_of,
    yield_file,
)
from syncfs.core.question import MergeOf
from syncfs.core.scope import Descent, Scope
from syncfs.core.selection import Tracking
from syncfs.core.settings import Delete

__all__ = ["directory_and_file", "two_files"]


def two_files(scope: Scope, name: str, left: Entry, right: Entry, record: Record | None) -> None:
    """Rules 2, 3 and 5."""
    if record is not None and record.is_directory:
        descend(scope, name, Descent.GONE, Side.LEFT, record, Tracking.TRACKED)
        record = None
    seen = (left, right)
    digests: list[str | None] = [None, None]
    changed = list(Side) if record is None else _changed(scope, name, seen, record, digests)
    if record is not None and not changed:
        digest = record.digest or _common(digests)
        proven = [each is not None for each in digests]
        scope.agree(name, seen, digest, "only its metadata changed", record, proven=proven)
        scope.stays(*Side)
        return
    sender = scope.settings.mode.sender
    if record is not None and len(changed) == 1 and sender in (None, changed[0]):
        _propagate(scope, name, changed[0], seen, record, digests)
        return
    if judge(scope, name, seen, record, digests):
        scope.agree(name, seen, _common(digests), "the same on both sides", record)
        scope.stays(*Side)
        return
    conflict, resolution = resolve(scope, name, ConflictKind.EDIT_EDIT, seen, record=record)
    if (made := merge_of(scope, name, conflict)) is not None:
        _merge(scope, name, conflict, seen, made)
        return
    winner = winner_of(scope, resolution)
    if winner is None or (sender is not None and winner is sender.other):
        outcome = "left as it is" if winner is None else f"{winner.label} keeps its version"
        leave_open(scope, name, conflict, resolution, outcome)
        return
    loser = winner.other
    # Without a base every edit that a push carries would look like a conflict, run after run.
    beside = resolution is Resolution.KEEP_BOTH or (
        scope.settings.keep_loser and (scope.settings.has_base or sender is None)
    )
    if not beside and not scope.settings.trash:
        outcome = f"{winner.label} overwrites {loser.label}"
        copy(scope, name, loser, seen[winner], seen[loser], "wins the conflict")
    else:
        kept = yield_file(scope, name, loser, seen, across=sender is None, beside=beside)
        outcome = f"{winner.label} wins; {kept}"
        copy(scope, name, loser, seen[winner], None, "wins the conflict")
    settle(scope, conflict, resolution, outcome)


def _merge(scope: Scope, name: str, conflict: Conflict, seen: tuple[Entry, Entry], made: MergeOf) -> None:
    """Put what a policy made of both edits where it may be put; where it is already, leave it."""
    sender = scope.settings.mode.sender
    sides = tuple(side for side in Side if side is not sender and not made.is_like[side])
    agrees = sender is None or made.is_like[sender]
    outcome = made.merged.outcome
    if sides:
        scope.actions.append(
            MergeFile(
                path=scope.path(name),
                side=sides[0],
                expect=Expect(*seen),
                reason=outcome,
                content=made.merged.content,
                digests=made.digests,
                sides=sides,
                agrees=agrees,
            )
        )
    if agrees:
        if scope.settings.trash:
            outcome += "; what was there goes to the trash"
        settle(scope, conflict, Resolution.MERGE, outcome)
        scope.stays(*Side)
    else:
        assert sender is not None
        outcome += f" in {sender.other.label}; {sender.label} is not written"
        leave_open(scope, name, conflict, Resolution.MERGE, outcome)


def _common(digests: list[str | None]) -> str | None:
    """The digest of both contents, when both were read."""
    return digests[0] if digests[0] == digests[1] else None


def _changed(
    scope: Scope, name: str, seen: tuple[Entry, Entry], record: Record, digests: list[str | None]
) -> list[Side]:
    """Which sides changed since the base; fills in the digests that had to be read for it."""
    changes = []
    for side in Side:
        change, digests[side] = settled_change(scope, name, side, seen[side], record)
        changes.append(change is not Change.UNCHANGED)
    if scope.settings.verify and record.digest is None and not any(changes):
        # Nobody ever read these two: only both contents can tell, and neither side is to blame.
        return [] if judge(scope, name, seen, None, digests) else list(Side)
    sender = scope.settings.mode.sender
    harmless = sum(changes) == 1 and (sender is None or changes[sender])
    if any(changes) and not harmless:
        # This is about to become a conflict: reading a file is cheaper than a false one.
        for side in Side:
            if changes[side] and digests[side] is None:
                change, digests[side] = settled_change(scope, name, side, seen[side], record, thorough=True)
                changes[side] = change is not Change.UNCHANGED
    return [side for side in Side if changes[side]]


def _propagate(
    scope: Scope,
    name: str,
    side: Side,
    seen: tuple[Entry, Entry],
    record: Record,
    digests: list[str | None],
) -> None:
    """Rule 3: one side changed, the other did not."""
    target = side.other
    # A changed file is read to be compared only where that costs less than sending it.
    quick = record.digest is not None or not scope.settings.capabilities[side].reads_cheaply
    if judge(scope, name, seen, record, digests, quick=quick):
        scope.agree(name, seen, _common(digests), "the same on both sides", record)
        scope.stays(*Side)
    elif is_certain(scope, name, target, seen[target], record):
        copy(scope, name, target, seen[side], seen[target], f"changed in {side.label}", record.digest)
    else:
        # The target may have changed within a grain of its clock: decide again as if it had.
        two_files(scope, name, *seen, None)


def directory_and_file(
    scope: Scope,
    name: str,
    side: Side,
    seen: tuple[Entry, Entry],
    record: Record | None,
    tracking: Tracking,
) -> None:
    """Rule 6. `side` is the one with the directory."""
    settings = scope.settings
    file_side = side.other
    file = seen[file_side]
    sender = settings.mode.sender
    was_directory = record is not None and record.is_directory
    if sender is file_side and settings.delete is Delete.NONE:
        conflict, resolution = resolve(scope, name, ConflictKind.TYPE, seen, ask=False)
        leave_open(scope, name, conflict, resolution, "the directory stays: nothing may be deleted")
        return
    if (sender is not side and was_directory) or (sender is file_side and settings.delete is Delete.EXTRA):
        descend(scope, name, Descent.YIELD, side, record, tracking, file=file, frees=True)
        return
    if sender is file_side:
        conflict, resolution = resolve(scope, name, ConflictKind.TYPE, seen, ask=False)
        leave_open(scope, name, conflict, resolution, "the directory stays: it was never synced")
        return
    if record is not None and not was_directory:
        change, _ = settled_change(scope, name, file_side, file, record, thorough=True)
        if change is Change.UNCHANGED and is_certain(scope, name, file_side, file, record, is_kept=True):
            held = scope.beside()
            remove(held, name, file_side, file, f"a directory in {side.label} now", clears_way=True)
            descend(scope, name, Descent.MAKE, side, None, tracking, held=held)
            return
    conflict, resolution = resolve(scope, name, ConflictKind.TYPE, seen)
    winner = winner_of(scope, resolution)
    if winner is None or (sender is not None and winner is sender.other):
        leave_open(scope, name, conflict, resolution, "left as it is")
        return
    held = scope.beside()
    kept = yield_file(held, name, file_side, seen, across=sender is None, beside=is_kept(scope, resolution))
    settle(held, conflict, resolution, f"the directory keeps the name; {kept}")
    descend(scope, name, Descent.MAKE, side, None, tracking, held=held)
