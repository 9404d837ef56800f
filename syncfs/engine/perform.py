"""Do one action: the part of a run that happens in many threads at once."""

from __future__ import annotations

import errno
import hashlib
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from syncfs.core.action import (
    Action,
    CopyFile,
    MakeDirectory,
    MergeFile,
    MoveAside,
    RecordAgreement,
    RemoveDirectory,
    RemoveFile,
    Rename,
)
from syncfs.core.base import Flag
from syncfs.core.conflict import MergingPolicy
from syncfs.core.entry import DIRECTORY, Entry, Kind, Side, Written
from syncfs.core.problem import Problem
from syncfs.endpoint.endpoint import Content, Endpoint, Source
from syncfs.engine.merge import HalfMergedError, agree, merge
from syncfs.engine.outcome import Outcome
from syncfs.engine.probe import DIGEST
from syncfs.engine.throttle import Throttle
from syncfs.engine.trash import TRASH, slot_of
from syncfs.errors import (
    PathError,
    StaleEntryError,
    SyncAbortedError,
    SyncfsError,
)

__all__ = ["Workbench", "perform"]

TRIES = 4
FATAL_ERRNOS = frozenset({errno.ENOSPC, errno.EROFS, errno.EDQUOT})
"""A full or read-only disk: every further write would fail in the same way."""


@dataclass(slots=True)
class Workbench:
    """What all actions of a run share.

    Attributes:
        sides: The left and the right endpoint.
        run: The run's id.
        trash: Removed files are moved to the trash where the side can move.
        cancel: Ends waits between retries when set.
        throttle: Holds transfers below a rate; None for no limit.
        policy: Is offered what both sides come to agree on; None where nobody wants it.
        transferred_bytes: Grows while content is written; for the progress display.
    """

    sides: tuple[Endpoint, Endpoint]
    run: str
    trash: bool
    cancel: threading.Event
    throttle: Throttle | None = None
    policy: MergingPolicy | None = None
    transferred_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _trashes: set[Side] = field(default_factory=set)

    def passed(self, size_bytes: int) -> None:
        """Note that so many bytes are about to be written."""
        if self.throttle is not None:
            self.throttle.take(size_bytes)
        with self._lock:
            self.transferred_bytes += size_bytes

    def keeps(self, side: Side) -> bool:
        """Whether what is removed on a side goes to its trash."""
        return self.trash and self.sides[side].capabilities.can_move

    def wants(self, action: Action) -> bool:
        """Whether a policy wants the content that an agreement without a transfer is about."""
        if self.policy is None or not isinstance(action, RecordAgreement) or action.record is None:
            return False
        entry = action.expect.left
        if entry is None or entry.kind is not Kind.FILE or entry.size_bytes is None:
            return False
        return self.policy.keeps(action.path, entry.size_bytes, action.record.digest)

    def trash_slot(self, side: Side, number: int) -> str:
        """A place in this run's trash, whose directories are made on first use."""
        with self._lock:
            if side not in self._trashes:
                directory = ""
                for name in (*TRASH.split("/"), self.run):
                    directory = f"{directory}/{name}" if directory else name
                    self.sides[side].make_directory(directory)
                self._trashes.add(side)
        return slot_of(self.run, number)


def perform(bench: Workbench, action: Action, number: int, source: Entry | Written | None) -> Outcome:
    """Do one action, as often as it takes.

    Args:
        bench: What all actions share.
        action: What to do.
        number: Unique within the run.
        source: For a copy: what its source is now, when this run has moved it there; else None.

    Returns:
        What became of it; never raises but for bugs.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return _done(bench, action, number, source)
        except HalfMergedError as half:
            error = half.cause
            fatal = error if isinstance(error, SyncAbortedError) else None
            return Outcome(action=action, problem=_problem(action, error), fatal=fatal, trashed=half.trashed)
        except SyncAbortedError as error:
            return Outcome(action=action, problem=_problem(action, error), fatal=error)
        except (OSError, SyncfsError) as error:
            if error.errno in FATAL_ERRNOS if isinstance(error, OSError) else False:
                return Outcome(action=action, problem=_problem(action, error), fatal=error)
            if attempt == TRIES or not _may_pass(error) or bench.cancel.is_set():
                return Outcome(action=action, problem=_problem(action, error))
            bench.cancel.wait(_pause_s(attempt, error))
    raise AssertionError("unreachable: the last try returns")


def _may_pass(error: Exception) -> bool:
    """Whether another try may succeed by itself."""
    return isinstance(error, ConnectionError | TimeoutError) or bool(getattr(error, "retryable", False))


def _pause_s(attempt: int, error: Exception) -> float:
    """Exponential with full jitter, or what the other side asked for within reason."""
    asked_s = getattr(error, "retry_after_s", None)
    if asked_s is not None:
        return float(min(asked_s, 30.0))
    return random.uniform(0.1, 0.25 * 4**attempt)


def _problem(action: Action, error: Exception) -> Problem:
    if isinstance(error, StaleEntryError):
        kind, message = "stale", f"{error}; decided afresh in the next run"
    elif isinstance(error, OSError) and not isinstance(error, PathError) and error.strerror:
        kind, message = "failed", error.strerror.lower()
    else:
        kind, message = "failed", str(error) or type(error).__name__
    side = {"src": Side.LEFT, "dst": Side.RIGHT}.get(getattr(error, "side", ""), action.side)
    return Problem(
        path=action.path,
        side=side,
        message=f"could not {action.verb}: {message}",
        kind=kind,
        retryable=kind == "stale" or _may_pass(error),
    )


def _done(bench: Workbench, action: Action, number: int, source: Entry | Written | None) -> Outcome:
    side = bench.sides[action.side]
    match action:
        case CopyFile():
            return _copy(bench, action, number, source)
        case MakeDirectory(path=""):
            side.make_root()
            side.check_root()  # what answers is known only now
            side.list("")  # `check_root` may have kept a listing for this call, soon out of date
            return Outcome(action=action)
        case MakeDirectory():
            side.make_directory(action.path)
            flags = Flag.shown(action.side.other)
            if side.capabilities.confirms_writes:
                flags |= Flag.shown(action.side)
            return Outcome(action=action, left=DIRECTORY, right=DIRECTORY, flags=flags)
        case RemoveFile():
            return _remove(bench, action, number)
        case RemoveDirectory():
            side.remove_directory(action.path)
            return Outcome(action=action)
        case MoveAside() | Rename():
            expect = action.expect.of(action.side)
            assert expect is not None
            moved = side.move(action.path, action.to, expect=expect)
            left, right = (moved, None) if action.side is Side.LEFT else (None, moved)
            return Outcome(action=action, left=left, right=right)
        case MergeFile():
            return merge(bench, action, number)
        case RecordAgreement():
            return agree(bench, action)
    assert_never(action)


def _remove(bench: Workbench, action: RemoveFile, number: int) -> Outcome:
    side = bench.sides[action.side]
    expect = action.expect.of(action.side)
    assert expect is not None
    if bench.keeps(action.side):
        side.move(action.path, bench.trash_slot(action.side, number), expect=expect)
        return Outcome(action=action, trashed=(action.side,))
    side.remove_file(action.path, expect=expect)
    return Outcome(action=action)


class _Unchanged(Exception):
    """What was read is what the target holds already."""


def _copy(bench: Workbench, action: CopyFile, number: int, moved: Entry | Written | None) -> Outcome:
    to, came_from = action.side, action.side.other
    source_side, target_side = bench.sides[came_from], bench.sides[to]
    expect, target = action.source, action.expect.of(to)
    if moved is not None:
        expect = _found(source_side, action.path, moved)
    digest = hashlib.new(DIGEST, usedforsecurity=False)
    with source_side.read(action.path, expect) as source:
        is_kept = bench.policy is not None and bench.policy.keeps(action.path, source.size_bytes, None)
        kept: list[bytes] | None = [] if is_kept else None
        content = Content(
            size_bytes=source.size_bytes,
            chunks=_measured(bench, source, digest, action.digest, kept),
            mtime_ns=expect.mtime_ns,
            mode=source.mode,
        )
        written: Entry | Written
        try:
            written = target_side.write(action.path, content, expect=target, token=f"{bench.run}-{number}")
            size_bytes = source.size_bytes
        except _Unchanged:
            assert target is not None
            written, size_bytes = target, 0
        is_racy = source.is_racy
    flags = Flag.shown(came_from)
    if isinstance(written, Entry):
        flags |= Flag.shown(to)
    if is_racy:
        flags |= Flag.racy(came_from)
        if written is not target and target_side.capabilities.keeps_mtime:
            flags |= Flag.racy(to)  # the same mtime, so the same doubt
    left, right = (expect, written) if to is Side.RIGHT else (written, expect)
    return Outcome(
        action=action,
        left=left,
        right=right,
        digest=f"{DIGEST}:{digest.hexdigest()}",
        flags=flags,
        size_bytes=size_bytes,
        content=None if kept is None else b"".join(kept),
    )


def _found(side: Endpoint, path: str, moved: Entry | Written) -> Entry:
    """What a file that this run has moved looks like under its new name."""
    if isinstance(moved, Entry):
        return moved
    entry = side.stat(path)
    if entry is None or entry.size_bytes != moved.size_bytes:
        raise StaleEntryError("is not the file that was moved here a moment ago", path=path)
    return entry


def _measured(
    bench: Workbench, source: Source, digest: hashlib._Hash, known: str | None, kept: list[bytes] | None
) -> Iterator[bytes]:
    """Pass chunks on, digesting and counting, and collecting them in `kept` where it is a list.

    Where the target's digest is known, the last chunk is held back until it is certain that the content
    differs.

    Raises:
        _Unchanged: It does not differ.
    """
    held: bytes | None = None
    for chunk in source.chunks():
        digest.update(chunk)
        if kept is not None:
            kept.append(chunk)
        if known is None:
            bench.passed(len(chunk))
            yield chunk
            continue
        if held is not None:
            bench.passed(len(held))
            yield held
        held = chunk
    if known is not None:
        if known == f"{DIGEST}:{digest.hexdigest()}":
            raise _Unchanged
        if held is not None:
            bench.passed(len(held))
            yield held
