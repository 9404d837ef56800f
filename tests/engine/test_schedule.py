"""Which actions may run next."""

from __future__ import annotations

from syncfs.core.action import Action, CopyFile, Expect, MakeDirectory, Rename
from syncfs.core.entry import Entry, Kind, Side
from syncfs.engine.schedule import LARGE_BYTES, Numbered, Schedule


def made(path: str) -> MakeDirectory:
    return MakeDirectory(path=path, side=Side.RIGHT, expect=Expect(None, None), reason="")


def copied(path: str, size_bytes: int = 1) -> CopyFile:
    expect = Expect(Entry(Kind.FILE, size_bytes, 1), None)
    return CopyFile(path=path, side=Side.RIGHT, expect=expect, reason="")


def schedule(*actions: Action) -> Schedule:
    return Schedule(enumerate(actions))


def taken(from_: Schedule, most: int = 1, *, large: bool = True) -> list[str]:
    return [action.path for _, action in from_.take(most, large=large)]


def test_a_file_waits_for_its_own_directory_and_for_no_other() -> None:
    above, below, other = made("a"), made("a/b"), made("c")
    plan = schedule(above, other, below, copied("a/b/x"), copied("c/y"), copied("z"))
    assert [taken(plan), taken(plan), taken(plan)] == [["a"], ["c"], ["z"]]
    assert not plan.ready
    plan.made(other)
    assert taken(plan) == ["c/y"]
    plan.made(above)
    assert taken(plan) == ["a/b"]
    plan.made(below)
    assert taken(plan) == ["a/b/x"]


def test_the_root_is_a_directory_like_others() -> None:
    root = made("")
    plan = schedule(root, made("a"), copied("x"))
    assert taken(plan) == [""]
    assert not plan.ready
    plan.made(root)
    assert [taken(plan), taken(plan)] == [["a"], ["x"]]


def test_what_needs_a_directory_that_could_not_be_made_is_handed_back() -> None:
    above = made("a")
    plan = schedule(above, made("a/b"), copied("a/x"))
    plan.take(1, large=True)
    assert [action.path for _, action in plan.not_made(above)] == ["a/b", "a/x"]
    assert not plan.ready


def batch(from_: Schedule, most: int = 1) -> tuple[list[str], list[Numbered]]:
    numbered = from_.take(most, large=True)
    return [action.path for _, action in numbered], numbered


def test_a_batch_is_of_one_directory_and_not_larger_than_asked_for() -> None:
    plan = schedule(copied("a/1"), copied("a/2"), copied("a/3"), copied("b/1"))
    paths, first = batch(plan, 2)
    assert paths == ["a/1", "a/2"]
    plan.done(first)
    paths, second = batch(plan, 2)
    assert paths == ["a/3"]
    plan.done(second)
    assert taken(plan, 2) == ["b/1"]
    assert not plan.ready


def test_batches_that_run_at_once_go_to_different_directories() -> None:
    plan = schedule(*(copied(f"{directory}/{name}") for directory in "abc" for name in range(3)))
    first, numbered = batch(plan)
    assert [first, taken(plan)] == [["a/0"], ["b/0"]]
    plan.done(numbered)
    assert taken(plan) == ["a/1"], "what was begun is completed first"
    assert taken(plan) == ["c/0"]
    assert plan.small == 5


def test_one_directory_alone_is_filled_by_all() -> None:
    plan = schedule(copied("a/1"), copied("a/2"), copied("b/1"), copied("b/2"), copied("b/3"))
    assert [taken(plan) for _ in range(5)] == [["a/1"], ["b/1"], ["a/2"], ["b/2"], ["b/3"]]


def test_a_renamed_file_counts_where_it_goes_to() -> None:
    entry = Entry(Kind.FILE, 1, 1)
    moved = Rename(path="a/1", to="b/1", side=Side.RIGHT, expect=Expect(None, entry), reason="")
    plan = schedule(moved, copied("b/2"), copied("c/1"))
    assert [taken(plan), taken(plan), taken(plan)] == [["a/1"], ["c/1"], ["b/2"]]


def test_a_batch_does_not_move_much() -> None:
    plan = schedule(copied("a", 900_000), copied("b", 900_000), copied("c", 1))
    assert taken(plan, 9) == ["a"]
    assert taken(plan, 9) == ["b", "c"]


def test_large_files_begin_early_and_leave_the_way_to_small_ones() -> None:
    plan = schedule(copied("big1", LARGE_BYTES), copied("big2", LARGE_BYTES), copied("small"))
    assert taken(plan, large=True) == ["big1"]
    assert taken(plan, large=False) == ["small"]
    assert taken(plan, large=False) == ["big2"], "with nothing small left it need not wait"
