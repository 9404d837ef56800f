"""What the pure core needs to know and only I/O can tell; asked as values, answered as values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from syncfs.core.compare import Verdict
from syncfs.core.conflict import Conflict, Merged
from syncfs.core.entry import Entry, Side

__all__ = ["Answer", "Answers", "Ask", "MergeOf", "Question", "Unanswerable", "Unanswered"]


class Ask(Enum):
    """What is asked of one path."""

    SAME = "same"
    """Do both sides hold the same content? Answered by a `Verdict` that is not UNKNOWN, or by the digest of
    both where they were read and are equal."""
    LEFT_DIGEST = "left digest"
    """The digest of the left file's content, `"algorithm:hex"`."""
    RIGHT_DIGEST = "right digest"
    LEFT_EXISTS = "left exists"
    """Is it there although a complete listing does not show it? SAME when it is, DIFFERENT when not."""
    RIGHT_EXISTS = "right exists"
    MERGE = "merge"
    """One content out of both sides' edits, by the policy: a `MergeOf`; UNKNOWN where there is none."""

    @staticmethod
    def digest_of(side: Side) -> Ask:
        """Ask for one side's digest."""
        return Ask.LEFT_DIGEST if side is Side.LEFT else Ask.RIGHT_DIGEST

    @staticmethod
    def existence_on(side: Side) -> Ask:
        """Ask whether one side hides the name."""
        return Ask.LEFT_EXISTS if side is Side.LEFT else Ask.RIGHT_EXISTS


class Question(NamedTuple):
    """One thing to find out by reading.

    Attributes:
        path: Which path.
        ask: What about it.
        left: What the left side's listing shows; None where it plays no part.
        right: The same for the right side.
        algorithm: For a digest: the algorithm of the digest it will be held against; empty: any.
        conflict: For a merge: what is to be settled.
    """

    path: str
    ask: Ask
    left: Entry | None
    right: Entry | None
    algorithm: str = ""
    conflict: Conflict | None = None


class Unanswerable(NamedTuple):
    """It could not be found out: the path is left alone."""

    side: Side | None
    message: str
    retryable: bool = False


class MergeOf(NamedTuple):
    """What a policy made of two files.

    Attributes:
        merged: The content, and how it was made.
        digests: `"algorithm:hex"` of the left and of the right file, as they were read for it.
        is_like: Per side: it holds that very content.
    """

    merged: Merged
    digests: tuple[str, str]
    is_like: tuple[bool, bool]


Answer = Verdict | str | MergeOf | Unanswerable
Answers = Mapping[tuple[str, Ask], Answer]


class Unanswered(Exception):
    """Carries the question that must be answered before a path can be decided."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question
