"""Do one action: the part of a run that happens in many threads at once."""

from __future__ import annotations

import errno
import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import NamedTuple, assert_never

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
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content, DwellingEndpoint, Endpoint, PouringSource, Source
from syncfs.engine.merge import HalfMergedError, agree, merge
from syncfs.engine.outcome import Outcome
from syncfs.engine.probe import DIGEST
from syncfs.engine.repeat import found_done
from syncfs.engine.throttle import Throttle
from syncfs.engine.trash import TRASH, slot_of
from syncfs.errors import (
    PathError,
    StaleEntryError,
    SyncAbortedError,
    SyncfsError,
)

__all__ = ["Task", "Workbench", "failed", "perform", "perform_all"]

TRIES = 4
POUR_BYTES = 32 << 20
"""What the kernel is asked to carry at once: progress shows after each."""
PATIENCE_S = 20.0
"""No try begins later than this after the first, unless the other side asked for it."""
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
        process: Tells this process's temporary names from those of others which may be at the same action:
            then what is found done may be another's try. Empty where no other can be.
        rate: What the throttle is for; see `errand`.
        dwellings: The sides that gain by being told that several calls follow.
    """

    sides: tuple[Endpoint, Endpoint]
    run: str
    trash: bool
    cancel: threading.Event
    throttle: Throttle | None = None
    policy: MergingPolicy | None = None
    transferred_bytes: int = 0
    process: str = ""
    rate: int | None = None
    dwellings: tuple[DwellingEndpoint, ...] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _trashes: set[Side] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.dwellings = tuple(side for side in self.sides if isinstance(side, DwellingEndpoint))

    def passed(self, size_bytes: int) -> None:
        """Note that so many bytes are about to be written."""
        if self.throttle is not None:
            self.throttle.take(size_bytes)
        self.count(size_bytes)

    def count(self, size_bytes: int) -> None:
        """Note that so many bytes were written, wherever that was."""
        with self._lock:
            self.transferred_bytes += size_bytes

    def token(self, task: Task) -> str:
        """What no other write of the run has, nor another try of this one."""
        tries = f"{self.run}-{task.number}-{task.attempt}"
        return f"{tries}-{self.process}" if self.process else tries

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


class Task(NamedTuple):
    """One action to do.

    Attributes:
        number: Unique within the run.
        action: What to do.
        source: For a copy: what its source is now, when this run has moved it there; else None.
        attempt: Which try it is, from 1.
    """

    number: int
    action: Action
    source: Entry | Written | None = None
    attempt: int = 1


def perform_all(bench: Workbench, tasks: Sequence[Task]) -> list[Outcome]:
    """Do several actions, one after another: what an executor is given.

    Returns:
        What became of each, in their order; fewer than there are tasks when the run is to end. Never raises
        but for bugs.
    """
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        if len(tasks) > 1:
            for side in bench.dwellings:
                stack.enter_context(side.dwelling())
        for task in tasks:
            if outcomes and bench.cancel.is_set():
                break
            outcome = perform(bench, task)
            outcomes.append(outcome)
            if outcome.fatal is not None:
                break
    return outcomes


def perform(bench: Workbench, task: Task) -> Outcome:
    """Do one action, as often as it takes; what became of it."""
    action = task.action
    is_strained = False
    deadline_s = time.monotonic() + PATIENCE_S
    for attempt in range(1, TRIES + 1):
        try:
            outcome = _done(bench, task._replace(attempt=attempt))
            return replace(outcome, is_strained=True) if is_strained else outcome
        except HalfMergedError as half:
            cause = half.cause
            fatal = cause if isinstance(cause, SyncAbortedError) else None
            return Outcome(action=action, problem=_problem(action, cause), fatal=fatal, trashed=half.trashed)
        except SyncAbortedError as error:
            return Outcome(action=action, problem=_problem(action, error), fatal=error)
        except (OSError, SyncfsError) as error:
            is_strained = is_strained or _may_pass(error)
            is_fatal = isinstance(error, OSError) and error.errno in FATAL_ERRNOS
            pause_s = _pause_s(attempt, error)
            is_late = time.monotonic() + pause_s > deadline_s and not getattr(error, "retry_after_s", None)
            is_last = attempt == TRIES or is_late or bench.cancel.is_set()
            if is_fatal or is_last or not _may_pass(error):
                return Outcome(
                    action=action,
                    problem=_problem(action, error),
                    fatal=error if is_fatal else None,
                    is_strained=is_strained,
                )
            bench.cancel.wait(pause_s)
    raise AssertionError("unreachable: the last try returns")


def failed(action: Action, error: Exception, *, is_fatal: bool = False) -> Outcome:
    """The outcome of an action that was not done.

    Args:
        action: Which.
        error: Why not.
        is_fatal: It ends the run.
    """
    return Outcome(action=action, problem=_problem(action, error), fatal=error if is_fatal else None)


def _may_pass(error: Exception) -> bool:
    """Whether another try may succeed by itself."""
    return isinstance(error, ConnectionError | TimeoutError) or bool(getattr(error, "retryable", False))


def _pause_s(attempt: int, error: Exception) -> float:
    """Exponential with full jitter, or what the other side asked for within reason."""
    asked_s = getattr(error, "retry_after_s", None)
    if asked_s is not None:
        return float(min(asked_s, 30.0))
    import random  # nothing is tried again as a rule

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


def _done(bench: Workbench, task: Task) -> Outcome:
    number, action = task.number, task.action
    side = bench.sides[action.side]
    match action:
        case CopyFile():
            return _copied(bench, action, task)
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
            return merge(bench, action, number, bench.token(task))
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


def _copied(bench: Workbench, action: CopyFile, task: Task) -> Outcome:
    """Copy, unless another process that was at the same copy is found to have done it."""
    expect = action.source
    if task.source is not None:
        expect = _found(bench.sides[action.side.other], action.path, task.source)
    try:
        return _copy(bench, action, expect, task)
    except StaleEntryError:
        done = found_done(bench, action, expect) if bench.process else None
        if done is None:
            raise
        return done


def _copy(bench: Workbench, action: CopyFile, expect: Entry, task: Task) -> Outcome:
    to, came_from = action.side, action.side.other
    source_side, target_side = bench.sides[came_from], bench.sides[to]
    target = action.expect.of(to)
    if task.attempt > 1 and target is not None and target_side.stat(action.path) is None:
        target = None  # what the try before has left; if it was somebody else, the content wins
    with source_side.read(action.path, expect) as source:
        is_kept = bench.policy is not None and bench.policy.keeps(action.path, source.size_bytes, None)
        passing = _Passing(bench, source, action.digest, keeps=is_kept)
        content = Content(
            size_bytes=source.size_bytes,
            chunks=passing.chunks(),
            pour=passing.pour,
            mtime_ns=expect.mtime_ns,
            mode=source.mode,
        )
        written: Entry | Written
        try:
            written = target_side.write(action.path, content, expect=target, token=bench.token(task))
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
        digest=passing.digest,
        flags=flags,
        size_bytes=size_bytes,
        content=b"".join(passing.kept) if is_kept else None,
    )


def _found(side: Endpoint, path: str, moved: Entry | Written) -> Entry:
    """What a file that this run has moved looks like under its new name."""
    if isinstance(moved, Entry):
        return moved
    entry = side.stat(path)
    if entry is None or entry.size_bytes != moved.size_bytes:
        raise StaleEntryError("is not the file that was moved here a moment ago", path=path)
    return entry


class _Passing:
    """A content on its way: digested, counted, held below the rate.

    Where the target's digest is known, the last chunk is held back until it is certain that the content
    differs.

    Args:
        bench: What all actions share.
        source: What is read.
        known: The digest of what the target holds.
        keeps: Collect the content in `kept`: a policy wants it.

    Attributes:
        kept: The chunks, where they are wanted.
        digest: Of the whole content once it has passed; None when the kernel carried it.
        pour: See `Content.pour`; None where the content is to be digested.
    """

    def __init__(self, bench: Workbench, source: Source, known: str | None, *, keeps: bool) -> None:
        self._bench, self._source, self._known, self._keeps = bench, source, known, keeps
        self.kept: list[bytes] = []
        self.digest: str | None = None
        # Of what fits one chunk the digest costs nothing, and a racy file is told from its later self by
        # nothing else.
        is_plain = known is None and not keeps and source.size_bytes > CHUNK_BYTES and not source.is_racy
        self.pour = self._pour if is_plain and isinstance(source, PouringSource) else None

    def chunks(self) -> Iterator[bytes]:
        """Yield the content.

        Raises:
            _Unchanged: The target holds it already.
        """
        digest = hashlib.new(DIGEST, usedforsecurity=False)
        held: bytes | None = None
        is_free = self._known is None and self._bench.throttle is None  # nearly always
        for chunk in self._source.chunks():
            digest.update(chunk)
            if self._keeps:
                self.kept.append(chunk)
            if is_free:
                self._bench.passed(len(chunk))
                yield chunk
                continue
            if self._known is None:
                yield from self._passed(chunk)
                continue
            if held is not None:
                yield from self._passed(held)
            held = chunk
        self.digest = f"{DIGEST}:{digest.hexdigest()}"
        if self._known == self.digest:
            raise _Unchanged
        if held is not None:
            yield from self._passed(held)

    def _passed(self, chunk: bytes) -> Iterator[bytes]:
        """A chunk, or its pieces when they must not go all at once."""
        throttle = self._bench.throttle
        if throttle is None or len(chunk) <= throttle.piece_bytes:
            self._bench.passed(len(chunk))
            yield chunk
            return
        for start in range(0, len(chunk), throttle.piece_bytes):
            piece = chunk[start : start + throttle.piece_bytes]
            self._bench.passed(len(piece))
            yield piece

    def _pour(self, fd: int) -> int:
        assert isinstance(self._source, PouringSource)
        throttle = self._bench.throttle
        piece_bytes = POUR_BYTES if throttle is None else min(POUR_BYTES, throttle.piece_bytes)
        return self._source.pour(fd, piece_bytes, self._bench.passed)
