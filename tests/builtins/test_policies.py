from __future__ import annotations

import pickle
import time
from itertools import product
from typing import Any

import pytest

from syncfs.builtins import Dst, Fail, KeepBoth, Larger, Newer, Older, Skip, Smaller, Src
from syncfs.core.conflict import Conflict, ConflictKind, ConflictPolicy, Resolution
from syncfs.core.entry import DIRECTORY, Entry, Kind

LEFT, RIGHT, BOTH = Resolution.LEFT, Resolution.RIGHT, Resolution.KEEP_BOTH
S = 10**9
NOW = time.time_ns()
CLASSES: list[type[Any]] = [Newer, Older, Larger, Smaller, Src, Dst, KeepBoth, Skip, Fail]
MIRRORED = {LEFT: RIGHT, RIGHT: LEFT, **{each: each for each in (BOTH, Resolution.SKIP, Resolution.FAIL)}}


def file(mtime_ns: int | None = NOW, size: int | None = 1) -> Entry:
    return Entry(Kind.FILE, size, mtime_ns)


def conflict(
    left: Entry | None,
    right: Entry | None,
    kind: ConflictKind = ConflictKind.EDIT_EDIT,
    tolerance_ns: int | None = S,
) -> Conflict:
    return Conflict(path="a/b.txt", kind=kind, left=left, right=right, tolerance_ns=tolerance_ns)


@pytest.mark.parametrize("kind", CLASSES)
def test_a_policy_keeps_to_its_protocol_pickles_and_never_raises(kind: type[Any]) -> None:
    policy = kind()
    assert isinstance(policy, ConflictPolicy)
    assert pickle.loads(pickle.dumps(policy)) == policy
    entries = [None, DIRECTORY, file(None, None), *(file(mtime_ns) for mtime_ns in (-(2**70), 0, NOW, 2**70))]
    for left, right, tolerance_ns in product(entries, entries, (None, 0, S)):
        assert isinstance(policy.resolve(conflict(left, right, tolerance_ns=tolerance_ns)), Resolution)


@pytest.mark.parametrize("kind", [Newer, Older, Larger, Smaller, KeepBoth, Skip, Fail])
def test_a_policy_that_names_no_side_does_not_ask_which_side_is_which(kind: type[Any]) -> None:
    entries = [file(mtime_ns, size) for mtime_ns in (None, 0, NOW, NOW - 9 * S) for size in (None, 1, 2)]
    for left, right in product(entries, entries):
        forth = kind().resolve(conflict(left, right))
        assert kind().resolve(conflict(right, left)) is MIRRORED[forth]


@pytest.mark.parametrize("kind", [Newer, Older, Larger, Smaller, KeepBoth])
def test_an_edit_wins_over_a_deletion(kind: type[Any]) -> None:
    assert kind().resolve(conflict(None, file(), ConflictKind.EDIT_DELETE)) is RIGHT
    assert kind().resolve(conflict(file(0), None, ConflictKind.EDIT_DELETE, tolerance_ns=None)) is LEFT


def test_who_names_a_side_means_it_also_when_that_side_deleted() -> None:
    assert Src().resolve(conflict(None, file(), ConflictKind.EDIT_DELETE)) is LEFT
    assert Dst().resolve(conflict(file(), file())) is RIGHT


def test_skip_and_fail_settle_nothing() -> None:
    assert Skip().resolve(conflict(None, file())) is Resolution.SKIP
    assert Fail().resolve(conflict(file(), file())) is Resolution.FAIL


def since_now(value: object) -> str:
    """A name for a time that is the same in every process of a test run."""
    return (
        f"now{value - NOW:+}" if isinstance(value, int) and abs(value - NOW) < 30 * 86_400 * S else str(value)
    )


@pytest.mark.parametrize(
    ("left_ns", "right_ns", "tolerance_ns", "newer"),
    [
        (NOW, NOW - 5 * S, S, LEFT),
        (NOW - 5 * S, NOW, S, RIGHT),
        (NOW, NOW - S, S, BOTH),
        (NOW, NOW - S - 1, S, LEFT),
        (NOW, NOW, 0, BOTH),
        (NOW, NOW - 1, 0, LEFT),
        (NOW, NOW - 5 * S, None, BOTH),
        (NOW, None, S, BOTH),
        (None, None, S, BOTH),
        (NOW, 0, S, BOTH),
        (NOW, 364 * 86_400 * S, S, BOTH),
        (NOW, -5, S, BOTH),
        (NOW, NOW + 3 * 86_400 * S, S, BOTH),
        (NOW + 86_400 * S, NOW, S, LEFT),
        (3_345_000_000 * S, NOW, S, BOTH),  # 2076
    ],
    ids=since_now,
)
def test_times_that_cannot_be_ordered_keep_both(
    left_ns: int | None, right_ns: int | None, tolerance_ns: int | None, newer: Resolution
) -> None:
    met = conflict(file(left_ns), file(right_ns), tolerance_ns=tolerance_ns)
    assert Newer().resolve(met) is newer
    assert Older().resolve(met) is MIRRORED[newer]


def test_sizes_decide_where_they_are_known_and_unlike() -> None:
    met = conflict(file(size=9), file(size=3))
    assert Larger().resolve(met) is LEFT
    assert Smaller().resolve(met) is RIGHT
    assert Larger().resolve(conflict(file(size=3), file(size=3))) is BOTH
    assert Smaller().resolve(conflict(file(size=None), file(size=3))) is BOTH


def test_a_directory_against_a_file_keeps_both_where_facets_would_decide() -> None:
    for policy in (Newer(), Older(), Larger(), Smaller(), KeepBoth()):
        assert policy.resolve(conflict(DIRECTORY, file(), ConflictKind.TYPE)) is BOTH
