"""An endpoint between the engine and a real one: counts, lets things go wrong, gives names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

from syncfs.core.capabilities import Capabilities
from syncfs.core.entry import Entry, Written
from syncfs.core.listing import Listing
from syncfs.endpoint.endpoint import Content, Endpoint, Source

Hook = Callable[[str, str, bool], None]
"""Called with a method's name, its path, and whether it is over."""
Rewrite = Callable[[str, Listing], Listing]
"""Called with a directory and its listing; gives what the engine sees."""

WRITES = frozenset({"write", "make_root", "make_directory", "remove_file", "remove_directory", "move"})


class Wrapped:
    """Passes every call on.

    Args:
        inner: The real endpoint.
        identity: A name for what has none.
        hook: Called around every call.
        rewrite: Sees every listing.
        traits: Capabilities that the engine is told instead of the real ones.
    """

    def __init__(
        self,
        inner: Endpoint,
        *,
        identity: str | None = None,
        hook: Hook = lambda call, path, over: None,
        rewrite: Rewrite = lambda path, listing: listing,
        traits: dict[str, Any] | None = None,
    ) -> None:
        self.inner, self.hook, self.rewrite = inner, hook, rewrite
        self._identity = identity or inner.identity
        self._traits = traits or {}

    @property
    def url(self) -> str:
        return self.inner.url

    @property
    def identity(self) -> str | None:
        return self._identity

    @property
    def capabilities(self) -> Capabilities:
        return replace(self.inner.capabilities, **self._traits)

    @contextmanager
    def _around(self, call: str, path: str) -> Iterator[None]:
        self.hook(call, path, False)
        yield
        self.hook(call, path, True)

    def check_root(self) -> str | None:
        return self.inner.check_root()

    def make_root(self) -> None:
        with self._around("make_root", ""):
            self.inner.make_root()

    def list(self, path: str) -> Listing:
        with self._around("list", path):
            listing = self.inner.list(path)
        return self.rewrite(path, listing)

    def stat(self, path: str) -> Entry | None:
        with self._around("stat", path):
            return self.inner.stat(path)

    def read(self, path: str, expect: Entry) -> AbstractContextManager[Source]:
        return self._read(path, expect)

    @contextmanager
    def _read(self, path: str, expect: Entry) -> Iterator[Source]:
        with self._around("read", path), self.inner.read(path, expect) as source:
            yield _Source(source, path, self.hook)

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        return self.inner.open(path)

    def write(self, path: str, content: Content, *, expect: Entry | None, token: str) -> Entry | Written:
        with self._around("write", path):
            return self.inner.write(path, content, expect=expect, token=token)

    def make_directory(self, path: str) -> None:
        with self._around("make_directory", path):
            self.inner.make_directory(path)

    def remove_file(self, path: str, *, expect: Entry) -> None:
        with self._around("remove_file", path):
            self.inner.remove_file(path, expect=expect)

    def remove_directory(self, path: str) -> None:
        with self._around("remove_directory", path):
            self.inner.remove_directory(path)

    def move(self, path: str, to: str, *, expect: Entry) -> Entry | Written | None:
        with self._around("move", path):
            return self.inner.move(path, to, expect=expect)

    def remove_leftover(self, path: str) -> None:
        self.inner.remove_leftover(path)

    def flush(self) -> None:
        self.inner.flush()

    def free_bytes(self) -> int | None:
        return self.inner.free_bytes()


class _Source:
    """A source that tells when it is read."""

    def __init__(self, inner: Source, path: str, hook: Hook) -> None:
        self.inner, self.path, self.hook = inner, path, hook
        self.size_bytes, self.mode = inner.size_bytes, inner.mode

    def chunks(self) -> Iterator[bytes]:
        self.hook("chunk", self.path, False)
        for chunk in self.inner.chunks():
            yield chunk
            self.hook("chunk", self.path, False)

    @property
    def is_racy(self) -> bool:
        return self.inner.is_racy
