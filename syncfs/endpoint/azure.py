"""A directory in a container of Azure's blob storage, whose writes are conditional."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from syncfs.core.entry import Entry
from syncfs.endpoint.blobs import BlobConnection, only, only_new
from syncfs.endpoint.conditional import conditional
from syncfs.endpoint.connection import part_bytes
from syncfs.endpoint.endpoint import Content
from syncfs.endpoint.generic import GenericEndpoint, Placed
from syncfs.endpoint.put import parts_of
from syncfs.errors import StaleEntryError

__all__ = ["AzureEndpoint"]


class AzureEndpoint(GenericEndpoint):
    """See `Endpoint`. Conditions are part of the service's protocol, so nothing has to be found out.

    A condition is worth a look before, and the reply to a write one after it: an edit or a removal takes one
    request, a new file two, since no condition tells of a directory of that name.
    """

    _connection: BlobConnection
    _connects = BlobConnection

    def __init__(self, fs: Any, path: str = "") -> None:
        super().__init__(fs, path)
        self.capabilities = replace(self.capabilities, creates_exclusively=True, replaces_exclusively=True)

    def __repr__(self) -> str:
        return f"AzureEndpoint({self.url!r})"

    def remove_directory(self, path: str) -> None:
        """Remove a directory that is empty, with what stands for it."""
        super().remove_directory(path)
        self._connection.remove_stub(self._full(path), path)

    def _place(
        self, path: str, content: Content, demand: Callable[[], None], *, expect: Entry | None, token: str
    ) -> Placed:
        full, condition = self._full(path), only_new() if expect is None else only(expect.etag)
        size_bytes = part_bytes(content.size_bytes)
        parts = parts_of(content, size_bytes, path)
        if content.size_bytes <= size_bytes:
            body = b"".join(parts)
            with conditional(path):
                return Placed(entry=self._connection.put(full, path, body, **condition))
        digest = hashlib.md5(usedforsecurity=False)
        blocks = []
        for part in parts:
            digest.update(part)
            blocks.append(uuid.uuid4().hex)
            self._connection.stage(full, path, blocks[-1], part)
        # Nothing has to be given up when it ends before: what is not published is gone after a week.
        with conditional(path):
            made = self._connection.publish(
                full, path, blocks, content.size_bytes, digest.digest(), **condition
            )
        return Placed(entry=made)

    def _take(self, path: str, expect: Entry) -> None:
        with _of_one_version(path):
            self._connection.remove(self._full(path), path, **only(expect.etag))

    def _move_file(self, path: str, to: str, expect: Entry) -> None:
        """Copy and remove. Whatever goes wrong between the two leaves both."""
        conditions = {**only(expect.etag, "source_"), **only_new()}
        with _of_one_version(path):
            self._connection.copy(self._full(path), self._full(to), path, **conditions)
        self._take(path, expect)

    def _demand(self, path: str, expect: Entry | None) -> None:
        """Look at what no condition guards: a directory, and whether one stands where a blob is to be."""
        if expect is None and self._connection.has_below(self._full(path), path):
            raise StaleEntryError(f"{path}: a directory is there now", path=path)
        if expect is not None and expect.etag is None:
            super()._demand(path, expect)


@contextmanager
def _of_one_version(path: str) -> Iterator[None]:
    """A request that needs one version of a blob, whose absence is told as a stale entry, too."""
    with conditional(path):
        try:
            yield
        except FileNotFoundError:
            raise StaleEntryError(f"{path}: is gone", path=path) from None
