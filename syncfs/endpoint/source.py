"""Read a file of an fsspec filesystem for a copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from syncfs.core.entry import Entry
from syncfs.endpoint.endpoint import CHUNK_BYTES, Endpoint
from syncfs.errors import StaleEntryError, VerificationError

__all__ = ["GenericSource"]


class GenericSource:
    """An opened file of an fsspec filesystem; see `Source`."""

    mode: int | None = None

    def __init__(
        self,
        endpoint: Endpoint,
        file: BinaryIO,
        path: str,
        expect: Entry,
        is_racy: bool,
    ) -> None:
        self.size_bytes = expect.size_bytes or 0
        self.is_racy = is_racy
        self._endpoint = endpoint
        self._file = file
        self._path = path
        self._expect = expect

    def chunks(self) -> Iterator[bytes]:
        """Yield the content, one piece behind what is read, so that the last one can be held back."""
        held = b""
        count = 0
        while count < self.size_bytes:
            read = self._file.read(min(CHUNK_BYTES, self.size_bytes - count))
            if not read:
                break
            if held:
                yield held
            held = read
            count += len(read)
        if self._endpoint.stat(self._path) != self._expect:
            raise StaleEntryError(f"{self._path}: changed while it was read", path=self._path)
        if count != self.size_bytes:
            raise VerificationError(
                f"{self._path}: ended after {count} of {self.size_bytes} bytes", path=self._path
            )
        if held:
            yield held
