"""The state of a pair at a URL: for workers that have no disk of their own.

A run fetches the state, works on its copy, and publishes it twice: before its first action, and at its end.

Decisions:
    **Published before the first action**, since the state then holds what a killed run must leave behind:
    that it began (its temporary files are found by that), what it was about to remove, and which names it
    was about to clear. A state from before would make the next run take those for a user's deletions.

    **A condition on every write.** Of two workers that fetched one version the second to publish is refused
    before it has written anything: `LockedError`, which is retryable.

    **A race that is lost later** (a lease that expired, or none) **is mended, not won.** The state that
    stands there stays; of this run's own it takes over the history and the trash, and *forgets* every record
    that this run has changed. A path without a record is compared afresh in the next run: a union, which
    removes nothing. The report says so.

    **A long run publishes again now and then**, so that a killed one need not be compared from its beginning;
    never so often that it would take more than a twentieth of the time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from syncfs.core.base import Record
from syncfs.core.paths import is_reserved
from syncfs.endpoint.endpoint import Endpoint
from syncfs.endpoint.resolve import Adapt
from syncfs.engine.remote_file import ABSENT, MovedError, RemoteFile, Version, stamped
from syncfs.errors import ConfigError, LockedError, StoreError
from syncfs.store.sqlite import SqliteStore
from syncfs.store.store import Run

__all__ = ["RemoteStore", "open_remote"]

PUBLISH_S = 60.0
"""So long a run's new records may be in its own copy only."""
_ROUNDS = 10

_CHANGED = (
    "SELECT parent, name FROM (SELECT * FROM own.records EXCEPT SELECT * FROM old.records)"
    " UNION SELECT parent, name FROM (SELECT * FROM old.records EXCEPT SELECT * FROM own.records)"
)
_MEND = (
    f"DELETE FROM main.records WHERE (parent, name) IN ({_CHANGED})",
    "INSERT OR REPLACE INTO main.runs SELECT * FROM (SELECT * FROM own.runs EXCEPT SELECT * FROM old.runs)",
    "INSERT OR REPLACE INTO main.trash"
    " SELECT * FROM (SELECT * FROM own.trash EXCEPT SELECT * FROM old.trash)",
    "DELETE FROM main.trash WHERE (run, side, slot) IN (SELECT run, side, slot FROM"
    " (SELECT * FROM old.trash EXCEPT SELECT * FROM own.trash))",
    "UPDATE main.meta SET value = 1 + max(value, (SELECT value FROM own.meta WHERE key = 'generation'))"
    " WHERE key = 'generation'",
)
"""What becomes of the state that stands there (main) by a run that began with `old` and ended with `own`."""


def open_remote(
    url: str,
    *,
    left: str,
    right: str,
    read_only: bool,
    options: Mapping[str, Any] | None = None,
    adapt: Adapt | None = None,
    sides: Iterable[Endpoint] = (),
) -> RemoteStore:
    """Fetch the state of a pair from a URL; one that is missing is begun.

    Args:
        url: Of the file. Its directory must be there, or be a `.syncfs` in one that is.
        left: The identity of the left root; no secrets.
        right: The identity of the right root.
        read_only: Publish nothing.
        options: fsspec's storage options for the URL, `env:NAME` included.
        adapt: As for `resolve`.
        sides: The pair's endpoints: a state that lies in one of them must have a reserved name.

    Raises:
        ConfigError: There can be no state at this URL.
        StoreError: It cannot be fetched, or is of a newer version.
    """
    remote = RemoteFile.at(url, options, adapt)
    for side in sides:
        root, where = (f"{each.identity or each.url}".rstrip("/") + "/" for each in (side, remote.directory))
        if where.startswith(root):
            names = [*where.removeprefix(root).split("/"), remote.name]
            if not any(map(is_reserved, names)):
                raise ConfigError(
                    f"state: {remote.url} lies inside {side.url} and would be synced itself; put it into"
                    " .syncfs/ there, or elsewhere"
                )
    home = tempfile.mkdtemp(prefix="syncfs-state-")
    try:
        return RemoteStore.fetched(remote, home, left, right, read_only=read_only)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise


class RemoteStore(SqliteStore):
    """A `Store` whose file is a copy of one at a URL; made by `open_remote`."""

    _remote: RemoteFile
    _home: str
    _pair: tuple[str, str]
    _version: Version
    _is_left_alone = False
    _was_overtaken = False
    _published_changes = 0
    _published_s = 0.0
    _took_s = 0.0

    @classmethod
    def fetched(cls, remote: RemoteFile, home: str, left: str, right: str, *, read_only: bool) -> RemoteStore:
        """Fetch the file into a directory of our own, which goes when the store is closed."""
        path = os.path.join(home, "state.sqlite")
        version = remote.fetch(path)
        if version != ABSENT:
            shutil.copyfile(path, os.path.join(home, "old.sqlite"))
        try:
            store = cls.open(path, left=left, right=right, read_only=read_only)
        except StoreError as error:
            failure = StoreError(str(error.args[0]).replace(path, remote.url))
            failure.is_newer, failure.retryable = error.is_newer, error.retryable
            raise failure from error
        if store.notice:  # it could not be used; `open` has put the copy aside and begun anew
            aside = store.notice
            if not read_only:
                aside = aside.replace(f"{path}.damaged-1", remote.set_aside("damaged"))
                version = ABSENT
            store.notice = aside.replace(path, remote.url)
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(home, "old.sqlite"))
        assert isinstance(store, RemoteStore)
        store._remote, store._home, store._pair, store._version = remote, home, (left, right), version
        store._published_s = time.monotonic()
        store._published_changes = store._connection.total_changes
        return store

    def record(self, changes: Iterable[tuple[str, Record | None]]) -> None:
        """Write records, and publish them now and then."""
        super().record(changes)
        if time.monotonic() - self._published_s > max(PUBLISH_S, 20 * self._took_s):
            self._publish_meanwhile()

    def checkpoint(self) -> None:
        """Publish what the run has noted of what it is about to do."""
        try:
            self._publish()
        except MovedError:
            self._is_left_alone = True
            raise LockedError(
                f"another run has moved the state {self._remote.url} since this one fetched it; nothing was"
                " done, run again",
                holder="another run, which published its state",
            ) from None

    def finish_run(self, run: Run) -> None:
        """Complete the entry of the history, and publish the state."""
        super().finish_run(run)
        self._publish_at_last()

    def close(self) -> None:
        """Publish what is not yet, and let go of the copy."""
        try:
            if not self._read_only:
                self._publish_at_last()
        finally:
            super().close()
            shutil.rmtree(self._home, ignore_errors=True)

    # -- publishing ------------------------------------------------------------------------------

    def _publish(self) -> None:
        """Publish if there is something new.

        Raises:
            MovedError: Another version stands there.
        """
        changes = self._connection.total_changes
        if changes == self._published_changes or self._is_left_alone:
            return
        if self._was_overtaken:
            raise MovedError
        began_s = time.monotonic()
        copy = os.path.join(self._home, "publish.sqlite")
        try:
            with self._watched():
                stamped(self._connection, copy)
            self._version = self._remote.publish(copy, self._version)
            os.replace(copy, os.path.join(self._home, "old.sqlite"))
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.remove(copy)
        self._published_changes = changes
        self._published_s = time.monotonic()
        self._took_s = self._published_s - began_s

    def _publish_meanwhile(self) -> None:
        try:
            self._publish()
        except MovedError:
            self._was_overtaken = True
        except StoreError as error:
            if not error.retryable:
                raise
        self._published_s = time.monotonic()

    def _publish_at_last(self) -> None:
        try:
            self._publish()
        except MovedError:
            self._is_left_alone = True
            self._mend()
        except StoreError:
            self._is_left_alone = True  # it was tried often enough; what stands there is older, and safe
            raise

    def _mend(self) -> None:
        """Leave the state that stands there, and make it forget what this run has changed."""
        theirs, copy = (os.path.join(self._home, name) for name in ("theirs.sqlite", "publish.sqlite"))
        for _ in range(_ROUNDS):
            version = self._remote.fetch(theirs)
            if version == ABSENT or not self._is_mended(theirs):
                break  # whoever removed or replaced it wants no record of ours: the next run is a union
            with contextlib.suppress(FileNotFoundError):
                os.remove(copy)
            with closing(sqlite3.connect(theirs)) as connection:
                stamped(connection, copy)
            try:
                self._remote.publish(copy, version)
            except MovedError:
                continue
            break
        else:
            failure = StoreError(f"the state {self._remote.url} moves faster than it can be published")
            failure.retryable = True
            raise failure
        late = (
            f"another run has moved the state {self._remote.url} meanwhile: what this run changed is compared"
            " afresh in the next one (union, nothing is deleted)"
        )
        self.notice = f"{self.notice}; {late}" if self.notice else late

    def _is_mended(self, theirs: str) -> bool:
        """Mend the copy of the state that stands there; False where it is no state of this pair."""
        old = os.path.join(self._home, "old.sqlite")
        try:
            with closing(self._opened(theirs, read_only=True)) as store:
                if store.notice:
                    return False
            if not os.path.exists(old):  # this run began with an empty one
                self._opened(old).close()
            with closing(sqlite3.connect(theirs, isolation_level=None)) as connection:
                connection.execute("ATTACH ? AS own", (self.path,))
                connection.execute("ATTACH ? AS old", (old,))
                connection.execute("BEGIN IMMEDIATE")
                for statement in _MEND:
                    connection.execute(statement)
                connection.execute("COMMIT")
        except (sqlite3.Error, StoreError):
            return False
        return True

    def _opened(self, path: str, *, read_only: bool = False) -> SqliteStore:
        left, right = self._pair
        return SqliteStore.open(path, left=left, right=right, read_only=read_only)
