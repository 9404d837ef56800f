"""The three-way reconciler: one directory at a time, opened and, when its children are done, closed.

Decisions:
    A directory is decided from three listings, never from a tree: memory follows the frontier and the
    changes. Its own fate (whether it is removed, above all) is settled when its children are closed,
    from two booleans a side, `remains` and `needed`; what its subtree wants done is held until then.

    What must be read before a name can be decided is returned as questions; the caller answers and
    opens the directory again. So the core stays pure, and reads happen in parallel, where I/O belongs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from syncfs.core.action import (
    Action,
    CopyFile,
    Expect,
    MakeDirectory,
    RecordAgreement,
    RemoveDirectory,
    RemoveFile,
    Rename,
)
from syncfs.core.align import NameKey, align
from syncfs.core.base import is_settled
from syncfs.core.conflict import ConflictKind, Resolution
from syncfs.core.decide import decide
from syncfs.core.entry import DIRECTORY, Side
from syncfs.core.listing import ListingStatus
from syncfs.core.note import copy, is_kept, leave_open, resolve, settle, winner_of, yield_file
from syncfs.core.paths import join, split
from syncfs.core.plan import stage_of
from syncfs.core.problem import Problem
from syncfs.core.question import Answers, Unanswered
from syncfs.core.rename import with_renames
from syncfs.core.scope import ROOT, Child, Closed, Descent, Directory, Nested, Scope
from syncfs.core.seal import Seal, doubts_of
from syncfs.core.settings import Mode, Settings

__all__ = ["ROOT", "close_directory", "close_sealed", "in_order", "open_directory", "open_sealed"]


def open_directory(directory: Directory, settings: Settings, answers: Answers) -> Scope:
    """Decide every name of one directory.

    Args:
        directory: Its listings and records.
        settings: What the run was asked to do.
        answers: What was found out for earlier questions about it.

    Returns:
        What was decided. Where `questions` is not empty the scope is incomplete: answer them all and
        open the directory again. Otherwise `children` says where to descend.
    """
    scope = Scope(directory=directory, settings=settings, answers=answers)
    if not _is_readable(scope):
        return scope
    if (key := settings.name_key) is not None:
        _align(scope, key)
        directory = scope.directory
    left, right, base = directory.left.entries, directory.right.entries, directory.base
    for name in sorted(_undecided(scope)):
        left_entry, right_entry, record = left.get(name), right.get(name), base.get(name)
        if record is not None and not record.is_directory:
            scope.counts.recorded += 1
            scope.counts.missing[Side.LEFT] += left_entry is None
            scope.counts.missing[Side.RIGHT] += right_entry is None
        try:
            decide(scope, name, left_entry, right_entry, record)
        except Unanswered as unanswered:
            scope.questions.append(unanswered.question)
    for side in Side:
        scope.counts.listed[side] += len(directory.listing(side).entries)
    return scope


def _align(scope: Scope, key: NameKey) -> None:
    """Bring all names under one spelling; what cannot be is left alone, and reported."""
    directory = scope.directory
    aligned = align(directory.left, directory.right, directory.base, key)
    scope.aligned = aligned
    scope.directory = replace(directory, left=aligned.left, right=aligned.right, base=aligned.base)
    for side in Side:
        scope.remains[side] |= aligned.collided[side]
    for names in aligned.collisions:
        others = ", ".join(names[1:])
        message = f"is the same name as {others} where names are folded; all are left alone, rename one"
        scope.problem(names[0], None, message, "name")
    for side, name in aligned.respell:
        if scope.settings.may_write(side):
            to = name if side is Side.RIGHT else aligned.spelled[Side.RIGHT].get(name, name)
            scope.actions.append(
                Rename(
                    path=scope.path(name),
                    side=side,
                    expect=Expect(aligned.left.entries[name], aligned.right.entries[name]),
                    reason=f"spelled so in {side.other.label}",
                    to=scope.path(to),
                )
            )


def _is_readable(scope: Scope) -> bool:
    """Whether both listings can be trusted; where one cannot, the subtree is left alone, record kept."""
    directory = scope.directory
    readable = True
    for side in Side:
        listing = directory.listing(side)
        if not listing.is_evidence:
            readable = False
            scope.problems.append(
                Problem(
                    path=directory.child.path,
                    side=side,
                    message=f"cannot be listed: {listing.reason}; nothing below it is touched",
                    kind="unreadable",
                    retryable=listing.status is ListingStatus.FAILED,
                )
            )
    if not readable:
        for side in Side:
            if directory.listing(side).status is not ListingStatus.ABSENT:
                scope.remains[side] = True
    return readable


def _undecided(scope: Scope) -> Iterator[str]:
    """The names that need a decision: most files of most directories are as they were."""
    directory, settings = scope.directory, scope.settings
    left, right, base = directory.left.entries, directory.right.entries, directory.base
    if settings.verify or not settings.selection.is_everything:
        yield from {*left, *right, *base}
        return
    doubts = doubts_of(settings)
    settled = 0
    for name, record in base.items():
        if is_settled(record, left.get(name), right.get(name), doubts):
            settled += 1
        else:
            yield name
    yield from (name for name in left if name not in base)
    yield from (name for name in right if name not in base and name not in left)
    if settled:
        scope.counts.recorded += settled
        scope.stays(*Side)


def open_sealed(path: str, seal: Seal) -> Iterator[Child]:
    """Where to descend from a directory whose sides both bear their marks: nothing in it is to be decided."""
    return (Child(path=join(path, name), descent=Descent.BOTH) for name in seal.directories)


def close_sealed(children: Iterable[Closed]) -> Closed:
    """What the subtree of such a directory wants done."""
    closed = Closed(remains=[True, True])
    for child in children:
        closed.take(child)
    return closed


def close_directory(scope: Scope, children: Iterable[Closed]) -> Closed:
    """Settle a directory's own fate.

    Args:
        scope: The directory, opened and without questions.
        children: What became of its children, in any order.

    Returns:
        What the whole subtree wants done.
    """
    for child in children:
        scope.take(child)
    match scope.directory.child.descent:
        case Descent.BOTH:
            scope.remains = [True, True]
        case Descent.MAKE:
            _close_made(scope)
        case Descent.REMOVE:
            _close_removed(scope)
        case Descent.YIELD:
            _close_yielding(scope)
        case Descent.GONE:
            pass
    return scope


def _close_made(scope: Scope) -> None:
    child = scope.directory.child
    if not scope.directory.listing(child.side).is_evidence:
        return  # what cannot be listed is not made on the other side either, nor takes a file's place
    if not child.is_passage or scope.needed[child.side.other]:
        if child.held is not None:
            scope.take(child.held)
        reason = "missing there" if child.record is not None else "new"
        _make(scope, child.side.other, reason)


def _close_removed(scope: Scope) -> None:
    """Rule 7: a directory goes only when everything below it went."""
    child = scope.directory.child
    if scope.needed[child.side.other]:
        _make(scope, child.side.other, "something in it is new or changed")
    elif scope.remains[child.side]:
        if scope.holds_ignored:
            scope.problems.append(
                Problem(
                    path=child.path,
                    side=child.side,
                    message=f"stays, though {child.side.other.label} has removed it: it holds content "
                    "that is excluded or special",
                    kind="kept",
                )
            )
    else:
        _remove(scope, f"removed in {child.side.other.label}", clears_way=child.frees)


def _close_yielding(scope: Scope) -> None:
    """Rule 6: an unchanged directory yields to a file; any other is a conflict."""
    child = scope.directory.child
    assert child.file is not None
    file_side = child.side.other
    seen = (DIRECTORY, child.file) if child.side is Side.LEFT else (child.file, DIRECTORY)
    assert child.around is not None
    if not scope.directory.listing(child.side).is_evidence:
        return  # whether it may yield cannot be known: both stay
    name = split(child.path)[1]
    outer = child.around.beside()
    if not scope.remains[child.side] and not scope.needed[file_side]:
        _remove(scope, f"a file in {file_side.label} now", clears_way=True)
        copy(outer, name, child.side, child.file, None, "takes the place of a directory")
    elif scope.settings.mode is Mode.SYNC:
        conflict, resolution = resolve(outer, name, ConflictKind.TYPE, seen)
        if winner_of(scope, resolution) is None:
            _drop(scope)
            leave_open(outer, name, conflict, resolution, "left as it is")
        else:
            beside = is_kept(outer, resolution)
            kept = yield_file(outer, name, file_side, seen, across=True, beside=beside)
            settle(outer, conflict, resolution, f"the directory keeps the name; {kept}")
            _make(scope, file_side, "the directory keeps the name")
    else:
        conflict, _ = resolve(outer, name, ConflictKind.TYPE, seen, ask=False)
        _drop(scope)
        outcome = "the directory stays: something in it may not be deleted"
        leave_open(outer, name, conflict, Resolution.SKIP, outcome)
    scope.take(outer)


def _drop(scope: Scope) -> None:
    """Do nothing of what a subtree wanted: what it would have settled is not settled."""
    scope.actions = []
    scope.conflicts = [conflict for conflict in scope.conflicts if conflict.is_open]


def _make(scope: Scope, side: Side, reason: str) -> None:
    expect = Expect(None, DIRECTORY) if side is Side.LEFT else Expect(DIRECTORY, None)
    path = scope.directory.child.path
    scope.actions.append(MakeDirectory(path=path, side=side, expect=expect, reason=reason))
    scope.goes_to(side)


def _remove(scope: Scope, reason: str, *, clears_way: bool) -> None:
    child = scope.directory.child
    expect = Expect(DIRECTORY, child.file) if child.side is Side.LEFT else Expect(child.file, DIRECTORY)
    scope.actions.append(
        RemoveDirectory(path=child.path, side=child.side, expect=expect, reason=reason, clears_way=clears_way)
    )


def in_order(root: Closed, unreliable: Sequence[bool]) -> tuple[list[Action], list[Problem]]:
    """Put a whole tree's actions into the order of their execution.

    Args:
        root: The closed root.
        unreliable: Per side: some listing broke. What was decided from names missing there cannot be
            trusted, so every removal on the *other* side waits, and every replacement that needs one.

    Returns:
        The actions, and one problem per deferred path.
    """
    actions = list(_flat(root.actions))
    problems: list[Problem] = []
    if any(unreliable):
        actions, problems = _defer(actions, unreliable)
    actions = with_renames(actions)
    actions.sort(key=lambda action: (stage_of(action), action.path))
    return actions, problems


def _flat(nested: Nested) -> Iterable[Action]:
    stack = [iter(nested)]
    while stack:
        for item in stack[-1]:
            if isinstance(item, list):
                stack.append(iter(item))
                break
            yield item
        else:
            stack.pop()


def _defer(actions: list[Action], unreliable: Sequence[bool]) -> tuple[list[Action], list[Problem]]:
    kept: list[Action] = []
    problems: list[Problem] = []
    blocked: set[str] = set()
    for action in actions:
        if isinstance(action, RemoveFile | RemoveDirectory) and unreliable[action.side.other]:
            problems.append(
                Problem(
                    path=action.path,
                    side=action.side,
                    message=f"not removed: a listing of {action.side.other.label} broke, so what is missing "
                    "there cannot be trusted; run again",
                    kind="deferred",
                    retryable=True,
                )
            )
            if action.clears_way:
                blocked.add(action.path)
        else:
            kept.append(action)
    if blocked:
        kept = [action for action in kept if not _is_under(action, blocked)]
    return kept, problems


def _is_under(action: Action, blocked: set[str]) -> bool:
    """Whether an action needs a removal that waits."""
    if isinstance(action, RecordAgreement) or not isinstance(action, CopyFile | MakeDirectory):
        return False
    path = action.path
    while path:
        if path in blocked:
            return True
        path = split(path)[0]
    return False
