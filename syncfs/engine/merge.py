"""Put a merged content in place, and give the content that both sides agree on to whoever merges."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from syncfs.core.action import MergeFile, RecordAgreement
from syncfs.core.base import SHOWN_BOTH, Flag
from syncfs.core.entry import Entry, Side, Written
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content, Endpoint
from syncfs.engine.outcome import Outcome
from syncfs.engine.probe import DIGEST
from syncfs.engine.workbench import Workbench
from syncfs.errors import StaleEntryError, SyncfsError

__all__ = ["HalfMergedError", "agree", "merge"]


class HalfMergedError(Exception):
    """One side of a merge is written, the other could not be. Never leaves this package.

    Attributes:
        cause: Why not.
        trashed: On which sides what was there went to the trash.
    """

    def __init__(self, cause: OSError | SyncfsError, trashed: tuple[Side, ...]) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.trashed = trashed


def merge(bench: Workbench, action: MergeFile, number: int, token: str) -> Outcome:
    """Write one content in the place of two, which are kept in the trash.

    Both sides are read again before either is written: what was merged is what is there. The originals
    are copied to the trash, not moved, so that the path is never empty; then each side is replaced under
    its own precondition. Where the second has changed meanwhile, the first holds the merge and the base
    still what both were made from: the next run merges again.

    Raises:
        HalfMergedError: One side is written, the other could not be.
        StaleEntryError: A side is not what was merged; nothing was written.
    """
    path, entries = action.path, [action.expect.of(side) for side in Side]
    originals: list[Content] = []
    for side, entry in zip(Side, entries, strict=True):
        assert entry is not None
        with bench.sides[side].read(path, entry) as source:
            original = b"".join(source.chunks())
            if _digest_of(original, action.digests[side]) != action.digests[side]:
                raise StaleEntryError("is not what was merged any more", path=path)
            originals.append(_content(original, entry.mtime_ns, source.mode))
    seen: list[Entry | Written | None] = list(entries)
    flags = SHOWN_BOTH
    slots: dict[Side, str] = {}
    trashed: tuple[Side, ...] = ()
    try:
        for side in filter(bench.keeps, action.sides):
            slots[side] = bench.trash_slot(side, number)
            bench.sides[side].write(slots[side], originals[side], expect=None, token=token)
        for side in action.sides:
            bench.passed(len(action.content))
            new = _content(action.content, None, originals[side].mode)
            seen[side] = written = bench.sides[side].write(path, new, expect=entries[side], token=token)
            if side in slots:
                trashed += (side,)
            # Written just now, so that another edit may hide in the same tick.
            flags = flags | Flag.racy(side) if isinstance(written, Entry) else flags & ~Flag.shown(side)
    except (OSError, SyncfsError) as error:
        for side in slots.keys() - {*trashed}:
            _remove_copy(bench.sides[side], slots[side])
        if seen == entries:
            raise
        raise HalfMergedError(error, trashed) from error
    return Outcome(
        action=action,
        trashed=trashed,
        left=seen[0] if action.agrees else None,
        right=seen[1] if action.agrees else None,
        digest=_digest_of(action.content, DIGEST),
        flags=flags,
        size_bytes=len(action.content) * len(action.sides),
        content=action.content if action.agrees else None,
    )


def _remove_copy(side: Endpoint, slot: str) -> None:
    """Take back what was put into the trash for nothing; it stays there when even that fails."""
    with suppress(OSError, SyncfsError):
        if (entry := side.stat(slot)) is not None:
            side.remove_file(slot, expect=entry)


def _content(content: bytes, mtime_ns: int | None, mode: int | None) -> Content:
    pieces = (content[start : start + CHUNK_BYTES] for start in range(0, len(content), CHUNK_BYTES))
    return Content(size_bytes=len(content), chunks=pieces, mtime_ns=mtime_ns, mode=mode)


def _digest_of(content: bytes, like: str) -> str:
    """The digest of a content by the algorithm of another digest."""
    algorithm = like.partition(":")[0]
    return f"{algorithm}:{hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()}"


def agree(bench: Workbench, action: RecordAgreement) -> Outcome:
    """Nothing to do but to note; a policy that wants the content gets it, from the cheaper side."""
    path, record = action.path, action.record
    side = Side.LEFT if bench.sides[0].capabilities.reads_cheaply else Side.RIGHT
    entry = action.expect.of(side)
    if record is None or entry is None or not bench.wants(action):
        return Outcome(action=action)
    try:
        with bench.sides[side].read(path, entry) as source:
            content = b"".join(source.chunks())
    except (OSError, SyncfsError):
        return Outcome(action=action)  # both sides agree all the same
    if record.digest is not None and _digest_of(content, record.digest) != record.digest:
        return Outcome(action=action)
    return Outcome(action=action, digest=_digest_of(content, DIGEST), content=content)
