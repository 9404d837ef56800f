"""What all actions of a run share, and what one of them is when it is handed out."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from syncfs.core.action import Action, RecordAgreement
from syncfs.core.conflict import MergingPolicy
from syncfs.core.entry import Entry, Kind, Side, Written
from syncfs.endpoint.endpoint import DwellingEndpoint, Endpoint
from syncfs.engine.throttle import Throttle
from syncfs.engine.trash import TRASH, slot_of

__all__ = ["Task", "Workbench"]


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
