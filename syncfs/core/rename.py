"""Recognise renames in a finished plan: a removal and a copy on one side that are one file moved.

Evidence is the file's inode together with its size and mtime, all as the base recorded them (inodes are
reused at once, so an inode alone proves nothing; a rename changes the ctime, so that proves nothing
either), or an equal digest. What is not proven is copied and removed: slower, never wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator

from syncfs.core.action import Action, CopyFile, Expect, MakeDirectory, RemoveDirectory, RemoveFile, Rename
from syncfs.core.base import Record, directory_record
from syncfs.core.entry import DIRECTORY, Entry, Side, Written
from syncfs.core.paths import split

__all__ = ["with_renames"]


def with_renames(actions: list[Action]) -> list[Action]:
    """Replace each pair of a removal and a copy that is one rename, then whole directories of them.

    Args:
        actions: A whole plan's, in any order.

    Returns:
        The plan's actions, in any order.
    """
    pairs = list(_pairs(actions))
    if not pairs:
        return actions
    gone: set[int] = set()
    renames = []
    for removal, copy in pairs:
        gone.update((id(removal), id(copy)))
        renames.append(_rename(removal, copy))
    rest = [action for action in actions if id(action) not in gone]
    for side in Side:
        mine = [rename for rename in renames if rename.side is side]
        rest, others = _whole_directories(side, mine, rest)
        rest.extend(others)
    return rest


def _pairs(actions: Iterable[Action]) -> Iterator[tuple[RemoveFile, CopyFile]]:
    """Each removal with the copy that brings the same file back under another name, if there is one."""
    copies: dict[tuple[Side, Hashable], list[CopyFile]] = defaultdict(list)
    removals = []
    for action in actions:
        if isinstance(action, CopyFile) and action.expect.of(action.side) is None:
            for evidence in _evidence(action.source, action.source.digest):
                copies[action.side, evidence].append(action)
        elif isinstance(action, RemoveFile) and action.agreed is not None and not action.clears_way:
            removals.append(action)
    if not copies:
        return
    taken: set[int] = set()
    for removal in removals:
        assert removal.agreed is not None
        moved = removal.agreed.of(removal.side.other)
        if isinstance(moved, Written):
            continue
        for evidence in _evidence(moved, removal.agreed.digest):
            free = [copy for copy in copies[removal.side, evidence] if id(copy) not in taken]
            if free:
                taken.add(id(free[0]))
                yield removal, free[0]
                break


def _evidence(entry: Entry, digest: str | None) -> Iterator[Hashable]:
    """What proves that two names are one file; empty files prove nothing."""
    if not entry.size_bytes:
        return
    if entry.file_id is not None and entry.mtime_ns is not None:
        yield entry.file_id, entry.size_bytes, entry.mtime_ns
    if digest is not None:
        yield digest


def _rename(removal: RemoveFile, copy: CopyFile) -> Rename:
    record, side = removal.agreed, removal.side
    assert record is not None
    here = removal.expect.of(side)
    assert here is not None
    sides = (copy.source, here) if side is Side.RIGHT else (here, copy.source)
    return Rename(
        path=removal.path,
        side=side,
        expect=removal.expect,
        reason=f"renamed in {side.other.label}",
        to=copy.path,
        records=((removal.path, copy.path, Record(*sides, record.digest, record.flags)),),
    )


def _whole_directories(
    side: Side, renames: list[Rename], rest: list[Action]
) -> tuple[list[Action], list[Rename]]:
    """Join the renames of a directory that moves whole: it holds nothing but what is paired."""
    if not renames:
        return rest, renames
    removed = {action.path for action in rest if isinstance(action, RemoveDirectory) and action.side is side}
    made = {action.path for action in rest if isinstance(action, MakeDirectory) and action.side is side}
    mixed = _mixed(side, rest)
    by_target = {rename.to: rename.path for rename in renames}
    joined: dict[str, str] = {}
    for rename in sorted(renames, key=lambda each: each.to):
        old, new = _highest(rename.path, rename.to, removed, made)
        if not new or new in mixed or old in mixed or _is_under(new, joined):
            continue
        if _maps(old, new, by_target, removed, made):
            joined[new] = old
    if not joined:
        return rest, renames
    left_behind = set(joined.values())
    moved = []
    for new, old in joined.items():
        expect = Expect(DIRECTORY, None) if side is Side.LEFT else Expect(None, DIRECTORY)
        files = [record for rename in renames if _below(rename.to, new) for record in rename.records]
        directories = [
            (old + path[len(new) :], path, directory_record()) for path in sorted(made) if _below(path, new)
        ]
        moved.append(
            Rename(
                path=old,
                side=side,
                expect=expect,
                reason=f"renamed in {side.other.label}",
                to=new,
                records=(*directories, *files),
            )
        )
    remaining = [
        action
        for action in rest
        if not (
            action.side is side
            and (
                (isinstance(action, MakeDirectory) and _is_under(action.path, joined))
                or (isinstance(action, RemoveDirectory) and _is_under(action.path, left_behind))
            )
        )
    ]
    return remaining, [*moved, *(rename for rename in renames if not _is_under(rename.to, joined))]


def _mixed(side: Side, rest: Iterable[Action]) -> set[str]:
    """The directories below which something else happens on this side."""
    mixed = set()
    for action in rest:
        if action.side is side and not isinstance(action, MakeDirectory | RemoveDirectory):
            directory = split(action.path)[0]
            while directory and directory not in mixed:
                mixed.add(directory)
                directory = split(directory)[0]
    return mixed


def _highest(old: str, new: str, removed: set[str], made: set[str]) -> tuple[str, str]:
    """The highest directories of a renamed file of which one goes and the other comes."""
    best = ("", "")
    while True:
        old, new = split(old)[0], split(new)[0]
        if old not in removed or new not in made:
            return best
        best = (old, new)
        if split(old)[1] != split(new)[1]:
            return best  # renamed here: what is above did not move with it


def _maps(old: str, new: str, by_target: dict[str, str], removed: set[str], made: set[str]) -> bool:
    """Whether everything below `new` comes from the same place below `old`, and nothing else is there."""
    come = {path[len(new) :]: source for path, source in by_target.items() if _below(path, new)}
    go = {source[len(old) :] for source in by_target.values() if _below(source, old)}
    if any(source != old + tail for tail, source in come.items()) or go != set(come):
        return False
    return {path[len(old) :] for path in removed if _below(path, old)} == {
        path[len(new) :] for path in made if _below(path, new)
    }


def _below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory}/")


def _is_under(path: str, directories: Collection[str]) -> bool:
    """Whether a path is one of some directories or below one."""
    while path:
        if path in directories:
            return True
        path = split(path)[0]
    return False
