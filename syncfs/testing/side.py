"""One side of a world: a directory tree in memory that answers as an endpoint does.

A tree is nested dicts: name to `File`, dict (a directory) or `Kind.OTHER` / `Kind.UNREADABLE`. Whoever
edits it gets times from the world's clock, so that a fingerprint hides exactly what a real one would hide:
an edit in the same tick that keeps the size.
"""

from __future__ import annotations

import errno
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import BinaryIO

from syncfs.core.capabilities import Capabilities
from syncfs.core.entry import DIRECTORY, Entry, Kind, Side, Written
from syncfs.core.listing import AS_MARKED, Listing, ListingStatus
from syncfs.core.paths import is_reserved, join, split
from syncfs.endpoint.endpoint import Content
from syncfs.errors import PathError, StaleEntryError

SECOND_NS = 1_000_000_000
TICK_NS = 4 * SECOND_NS
"""The clock goes on by so much; both sides' grain is a second."""


@dataclass(frozen=True, slots=True)
class File:
    """A file; `number` is its inode, `changed_ns` its inode's change time."""

    content: bytes
    mtime_ns: int
    changed_ns: int
    number: int


Tree = dict[str, "Node"]
Node = File | Kind | Tree


@dataclass(slots=True)
class Clock:
    """The world's time.

    Attributes:
        now_ns: Of the left side.
        stands_still: Writes take no time, so that what they leave may change again unseen.
        numbers: Of new files.
    """

    now_ns: int = 1_700_000_000 * SECOND_NS
    stands_still: bool = False
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def tick(self) -> None:
        """Let every grain pass."""
        self.now_ns += TICK_NS


@dataclass(frozen=True, slots=True)
class Traits:
    """What kind of side it is.

    `is_local`: shows inode and change time, reads cheaply, confirms its writes; otherwise only size and
    mtime, and the reply to a write is a `Written`.
    """

    is_local: bool = True
    keeps_mtime: bool = True
    knows_skew: bool = True


@dataclass(slots=True)
class _Reading:
    side: MemorySide
    path: str
    file: File
    mode: int | None = None

    @property
    def size_bytes(self) -> int:
        return len(self.file.content)

    def chunks(self) -> Iterator[bytes]:
        if self.file.content:
            yield self.file.content

    @property
    def is_racy(self) -> bool:
        return self.side.is_racy(self.file)


class MemorySide:
    """An endpoint over a tree.

    Args:
        label: Which side; its clock stands two seconds apart from the other's, so that edits of both
            sides never have equal times.
        traits: What kind of side it is.
        clock: The world's.
    """

    url = "memory"
    identity = None

    def __init__(self, label: Side, traits: Traits, clock: Clock) -> None:
        self.label, self.traits, self.clock = label, traits, clock
        self.tree: Tree = {}
        self.faults: dict[str, ListingStatus] = {}
        self.fails_at: set[str] = set()
        self.writes = 0
        self.broke = False
        self.lead_ns = 2 * SECOND_NS * label
        self.capabilities = Capabilities(
            keeps_mtime=traits.keeps_mtime,
            mtime_grain_ns=SECOND_NS,
            reads_cheaply=traits.is_local,
            lists_inline=True,
            confirms_writes=traits.is_local,
            clock_skew_ns=0 if traits.knows_skew else None,
        )

    @property
    def now_ns(self) -> int:
        return self.clock.now_ns + self.lead_ns

    def node(self, path: str) -> Node | None:
        """What stands under a path; None for nothing."""
        node: Node | None = self.tree
        for name in path.split("/") if path else ():
            if not isinstance(node, dict):
                return None
            node = node.get(name)
        return node

    def file(self, path: str) -> File:
        """The file under a path."""
        node = self.node(path)
        assert isinstance(node, File), path
        return node

    def directory(self, path: str) -> Tree:
        """The directory under a path.

        Raises:
            FileNotFoundError: There is none.
        """
        node = self.node(path)
        if not isinstance(node, dict):
            raise FileNotFoundError(errno.ENOENT, "no such directory", path)
        return node

    def new_file(self, content: bytes, mtime_ns: int | None = None) -> File:
        """A file as a user or a write would leave it now."""
        now = self.now_ns
        return File(content, now if mtime_ns is None else mtime_ns, now, next(self.clock.numbers))

    def entry(self, node: Node) -> Entry:
        """What a listing shows of it."""
        match node:
            case File() if self.traits.is_local:
                return Entry(
                    Kind.FILE,
                    len(node.content),
                    node.mtime_ns,
                    file_id=node.number,
                    ctime_ns=node.changed_ns,
                )
            case File():
                return Entry(Kind.FILE, len(node.content), node.mtime_ns)
            case Kind():
                return Entry(node)
            case dict():
                return DIRECTORY

    def is_racy(self, file: File) -> bool:
        """Whether another edit now would leave the fingerprint as it is."""
        return file.mtime_ns >= self.now_ns

    # What the engine calls; see `syncfs.endpoint.endpoint.Endpoint`.

    def check_root(self) -> str | None:
        return None

    def make_root(self) -> None:
        raise AssertionError("the root of a world is always there")

    def list(self, path: str) -> Listing:
        if status := self.faults.get(path):
            self.broke |= status is ListingStatus.FAILED
            return Listing(status=status, reason="it is drawn so")
        directory = self.directory(path)
        entries = {name: self.entry(node) for name, node in directory.items() if not is_reserved(name)}
        racy = {name for name, node in directory.items() if isinstance(node, File) and self.is_racy(node)}
        return Listing(entries=entries, racy=frozenset(racy))

    def list_unless(self, path: str, mark: bytes | None) -> Listing:
        listing = self.list(path)
        if listing.status is not ListingStatus.COMPLETE or listing.racy:
            return listing
        shown = repr(sorted(listing.entries.items())).encode()
        return AS_MARKED if shown == mark else replace(listing, mark=shown)

    def stat(self, path: str) -> Entry | None:
        node = self.node(path)
        return None if node is None else self.entry(node)

    def _expect(self, path: str, expect: Entry | None) -> None:
        self.writes += 1
        if path in self.fails_at:
            raise PathError("it is drawn so", path=path)
        if self.stat(path) != expect:
            raise StaleEntryError(f"{path} is {self.stat(path)}, not {expect}", path=path)

    @contextmanager
    def read(self, path: str, expect: Entry) -> Iterator[_Reading]:
        if self.stat(path) != expect:
            raise StaleEntryError(f"{path} is {self.stat(path)}, not {expect}", path=path)
        yield _Reading(self, path, self.file(path))

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        yield BytesIO(self.file(path).content)

    def write(self, path: str, content: Content, *, expect: Entry | None, token: str) -> Entry | Written:
        chunks = b"".join(content.chunks)
        self._expect(path, expect)
        directory, name = self.directory(split(path)[0]), split(path)[1]
        mtime_ns = content.mtime_ns if self.traits.keeps_mtime else None
        file = self.new_file(chunks, mtime_ns)
        directory[name] = file
        if not self.clock.stands_still:
            self.clock.tick()
        if self.traits.is_local:
            return self.entry(file)
        return Written(len(chunks), None, file.mtime_ns, max(file.mtime_ns, self.now_ns))

    def make_directory(self, path: str) -> None:
        self.writes += 1
        parent, name = split(path)
        if path in self.fails_at:
            raise PathError("it is drawn so", path=path)
        if not isinstance(self.directory(parent).setdefault(name, {}), dict):
            raise StaleEntryError("something stands there", path=path)

    def remove_file(self, path: str, *, expect: Entry) -> None:
        self._expect(path, expect)
        del self.directory(split(path)[0])[split(path)[1]]

    def remove_directory(self, path: str) -> None:
        self._expect(path, DIRECTORY)
        if self.directory(path):
            raise StaleEntryError(f"{path} is not empty", path=path)
        del self.directory(split(path)[0])[split(path)[1]]

    def move(self, path: str, to: str, *, expect: Entry) -> Entry | Written | None:
        self._expect(path, expect)
        if self.node(to) is not None:
            raise StaleEntryError(f"something stands at {to}", path=path)
        node = self.directory(split(path)[0]).pop(split(path)[1])
        if isinstance(node, File):
            node = File(node.content, node.mtime_ns, self.now_ns, node.number)
        self.directory(split(to)[0])[split(to)[1]] = node
        if not isinstance(node, File):
            return None
        if self.traits.is_local:
            return self.entry(node)
        return Written(len(node.content), None, node.mtime_ns, node.mtime_ns)

    def remove_leftover(self, path: str) -> None:
        raise AssertionError("no world has leftovers")

    def flush(self) -> None:
        pass


def walk(tree: Tree, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every (path, node) below a directory, the trash included, parents first."""
    for name, node in tree.items():
        below = join(path, name)
        yield below, node
        if isinstance(node, dict):
            yield from walk(node, below)
