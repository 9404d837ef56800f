"""How a run ended, as a code and as lines."""

import errno

import pytest

from syncfs.cli.exits import Exit, exit_of, exit_of_error, lines_of_error
from syncfs.core.conflict import Conflict, ConflictKind
from syncfs.core.entry import Side
from syncfs.core.problem import Problem
from syncfs.core.report import Report
from syncfs.errors import (
    CancelledSyncError,
    ConfigError,
    EndpointUnavailableError,
    IncompleteSyncError,
    LockedError,
    PathError,
    PluginError,
    StoreError,
    UnsafePlanError,
)

FAILED = Problem(path="a", side=Side.RIGHT, message="no")
REFUSED_TO_CHOOSE = Problem(path="a", side=None, message="policy fail", kind="conflict")
SETTLED = Conflict(path="a", kind=ConflictKind.EDIT_EDIT, left=None, right=None)
OF_A_NEWER_VERSION = StoreError("x")
OF_A_NEWER_VERSION.is_newer = True
OPEN = Conflict(path="a", kind=ConflictKind.EDIT_EDIT, left=None, right=None, is_open=True)


@pytest.mark.parametrize(
    ("problems", "conflicts", "expected"),
    [
        ((), (), Exit.DONE),
        ((), (SETTLED,), Exit.DONE),
        ((), (OPEN,), Exit.CONFLICT),
        ((), (SETTLED, OPEN), Exit.CONFLICT),
        ((REFUSED_TO_CHOOSE,), (OPEN,), Exit.CONFLICT),
        ((FAILED,), (), Exit.FAILED),
        ((FAILED,), (OPEN,), Exit.FAILED),
        ((REFUSED_TO_CHOOSE, FAILED), (), Exit.FAILED),
    ],
)
def test_a_run_that_came_to_its_end_has_the_code_of_the_worst_that_is_left(
    problems: tuple[Problem, ...], conflicts: tuple[Conflict, ...], expected: Exit
) -> None:
    assert exit_of(problems, conflicts) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConfigError("x"), 2),
        (PluginError("x"), 2),
        (UnsafePlanError(["x"]), 4),
        (LockedError("x"), 5),
        (EndpointUnavailableError("x", side="dst"), 6),
        (CancelledSyncError("x"), 130),
        (KeyboardInterrupt(), 130),
        (StoreError("x"), 1),
        (OF_A_NEWER_VERSION, 4),
        (PathError("x", path="a"), 1),
        (OSError(errno.ENOSPC, "No space left on device"), 1),
        (IncompleteSyncError("x", Report(mode="push", conflicts=(OPEN,))), 3),
        (IncompleteSyncError("x", Report(mode="push", problems=(FAILED,))), 1),
        (TypeError("x"), 1),
    ],
)
def test_every_exception_has_its_code(error: BaseException, expected: int) -> None:
    assert exit_of_error(error) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConfigError("unknown comparator 'x'"), ["syncfs: unknown comparator 'x'"]),
        (EndpointUnavailableError("host down", side="dst"), ["syncfs: dst: host down"]),
        (
            UnsafePlanError(["too many", "root swapped"]),
            [
                "syncfs: refused, nothing was written: too many",
                "syncfs: refused, nothing was written: root swapped",
            ],
        ),
        (FileNotFoundError(errno.ENOENT, "No such file", "a\nb"), ["syncfs: a b: No such file"]),
        (OSError(errno.ENOSPC, "No space left"), ["syncfs: No space left"]),
        (OSError("odd"), ["syncfs: odd"]),
    ],
)
def test_what_went_wrong_takes_one_line_a_reason(error: BaseException, expected: list[str]) -> None:
    assert lines_of_error(error) == expected


def test_a_bug_says_so_and_asks_to_be_reported_without_its_credentials() -> None:
    [line] = lines_of_error(TypeError("at https://ann:s3cret@nas/dav\x1b[31m"))
    assert line.startswith("syncfs: bug: TypeError: at https://nas/dav")
    assert "-vv" in line
    assert "s3cret" not in line
    assert "\x1b" not in line
