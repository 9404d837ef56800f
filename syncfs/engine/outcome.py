"""What became of one action: plain data, from whichever thread or process did it."""

from __future__ import annotations

from dataclasses import dataclass

from syncfs.core.action import Action
from syncfs.core.entry import Entry, Side, Written
from syncfs.core.problem import Problem

__all__ = ["Outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one action.

    Attributes:
        action: Which.
        problem: Why it was not done; None when it was.
        fatal: What concerns the whole run, not this path; the run stops after what is under way.
        left: What the left side holds under the path now, or what to expect of its listing; None for
            nothing, and where it does not matter.
        right: The same for the right side.
        digest: The content's digest, when it was computed.
        flags: See `syncfs.core.base.Flag`.
        size_bytes: Content bytes that were written.
        trashed: On which sides what was there went to the trash, also when there is a problem.
        content: What both sides agree on, where a policy wants it.
        is_strained: The other side asked for less, or did not keep up, at least once.
    """

    action: Action
    problem: Problem | None = None
    fatal: Exception | None = None
    left: Entry | Written | None = None
    right: Entry | Written | None = None
    digest: str | None = None
    flags: int = 0
    size_bytes: int = 0
    trashed: tuple[Side, ...] = ()
    content: bytes | None = None
    is_strained: bool = False
