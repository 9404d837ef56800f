"""Keep two directories in step, wherever they are: push, pull, or sync both ways.

>>> from syncfs import Syncer
>>> report = Syncer("~/docs", "webdavs://nas/docs").push()  # doctest: +SKIP

The parts that plugins use are in `syncfs.core` and `syncfs.plugin`.
"""

from __future__ import annotations

from syncfs._version import __version__
from syncfs.errors import (
    CancelledSyncError,
    ConfigError,
    EndpointUnavailableError,
    IncompleteSyncError,
    LockedError,
    PathError,
    PluginError,
    StaleEntryError,
    StoreError,
    SyncAbortedError,
    SyncfsError,
    UnsafePlanError,
    UnsupportedNameError,
    VerificationError,
)

TYPE_CHECKING = False  # as in `typing`, without its 4 ms
if TYPE_CHECKING:
    from typing import Any

    from syncfs.core.event import Event
    from syncfs.core.plan import Plan
    from syncfs.core.report import Report
    from syncfs.syncer import Syncer
    from syncfs.task import run

__all__ = [
    "CancelledSyncError",
    "ConfigError",
    "EndpointUnavailableError",
    "Event",
    "IncompleteSyncError",
    "LockedError",
    "PathError",
    "Plan",
    "PluginError",
    "Report",
    "StaleEntryError",
    "StoreError",
    "SyncAbortedError",
    "Syncer",
    "SyncfsError",
    "UnsafePlanError",
    "UnsupportedNameError",
    "VerificationError",
    "__version__",
    "run",
]

_LAZY = {
    "Event": "syncfs.core.event",
    "Plan": "syncfs.core.plan",
    "Report": "syncfs.core.report",
    "Syncer": "syncfs.syncer",
    "run": "syncfs.task",
}


def __getattr__(name: str) -> Any:
    """Import what costs time when it is first asked for: `syncfs --version` must not load fsspec."""
    if name not in _LAZY:
        raise AttributeError(f"module 'syncfs' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value
