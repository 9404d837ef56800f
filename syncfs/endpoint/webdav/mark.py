"""Recognise the body of a listing without reading it: a hash of its bytes proves that it says the same.

A third of the cost of parsing it. A body that shows a weak entity tag bears no mark: Apache calls the tags
of what is younger than two seconds weak, so that the same files soon show another body.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b

__all__ = ["AsMarkedError", "MarkedBody", "UnkeptError"]

KEPT_BYTES = 4 << 20
"""So much of a body is kept until it is known whether it must be parsed: some 6,000 entries."""
MOST_BYTES = 256 << 20
"""No body is read beyond this for the sake of its hash; the parser has a bound of its own."""

_WEAK = (b'W/"', b"W/&quot;")
_LONGEST = max(map(len, _WEAK))


class AsMarkedError(Exception):
    """The body still bears the mark that was asked about. Never leaves this package."""


class UnkeptError(Exception):
    """It bears another, and is too large to have been kept: ask again. Never leaves this package."""


class MarkedBody:
    """A body on its way to the parser; gives its pieces once.

    Args:
        pieces: The body as it arrives.
        unless: A mark; where the body still bears it, AsMarkedError is raised instead of any piece.
    """

    def __init__(self, pieces: Iterable[bytes], unless: bytes | None = None) -> None:
        self._pieces = pieces
        self._unless = unless
        self._hash = blake2b(digest_size=16)
        self._is_weak = False
        self._end = b""

    def __iter__(self) -> Iterator[bytes]:
        """Give the pieces.

        Raises:
            AsMarkedError: There is no need to.
            UnkeptError: They are gone.
        """
        return iter(self._passing() if self._unless is None else self._kept())

    @property
    def mark(self) -> bytes | None:
        """The mark of a body that has passed; None when it will soon be another one."""
        return None if self._is_weak else self._hash.digest()

    def _passing(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._hash.update(piece)
            seen = self._end + piece
            self._is_weak = self._is_weak or any(each in seen for each in _WEAK)
            self._end = seen[-_LONGEST:]
            yield piece

    def _kept(self) -> list[bytes]:
        kept: list[bytes] = []
        size_bytes = 0
        for piece in self._passing():
            size_bytes += len(piece)
            if size_bytes <= KEPT_BYTES:
                kept.append(piece)
            elif size_bytes > MOST_BYTES:
                raise UnkeptError
        if self._hash.digest() == self._unless:
            raise AsMarkedError
        if size_bytes > KEPT_BYTES:
            raise UnkeptError
        return kept
