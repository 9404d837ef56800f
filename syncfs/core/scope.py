"""What is decided while one directory is looked at, and what its parent needs to know of it."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import cast

from syncfs.core import paths
from syncfs.core.action import Action, Expect, RecordAgreement
from syncfs.core.align import Aligned
from syncfs.core.base import Flag, Record
from syncfs.core.conflict import Conflict
from syncfs.core.entry import DIRECTORY, Entry, Kind, Side
from syncfs.core.listing import Listing
from syncfs.core.problem import Problem
from syncfs.core.question import Answer, Answers, Ask, Question, Unanswered
from syncfs.core.seal import Seal
from syncfs.core.settings import Settings

__all__ = ["Child", "Closed", "Counts", "Descent", "Directory", "Nested", "Scope"]

Nested = list["Action | Nested"]
"""Actions of a subtree, nested as its directories are, so that closing one copies nothing."""


class Descent(Enum):
    """Why a directory is descended into; its own fate is settled when it closes."""

    BOTH = "both"
    """Both sides have it."""
    MAKE = "make"
    """One side has it, the other gets it."""
    REMOVE = "remove"
    """One side has it, the other removed it: it goes if everything below goes."""
    YIELD = "yield"
    """One side has it, the other has a file of that name: it yields if everything below goes."""
    GONE = "gone"
    """Only the base has it: what it holds below is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A subdirectory to descend into, as its parent sees it.

    Attributes:
        path: Relative to both roots.
        descent: Why.
        side: The side that has it, when only one does.
        record: What the base holds for it.
        file: For YIELD: the file on the other side.
        around: For YIELD: the scope that it is in, where a fresh name may have to be found.
        held: For MAKE: what takes a file on the other side out of the way; dropped when the directory
            turns out not to be made.
        frees: What is removed below frees a name for something else, so it goes first.
        is_passage: Wanted only if something in it is.
    """

    path: str
    descent: Descent
    side: Side = Side.LEFT
    record: Record | None = None
    file: Entry | None = None
    around: Scope | None = None
    held: Closed | None = None
    frees: bool = False
    is_passage: bool = False

    def is_on(self, side: Side) -> bool:
        """Whether this side has it, so that it must be listed there."""
        if self.descent is Descent.GONE:
            return False
        return self.descent is Descent.BOTH or self.side is side


NOTHING = Expect(None, None)
ROOT = Child(path="", descent=Descent.BOTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """One directory, ready to be decided.

    Attributes:
        child: What its parent said of it.
        left: Its listing on the left; `ABSENT` where it is not there.
        right: Its listing on the right.
        base: The base's records of its names.
    """

    child: Child
    left: Listing
    right: Listing
    base: Mapping[str, Record]

    def listing(self, side: Side) -> Listing:
        """One side's listing."""
        return self.left if side is Side.LEFT else self.right


@dataclass(slots=True)
class Counts:
    """What guards and reports want counted, one number a side where it is a list."""

    recorded: int = 0
    missing: list[int] = field(default_factory=lambda: [0, 0])
    listed: list[int] = field(default_factory=lambda: [0, 0])
    skipped: int = 0
    extra: int = 0
    untracked: int = 0

    def add(self, other: Counts) -> None:
        """Add another directory's counts to these."""
        self.recorded += other.recorded
        for mine, theirs in (
            (self.missing, other.missing),
            (self.listed, other.listed),
        ):
            mine[0] += theirs[0]
            mine[1] += theirs[1]
        self.skipped += other.skipped
        self.extra += other.extra
        self.untracked += other.untracked

    def add_sealed(self, seal: Seal) -> None:
        """Add a directory that is as it was sealed."""
        self.recorded += seal.files
        names = seal.files + len(seal.directories)
        self.listed[0] += names
        self.listed[1] += names


@dataclass(slots=True, kw_only=True)
class Closed:
    """What is decided of a whole subtree; its parent reads two booleans a side.

    Attributes:
        actions: The subtree's actions, nested.
        conflicts: Conflicts met below.
        problems: Problems met below.
        remains: Per side: content will still be there after the run.
        needed: Per side: content is going to be put there, so the directory must exist.
        holds_ignored: Content that nobody syncs (excluded, special) keeps the directory.
    """

    actions: Nested = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    remains: list[bool] = field(default_factory=lambda: [False, False])
    needed: list[bool] = field(default_factory=lambda: [False, False])
    holds_ignored: bool = False

    def take(self, other: Closed) -> None:
        """Take up what was decided elsewhere."""
        if other.actions:
            self.actions.append(other.actions)
        self.conflicts.extend(other.conflicts)
        self.problems.extend(other.problems)
        for side in Side:
            self.remains[side] |= other.remains[side]
            self.needed[side] |= other.needed[side]
        self.holds_ignored |= other.holds_ignored


@dataclass(slots=True, kw_only=True)
class Scope(Closed):
    """A directory while it is being decided: its inputs, and what was decided of its names so far."""

    directory: Directory
    settings: Settings
    answers: Answers
    children: list[Child] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    coined: dict[str, object] = field(default_factory=dict)
    aligned: Aligned | None = None

    def path(self, name: str) -> str:
        """The path of one of the directory's names."""
        return paths.join(self.directory.child.path, name)

    def beside(self) -> Scope:
        """A scope of the same directory for what may still be dropped."""
        return Scope(directory=self.directory, settings=self.settings, answers={}, coined=self.coined)

    @property
    def frees(self) -> bool:
        """Whether removals here free a name."""
        return self.directory.child.frees

    def stays(self, *sides: Side) -> None:
        """Content stays on these sides."""
        for side in sides:
            self.remains[side] = True

    def stays_where(self, left: Entry | None, right: Entry | None) -> None:
        """Whatever is there stays there."""
        self.remains[0] |= left is not None
        self.remains[1] |= right is not None

    def goes_to(self, side: Side) -> None:
        """Content will be put on `side`, and is on both afterwards."""
        self.needed[side] = True
        self.remains[0] = self.remains[1] = True

    def problem(
        self, name: str, side: Side | None, message: str, kind: str = "failed", *, retryable: bool = False
    ) -> None:
        """Note that one name cannot be synced."""
        self.problems.append(
            Problem(path=self.path(name), side=side, message=message, kind=kind, retryable=retryable)
        )

    def ask(
        self,
        name: str,
        ask: Ask,
        left: Entry | None,
        right: Entry | None,
        algorithm: str = "",
        conflict: Conflict | None = None,
    ) -> Answer:
        """Get an answer, or stop deciding this name until there is one.

        Raises:
            Unanswered: Nobody has asked yet.
        """
        path = self.path(name)
        answer = self.answers.get((path, ask))
        if answer is None:
            raise Unanswered(Question(path, ask, left, right, algorithm, conflict))
        return answer

    def fresh_name(self, name: str, side: Side) -> str:
        """A name for a kept loser that neither side, the base or this plan uses."""
        directory = self.directory
        uses = (directory.left.entries, directory.right.entries, directory.base, self.coined)
        taken = ChainMap(*(cast("MutableMapping[str, object]", names) for names in uses))
        fresh = paths.conflict_name(name, side, self.settings.stamp, taken)
        self.coined[fresh] = None
        return fresh

    def agree(
        self,
        name: str,
        seen: tuple[Entry, Entry],
        digest: str | None,
        reason: str,
        old: Record | None,
        *,
        proven: Sequence[bool] = (True, True),
    ) -> None:
        """Note that both sides hold the same under a name, unless the base says exactly that.

        Args:
            name: Which name.
            seen: What both sides show.
            digest: Of the content, where it is known.
            reason: Why, for the user.
            old: What the base says.
            proven: Per side: its content was looked at, so that no doubt about its fingerprint is left.
        """
        flags = self.flags(name)
        if old is not None:
            for side in Side:
                if seen[side] == old.of(side):
                    # Nothing new to doubt; and what was doubted stays so until it was looked at.
                    was_racy = old.flags & Flag.racy(side)
                    flags = flags & ~Flag.racy(side) | (flags & was_racy if proven[side] else was_racy)
        record = Record(*seen, digest, flags)
        if record != old and self.settings.has_base:
            self.actions.append(
                RecordAgreement(
                    path=self.path(name),
                    side=Side.LEFT,
                    expect=Expect(*seen),
                    reason=reason,
                    record=record,
                )
            )

    def agree_directory(self, name: str, old: Record | None, reason: str) -> None:
        """Note that both sides have a directory."""
        self.agree(name, (DIRECTORY, DIRECTORY), None, reason, old)

    def forget(self, name: str, reason: str, expect: Expect = NOTHING) -> None:
        """Drop a record, and all below it if it is a directory's."""
        self.actions.append(
            RecordAgreement(path=self.path(name), side=Side.LEFT, expect=expect, reason=reason, record=None)
        )

    def flags(self, name: str) -> int:
        """What to note beside two entries that were just listed."""
        flags = 0
        for side in Side:
            listing = self.directory.listing(side)
            if name in listing.entries:
                flags |= Flag.shown(side)
            if name in listing.racy:
                flags |= Flag.racy(side)
        return flags


def is_file(entry: Entry | None) -> bool:
    """Whether a regular file stands there."""
    return entry is not None and entry.kind is Kind.FILE
