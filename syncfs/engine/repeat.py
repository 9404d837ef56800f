"""Know a copy that an earlier try of it has made already, and could not tell of."""

from __future__ import annotations

from syncfs.core.action import CopyFile
from syncfs.core.base import Flag
from syncfs.core.entry import Entry, Kind, Side
from syncfs.engine.outcome import Outcome
from syncfs.engine.probe import digest_of
from syncfs.engine.workbench import Workbench

__all__ = ["found_done"]


def found_done(bench: Workbench, action: CopyFile, source: Entry) -> Outcome | None:
    """What a copy comes to whose target is not what was expected, because it is there already.

    The process that wrote it may have died before it could say so, or be taken for dead. Nothing tells
    whose file it is, and nothing has to: what holds the source's content needs no copy, and both sides agree.

    Args:
        bench: What all actions share.
        action: The copy, which found its target, or its source, stale.
        source: What its source is.

    Returns:
        What became of it, as if it was written now; None where the target holds anything else.

    Raises:
        StaleEntryError: The source is not what it was, or the target changed while it was read.
    """
    to, came_from = action.side, action.side.other
    target = bench.sides[to].stat(action.path)
    if target is None or target.kind is not Kind.FILE or target.size_bytes not in (source.size_bytes, None):
        return None
    with (
        bench.sides[came_from].read(action.path, source) as ours,
        bench.sides[to].read(action.path, target) as theirs,
    ):
        digest = digest_of(ours)
        if digest_of(theirs) != digest:
            return None
        flags = Flag.shown(came_from)
        if bench.sides[to].capabilities.confirms_writes:
            flags |= Flag.shown(to)
        for side, content in ((came_from, ours), (to, theirs)):
            if content.is_racy:
                flags |= Flag.racy(side)
        left, right = (source, target) if to is Side.RIGHT else (target, source)
        return Outcome(
            action=action, left=left, right=right, digest=digest, flags=flags, size_bytes=ours.size_bytes
        )
