"""Do one action: the part of a run that happens in many threads at once."""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import assert_never

from syncfs.core.action import (
    Action,
    CopyFile,
    MakeDirectory,
    MergeFile,
    MoveAside,
    RecordAgreement,
    RemoveDirectory,
    RemoveFile,
    Rename,
)
from syncfs.core.base import Flag
from syncfs.core.entry import DIRECTORY, Side
from syncfs.core.problem import Problem
from syncfs.endpoint.patience import between
from syncfs.engine.copy import copy
from syncfs.engine.merge import HalfMergedError, agree, merge
from syncfs.engine.outcome import Outcome
from syncfs.engine.workbench import Task, Workbench
from syncfs.errors import (
    PathError,
    StaleEntryError,
    SyncAbortedError,
    SyncfsError,
)

__all__ = ["failed", "perform", "perform_all"]

TRIES = 4
PATIENCE_S = 20.0
"""No try begins later than this after the first, unless the other side asked for it."""
FATAL_ERRNOS = frozenset({errno.ENOSPC, errno.EROFS, errno.EDQUOT})
"""A full or read-only disk: every further write would fail in the same way."""


def perform_all(bench: Workbench, tasks: Sequence[Task]) -> list[Outcome]:
    """Do several actions, one after another: what an executor is given.

    Returns:
        What became of each, in their order; fewer than there are tasks when the run is to end. Never raises
        but for bugs.
    """
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        if len(tasks) > 1:
            for side in bench.dwellings:
                stack.enter_context(side.dwelling())
        for task in tasks:
            if outcomes and bench.cancel.is_set():
                break
            outcome = perform(bench, task)
            outcomes.append(outcome)
            if outcome.fatal is not None:
                break
    return outcomes


def perform(bench: Workbench, task: Task) -> Outcome:
    """Do one action, as often as it takes; what became of it."""
    action = task.action
    is_strained = False
    deadline_s = time.monotonic() + PATIENCE_S
    for attempt in range(1, TRIES + 1):
        try:
            outcome = _done(bench, task._replace(attempt=attempt))
            return replace(outcome, is_strained=True) if is_strained else outcome
        except HalfMergedError as half:
            cause = half.cause
            fatal = cause if isinstance(cause, SyncAbortedError) else None
            return Outcome(action=action, problem=_problem(action, cause), fatal=fatal, trashed=half.trashed)
        except SyncAbortedError as error:
            return Outcome(action=action, problem=_problem(action, error), fatal=error)
        except (OSError, SyncfsError) as error:
            is_strained = is_strained or _may_pass(error)
            is_fatal = isinstance(error, OSError) and error.errno in FATAL_ERRNOS
            pause_s = _pause_s(attempt, error)
            is_late = time.monotonic() + pause_s > deadline_s and not getattr(error, "retry_after_s", None)
            is_last = attempt == TRIES or is_late or bench.cancel.is_set()
            if is_fatal or is_last or not _may_pass(error):
                return Outcome(
                    action=action,
                    problem=_problem(action, error),
                    fatal=error if is_fatal else None,
                    is_strained=is_strained,
                )
            bench.cancel.wait(pause_s)
    raise AssertionError("unreachable: the last try returns")


def failed(action: Action, error: Exception, *, is_fatal: bool = False) -> Outcome:
    """The outcome of an action that was not done.

    Args:
        action: Which.
        error: Why not.
        is_fatal: It ends the run.
    """
    return Outcome(action=action, problem=_problem(action, error), fatal=error if is_fatal else None)


def _may_pass(error: Exception) -> bool:
    """Whether another try may succeed by itself."""
    return isinstance(error, ConnectionError | TimeoutError) or bool(getattr(error, "retryable", False))


def _pause_s(attempt: int, error: Exception) -> float:
    """Exponential with full jitter, or what the other side asked for within reason."""
    asked_s = getattr(error, "retry_after_s", None)
    if asked_s is not None:
        return float(min(asked_s, 30.0))
    return between(0.1, 0.25 * 4**attempt)


def _problem(action: Action, error: Exception) -> Problem:
    if isinstance(error, StaleEntryError):
        kind, message = "stale", f"{error}; decided afresh in the next run"
    elif isinstance(error, OSError) and not isinstance(error, PathError) and error.strerror:
        kind, message = "failed", error.strerror.lower()
    else:
        kind, message = "failed", str(error) or type(error).__name__
    side = {"src": Side.LEFT, "dst": Side.RIGHT}.get(getattr(error, "side", ""), action.side)
    return Problem(
        path=action.path,
        side=side,
        message=f"could not {action.verb}: {message}",
        kind=kind,
        retryable=kind == "stale" or _may_pass(error),
    )


def _done(bench: Workbench, task: Task) -> Outcome:
    number, action = task.number, task.action
    side = bench.sides[action.side]
    match action:
        case CopyFile():
            return copy(bench, action, task)
        case MakeDirectory(path=""):
            side.make_root()
            side.check_root()  # what answers is known only now
            side.list("")  # `check_root` may have kept a listing for this call, soon out of date
            return Outcome(action=action)
        case MakeDirectory():
            side.make_directory(action.path)
            flags = Flag.shown(action.side.other)
            if side.capabilities.confirms_writes:
                flags |= Flag.shown(action.side)
            return Outcome(action=action, left=DIRECTORY, right=DIRECTORY, flags=flags)
        case RemoveFile():
            return _remove(bench, action, number)
        case RemoveDirectory():
            side.remove_directory(action.path)
            return Outcome(action=action)
        case MoveAside() | Rename():
            expect = action.expect.of(action.side)
            assert expect is not None
            moved = side.move(action.path, action.to, expect=expect)
            left, right = (moved, None) if action.side is Side.LEFT else (None, moved)
            return Outcome(action=action, left=left, right=right)
        case MergeFile():
            return merge(bench, action, number, bench.token(task))
        case RecordAgreement():
            return agree(bench, action)
    assert_never(action)


def _remove(bench: Workbench, action: RemoveFile, number: int) -> Outcome:
    side = bench.sides[action.side]
    expect = action.expect.of(action.side)
    assert expect is not None
    if bench.keeps(action.side):
        side.move(action.path, bench.trash_slot(action.side, number), expect=expect)
        return Outcome(action=action, trashed=(action.side,))
    side.remove_file(action.path, expect=expect)
    return Outcome(action=action)
