"""How a run ended, as an exit code and as lines for the user."""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum

from syncfs.cli.words import printable
from syncfs.core.conflict import Conflict
from syncfs.core.problem import Problem
from syncfs.endpoint.redact import redact
from syncfs.errors import (
    CancelledSyncError,
    ConfigError,
    EndpointUnavailableError,
    IncompleteSyncError,
    LockedError,
    PluginError,
    StoreError,
    SyncfsError,
    UnsafePlanError,
)

__all__ = ["Exit", "exit_of", "exit_of_error", "lines_of_error"]


class Exit(IntEnum):
    """The exit codes; scripts rely on them."""

    DONE = 0
    """Done, or nothing to do."""
    FAILED = 1
    """Some paths failed, or the run stopped for a reason without a code of its own."""
    USAGE = 2
    """The command, its options or the configuration are wrong; nothing was read or written."""
    CONFLICT = 3
    """Everything else was done, and some path still differs because of a conflict."""
    REFUSED = 4
    """A guard refused the plan, or the state is of a newer version; nothing was written."""
    LOCKED = 5
    """Another run works on this pair."""
    UNAVAILABLE = 6
    """An endpoint is missing, unreachable or refuses the credentials."""
    PENDING = 10
    """Only from `plan --exit-code`: there is something to do."""
    INTERRUPTED = 130
    """Ctrl-C."""


def exit_of(problems: Collection[Problem], conflicts: Collection[Conflict]) -> Exit:
    """The code of a run, or a plan, that came to its end.

    A problem that only says that a conflict is open (policy `fail`) is a conflict, not a failure.
    """
    if any(problem.kind != "conflict" for problem in problems):
        return Exit.FAILED
    if any(conflict.is_open for conflict in conflicts) or problems:
        return Exit.CONFLICT
    return Exit.DONE


def exit_of_error(error: BaseException) -> Exit:
    """The code of a command that raised."""
    match error:
        case ConfigError() | PluginError():
            return Exit.USAGE
        case UnsafePlanError() | StoreError(is_newer=True):
            return Exit.REFUSED
        case LockedError():
            return Exit.LOCKED
        case EndpointUnavailableError():
            return Exit.UNAVAILABLE
        case CancelledSyncError() | KeyboardInterrupt():
            return Exit.INTERRUPTED
        case IncompleteSyncError(report=report) if report is not None:
            return exit_of(report.problems, report.conflicts)
        case _:
            return Exit.FAILED


def lines_of_error(error: BaseException) -> list[str]:
    """Say what is wrong, one line a reason, each without a line break, an escape code or a secret.

    An exception that is neither a `SyncfsError` nor an `OSError` is a bug, and the line says whose.
    """
    match error:
        case UnsafePlanError(reasons=reasons):
            texts = [f"refused, nothing was written: {reason}" for reason in reasons]
        case SyncfsError():
            texts = [str(error)]
        case OSError(strerror=str(reason), filename=name) if name is not None:
            texts = [f"{_decoded(name)}: {reason}"]
        case OSError(strerror=str(reason)):
            texts = [reason]
        case OSError():
            texts = [str(error) or type(error).__name__]
        case _:
            texts = [_bug(error)]
    return [f"syncfs: {printable(redact(' '.join(text.split())))}" for text in texts]


def _bug(error: BaseException) -> str:
    what = f"{type(error).__name__}: {error}"
    from syncfs.plugin.blame import blamed  # with pluggy, which nobody else needs who is only told of a word

    plugin = blamed(error)
    if plugin is None:
        return f"bug: {what} (please report it, with what the same command prints with -vv)"
    return f"bug in the {plugin}: {what} (report it to its authors, or {plugin.remedy})"


def _decoded(name: object) -> str:
    return name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else str(name)
