"""Bring one file's content from one side to the other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from syncfs.core.action import CopyFile
from syncfs.core.base import Flag
from syncfs.core.entry import Entry, Side, Written
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content, Endpoint, PouringSource, Source
from syncfs.engine.outcome import Outcome
from syncfs.engine.probe import DIGEST
from syncfs.engine.repeat import found_done
from syncfs.engine.workbench import Task, Workbench
from syncfs.errors import StaleEntryError

__all__ = ["copy"]

POUR_BYTES = 32 << 20
"""What the kernel is asked to carry at once: progress shows after each."""


class _Unchanged(Exception):
    """What was read is what the target holds already."""


def copy(bench: Workbench, action: CopyFile, task: Task) -> Outcome:
    """Copy, unless another process that was at the same copy is found to have done it."""
    expect = action.source
    if task.source is not None:
        expect = _found(bench.sides[action.side.other], action.path, task.source)
    try:
        return _written(bench, action, expect, task)
    except StaleEntryError:
        done = found_done(bench, action, expect) if bench.process else None
        if done is None:
            raise
        return done


def _written(bench: Workbench, action: CopyFile, expect: Entry, task: Task) -> Outcome:
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
