"""Settings, records, guards, plans and reports as values."""

import json

import pytest

from syncfs.core.action import (
    Action,
    CopyFile,
    Expect,
    MakeDirectory,
    MergeFile,
    MoveAside,
    RecordAgreement,
    RemoveDirectory,
    RemoveFile,
    Rename,
)
from syncfs.core.base import SHOWN_BOTH, Change, Flag, Record, change_of, directory_record
from syncfs.core.conflict import Conflict, ConflictKind, Resolution
from syncfs.core.entry import DIRECTORY, Entry, Kind, Side, Written
from syncfs.core.guards import emptied_root, exchanged_root, too_many_deletions
from syncfs.core.plan import Plan, SideFacts, stage_of
from syncfs.core.problem import Problem
from syncfs.core.report import LISTED_AT_MOST, Report
from syncfs.core.settings import Delete, MaxDelete, Mode
from syncfs.errors import ConfigError, IncompleteSyncError
from syncfs.testing.world import World

FILE = Entry(Kind.FILE, 3, 10**18, file_id=7, ctime_ns=10**18)
REMOTE = Entry(Kind.FILE, 3, 10**18, etag="abc", digest="sha256:00", file_id="fid")


def removal(path: str = "a", side: Side = Side.RIGHT, *, clears_way: bool = False) -> RemoveFile:
    return RemoveFile(path=path, side=side, expect=Expect(None, FILE), reason="", clears_way=clears_way)


def removals(count: int) -> tuple[Action, ...]:
    return tuple(removal(str(number)) for number in range(count))


def facts(recorded: int = 0, listed: int = 0, *, is_empty: bool = False) -> SideFacts:
    return SideFacts(recorded=recorded, listed=listed, is_empty=is_empty)


def test_a_side_is_compared_with_its_own_past_only() -> None:
    record = Record(FILE, REMOTE)
    assert change_of(record, Side.LEFT, FILE) is Change.UNCHANGED
    assert change_of(record, Side.LEFT, REMOTE) is Change.MODIFIED
    assert change_of(record, Side.RIGHT, REMOTE) is Change.UNCHANGED
    assert change_of(record, Side.RIGHT, None) is Change.DELETED
    assert change_of(None, Side.LEFT, FILE) is Change.CREATED
    assert change_of(None, Side.LEFT, None) is Change.NONE


@pytest.mark.parametrize(
    "changed",
    [
        REMOTE._replace(size_bytes=4),
        REMOTE._replace(mtime_ns=1),
        REMOTE._replace(etag="x"),
        REMOTE._replace(digest="sha256:01"),
        REMOTE._replace(file_id=1),
        REMOTE._replace(ctime_ns=1),
    ],
)
def test_any_facet_that_differs_is_a_change(changed: Entry) -> None:
    assert change_of(Record(FILE, REMOTE), Side.RIGHT, changed) is Change.MODIFIED


def test_a_size_alone_proves_nothing() -> None:
    bare = Entry(Kind.FILE, 3)
    assert change_of(Record(bare, bare), Side.LEFT, bare) is Change.MODIFIED


def test_a_directory_shows_no_facets_and_is_unchanged() -> None:
    assert change_of(directory_record(), Side.LEFT, DIRECTORY) is Change.UNCHANGED
    assert change_of(directory_record(), Side.LEFT, FILE) is Change.MODIFIED


@pytest.mark.parametrize(
    ("written", "entry", "is_ours"),
    [
        (Written(3, "abc"), REMOTE, True),
        (Written(3, "xyz"), REMOTE, False),
        (Written(4, "abc"), REMOTE, False),
        (Written(3, None, 10**18 - 1, 10**18 + 1), REMOTE, True),
        (Written(3, None, 10**18 + 1, 10**18 + 2), REMOTE, False),
        (Written(3, None, 10**18 - 2, 10**18 - 1), REMOTE, False),
        (Written(3), REMOTE, False),
        (Written(3, None, 0, 2), Entry(Kind.FILE, 3), False),
        (Written(3, "abc"), DIRECTORY, False),
    ],
)
def test_a_write_is_recognised_by_its_tag_or_its_time(written: Written, entry: Entry, is_ours: bool) -> None:
    assert written.is_shown_by(entry) is is_ours
    unchanged = change_of(Record(FILE, written), Side.RIGHT, entry) is Change.UNCHANGED
    assert unchanged is is_ours


@pytest.mark.parametrize("side", Side)
def test_a_flag_belongs_to_its_side(side: Side) -> None:
    racy, shown = Record(FILE, FILE, None, Flag.racy(side)), Record(FILE, FILE, None, Flag.shown(side))
    assert racy.is_racy(side) and not racy.is_racy(side.other) and not racy.was_shown(side)
    assert shown.was_shown(side) and not shown.was_shown(side.other) and not shown.is_racy(side)
    assert Flag.shown(side) | Flag.shown(side.other) == SHOWN_BOTH


ACTIONS: tuple[Action, ...] = (
    MakeDirectory(path="d", side=Side.LEFT, expect=Expect(None, DIRECTORY), reason="new"),
    CopyFile(path="d/é", side=Side.RIGHT, expect=Expect(FILE, REMOTE), reason="x", digest="sha256:00"),
    CopyFile(path="\udcff", side=Side.LEFT, expect=Expect(None, REMOTE), reason="new"),
    removal(clears_way=True),
    RemoveFile(
        path="a",
        side=Side.LEFT,
        expect=Expect(FILE, None),
        reason="",
        agreed=Record(FILE, Written(3, None, 1, 2), "sha256:00", 5),
    ),
    RemoveDirectory(path="d", side=Side.LEFT, expect=Expect(DIRECTORY, None), reason="", clears_way=True),
    Rename(
        path="a",
        side=Side.LEFT,
        expect=Expect(FILE, None),
        reason="",
        to="b",
        records=(("a", "b", Record(FILE, REMOTE, None, 12)),),
    ),
    MoveAside(path="a", side=Side.LEFT, expect=Expect(FILE, REMOTE), reason="", to="b"),
    RecordAgreement(path="a", side=Side.LEFT, expect=Expect(FILE, REMOTE), reason="", record=None),
    RecordAgreement(
        path="a",
        side=Side.LEFT,
        expect=Expect(FILE, REMOTE),
        reason="",
        record=Record(FILE, REMOTE, "sha256:00", 15),
    ),
)


def test_a_plan_of_every_action_survives_json() -> None:
    plan = Plan(
        mode=Mode.PULL,
        actions=ACTIONS,
        conflicts=(
            Conflict(path="a", kind=ConflictKind.EDIT_DELETE, left=None, right=REMOTE, tolerance_ns=None),
            Conflict(
                path="b",
                kind=ConflictKind.TYPE,
                left=DIRECTORY,
                right=FILE,
                tolerance_ns=5,
                resolution=Resolution.KEEP_BOTH,
                outcome="kept",
                is_open=True,
            ),
        ),
        problems=(
            Problem(path="p", side=None, message="m"),
            Problem(path="", side=Side.RIGHT, message="m", kind="stale", retryable=True),
        ),
        skipped=1,
        extra=2,
        untracked=3,
        generation=4,
        facts=(SideFacts(recorded=1, root_before="1:2"), SideFacts(is_empty=True)),
        src="a",
        dst="b",
    ).with_options(trash=True, jobs=4)
    text = plan.to_json()
    assert Plan.from_json(text) == plan
    assert text.isascii()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"format": 99}', '{"format": 1}', '{"format": 1, "mode": "push", "facts": 3}'],
)
def test_what_is_no_plan_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a plan"):
        Plan.from_json(text)


def test_a_plan_with_a_broken_action_is_a_value_error() -> None:
    data = json.loads(Plan(mode=Mode.PUSH, actions=ACTIONS).to_json())
    for action in data["actions"]:
        broken = {**data, "actions": [{**action, "side": "left"}]}
        with pytest.raises(ValueError, match="not a plan"):
            Plan.from_json(json.dumps(broken))


def test_what_clears_the_way_goes_first_children_before_parents() -> None:
    def directory(path: str, *, clears_way: bool = False) -> RemoveDirectory:
        expect = Expect(DIRECTORY, None)
        return RemoveDirectory(path=path, side=Side.LEFT, expect=expect, reason="", clears_way=clears_way)

    make = [
        MakeDirectory(path=path, side=Side.LEFT, expect=Expect(None, DIRECTORY), reason="")
        for path in ("", "n", "n/m")
    ]
    order: list[Action] = [
        ACTIONS[7],
        removal("n/f/x", clears_way=True),
        directory("n/f", clears_way=True),
        removal("n", clears_way=True),
        *make,
        ACTIONS[1],
        removal("d/e/x"),
        removal("d/x"),
        directory("d/e"),
        directory("d"),
        ACTIONS[8],
    ]
    backwards = order[::-1]
    assert sorted(backwards, key=stage_of) == order
    assert len({stage_of(action) for action in order}) == len(order)


def test_what_both_sides_have_is_noted_of_a_directory_before_anything_in_it() -> None:
    def note(path: str, record: Record) -> RecordAgreement:
        expect = Expect(record.left, record.right)  # type: ignore[arg-type]
        return RecordAgreement(path=path, side=Side.LEFT, expect=expect, reason="", record=record)

    make = MakeDirectory(path="d/e", side=Side.LEFT, expect=Expect(None, DIRECTORY), reason="")
    order: list[Action] = [note("d", directory_record()), make, ACTIONS[1], note("d/f", Record(FILE, REMOTE))]
    backwards = order[::-1]
    assert sorted(backwards, key=stage_of) == order


def test_a_plan_counts_what_it_does() -> None:
    plan = Plan(mode=Mode.SYNC, actions=ACTIONS)
    assert plan.summary() == {
        "copy": 2,
        "merge": 0,
        "remove": 3,
        "rename": 1,
        "make_directories": 1,
        "keep_aside": 1,
        "record": 2,
        "conflicts": 0,
        "problems": 0,
        "bytes": 6,
    }
    assert len(plan.changes) == len(plan) - 2
    assert (plan.removals(Side.LEFT), plan.removals(Side.RIGHT)) == (1, 1)


@pytest.mark.parametrize("text", ["0", 0, "12", 12, "0%", "100%", " 50% ", "12.5%"])
def test_a_limit_is_a_share_or_a_number(text: str | int) -> None:
    assert MaxDelete.parse(str(MaxDelete.parse(text))) == MaxDelete.parse(text)


@pytest.mark.parametrize("text", ["", "%", "-1", "101%", "-1%", "nan%", "half", "1.5", True])
def test_any_other_limit_is_a_config_error(text: str | int) -> None:
    with pytest.raises(ConfigError, match="max_delete"):
        MaxDelete.parse(text)


@pytest.mark.parametrize("mode", Mode)
def test_auto_deletes_in_sync_only(mode: Mode) -> None:
    assert Delete.parse("auto", mode) is (Delete.SYNCED if mode is Mode.SYNC else Delete.NONE)


def test_a_mirror_goes_one_way_only() -> None:
    assert Delete.parse("extra", Mode.PUSH) is Delete.EXTRA
    with pytest.raises(ConfigError, match="exact mirror"):
        Delete.parse("extra", Mode.SYNC)


def test_an_unknown_word_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="one of push, pull, sync"):
        Mode.parse("mirror")
    with pytest.raises(ConfigError, match="one of auto, none, synced, extra"):
        Delete.parse("all", Mode.PUSH)


@pytest.mark.parametrize(
    ("count", "recorded", "listed", "limit", "is_refused"),
    [
        (10, 10, 10, "50%", False),
        (11, 22, 22, "50%", False),
        (11, 21, 21, "50%", True),
        (12, 0, 23, "50%", True),
        (12, 0, 24, "50%", False),
        (11, 11, 11, "100%", False),
        (11, 1000, 1000, "0%", True),
        (1, 1000, 1000, "0", True),
        (3, 3, 3, "3", False),
    ],
)
def test_more_than_a_share_and_more_than_ten_is_too_much(
    count: int, recorded: int, listed: int, limit: str, is_refused: bool
) -> None:
    plan = Plan(
        mode=Mode.SYNC, actions=removals(count), facts=(facts(), facts(recorded=recorded, listed=listed))
    )
    settings = World().settings(max_delete=MaxDelete.parse(limit))
    assert (too_many_deletions(plan, settings) is not None) is is_refused


def test_an_emptied_root_refuses_removals_on_the_other_side_only() -> None:
    settings = World().settings()
    emptied = (facts(is_empty=True), facts())
    assert emptied_root(Plan(mode=Mode.SYNC, actions=removals(1), facts=emptied), settings)
    assert not emptied_root(Plan(mode=Mode.SYNC, facts=emptied), settings)
    assert not emptied_root(Plan(mode=Mode.SYNC, actions=removals(1), facts=emptied[::-1]), settings)


@pytest.mark.parametrize(
    ("before", "now", "is_refused"),
    [("1", "2", True), ("1", "1", False), (None, "2", False), ("1", None, False)],
)
def test_an_exchanged_root_refuses_what_destroys(
    before: str | None, now: str | None, is_refused: bool
) -> None:
    roots = (SideFacts(root_before=before, root_now=now), SideFacts())
    settings = World().settings()
    for action in (removal(), ACTIONS[1]):
        plan = Plan(mode=Mode.SYNC, actions=(action,), facts=roots)
        assert (exchanged_root(plan, settings) is not None) is is_refused
    assert exchanged_root(Plan(mode=Mode.SYNC, actions=(ACTIONS[2],), facts=roots), settings) is None


def test_a_long_report_is_cut_and_says_so() -> None:
    problems = tuple(Problem(path=str(number), side=None, message="m") for number in range(1_003))
    report = Report(mode="push", problems=problems)
    data = report.to_dict()
    assert len(data["problems"]) == LISTED_AT_MOST
    assert data["truncated"] == {"problems": 3}
    assert "truncated" not in Report(mode="push").to_dict()


def test_a_report_is_ok_without_problems_and_open_conflicts() -> None:
    settled = Conflict(path="a", kind=ConflictKind.TYPE, left=None, right=None)
    still_open = Conflict(path="a", kind=ConflictKind.TYPE, left=None, right=None, is_open=True)
    fine = Report(mode="sync", conflicts=(settled,))
    assert fine.ok
    assert fine.raise_for_problems() is fine
    for report in (
        Report(mode="sync", conflicts=(still_open,)),
        Report(mode="sync", problems=(Problem(path="a", side=None, message="m"),)),
    ):
        assert not report.ok
        with pytest.raises(IncompleteSyncError) as caught:
            report.raise_for_problems()
        assert caught.value.report is report


def test_a_merge_survives_json() -> None:
    entry = Entry(Kind.FILE, 3, 5, "t")
    action = MergeFile(
        path="a",
        side=Side.RIGHT,
        expect=Expect(entry, entry),
        reason="merged",
        content=b"\x00\xffbytes",
        digests=("sha256:1", "sha256:2"),
        sides=(Side.RIGHT,),
        agrees=False,
    )
    conflict = Conflict(
        path="a",
        kind=ConflictKind.EDIT_EDIT,
        left=entry,
        right=entry,
        resolution=Resolution.MERGE,
        base_digest="sha256:3",
    )
    plan = Plan(mode=Mode.PUSH, actions=(action,), conflicts=(conflict,))
    assert Plan.from_json(plan.to_json()) == plan
    assert plan.summary()["merge"] == 1 and plan.bytes_to_copy == len(action.content)


def test_a_side_that_tells_more_of_a_file_than_before_has_not_changed() -> None:
    before = Entry(Kind.FILE, 3, 5, "t")
    more = before._replace(digest="md5:1", file_id="7")
    record = Record(before, before)
    assert change_of(record, Side.LEFT, more) is Change.UNCHANGED
    assert change_of(Record(more, more), Side.LEFT, before) is Change.UNCHANGED
    assert change_of(Record(more, more), Side.LEFT, more._replace(digest="md5:2")) is Change.MODIFIED
    assert change_of(record, Side.LEFT, more._replace(etag="u")) is Change.MODIFIED
    nothing = before._replace(etag=None)
    assert change_of(Record(nothing, nothing), Side.LEFT, more._replace(etag=None)) is Change.MODIFIED
