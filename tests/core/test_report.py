"""What a report says."""

import pytest

from syncfs.core.conflict import Conflict, ConflictKind
from syncfs.core.entry import Side
from syncfs.core.problem import Problem
from syncfs.core.report import Report
from syncfs.errors import IncompleteSyncError

FAILED = Problem(path="a", side=Side.RIGHT, message="no room")
OPEN = Conflict(path="b", kind=ConflictKind.EDIT_EDIT, left=None, right=None, is_open=True)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (Report(mode="push", problems=(FAILED,)), "1 problem; first: dst: a: no room"),
        (Report(mode="push", problems=(FAILED, FAILED)), "2 problems; first: dst: a: no room"),
        (Report(mode="push", conflicts=(OPEN,)), "1 open conflict; first: b: conflict"),
        (
            Report(mode="sync", problems=(FAILED,), conflicts=(OPEN, OPEN)),
            "1 problem, 2 open conflicts; first: dst: a: no room",
        ),
    ],
)
def test_what_is_left_undone_is_counted_in_proper_words_and_the_first_is_named(
    report: Report, expected: str
) -> None:
    with pytest.raises(IncompleteSyncError) as caught:
        report.raise_for_problems()
    assert str(caught.value) == expected
    assert caught.value.report is report


def test_a_report_without_problems_is_given_back() -> None:
    report = Report(mode="push", copied=2)
    assert report.raise_for_problems() is report
