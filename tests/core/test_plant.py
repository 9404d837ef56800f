"""The planted bugs still have a place in the code; `python -m tests.core.plant` plants them."""

import pytest

from tests.core.plant import BUGS, REPOSITORY, Bug


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_a_bug_can_be_planted_and_leaves_python(bug: Bug) -> None:
    compile(bug.planted(REPOSITORY), bug.file, "exec")


def test_a_bug_without_a_place_fails_loudly() -> None:
    with pytest.raises(LookupError, match=r"0 times in syncfs/core/plan\.py"):
        Bug("nowhere", "syncfs/core/plan.py", "no such text", "").planted(REPOSITORY)
