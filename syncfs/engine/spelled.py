"""An endpoint, or a base, that calls some names otherwise than the run does.

Where a side folds names, the sides and the base may spell one name in different ways. The core knows one
spelling only; here it is turned into the one that the side itself uses, path component by component.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO

from syncfs.core.base import Record
from syncfs.core.capabilities import Capabilities
from syncfs.core.entry import Entry, Written
from syncfs.core.listing import Listing
from syncfs.core.paths import join, split
from syncfs.endpoint.endpoint import Content, DwellingEndpoint, Endpoint, Source, TurnTakingEndpoint
from syncfs.errors import StaleEntryError
from syncfs.store.store import Records

__all__ = ["SpelledEndpoint", "SpelledRecords", "Spellings"]


class Spellings:
    """Which paths a side calls otherwise; grows while the walk meets them."""

    def __init__(self) -> None:
        self._actual: dict[str, str] = {}

    def note(self, path: str, actual_name: str) -> None:
        """Note that the last name of a path is another one here."""
        self._actual[path] = actual_name

    @property
    def known(self) -> dict[str, str]:
        """Path to last name here, for every path that was noted."""
        return dict(self._actual)

    def of(self, path: str) -> str:
        """What this side calls a path."""
        if not self._actual:
            return path
        actual = common = ""
        for name in path.split("/") if path else ():
            common = join(common, name)
            actual = join(actual, self._actual.get(common, name))
        return actual

    def new(self, path: str) -> str:
        """What this side will call a path that is about to be made: only its directories are known."""
        directory, name = split(path)
        return join(self.of(directory), name)


class SpelledEndpoint:
    """An `Endpoint` that knows its own spellings."""

    def __init__(self, inner: Endpoint) -> None:
        self.inner = inner
        self.spellings = Spellings()

    @property
    def url(self) -> str:
        """See `Endpoint`."""
        return self.inner.url

    @property
    def identity(self) -> str | None:
        """See `Endpoint`."""
        return self.inner.identity

    @property
    def capabilities(self) -> Capabilities:
        """See `Endpoint`."""
        return self.inner.capabilities

    def check_root(self) -> str | None:
        """See `Endpoint`."""
        return self.inner.check_root()

    def dwelling(self) -> AbstractContextManager[None]:
        """See `DwellingEndpoint`."""
        return self.inner.dwelling() if isinstance(self.inner, DwellingEndpoint) else nullcontext()

    def turn(self, cancel: threading.Event) -> AbstractContextManager[None]:
        """See `TurnTakingEndpoint`."""
        return self.inner.turn(cancel) if isinstance(self.inner, TurnTakingEndpoint) else nullcontext()

    def make_root(self) -> None:
        """See `Endpoint`."""
        self.inner.make_root()

    def list(self, path: str) -> Listing:
        """List under this side's own names."""
        return self.inner.list(self.spellings.of(path))

    def stat(self, path: str) -> Entry | None:
        """See `Endpoint`."""
        return self.inner.stat(self.spellings.of(path))

    def read(self, path: str, expect: Entry) -> AbstractContextManager[Source]:
        """See `Endpoint`."""
        return self.inner.read(self.spellings.of(path), expect)

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """See `Endpoint`."""
        return self.inner.open(self.spellings.of(path))

    def write(self, path: str, content: Content, *, expect: Entry | None, token: str) -> Entry | Written:
        """See `Endpoint`."""
        return self.inner.write(self.spellings.of(path), content, expect=expect, token=token)

    def make_directory(self, path: str) -> None:
        """See `Endpoint`."""
        self.inner.make_directory(self.spellings.of(path))

    def remove_file(self, path: str, *, expect: Entry) -> None:
        """See `Endpoint`."""
        self.inner.remove_file(self.spellings.of(path), expect=expect)

    def remove_directory(self, path: str) -> None:
        """See `Endpoint`."""
        self.inner.remove_directory(self.spellings.of(path))

    def move(self, path: str, to: str, *, expect: Entry) -> Entry | Written | None:
        """Rename; where only the spelling changes, in two steps.

        A side that folds names takes both spellings for one file, which then stands in its own way. The
        name in between is no temporary one: should the run die there, the next one finds a file.
        """
        actual, new = self.spellings.of(path), self.spellings.new(to)
        if path.casefold() != to.casefold():
            return self.inner.move(actual, new, expect=expect)
        between = f"{new}.renaming"
        self.inner.move(actual, between, expect=expect)
        entry = self.inner.stat(between)
        if entry is None:
            raise StaleEntryError("went away while it was renamed", path=path)
        moved = self.inner.move(between, new, expect=entry)
        self.spellings.note(path, split(to)[1])
        return moved

    def remove_leftover(self, path: str) -> None:
        """See `Endpoint`."""
        self.inner.remove_leftover(self.spellings.of(path))

    def free_bytes(self) -> int | None:
        """See `Endpoint`."""
        return self.inner.free_bytes()

    def flush(self) -> None:
        """See `Endpoint`."""
        self.inner.flush()


class SpelledRecords:
    """`Records` that keep the names under which they were first made."""

    def __init__(self, inner: Records) -> None:
        self.inner = inner
        self.spellings = Spellings()

    def load(self, directory: str) -> Mapping[str, Record]:
        """Load under the names that the records have."""
        return self.inner.load(self.spellings.of(directory))

    def load_tree(self, directory: str) -> Iterator[tuple[str, Record]]:
        """See `Records`; paths are the records' own."""
        return self.inner.load_tree(self.spellings.of(directory))

    def record(self, changes: Iterable[tuple[str, Record | None]]) -> None:
        """See `Records`."""
        self.inner.record([(self.spellings.of(path), record) for path, record in changes])
