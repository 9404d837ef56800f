"""What a run learns of the base while it goes on, and when that becomes durable.

Decisions:
    Outcomes commit in batches as they arrive, each after what it tells of was made durable, so that a
    killed run resumes where it was. Writes to a side that cannot confirm them are noted as `Written`
    first; one listing of each touched directory then turns all of its notes into fingerprints. A note
    that no listing confirmed (the run died, the server's clock is not known) stays one, and the next run
    judges by it. Where the listing proves that another's version has replaced ours at once, the record goes:
    whoever did that need not have seen ours, so both count as changed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

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
from syncfs.core.base import Flag, Record
from syncfs.core.entry import Entry, Side, Written
from syncfs.core.listing import Listing
from syncfs.core.paths import join, split
from syncfs.core.problem import Problem
from syncfs.endpoint.endpoint import Endpoint
from syncfs.store.store import Records

__all__ = ["Ledger", "Place"]

Place = tuple[Side, str]
"""One directory of one side."""

BATCH = 500
BATCH_S = 1.0
"""A batch of records commits when it holds so many, or is so old."""


class Ledger:
    """Collects records, reads them back, and commits them in batches.

    Args:
        actions: All that the run will do, so that a directory is read back once, after its last write.
        sides: The left and the right endpoint.
        store: Takes the records.
    """

    def __init__(self, actions: Iterable[Action], sides: Sequence[Endpoint], store: Records) -> None:
        self._sides, self._store = sides, store
        self._confirms = [side.capabilities.confirms_writes for side in sides]
        self._changes: dict[str, Record | None] = {}
        self._changed_at_s = time.monotonic()
        self._noted: dict[Place, dict[str, Record]] = {}
        self._outstanding: Counter[Place] = Counter()
        self._wrote: set[Side] = set()
        self._vacated: dict[str, Record] = {}
        for action in actions:
            if not isinstance(action, RecordAgreement):
                written = action.sides if isinstance(action, MergeFile) else (action.side,)
                self._wrote.update(written)
                for place in self._read_back_in(action):
                    self._outstanding[place] += 1

    def _read_back_in(self, action: Action) -> list[Place]:
        """The directories whose listings will tell what an action's targets look like, where they must."""
        match action:
            case CopyFile() | MakeDirectory() if action.path:
                if self._confirms[action.side]:
                    return []
                return [(action.side, split(action.path)[0])]
            case MergeFile() if action.agrees:
                places = [(side, split(action.path)[0]) for side in action.sides]
            case Rename() if action.records:
                places = [(action.side, split(action.to)[0])]
            case _:
                return []
        return [place for place in places if not self._confirms[place[0]]]

    def note(self, action: Action, record: Record) -> None:
        """Record an agreement; where only a listing tells the target's fingerprint, remember to read it back.

        Also where the write's reply names the file's tag for good: it is no evidence that the name is listed,
        and the next run, which should find nothing to do, would have to record that.
        """
        self.change(action.path, record)
        for place in self._read_back_in(action):
            self._noted.setdefault(place, {})[split(action.path)[1]] = record

    def renamed(self, action: Rename, moved: Entry | Written | None) -> None:
        """Take the records of a path, and of all below it, to its new place."""
        for old, new, record in action.records:
            self.change(old, None)
            if new == action.to and moved is not None:
                left, right = (record.left, moved) if action.side is Side.RIGHT else (moved, record.right)
                record = Record(left, right, record.digest, record.flags)
            self.change(new, record)
            if new == action.to:
                for place in self._read_back_in(action):
                    self._noted.setdefault(place, {})[split(new)[1]] = record
        if action.records:
            self.change(action.path, None)

    def done(self, action: Action) -> list[Place]:
        """Note that an action was tried; the directories to read back now, if this was their last one."""
        places = self._read_back_in(action)
        for place in places:
            self._outstanding[place] -= 1
        return [place for place in places if not self._outstanding[place] and place in self._noted]

    def unread(self) -> list[Place]:
        """The directories with notes that were not read back."""
        return list(self._noted)

    def confirm(self, place: Place, listing: Listing) -> Iterator[Problem]:
        """Turn what was noted of one directory into fingerprints, as far as its listing bears it out.

        Yields:
            A problem for every name that the listing does not show, or under which another's file stands.
        """
        side, directory = place
        for name, record in self._noted.pop(place, {}).items():
            entry, path = listing.entries.get(name), join(directory, name)
            if entry is None:
                if listing.is_evidence:
                    message = "was written, but the listing does not show it (this server hides such names)"
                    yield Problem(path=path, side=side, message=message, kind="unlisted")
                continue
            noted = record.of(side)
            if isinstance(noted, Written) and noted.is_refuted_by(entry):
                # Who replaced ours need not have seen it, so for the next run both sides have changed.
                self.change(path, None)
                self._noted.get((side.other, directory), {}).pop(name, None)
                message = "was written, but another's version stands there; decided afresh in the next run"
                yield Problem(path=path, side=side, message=message, kind="stale", retryable=True)
                continue
            if noted != entry and not (isinstance(noted, Written) and noted.is_shown_by(entry)):
                continue  # perhaps a stranger was there in between: the next run decides
            flags = record.flags | Flag.shown(side)
            if name in listing.racy:
                flags |= Flag.racy(side)
            left, right = (entry, record.right) if side is Side.LEFT else (record.left, entry)
            confirmed = Record(left, right, record.digest, flags)
            self.change(path, confirmed)
            other = self._noted.get((side.other, directory), {})
            if name in other:
                other[name] = confirmed  # a merge, whose other side is still to be read back

    def change(self, path: str, record: Record | None) -> None:
        """Set a record, or remove it with None, with the next batch."""
        if not self._changes:
            self._changed_at_s = time.monotonic()
        self._changes[path] = record

    def vacate(self, actions: Iterable[Action]) -> None:
        """Note, durably, which names are about to be cleared for something else.

        Should the run die in between, the next one must not take what we did for a user's deletion: a
        record that its side has not shown since is no evidence, and stays what it is if nothing was done.
        """
        for action in actions:
            if isinstance(action, MoveAside) or (
                isinstance(action, RemoveFile | RemoveDirectory) and action.clears_way
            ):
                directory, name = split(action.path)
                record = self._store.load(directory).get(name)
                if record is not None:
                    self._vacated[action.path] = record
                    unshown = record.flags & ~Flag.shown(action.side)
                    self.change(action.path, record._replace(flags=unshown))
        self.commit()

    def not_vacated(self, action: Action) -> None:
        """Take back what `vacate` noted: the name could not be cleared, and stays as it was."""
        record = self._vacated.get(action.path)
        if record is not None and isinstance(action, MoveAside | RemoveFile | RemoveDirectory):
            self.change(action.path, record)

    def forget(self, path: str) -> None:
        """Remove a record, and all below it if it is a directory's."""
        self.change(path, None)
        for below, _ in self._store.load_tree(path):
            self.change(below, None)

    def commit(self, *, if_due: bool = False) -> None:
        """Make durable what was written, then commit its records in one transaction.

        Args:
            if_due: Only when the batch is large or old enough.
        """
        if not self._changes:
            return
        is_due = len(self._changes) >= BATCH or time.monotonic() - self._changed_at_s >= BATCH_S
        if if_due and not is_due:
            return
        changes, self._changes = self._changes, {}
        for side in self._wrote:
            self._sides[side].flush()
        self._store.record(changes.items())
