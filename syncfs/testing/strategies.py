"""Hypothesis strategies for what plugins are given: entries, listings, trees, conflicts, plans.

What they draw is odd on purpose: facets that are missing, times that no calendar has, names that are no
words. A plugin must not raise on any of it.
"""

from __future__ import annotations

from hypothesis import strategies as st

from syncfs.core.action import (
    Action,
    CopyFile,
    Expect,
    MakeDirectory,
    MoveAside,
    RecordAgreement,
    RemoveDirectory,
    RemoveFile,
)
from syncfs.core.base import Record
from syncfs.core.capabilities import Capabilities
from syncfs.core.conflict import Conflict, ConflictKind
from syncfs.core.entry import DIRECTORY, Entry, Kind, Side
from syncfs.core.listing import Listing, ListingStatus
from syncfs.core.plan import Plan, SideFacts, stage_of
from syncfs.core.problem import Problem
from syncfs.core.settings import Mode
from syncfs.testing.trees import Node, Tree

__all__ = [
    "capabilities",
    "conflicts",
    "contents",
    "entries",
    "files",
    "listings",
    "names",
    "paths",
    "plans",
    "trees",
]

_NAMES = ("a", "b", "README.md", "x.tmp", "2024", "ünï", "sp ace", "-dash", "*", "[x]", "#", "!", "~", "日本")
_ALGORITHMS = ("sha256", "md5", "xxh128")


def names() -> st.SearchStrategy[str]:
    """One name in a directory, as sides spell them."""
    odd = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=12)
    return st.one_of(
        st.sampled_from(_NAMES),
        odd.filter(lambda name: name not in (".", "..") and not name.startswith((".syncfs", "syncfs-tmp-"))),
    )


def paths(depth: int = 4) -> st.SearchStrategy[str]:
    """A path relative to both roots, `/`-separated, of at most so many names."""
    return st.lists(names(), min_size=1, max_size=depth).map("/".join)


def contents() -> st.SearchStrategy[bytes]:
    """A file's content; often equal to another one, or of its size."""
    return st.one_of(st.sampled_from((b"", b"a", b"b", b"a\n", b"a\r\n")), st.binary(max_size=20))


def files() -> st.SearchStrategy[Entry]:
    """A file as some side tells it: any facet may be missing."""
    digests = st.builds("{}:{}".format, st.sampled_from(_ALGORITHMS), st.sampled_from(("00", "ff")))
    return st.builds(
        Entry,
        st.just(Kind.FILE),
        st.none() | st.integers(0, 3) | st.integers(0, 2**63),
        st.none()
        | st.sampled_from((0, 1_700_000_000 * 10**9, 1_700_000_001 * 10**9))
        | st.integers(-(2**70), 2**70),
        st.none() | st.sampled_from(("tag", "other", "")) | st.text(max_size=5),
        st.none() | digests,
        st.none() | st.integers(0, 2**64) | st.text(max_size=5),
        st.none() | st.integers(-(2**70), 2**70),
    )


def entries() -> st.SearchStrategy[Entry]:
    """Whatever may stand under a name."""
    others = st.sampled_from((DIRECTORY, Entry(Kind.OTHER), Entry(Kind.UNREADABLE)))
    return st.one_of(files(), others)


def capabilities() -> st.SearchStrategy[Capabilities]:
    """What a side can do."""
    return st.builds(
        Capabilities,
        keeps_mtime=st.booleans(),
        mtime_grain_ns=st.sampled_from((0, 1, 1_000, 10**9, 2 * 10**9)),
        etag_space=st.none() | st.sampled_from(("one", "other")),
        reads_cheaply=st.booleans(),
        confirms_writes=st.booleans(),
        can_move=st.booleans(),
        clock_skew_ns=st.none() | st.integers(-(10**12), 10**12),
    )


def listings() -> st.SearchStrategy[Listing]:
    """One directory of one side, complete or not."""
    broken = st.sampled_from((ListingStatus.REFUSED, ListingStatus.FAILED))
    return st.one_of(
        st.builds(Listing, entries=st.dictionaries(names(), entries(), max_size=6)),
        st.builds(Listing, status=broken, reason=st.just("it is drawn so")),
        st.just(Listing(status=ListingStatus.ABSENT)),
    )


@st.composite
def trees(draw: st.DrawFn, *, most: int = 8) -> Tree:
    """A directory tree as a literal, for `write_tree`; its names are sound on every disk."""
    sound = st.sampled_from(("a", "b", "c.txt", "d.md", "e f", "ü"))
    tree: Tree = {}
    directories = {""}
    for _ in range(draw(st.integers(0, most))):
        parent = draw(st.sampled_from(sorted(directories)))
        path = f"{parent}{draw(sound)}"
        if path in tree or f"{path}/" in directories:
            continue
        tree.pop(parent, None)  # a directory that holds something has no key of its own
        if draw(st.booleans()):
            tree[path] = _node(draw(contents()))
        else:
            directories.add(f"{path}/")
            tree[f"{path}/"] = None
    return tree


def _node(content: bytes) -> Node:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


@st.composite
def conflicts(draw: st.DrawFn) -> Conflict:
    """A conflict as a policy meets it, before it is settled."""
    kind = draw(st.sampled_from(ConflictKind))
    left: Entry | None = draw(files())
    right: Entry | None = draw(files())
    if kind is ConflictKind.TYPE:
        right = DIRECTORY
    elif kind is ConflictKind.EDIT_DELETE:
        right = None
    if draw(st.booleans()):
        left, right = right, left
    tolerance_ns = draw(st.none() | st.integers(0, 10**10))
    return Conflict(path=draw(paths()), kind=kind, left=left, right=right, tolerance_ns=tolerance_ns)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan as guards and observers see it, its actions in the order of their execution."""
    mode = draw(st.sampled_from(Mode))
    chosen = draw(st.dictionaries(paths(2), st.tuples(files(), files(), st.integers(0, 6)), max_size=5))
    writable = [side for side in Side if mode.sender is not side]
    actions = [
        _action(path, draw(st.sampled_from(writable)), left, right, which)
        for path, (left, right, which) in chosen.items()
    ]
    facts = st.builds(
        SideFacts,
        recorded=st.integers(0, 20),
        missing=st.integers(0, 20),
        listed=st.integers(0, 20),
        is_empty=st.booleans(),
        root_before=st.none() | st.sampled_from(("one", "other")),
        root_now=st.none() | st.sampled_from(("one", "other")),
        free_bytes=st.none() | st.integers(0, 2**40),
    )
    problem = st.builds(
        Problem, path=paths(), side=st.none() | st.sampled_from(Side), message=st.just("drawn")
    )
    return Plan(
        mode=mode,
        actions=tuple(sorted(actions, key=stage_of)),
        conflicts=tuple(draw(st.lists(conflicts(), max_size=1))),
        problems=tuple(draw(st.lists(problem, max_size=1))),
        generation=draw(st.integers(0, 5)),
        facts=(draw(facts), draw(facts)),
        src="/src",
        dst="webdav://host/dst",
    )


def _action(path: str, side: Side, left: Entry, right: Entry, which: int) -> Action:
    def put(*, is_new: bool = False, gone: bool = False) -> Expect:
        """Both sides' entries; none at the receiver, or none at the sender."""
        here, there = (None if is_new else right), (None if gone else left)
        return Expect(there, here) if side is Side.RIGHT else Expect(here, there)

    match which:
        case 0:
            return CopyFile(path=path, side=side, expect=put(is_new=True), reason="new")
        case 1:
            return CopyFile(path=path, side=side, expect=put(), reason="changed", digest="sha256:00")
        case 2:
            return RemoveFile(path=path, side=side, expect=put(gone=True), reason="gone")
        case 3:
            expect = Expect(DIRECTORY, None) if side is Side.LEFT else Expect(None, DIRECTORY)
            return RemoveDirectory(path=path, side=side, expect=expect, reason="gone")
        case 4:
            return MakeDirectory(path=path, side=side, expect=Expect(None, None), reason="new")
        case 5:
            return MoveAside(path=path, side=side, expect=put(), reason="lost", to=f"{path}.conflict")
        case _:
            record = Record(left, right)
            return RecordAgreement(
                path=path, side=side, expect=Expect(left, right), reason="same", record=record
            )
