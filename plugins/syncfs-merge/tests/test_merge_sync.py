"""The policy in whole runs: real files, real state."""

from __future__ import annotations

import json
import logging
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import syncfs_merge
from syncfs_merge import Merge
from syncfs_merge.bases import Bases

from syncfs import Syncer
from syncfs.core import Conflict, ConflictKind, Entry, Kind, MergingPolicy, Resolution
from syncfs.core.plan import Plan
from syncfs.endpoint.local import LocalEndpoint
from syncfs.errors import ConfigError
from syncfs.plugin import load
from syncfs.testing.policies import ConflictPolicySuite

BASE = "one\ntwo\nthree\nfour\nfive\n"
LEFT, RIGHT = BASE.replace("one", "ONE"), BASE.replace("five", "FIVE")
BOTH = LEFT.replace("five", "FIVE")


class Pair:
    """Two directories and what keeps them in step."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.left, self.right = home / "left", home / "right"
        self.left.mkdir()
        self.right.mkdir()
        self.policy = Merge(store=str(home / "bases.sqlite"))

    def syncer(self, **options: Any) -> Syncer:
        options = {"on_conflict": self.policy, "state": self.home / "state.sqlite", **options}
        return Syncer(self.left, self.right, **options)

    def edit(self, left: str, right: str, name: str = "a.txt") -> None:
        (self.left / name).write_text(left, newline="")
        (self.right / name).write_text(right, newline="")

    def texts(self, name: str = "a.txt") -> tuple[str, str]:
        return (self.left / name).read_text(), (self.right / name).read_text()

    def names(self) -> tuple[list[str], list[str]]:
        left, right = (
            sorted(each.name for each in side.iterdir() if each.is_file()) for side in (self.left, self.right)
        )
        return left, right


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    pair = Pair(tmp_path)
    (pair.left / "a.txt").write_text(BASE)
    pair.syncer().sync()
    return pair


def test_it_keeps_to_its_protocol_and_is_found_by_its_name() -> None:
    assert isinstance(Merge(), MergingPolicy)
    assert load([syncfs_merge], disabled=["merge"]).policy("merge") == Merge()
    with pytest.raises(ConfigError):
        Merge(limit_bytes=0)


def test_both_edits_come_to_both_sides(pair: Pair) -> None:
    pair.edit(LEFT, RIGHT)
    report = pair.syncer().sync()
    assert pair.texts() == (BOTH, BOTH)
    assert report.ok and [each.resolution for each in report.conflicts] == [Resolution.MERGE]
    assert pair.names() == (["a.txt"], ["a.txt"])
    again = pair.syncer().sync()
    assert (again.copied, again.conflicts) == (0, ())


def test_the_next_edits_are_merged_on_top(pair: Pair) -> None:
    pair.edit(LEFT, RIGHT)
    pair.syncer().sync()
    pair.edit(BOTH.replace("three", "THREE"), BOTH)
    pair.syncer().sync()
    one, other = BOTH.replace("three", "THREE, left"), BOTH.replace("three", "THREE") + "six\n"
    pair.edit(one, other)
    pair.syncer().sync()
    assert pair.texts() == (one + "six\n",) * 2


def test_both_originals_are_in_the_trash_and_come_back(pair: Pair) -> None:
    pair.edit(LEFT, RIGHT)
    pair.syncer().sync()
    assert [item.path for item in pair.syncer().history()[0].trashed] == ["a.txt", "a.txt"]
    pair.syncer().restore()
    contents = {
        each.read_text() for side in (pair.left, pair.right) for each in side.iterdir() if each.is_file()
    }
    assert {LEFT, RIGHT, BOTH} <= contents


def test_edits_that_touch_each_other_are_both_kept(pair: Pair) -> None:
    pair.edit(BASE.replace("two", "left"), BASE.replace("two", "right"))
    report = pair.syncer().sync()
    assert [each.resolution for each in report.conflicts] == [Resolution.KEEP_BOTH]
    left, right = pair.names()
    assert left == right and len(left) == 2
    assert not any("<<<<" in each.read_text() for each in pair.left.iterdir() if each.is_file())


def test_markers_are_written_when_they_are_asked_for(pair: Pair) -> None:
    pair.edit(BASE.replace("two", "left"), BASE.replace("two", "right"))
    pair.syncer(on_conflict=Merge(markers=True, store=pair.policy.store)).sync()
    one, other = pair.texts()
    assert one == other and "<<<<<<< src\nleft\n" in one and "right\n>>>>>>> dst\n" in one


def test_a_pattern_chooses_what_is_merged_and_what_is_kept_for_it(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    policy = {"*.md": pair.policy, "*": "keep-both"}
    for name in ("a.txt", "a.md"):
        (pair.left / name).write_text(BASE)
    pair.syncer(on_conflict=policy).sync()
    for name in ("a.txt", "a.md"):
        pair.edit(LEFT, RIGHT, name)
    pair.syncer(on_conflict=policy).sync()
    assert pair.texts("a.md") == (BOTH, BOTH)
    assert pair.texts("a.txt") == (LEFT, LEFT) and len(pair.names()[0]) == 3


def test_what_both_sides_held_from_the_start_is_merged_too(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.edit(BASE, BASE)
    pair.syncer().sync()
    pair.edit(LEFT, RIGHT)
    pair.syncer().sync()
    assert pair.texts() == (BOTH, BOTH)


@pytest.mark.parametrize("content", [b"a\0b\n", b"x" * 2048 + b"\n"])
def test_binary_and_large_files_are_both_kept(tmp_path: Path, content: bytes) -> None:
    pair = Pair(tmp_path)
    pair.policy = Merge(store=str(tmp_path / "bases.sqlite"), limit_bytes=1024)
    (pair.left / "a.txt").write_bytes(content)
    pair.syncer().sync()
    (pair.left / "a.txt").write_bytes(b"left\n" + content)
    (pair.right / "a.txt").write_bytes(content + b"right\n")
    pair.syncer().sync()
    assert len(pair.names()[0]) == 2


def test_json_is_merged_by_structure_and_still_parses(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    (pair.left / "a.json").write_text(json.dumps({"a": 1, "b": 2}))
    pair.syncer().sync()
    pair.edit(json.dumps({"a": 9, "b": 2}), json.dumps({"a": 1, "b": 2, "c": 3}), "a.json")
    report = pair.syncer().sync()
    assert {json.dumps(json.loads(each)) for each in pair.texts("a.json")} == {'{"a": 9, "b": 2, "c": 3}'}
    assert report.conflicts[0].outcome.startswith("merged as JSON")


@pytest.mark.parametrize("mode, sender, receiver", [("push", 0, 1), ("pull", 1, 0)])
def test_one_way_the_receiver_gets_the_merge_and_the_sender_is_not_written(
    pair: Pair, mode: str, sender: int, receiver: int
) -> None:
    pair.edit(LEFT, RIGHT)
    before = pair.texts()
    report = getattr(pair.syncer(), mode)()
    assert pair.texts()[sender] == before[sender] and pair.texts()[receiver] == BOTH
    assert [each.is_open for each in report.conflicts] == [True]
    again = getattr(pair.syncer(), mode)()
    assert again.copied == 0 and pair.texts()[receiver] == BOTH


@pytest.mark.parametrize("side", [0, 1])
def test_a_side_that_changes_meanwhile_is_stale_and_nothing_is_lost(pair: Pair, side: int) -> None:
    pair.edit(LEFT, RIGHT)
    plan = Plan.from_json(pair.syncer().plan("sync").to_json())
    stranger = (LEFT, RIGHT)[side] + "a stranger's line\n"
    ((pair.left, pair.right)[side] / "a.txt").write_text(stranger)
    before = pair.texts()
    report = pair.syncer().apply(plan)
    assert [each.kind for each in report.problems] == ["stale"]
    assert pair.texts() == before and not list(pair.home.glob("*/.syncfs/trash/*/*"))
    pair.syncer().sync()
    assert len({*pair.texts()}) == 1 and "a stranger's line" in pair.texts()[0]


def test_a_side_that_changes_between_the_two_writes_keeps_its_edit(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first side holds the merge then, its original is in the trash, and the next run merges again."""
    pair.edit(LEFT, RIGHT)
    stranger, write = RIGHT.replace("three", "a stranger's"), LocalEndpoint.write

    def meddling(self: LocalEndpoint, path: str, *args: Any, **options: Any) -> Any:
        written = write(self, path, *args, **options)
        if path == "a.txt" and (pair.left / path).read_text() == BOTH:
            (pair.right / path).write_text(stranger)
        return written

    with monkeypatch.context() as patched:
        patched.setattr(LocalEndpoint, "write", meddling)
        report = pair.syncer().sync()
    assert [each.kind for each in report.problems] == ["stale"]
    assert pair.texts() == (BOTH, stranger)
    assert [item.side.label for item in pair.syncer().history()[0].trashed] == ["src"]
    pair.syncer().sync()
    assert pair.texts() == (BOTH.replace("three", "a stranger's"),) * 2


def test_without_a_trash_both_are_replaced_in_place(pair: Pair) -> None:
    pair.edit(LEFT, RIGHT)
    pair.syncer(trash=False).sync()
    assert pair.texts() == (BOTH, BOTH) and not (pair.left / ".syncfs").exists()


def test_a_dry_run_writes_nothing(pair: Pair) -> None:
    pair.edit(LEFT, RIGHT)
    report = pair.syncer().sync(dry_run=True)
    assert pair.texts() == (LEFT, RIGHT) and len(report.conflicts) == 1


def test_without_a_state_nothing_is_merged(pair: Pair) -> None:
    pair.edit(LEFT, RIGHT)
    pair.syncer(state=None).sync()
    assert len(pair.names()[0]) == 2


def test_an_edit_survives_a_deletion(pair: Pair) -> None:
    (pair.left / "a.txt").write_text(LEFT)
    (pair.right / "a.txt").unlink()
    pair.syncer().sync()
    assert pair.texts() == (LEFT, LEFT)


def test_a_store_that_cannot_be_used_costs_merges_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pair = Pair(tmp_path)
    (tmp_path / "file").touch()
    pair.policy = Merge(store=str(tmp_path / "file" / "bases"))
    (pair.left / "a.txt").write_text(BASE)
    with caplog.at_level(logging.WARNING, "syncfs"):
        pair.syncer().sync()
    pair.edit(LEFT, RIGHT)
    pair.syncer().sync()
    assert len(pair.names()[0]) == 2 and "cannot be used" in caplog.text


@pytest.fixture
def bases(tmp_path: Path) -> Iterator[Bases]:
    bases = Bases(str(tmp_path / "kept" / "bases.sqlite"), 1000)
    yield bases
    bases.close()


def test_kept_contents_are_their_owner_s_only_and_survive_a_reopening(bases: Bases) -> None:
    bases.put("sha256:1", b"content")
    assert stat.S_IMODE(Path(bases._file.path).stat().st_mode) == 0o600
    bases.close()
    assert bases.get("sha256:1") == b"content" and bases.get("sha256:2") is None


def test_the_oldest_contents_go_when_there_are_too_many(bases: Bases) -> None:
    for number in range(300):
        bases.put(f"sha256:{number}", bytes(str(number) * 20, "ascii"))
    bases._sweep()
    kept = [number for number in range(300) if bases.has(f"sha256:{number}")]
    assert kept and kept == list(range(kept[0], 300)) and kept[0] > 200


def test_only_edits_of_two_small_files_of_a_known_base_are_read(tmp_path: Path) -> None:
    policy = Merge(store=str(tmp_path / "bases.sqlite"), limit_bytes=10)
    policy.keep("a", "sha256:1", b"base")
    small, large = Entry(Kind.FILE, 3), Entry(Kind.FILE, 11)

    def can(left: Entry | None, right: Entry | None, digest: str | None, kind: ConflictKind) -> bool:
        return policy.can_merge(Conflict(path="a", kind=kind, left=left, right=right, base_digest=digest))

    assert can(small, small, "sha256:1", ConflictKind.EDIT_EDIT)
    assert not can(small, large, "sha256:1", ConflictKind.EDIT_EDIT)
    assert not can(small, small, "sha256:2", ConflictKind.EDIT_EDIT)
    assert not can(small, small, None, ConflictKind.EDIT_EDIT)
    assert not can(small, None, "sha256:1", ConflictKind.EDIT_DELETE)


class TestMerge(ConflictPolicySuite):
    """The laws of conflict policies."""

    policy = Merge(
        store=os.path.join(tempfile.gettempdir(), f"syncfs-merge-laws-{os.getpid()}", "none", "bases")
    )
