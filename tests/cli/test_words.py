"""What is said to people."""

import doctest
from pathlib import Path
from typing import Any

import pytest

from syncfs.cli import options, words
from syncfs.cli.words import flow_line, is_remote, plan_lines, plan_summary, report_lines, shown
from syncfs.core.action import (
    Action,
    CopyFile,
    Expect,
    MakeDirectory,
    MoveAside,
    RecordAgreement,
    RemoveDirectory,
    RemoveFile,
    Rename,
)
from syncfs.core.conflict import Conflict, ConflictKind
from syncfs.core.entry import Entry, Kind, Side
from syncfs.core.plan import Plan
from syncfs.core.problem import Problem
from syncfs.core.report import Report
from syncfs.core.settings import Mode

FILE = Entry(Kind.FILE, 2048, 1)


def action(cls: type[Any], path: str, reason: str, side: Side = Side.RIGHT, **more: Any) -> Action:
    made: Action = cls(path=path, side=side, expect=Expect(FILE, None), reason=reason, **more)
    return made


def test_the_examples_in_the_docstrings_hold() -> None:
    for module in (words, options):
        failed, tried = doctest.testmod(module)
        assert tried
        assert not failed


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (Mode.PUSH, "push: a → webdavs://nas/b"),
        (Mode.PULL, "pull: webdavs://nas/b → a"),
        (Mode.SYNC, "sync: a ↔ webdavs://nas/b"),
    ],
)
def test_the_flow_is_named_in_the_order_in_which_content_moves(mode: Mode, expected: str) -> None:
    assert flow_line(mode, "a", "webdavs://ann:s3cret@nas/b") == expected


def test_the_home_directory_is_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    assert shown(str(tmp_path)) == "~"
    assert Path(shown(str(tmp_path / "docs"))) == Path("~/docs")
    assert shown(f"{tmp_path}2") == f"{tmp_path}2"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("docs", False),
        ("/docs", False),
        ("C:\\docs", False),
        ("local:///docs", False),
        ("memory://docs", False),
        ("dav://nas/docs", True),
        ("S3://bucket/docs", True),
        ("simplecache::s3://bucket/docs", True),
    ],
)
def test_a_place_with_a_scheme_is_remote(place: str, expected: bool) -> None:
    assert is_remote(place) is expected


def test_a_plan_is_one_line_an_action_with_its_reason_and_without_what_is_only_noted() -> None:
    plan = Plan(
        mode=Mode.PUSH,
        actions=(
            action(MoveAside, "b", "conflict", to="b.conflict"),
            action(MakeDirectory, "docs", "new at src"),
            action(CopyFile, "docs/a\n.txt", "new at src"),
            action(Rename, "old", "renamed at src", to="new"),
            action(RemoveFile, "gone", "gone from src"),
            action(RemoveDirectory, "d", "gone from src", Side.LEFT),
            action(RecordAgreement, "same", "same content", record=None),
        ),
        problems=(Problem(path="x", side=Side.LEFT, message="cannot be read", retryable=True),),
    )
    assert list(plan_lines(plan)) == [
        "keep  b as b.conflict on dst   conflict",
        "make directory  docs → dst   new at src",
        "copy  docs/a\\n.txt → dst   new at src",
        "rename  old as new on dst   renamed at src",
        "remove  gone from dst   gone from src",
        "remove directory  d from src   gone from src",
        "problem  src: x: cannot be read (the next run tries again)",
    ]
    assert plan_summary(plan, hint_extra=False) == [
        "push would: copy 1 file (2.0 KiB), remove 2, rename 1, make 1 directory, keep 1 loser aside, "
        "1 problem"
    ]


def test_an_empty_plan_says_that_there_is_nothing_to_do() -> None:
    assert plan_summary(Plan(mode=Mode.PULL), hint_extra=False) == ["pull would: nothing to do"]


def test_a_report_names_its_conflicts_its_problems_and_its_sums() -> None:
    report = Report(
        mode="push",
        copied=1200,
        bytes_transferred=3 * 1024**2,
        removed=1,
        duration_s=65.2,
        skipped=2,
        untracked=3,
        conflicts=(
            Conflict(
                path="a.txt",
                kind=ConflictKind.EDIT_EDIT,
                left=FILE,
                right=FILE,
                outcome="src wins; dst's is kept as a.conflict-20261122T143005-dst.txt",
            ),
            Conflict(path="b", kind=ConflictKind.TYPE, left=FILE, right=FILE, is_open=True),
        ),
        problems=(Problem(path="c", side=Side.RIGHT, message="permission denied"),),
    )
    assert report_lines(report, hint_extra=True) == [
        "conflict  a.txt: edit against edit, settled: src wins; dst's is kept as "
        "a.conflict-20261122T143005-dst.txt",
        "conflict  b: directory against file, still open: left as it is (--on-conflict says who wins)",
        "problem  dst: c: permission denied",
        "push: 1,200 copied (3.0 MiB), 1 removed, 2 conflicts (1 open), 1 problem, 1 min 5 s",
        "2 symlinks or special files left alone",
        "3 paths no longer tracked, because excluded now; nothing was removed",
    ]


def test_extras_that_a_bare_delete_leaves_are_counted_with_a_hint() -> None:
    report = Report(mode="pull", extra=1)
    assert report_lines(report, hint_extra=False) == ["pull: nothing to do, 0.0 s"]
    assert report_lines(report, hint_extra=True)[-1] == (
        "left at src: 1 entry that never came from here; --delete=extra removes them too"
    )
