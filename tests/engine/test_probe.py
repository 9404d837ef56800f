"""Answers that need reading."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, cast

from syncfs import Syncer
from syncfs.builtins.comparators import Auto
from syncfs.core import Entry, Openers, Side, Verdict
from syncfs.core.question import Ask, Question
from syncfs.endpoint.endpoint import Endpoint
from syncfs.engine.probe import answer
from syncfs.testing import read_tree, write_tree
from syncfs.testing.side import Clock, File, MemorySide, Traits
from syncfs.testing.world import put


@dataclass(frozen=True)
class Grown:
    """Different when the source goes on where the target ends: for files that are only appended to."""

    name: ClassVar[str] = "grown"
    directed: ClassVar[bool] = True
    needs_content: ClassVar[bool] = True

    def compare(self, source: Entry, target: Entry, openers: Openers | None = None) -> Verdict:
        if openers is None:
            return Verdict.UNKNOWN
        with openers.left() as of_source, openers.right() as of_target:
            old, new = of_target.read(), of_source.read()
        return Verdict.DIFFERENT if new.startswith(old) and new != old else Verdict.SAME


def test_a_directed_comparator_that_reads_is_given_the_sender_first_in_push_and_in_pull(
    tmp_path: Path,
) -> None:
    for mode, changed in (("push", "shorter"), ("pull", "longer")):
        src, dst = tmp_path / mode / "src", tmp_path / mode / "dst"
        write_tree(src, {"shorter": "ab", "longer": "abc"})
        write_tree(dst, {"shorter": "a", "longer": "abcd"})
        syncer = Syncer(src, dst, compare=Grown(), on_conflict="src" if mode == "push" else "dst", state=None)
        plan = syncer.plan(mode)
        assert [action.path for action in plan.changes if action.verb == "copy"] == [changed]
        {"push": syncer.push, "pull": syncer.pull}[mode]()
        assert read_tree(src)[changed] == read_tree(dst)[changed]


class Telling(MemorySide):
    """A side that tells MD5 digests of what it holds, and counts what is read all the same."""

    def __init__(self) -> None:
        super().__init__(Side.LEFT, Traits(), Clock())
        self.opened = 0

    def stat(self, path: str) -> Entry | None:
        entry = super().stat(path)
        content = self.tree[path]
        assert entry is not None and isinstance(content, File)
        return entry._replace(digest=f"md5:{hashlib.md5(content.content).hexdigest()}")

    def open(self, path: str) -> Any:
        self.opened += 1
        return super().open(path)


def test_what_one_side_tells_of_its_content_is_not_read_there() -> None:
    left, right = Telling(), MemorySide(Side.RIGHT, Traits(), Clock())
    put(left, "a", b"same")
    put(left, "b", b"one")
    for path, other in (("a", b"same"), ("b", b"two")):
        put(right, path, other)
    sides = cast("tuple[Endpoint, Endpoint]", (left, right))
    found = [
        answer(Question(path, Ask.SAME, left.stat(path), right.stat(path)), sides, Auto())
        for path in ("a", "b")
    ]
    assert found == [Verdict.SAME, Verdict.DIFFERENT]
    assert left.opened == 0
