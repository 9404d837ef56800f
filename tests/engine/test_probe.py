"""Answers that need reading."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from syncfs import Syncer
from syncfs.core import Entry, Openers, Verdict
from syncfs.testing import read_tree, write_tree


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
