"""How decisions are noted in a scope: actions, descents, conflicts."""

from __future__ import annotations

from dataclasses import replace

from syncfs.core.action import CopyFile, Expect, MoveAside, RemoveFile
from syncfs.core.base import Record
from syncfs.core.conflict import Conflict, ConflictKind, Resolution
from syncfs.core.entry import Entry, Side
from syncfs.core.scope import Child, Closed, Descent, Scope
from syncfs.core.selection import Tracking

__all__ = [
    "copy",
    "descend",
    "is_kept",
    "leave_open",
    "remove",
    "resolve",
    "settle",
    "winner_of",
    "yield_file",
]


def descend(
    scope: Scope,
    name: str,
    descent: Descent,
    side: Side,
    record: Record | None,
    tracking: Tracking,
    *,
    file: Entry | None = None,
    held: Closed | None = None,
    frees: bool = False,
) -> None:
    """Look into a directory next; `side` has it when only one does."""
    scope.children.append(
        Child(
            path=scope.path(name),
            descent=descent,
            side=side,
            record=record,
            file=file,
            around=None if file is None else scope,
            held=held,
            frees=frees or scope.frees,
            is_passage=tracking is Tracking.PASSAGE,
        )
    )


def copy(
    scope: Scope,
    name: str,
    to: Side,
    source: Entry,
    target: Entry | None,
    reason: str,
    digest: str | None = None,
) -> None:
    """Copy a file to `to`, which holds `target` now, of the given digest where that is known."""
    expect = Expect(source, target) if to is Side.RIGHT else Expect(target, source)
    scope.actions.append(
        CopyFile(path=scope.path(name), side=to, expect=expect, reason=reason, digest=digest)
    )
    scope.goes_to(to)


def remove(
    scope: Scope,
    name: str,
    side: Side,
    entry: Entry,
    reason: str,
    *,
    agreed: Record | None = None,
    clears_way: bool = False,
) -> None:
    """Remove a file from `side`.

    Args:
        scope: The directory.
        name: Which name.
        side: Whose file goes.
        entry: The file.
        reason: Why, for the plan.
        agreed: What the base holds, where the file is still what both sides agreed on.
        clears_way: It goes before anything takes its place.
    """
    listing = scope.directory.listing(side.other)
    other = listing.entries.get(name)
    expect = Expect(entry, other) if side is Side.LEFT else Expect(other, entry)
    scope.actions.append(
        RemoveFile(
            path=scope.path(name),
            side=side,
            expect=expect,
            reason=reason,
            clears_way=clears_way or scope.frees,
            agreed=agreed,
        )
    )


def yield_file(
    scope: Scope,
    name: str,
    side: Side,
    seen: tuple[Entry | None, Entry | None],
    *,
    across: bool,
    beside: bool,
) -> str:
    """Take a conflict's loser out of the way and keep it; say where.

    Args:
        scope: The directory.
        name: The contested name.
        side: Whose file yields.
        seen: What both sides hold.
        across: Copy the kept file to the other side too (sync only).
        beside: Keep it under a fresh name, not in the trash.
    """
    entry = seen[side]
    assert entry is not None
    if not beside:
        remove(scope, name, side, entry, "loses the conflict", clears_way=True)
        return f"the version of {side.label} goes to {'its trash' if scope.settings.trash else 'nowhere'}"
    fresh = scope.fresh_name(name, side)
    scope.actions.append(
        MoveAside(
            path=scope.path(name),
            side=side,
            expect=Expect(seen[0], seen[1]),
            reason="loses the conflict and is kept",
            to=scope.path(fresh),
        )
    )
    scope.stays(side)
    if across and scope.settings.selection.of(scope.path(fresh), False) is Tracking.TRACKED:
        copy(scope, fresh, side.other, entry, None, "the kept loser of a conflict")
    return f"the version of {side.label} is kept as {fresh}"


def is_kept(scope: Scope, resolution: Resolution) -> bool:
    """Whether a loser is kept beside the winner: always where it was asked for, or there is no trash."""
    settings = scope.settings
    return resolution is Resolution.KEEP_BOTH or settings.keep_loser or not settings.trash


def resolve(
    scope: Scope,
    name: str,
    kind: ConflictKind,
    seen: tuple[Entry | None, Entry | None],
    *,
    ask: bool = True,
    record: Record | None = None,
) -> tuple[Conflict, Resolution]:
    """Make a conflict and ask the policy; with `ask=False` the rules leave it no choice."""
    settings = scope.settings
    conflict = Conflict(
        path=scope.path(name),
        kind=kind,
        left=seen[0],
        right=seen[1],
        tolerance_ns=settings.tolerance_ns,
        base_digest=None if record is None else record.digest,
    )
    return conflict, settings.policy.resolve(conflict) if ask else Resolution.SKIP


def winner_of(scope: Scope, resolution: Resolution) -> Side | None:
    """Whose version takes the name; None when nothing is to be done."""
    match resolution:
        case Resolution.LEFT:
            return Side.LEFT
        case Resolution.RIGHT:
            return Side.RIGHT
        case Resolution.KEEP_BOTH:
            return scope.settings.mode.sender or Side.LEFT
        case Resolution.SKIP | Resolution.FAIL | Resolution.MERGE:
            return None


def settle(scope: Scope, conflict: Conflict, resolution: Resolution, outcome: str) -> None:
    """Note a conflict that this plan settles."""
    scope.conflicts.append(replace(conflict, resolution=resolution, outcome=outcome, is_open=False))


def leave_open(scope: Scope, name: str, conflict: Conflict, resolution: Resolution, outcome: str) -> None:
    """Note a conflict under which both sides stay as they are."""
    scope.conflicts.append(replace(conflict, resolution=resolution, outcome=outcome, is_open=True))
    if resolution is Resolution.FAIL:
        scope.problem(name, None, f"conflict ({conflict.kind.value}); nothing was done", "conflict")
    scope.stays_where(conflict.left, conflict.right)
