"""Every exception that syncfs raises on purpose.

::

    SyncfsError
    ├── ConfigError(ValueError)                  wrong arguments; raised before any I/O
    ├── PluginError                              a plugin is broken, unknown or ambiguous
    ├── SyncAbortedError                         the run stopped; `.report` tells how far it came
    │   ├── UnsafePlanError                      a guard refused (`.reasons`); nothing was written
    │   ├── EndpointUnavailableError(OSError)    root missing, unreachable, credentials refused
    │   ├── StoreError(OSError)                  the state cannot be read or written
    │   ├── LockedError(BlockingIOError)         another run works on this pair
    │   └── CancelledSyncError                   SIGINT, or the caller's cancel event
    ├── PathError(OSError)                       one path; the run goes on
    │   ├── StaleEntryError                      the path changed since it was planned
    │   ├── VerificationError                    what arrived is not what was sent
    │   └── UnsupportedNameError                 this side cannot hold such a name
    └── IncompleteSyncError                      only from `Report.raise_for_problems()`

Builtin exceptions are used where they mean it (`FileNotFoundError`, `PermissionError`,
`ConnectionError`, `OSError(ENOSPC)`). Third-party exceptions are translated once, in
`syncfs.endpoint.translate`. An exception that is neither `OSError` nor `SyncfsError` is a bug and is
never swallowed. Every exception here pickles: workers in other processes raise them too.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable

TYPE_CHECKING = False  # as in `typing`, which takes longer to import than the rest of `syncfs --version`
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "CancelledSyncError",
    "ConfigError",
    "EndpointUnavailableError",
    "IncompleteSyncError",
    "LockedError",
    "PathError",
    "PluginError",
    "StaleEntryError",
    "StoreError",
    "SyncAbortedError",
    "SyncfsError",
    "UnsafePlanError",
    "UnsupportedNameError",
    "VerificationError",
]


def _rebuild(cls: type[Exception], args: tuple[Any, ...], state: dict[str, Any]) -> Exception:
    """Make an exception again without calling its `__init__`, whose signature is its own."""
    error = cls.__new__(cls, *args)
    if isinstance(error, OSError):
        OSError.__init__(error, *args)  # sets errno, strerror and filename from three arguments
    else:
        error.args = args
    error.__dict__.update(state)
    return error


class SyncfsError(Exception):
    """Base of everything that syncfs raises on purpose."""

    retryable: bool = False
    """Whether the same call may succeed later without anyone changing anything."""

    def __reduce__(self) -> tuple[Any, ...]:
        args = self.args
        if isinstance(self, OSError) and self.filename is not None:
            args = (*args, self.filename)  # OSError takes it out of its args
        return _rebuild, (type(self), args, dict(self.__dict__))


class ConfigError(SyncfsError, ValueError):
    """The arguments contradict each other or name something unknown; nothing was read or written."""


class PluginError(SyncfsError):
    """A plugin fails to import, misspells a hook, or uses a name that is taken."""


class SyncAbortedError(SyncfsError):
    """The run stopped before its end.

    Attributes:
        report: The `Report` of what was done until then, or None when nothing was begun.
    """

    report: Any = None


class UnsafePlanError(SyncAbortedError):
    """A guard refused the plan; nothing was written.

    Attributes:
        reasons: One sentence per refusal, each saying how to override it.
    """

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("; ".join(self.reasons))


class EndpointUnavailableError(SyncAbortedError, OSError):
    """A root is missing, unreachable, or refuses the credentials.

    Attributes:
        side: `"src"` or `"dst"`; empty while it is not known.
    """

    def __init__(self, message: str, *, side: str = "", retryable: bool = False) -> None:
        super().__init__(message)
        self.side = side
        self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.side}: {self.args[0]}" if self.side else str(self.args[0])


class StoreError(SyncAbortedError, OSError):
    """The state of the pair cannot be read or written.

    Attributes:
        is_newer: A newer version wrote it, and using it would spoil it: a refusal, not a failure.
    """

    is_newer: bool = False


class LockedError(SyncAbortedError, BlockingIOError):
    """Another run holds the pair's lock.

    Attributes:
        holder: Who holds it and since when, in words; empty when that cannot be read.
    """

    retryable = True

    def __init__(self, message: str, *, holder: str = "") -> None:
        super().__init__(message)
        self.holder = holder


class CancelledSyncError(SyncAbortedError):
    """The run was interrupted; running copies were finished and their outcomes recorded."""

    retryable = True


class PathError(SyncfsError, OSError):
    """Something is wrong with one path; other paths go on.

    Attributes:
        errno: As for any `OSError`.
        filename: The path relative to the root.
        side: `"src"` or `"dst"`; empty while it is not known.
        retryable: Whether another try may succeed: 423, 429, 5xx.
        retry_after_s: How long the other side asked to wait; None when it did not say.
    """

    default_errno = errno.EIO

    def __init__(
        self,
        message: str,
        *,
        path: str = "",
        side: str = "",
        code: int | None = None,
        retryable: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(code if code is not None else self.default_errno, message, path)
        self.side = side
        self.retryable = retryable
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return str(self.args[1]) if len(self.args) > 1 else super().__str__()


class StaleEntryError(PathError):
    """The path is no longer what the plan expects; it is decided afresh in the next run."""

    default_errno = errno.ESTALE


class VerificationError(PathError):
    """What arrived is not what was sent."""


class UnsupportedNameError(PathError):
    """This side cannot hold a file of this name."""

    default_errno = errno.EINVAL


class IncompleteSyncError(SyncfsError):
    """Some paths failed or stayed in conflict; raised only by `Report.raise_for_problems()`.

    Attributes:
        report: The whole `Report`.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report
