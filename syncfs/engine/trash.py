"""The trash: where what a run removes goes, how it comes back, and when it ends.

Decisions:
    A removal is one server-side move into `.syncfs/trash/RUN/NUMBER`. The name is a number, so that no
    path is too long for it; the original path is in the state, noted before the move, so that also a
    killed run's removals come back. Nothing is emptied by a run that changes nothing: that would cost
    requests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from syncfs.core.entry import Kind, Side
from syncfs.core.paths import conflict_name, join, split
from syncfs.core.problem import Problem
from syncfs.endpoint.endpoint import Endpoint
from syncfs.errors import EndpointUnavailableError, SyncfsError
from syncfs.store.store import Store, Trashed

__all__ = ["KEPT_NS", "TRASH", "empty", "restore", "slot_of"]

TRASH = ".syncfs/trash"
KEPT_NS = 30 * 24 * 3600 * 10**9
"""How long what was removed can be restored."""


def slot_of(run: str, number: int) -> str:
    """The place of one removal, relative to the root.

    Counted from 1: sabre/dav does not move anything to a name of `0`.
    """
    return f"{TRASH}/{run}/{number + 1}"


def empty(sides: Sequence[Endpoint], store: Store, now_ns: int) -> None:
    """Delete for good what runs removed more than 30 days ago, by the run history.

    What cannot be deleted now is tried again by a later run.

    Raises:
        EndpointUnavailableError: A whole side is gone.
    """
    items = store.trashed()
    if not items:
        return
    kept = {run.id for run in store.runs() if now_ns - run.started_ns < KEPT_NS}
    expired = [item for item in items if item.run not in kept]
    store.forget_trash(item for item in expired if _try(_delete(sides[item.side]), item.slot))
    for side, run in {(item.side, item.run) for item in expired}:
        _try(sides[side].remove_directory, f"{TRASH}/{run}")


def _delete(side: Endpoint) -> Callable[[str], None]:
    def delete(slot: str) -> None:
        entry = side.stat(slot)
        if entry is not None:
            side.remove_file(slot, expect=entry)

    return delete


def _try(remove: Callable[[str], None], path: str) -> bool:
    """Whether it worked."""
    try:
        remove(path)
    except EndpointUnavailableError:
        raise
    except (OSError, SyncfsError):
        return False
    return True


def restore(
    sides: Sequence[Endpoint], items: Iterable[Trashed], stamp: str, cancel: threading.Event
) -> tuple[list[tuple[Trashed, str]], list[Problem]]:
    """Put removed files back where they were.

    What has taken a file's place meanwhile stays: the restored one comes beside it, under the name of a
    kept loser.

    Args:
        sides: The left and the right endpoint.
        items: What to restore.
        stamp: The time for such names, `YYYYMMDDTHHMMSS`.
        cancel: Stops between two files when set.

    Returns:
        What was restored, with the path it has now, and what could not be.

    Raises:
        EndpointUnavailableError: A whole side is gone.
    """
    restored: list[tuple[Trashed, str]] = []
    problems: list[Problem] = []
    for item in items:
        if cancel.is_set():
            break
        side = sides[item.side]
        try:
            entry = side.stat(item.slot)
            if entry is None:
                raise FileNotFoundError("is not in the trash any more")
            path = _free_path(side, item, stamp)
            _make_parents(side, path)
            side.move(item.slot, path, expect=entry)
        except EndpointUnavailableError:
            raise
        except (OSError, SyncfsError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            message = f"could not restore: {reason}; it stays in the trash as {item.slot}"
            problems.append(Problem(path=item.path, side=item.side, message=message))
            continue
        restored.append((item, path))
    for where, run in {(item.side, item.run) for item, _ in restored}:
        _try(sides[where].remove_directory, f"{TRASH}/{run}")
    return restored, problems


def _free_path(side: Endpoint, item: Trashed, stamp: str) -> str:
    """Where to restore: the old path, or beside whatever has taken it, or its directory's place."""
    path = ""
    *directories, name = item.path.split("/")
    for directory in directories:
        path = _free(side, path, directory, item.side, stamp, but_directory=True)
    return _free(side, path, name, item.side, stamp)


def _free(
    side: Endpoint, parent: str, name: str, where: Side, stamp: str, *, but_directory: bool = False
) -> str:
    taken: set[str] = set()
    fresh = name
    while True:
        entry = side.stat(join(parent, fresh))
        if entry is None or (but_directory and entry.kind is Kind.DIRECTORY):
            return join(parent, fresh)
        taken.add(fresh)
        fresh = conflict_name(name, where, stamp, taken)


def _make_parents(side: Endpoint, path: str) -> None:
    missing = []
    directory = split(path)[0]
    while directory and side.stat(directory) is None:
        missing.append(directory)
        directory = split(directory)[0]
    for each in reversed(missing):
        side.make_directory(each)
