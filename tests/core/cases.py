"""Hypothesis strategies: histories of small worlds, written so that a failing one can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, cast

from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st

from syncfs.builtins.comparators import Auto, Digest
from syncfs.builtins.policies import Dst, Fail, KeepBoth, Newer, Skip, Src
from syncfs.core.compare import Comparator
from syncfs.core.conflict import ConflictPolicy
from syncfs.core.entry import Kind, Side
from syncfs.core.listing import ListingStatus
from syncfs.core.paths import split
from syncfs.core.selection import Selection
from syncfs.core.settings import Delete, Mode, Settings
from syncfs.testing.side import File, MemorySide, Traits
from syncfs.testing.world import Ran, World, put

PATHS = (
    "a",
    "b",
    "c",
    "k.bak",
    "a/a",
    "a/b",
    "a/k.bak",
    "b/a",
    "b/b",
    "a/a/a",
    "a/a/b",
    "a/a/k.bak",
    "b/a/a",
)
POLICIES: dict[str, ConflictPolicy] = {
    each.name: each for each in (Newer(), Src(), Dst(), KeepBoth(), Skip(), Fail())
}


@dataclass(frozen=True)
class Backups:
    """The names that a filtered run leaves alone."""

    name: ClassVar[str] = "backups"

    def matches(self, path: str, is_directory: bool) -> bool:
        return path.endswith(".bak")


@dataclass(frozen=True)
class Op:
    """One thing that a user does on one side.

    `edit` writes new content, `share` content that the other side may get too, `back` edits without a trace
    in size and mtime, `touch` and `chmod` change metadata only.
    """

    side: Side
    verb: str
    path: str
    to: str = ""

    def do(self, world: World, number: int) -> None:
        """Do it, or nothing where it makes no sense."""
        side = world.sides[self.side]
        node = side.node(self.path)
        match self.verb:
            case "edit":
                put(side, self.path, b"u%02d" % number)
            case "share":
                put(side, self.path, b"shr")
            case "delete":
                if node is not None:
                    put(side, self.path, None)
            case "make":
                if not isinstance(node, dict):
                    put(side, self.path, {})
            case "special":
                put(side, self.path, Kind.OTHER)
            case "unreadable":
                put(side, self.path, Kind.UNREADABLE)
            case "rename":
                _rename(side, self.path, self.to)
            case "back" if isinstance(node, File) and side.traits.is_local:
                world.clock.tick()
                content = b"x" * (len(node.content) - 2) + b"%02d" % number
                put(side, self.path, File(content, node.mtime_ns, side.now_ns, node.number))
            case "touch" if isinstance(node, File):
                put(side, self.path, File(node.content, side.now_ns, side.now_ns, node.number))
            case "chmod" if isinstance(node, File):
                put(side, self.path, File(node.content, node.mtime_ns, side.now_ns, node.number))


def in_short(value: Any) -> str:
    """A case without what is as usual."""
    if isinstance(value, Op):
        to = f" -> {value.to}" if value.verb == "rename" else ""
        return f"{value.side.name.lower()} {value.verb} {value.path}{to}"
    if isinstance(value, tuple):
        return "(" + ", ".join(in_short(each) for each in value) + ")"
    if isinstance(value, Round | Case | Traits):
        usual = type(value)()
        told = ((each.name, getattr(value, each.name)) for each in fields(value))
        said = [f"{name}={in_short(each)}" for name, each in told if each != getattr(usual, name)]
        return f"{type(value).__name__}({', '.join(said)})"
    return str(value)


def _rename(side: MemorySide, path: str, to: str) -> None:
    node, target = side.node(path), side.node(split(to)[0])
    if node is not None and isinstance(target, dict) and side.node(to) is None and not to.startswith(path):
        put(side, path, None)
        put(side, to, node)


@dataclass(frozen=True)
class Round:
    """What users do, and then a run.

    Attributes:
        ops: What they do.
        faults: (side, path, status) of listings that do not come.
        mode: And so on: the run's settings.
        stop_after: The run is interrupted after so many actions.
        records: The run is killed at its end; so many of its records are durable.
        fails_at: Writing under this path fails on both sides.
    """

    ops: tuple[Op, ...] = ()
    faults: tuple[tuple[Side, str, ListingStatus], ...] = ()
    mode: Mode = Mode.SYNC
    delete: Delete = Delete.SYNCED
    policy: str = "newer"
    keep_loser: bool = True
    trash: bool = True
    has_base: bool = True
    verify: bool = False
    filtered: bool = True
    digests: bool = False
    stop_after: int | None = None
    records: int | None = None
    fails_at: str | None = None

    def settings(self, world: World) -> Settings:
        """The run's settings."""
        capabilities = [side.capabilities for side in world.sides]
        compare: Any = Digest() if self.digests else Auto().bind(*capabilities)
        return world.settings(
            self.mode,
            self.delete,
            compare=cast("Comparator", compare),
            policy=POLICIES[self.policy],
            keep_loser=self.keep_loser,
            trash=self.trash,
            has_base=self.has_base,
            verify=self.verify,
            selection=Selection(exclude=(Backups(),) if self.filtered else ()),
        )

    @property
    def is_whole(self) -> bool:
        """The run comes to its end and nothing in it fails."""
        return self.stop_after is None and self.records is None and self.fails_at is None


@dataclass(frozen=True)
class Case:
    """A world's history.

    Attributes:
        left: What kind of side it is.
        right: The same.
        rounds: What happens.
        stands_still: No time passes between edits, runs and writes, so that fingerprints hide edits.
    """

    left: Traits = field(default_factory=Traits)
    right: Traits = field(default_factory=Traits)
    rounds: tuple[Round, ...] = field(default=())
    stands_still: bool = False

    @property
    def sees_every_edit(self) -> bool:
        """No edit hides from the comparator: none is made without a trace in mtime and then met anew."""
        verbs = {op.verb for each in self.rounds for op in each.ops}
        return not self.stands_still and ("back" not in verbs or all(each.digests for each in self.rounds))

    def until_last(self) -> World:
        """The world before the last run."""
        if currently_in_test_context():
            note(in_short(self))
        world, number = World(self.left, self.right), 0
        world.clock.stands_still = self.stands_still
        for index, each in enumerate(self.rounds):
            for op in each.ops:
                number += 1
                op.do(world, number)
                self._tick(world)
            for side in Side:
                # Only a directory is listed: a fault drawn for what is a file by now says nothing.
                world.sides[side].faults = {
                    path: status
                    for at, path, status in each.faults
                    if at is side and isinstance(world.sides[side].node(path), dict)
                }
            if index < len(self.rounds) - 1:
                self.run(world, each)
        return world

    def _tick(self, world: World) -> None:
        if not self.stands_still:
            world.clock.tick()

    def run(self, world: World, each: Round) -> Ran:
        """One run."""
        for side in world.sides:
            side.fails_at = {each.fails_at} if each.fails_at else set()
            side.broke = False
        ran = world.run(each.settings(world), stop_after=each.stop_after, records=each.records)
        for side in world.sides:
            side.fails_at = set()
        self._tick(world)
        return ran

    def last(self) -> tuple[Round, Ran, World]:
        """The last round, what its run did, and the world after it."""
        world = self.until_last()
        return self.rounds[-1], self.run(world, self.rounds[-1]), world


VERBS = (
    "edit",
    "edit",
    "share",
    "delete",
    "delete",
    "make",
    "rename",
    "touch",
    "chmod",
    "back",
    "special",
    "unreadable",
)


def ops(verbs: tuple[str, ...], pool: tuple[str, ...]) -> st.SearchStrategy[Op]:
    """One edit."""
    path = st.sampled_from(pool)
    return st.builds(Op, st.sampled_from(Side), st.sampled_from(verbs), path, path)


@st.composite
def rounds(
    draw: st.DrawFn, pool: tuple[str, ...], *, partial: bool, faults: bool, verbs: tuple[str, ...]
) -> Round:
    """Some edits and a run."""
    mode = draw(st.sampled_from(Mode))
    deletes = [each for each in Delete if each is not Delete.EXTRA or mode is not Mode.SYNC]
    broken = st.tuples(
        st.sampled_from(Side),
        st.sampled_from(("a", "b", "a/a", "")),
        st.sampled_from((ListingStatus.REFUSED, ListingStatus.FAILED)),
    )
    cut = draw(st.sampled_from(("no", "stop", "kill", "fail"))) if partial else "no"
    rarely = st.sampled_from((False, False, False, True))
    return Round(
        ops=tuple(draw(st.lists(ops(verbs, pool), max_size=6))),
        faults=tuple(draw(st.lists(broken, max_size=1))) if faults and draw(rarely) else (),
        mode=mode,
        delete=draw(st.sampled_from(deletes)),
        policy=draw(st.sampled_from(tuple(POLICIES))),
        keep_loser=not draw(rarely),
        trash=not draw(rarely),
        has_base=not draw(rarely),
        verify=draw(rarely),
        filtered=not draw(rarely),
        digests=draw(rarely),
        stop_after=draw(st.integers(1, 6)) if cut == "stop" else None,
        records=draw(st.integers(0, 6)) if cut == "kill" else None,
        fails_at=draw(st.sampled_from(PATHS)) if cut == "fail" else None,
    )


TRAITS = st.builds(Traits, st.booleans(), st.booleans(), st.sampled_from((True, True, False)))


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    whole: bool = False,
    faults: bool = True,
    breaks: bool = False,
    still: bool = False,
    verbs: tuple[str, ...] = VERBS,
) -> Case:
    """A history of up to three runs, the first of which makes both sides hold something.

    Args:
        draw: Hypothesis's.
        whole: The last run comes to its end; earlier ones may be cut short.
        faults: Listings may fail.
        breaks: One does in the last run, which would remove what is missing.
        still: Time may stand still.
        verbs: What users do.
    """
    # Few paths, so that both sides meet at the same ones.
    pool = tuple(draw(st.lists(st.sampled_from(PATHS), min_size=2, max_size=5, unique=True)))
    pool += ("a",) if breaks else ()
    start = tuple(draw(st.lists(ops(("edit", "edit", "share", "make"), pool), min_size=1, max_size=6)))
    first = draw(rounds(pool, partial=True, faults=False, verbs=verbs))
    history = [Round(ops=start, filtered=first.filtered)]
    if draw(st.sampled_from((False, False, True))):
        history = [replace(history[0], stop_after=first.stop_after, records=first.records)]
    for _ in range(draw(st.integers(0, 1))):
        history.append(draw(rounds(pool, partial=True, faults=faults, verbs=verbs)))
    history.append(draw(rounds(pool, partial=not whole, faults=faults, verbs=verbs)))
    if breaks:
        where = draw(st.sampled_from([path for path in pool if "/" not in path]))
        broken = ((draw(st.sampled_from(Side)), where, ListingStatus.FAILED),)
        history[-1] = replace(history[-1], faults=broken, delete=Delete.SYNCED, has_base=True)
    return Case(draw(TRAITS), draw(TRAITS), tuple(history), still and draw(st.booleans()))


def excluded(path: str, each: Round) -> bool:
    """Whether a path is left alone by a round's filters."""
    return each.filtered and any(part.endswith(".bak") for part in path.split("/"))


def ancestors(path: str) -> Iterator[str]:
    """The path itself and every directory above it but the root."""
    while path:
        yield path
        path = split(path)[0]
