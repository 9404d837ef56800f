"""One SQLite file on another filesystem: fetched, and replaced only while it is the one that was fetched.

The file's own header tells one version from another: SQLite leaves 64 bits of it to applications
(`user_version`, `application_id`), and every published version gets fresh random ones. Entity tags do not
serve: many are made of a size, which is a multiple of 4,096 here, and a time in seconds.
"""

from __future__ import annotations

import errno
import itertools
import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from syncfs.core.entry import Entry
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content, Endpoint
from syncfs.endpoint.patience import between
from syncfs.endpoint.redact import redact
from syncfs.endpoint.resolve import Adapt, resolve
from syncfs.errors import ConfigError, EndpointUnavailableError, StaleEntryError, StoreError, SyncfsError

__all__ = ["MovedError", "RemoteFile", "Version", "stamped"]

T = TypeVar("T")

TRIES = 3
_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_USER_VERSION, _APPLICATION_ID = slice(60, 64), slice(68, 72)
_numbers = itertools.count()

Version = bytes
"""What tells one published version from any other; empty where there is no file."""

ABSENT: Version = b""


class MovedError(Exception):
    """The file is not the version that was expected any more."""


@dataclass(slots=True)
class RemoteFile:
    """A file that is published whole or not at all, and never over a version that nobody here has seen.

    Its methods raise `StoreError` (with `retryable`) for all that goes wrong with the place.

    Attributes:
        url: As users see it, without secrets.
        directory: The endpoint of the directory that it is in.
        name: Its name there.
    """

    url: str
    directory: Endpoint
    name: str
    _above: Endpoint | None = field(default=None, repr=False)

    @classmethod
    def at(cls, url: str, options: Mapping[str, Any] | None, adapt: Adapt | None) -> RemoteFile:
        """The file at a URL; nothing is asked of its server yet.

        Raises:
            ConfigError: The URL cannot be understood, or names no file.
        """
        place, _, name = url.rpartition("/")
        shown = redact(url)
        if not name or place.endswith(("/", ":")):
            raise ConfigError(f"state: {shown} names no file in a directory; write .../NAME.sqlite")
        directory = resolve(place, options=options, side="state", adapt=adapt)
        if not directory.capabilities.is_writable:
            raise ConfigError(f"state: {shown} can only be read")
        above = None
        parent, _, last = place.rpartition("/")
        if last == ".syncfs":  # our own directory, in a root that may be there without it
            above = resolve(parent, options=options, side="state", adapt=adapt)
        return cls(shown, directory, name, above)

    def fetch(self, path: str) -> Version:
        """Copy the file to a local path.

        Returns:
            Its version; `ABSENT`, and no local file, where there is none.
        """
        with self._told():
            return self._tried(lambda: self._fetched(path))

    def publish(self, path: str, expect: Version) -> Version:
        """Put a local file, stamped by `stamped`, in the file's place.

        Args:
            path: The local file.
            expect: Which version stands there; `ABSENT` for none.

        Returns:
            The version that stands there now.

        Raises:
            MovedError: Another version stood there, or came right after; nothing of it was overwritten.
        """
        with open(path, "rb") as file:
            own = _version_of(file.read(_HEADER_BYTES))

        def put() -> Version:
            found = self._look()
            if found[1] == own:
                return own  # of an earlier try, whose answer was lost
            if found[1] != expect:
                raise MovedError
            with open(path, "rb") as file:
                content = Content(size_bytes=os.path.getsize(path), chunks=_chunks(file))
                token = f"{os.getpid():x}x{random.getrandbits(32):x}-{next(_numbers)}"
                # It may be our own write that stands there, sent once more because its answer was lost.
                with suppress(StaleEntryError):
                    self.directory.write(self.name, content, expect=found[0], token=token)
            if self._look()[1] != own:
                raise MovedError  # somebody was faster
            return own

        with self._told():
            if expect == ABSENT:
                self._make_directory()
            return self._tried(put)

    def set_aside(self, suffix: str) -> str:
        """Rename the file, which is damaged; nothing is deleted.

        Returns:
            Its new URL.
        """
        with self._told():
            entry = self.directory.stat(self.name)
            number = 1
            while self.directory.stat(aside := f"{self.name}.{suffix}-{number}") is not None:
                number += 1
            if entry is not None:
                self.directory.move(self.name, aside, expect=entry)
            return f"{self.url}.{suffix}-{number}"

    def _fetched(self, path: str) -> Version:
        try:
            self.directory.check_root()
        except EndpointUnavailableError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return ABSENT
            raise
        for _ in range(TRIES):
            entry = self.directory.stat(self.name)
            if entry is None:
                return ABSENT
            try:
                with self.directory.open(self.name) as source, open(path, "wb") as target:
                    shutil.copyfileobj(source, target, CHUNK_BYTES)
            except FileNotFoundError:
                continue
            if entry == self.directory.stat(self.name) and entry.size_bytes in (None, os.path.getsize(path)):
                with open(path, "rb") as file:
                    return _version_of(file.read(_HEADER_BYTES))
        raise TimeoutError(errno.ETIMEDOUT, "it changes faster than it can be read")

    def _look(self) -> tuple[Entry | None, Version]:
        """What stands there: first its entry, so that a write which expects that has seen this version."""
        entry = self.directory.stat(self.name)
        if entry is None:
            return None, ABSENT
        try:
            with self.directory.open(self.name) as file:
                return entry, _version_of(file.read(_HEADER_BYTES))
        except FileNotFoundError:
            return None, ABSENT

    def _make_directory(self) -> None:
        try:
            self.directory.check_root()
        except EndpointUnavailableError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            if self._above is not None:
                try:
                    self._above.check_root()
                except EndpointUnavailableError:
                    self._above.make_root()
            self.directory.make_root()
            self.directory.check_root()

    def _tried(self, action: Callable[[], T]) -> T:
        """Do something that may be done again, a few times."""
        for attempt in range(1, TRIES + 1):
            try:
                return action()
            except (OSError, SyncfsError) as error:
                if attempt == TRIES or not _may_pass(error):
                    raise
                time.sleep(between(0.05, 0.5))
        raise AssertionError("unreachable: the last try returns or raises")

    def _told(self) -> _Told:
        return _Told(self.url)


@dataclass(frozen=True, slots=True)
class _Told:
    """Turns what a place raises into `StoreError`."""

    url: str

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ConfigError | StoreError) or not isinstance(error, OSError | SyncfsError):
            return
        strerror = (
            error.strerror if isinstance(error, OSError) and not isinstance(error, SyncfsError) else None
        )
        failure = StoreError(f"the state {self.url}: {redact(str(strerror or error))}")
        failure.retryable = _may_pass(error)
        raise failure from error


def stamped(connection: sqlite3.Connection, path: str) -> None:
    """Write a consistent copy of an open database to a new file, at rest, as a version of its own."""
    with closing(sqlite3.connect(path, isolation_level=None)) as copy:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE").fetchone()  # one file, without others beside it
        for pragma in ("user_version", "application_id"):
            copy.execute(f"PRAGMA {pragma} = {random.SystemRandom().getrandbits(31)}")


def _version_of(header: bytes) -> Version:
    """What `stamped` wrote; of something that is no database, its beginning."""
    if not header.startswith(_MAGIC):
        return header or b"empty"
    return header[_USER_VERSION] + header[_APPLICATION_ID]


def _chunks(file: Any) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, ConnectionError | TimeoutError) or bool(getattr(error, "retryable", False))
