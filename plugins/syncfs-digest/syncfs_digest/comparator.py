"""The comparator."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import BinaryIO, ClassVar, Protocol, Self

from syncfs.core import Capabilities, Entry, Openers, Verdict
from syncfs.errors import ConfigError
from syncfs.plugin import hookimpl
from syncfs_digest.cache import cache_at, default_path

__all__ = ["CachedDigest", "Clock", "syncfs_comparators"]

_CHUNK_BYTES = 1 << 20
_SLACK_NS = 10**9
"""Beyond the grain: for clocks that drift, and for kernels whose file times lag by a tick."""
_UNMEASURED_NS = 2 * 24 * 3600 * 10**9


class _Hasher(Protocol):
    def update(self, data: bytes, /) -> object: ...

    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Clock:
    """What is known of one side's clock.

    Attributes:
        grain_ns: The finest difference between two mtimes that the side shows.
        skew_ns: Its clock minus ours; None when it was not measured.
    """

    grain_ns: int = 0
    skew_ns: int | None = None

    def has_passed(self, time_ns: int, now_ns: int) -> bool:
        """Whether a change made from now on gets a later time than `time_ns`; `now_ns` is by our clock."""
        if self.skew_ns is None:
            return time_ns + _UNMEASURED_NS < now_ns
        return time_ns + self.grain_ns + _SLACK_NS < now_ns + self.skew_ns


@dataclass(frozen=True, slots=True)
class CachedDigest:
    """Same when the content's digests are equal; digests are remembered while a file stays unchanged.

    Attributes:
        algorithm: `xxh3_128`, `blake3`, or one that hashlib always has.
        cache: The cache's file; None for the one in the user's cache directory.
        clocks: The left and the right side's. `bind` sets them.

    Raises:
        ConfigError: The algorithm is unknown, or its package is missing.
    """

    name: ClassVar[str] = "cached-digest"
    needs_content: ClassVar[bool] = True
    algorithm: str = "xxh3_128"
    cache: str | None = None
    clocks: tuple[Clock, Clock] = (Clock(), Clock())

    def __post_init__(self) -> None:
        _hasher(self.algorithm)

    def bind(self, left: Capabilities, right: Capabilities) -> Self:
        """The same comparator, knowing the sides' clocks."""
        clocks = (
            Clock(left.mtime_grain_ns, left.clock_skew_ns),
            Clock(right.mtime_grain_ns, right.clock_skew_ns),
        )
        return replace(self, clocks=clocks)

    def compare(self, left: Entry, right: Entry, openers: Openers | None = None) -> Verdict:
        """Judge by digest; reads only the sides that neither tell theirs nor are remembered."""
        if None not in (left.digest, right.digest) and _algorithm_of(left) == _algorithm_of(right):
            return Verdict.SAME if left.digest == right.digest else Verdict.DIFFERENT
        if None not in (left.size_bytes, right.size_bytes) and left.size_bytes != right.size_bytes:
            return Verdict.DIFFERENT
        if openers is None:
            return Verdict.UNKNOWN
        is_same = self._digest(left, openers.left, openers.left_key, self.clocks[0]) == self._digest(
            right, openers.right, openers.right_key, self.clocks[1]
        )
        return Verdict.SAME if is_same else Verdict.DIFFERENT

    def _digest(
        self,
        entry: Entry,
        opener: Callable[[], AbstractContextManager[BinaryIO]],
        key: str | None,
        clock: Clock,
    ) -> str:
        if entry.digest is not None and _algorithm_of(entry) == self.algorithm:
            return entry.digest
        fingerprint = _fingerprint(entry, clock, time.time_ns())
        if key is None or fingerprint is None:
            return self._read(opener)[0]
        cache = cache_at(self.cache or default_path())
        remembered = cache.get(key, self.algorithm, fingerprint)
        if remembered is not None:
            return remembered
        digest, size_bytes = self._read(opener)
        if size_bytes == entry.size_bytes:  # else it is another file by now
            cache.put(key, self.algorithm, fingerprint, digest)
        return digest

    def _read(self, opener: Callable[[], AbstractContextManager[BinaryIO]]) -> tuple[str, int]:
        hasher, size_bytes = _hasher(self.algorithm), 0
        with opener() as file:
            while chunk := file.read(_CHUNK_BYTES):
                hasher.update(chunk)
                size_bytes += len(chunk)
        return f"{self.algorithm}:{hasher.hexdigest()}", size_bytes


def _algorithm_of(entry: Entry) -> str:
    return (entry.digest or "").partition(":")[0]


def _fingerprint(entry: Entry, clock: Clock, now_ns: int) -> str | None:
    """All that the side shows of a file; None where a change could hide behind it."""
    if entry.size_bytes is None or entry.mtime_ns is None or (entry.etag is None and entry.ctime_ns is None):
        return None
    if not clock.has_passed(max(entry.mtime_ns, entry.ctime_ns or entry.mtime_ns), now_ns):
        return None
    return json.dumps([entry.size_bytes, entry.mtime_ns, entry.etag, entry.file_id, entry.ctime_ns])


def _hasher(algorithm: str) -> _Hasher:
    if algorithm == "xxh3_128":
        import xxhash

        return xxhash.xxh3_128()
    if algorithm == "blake3":
        try:
            from blake3 import blake3
        except ImportError:
            raise ConfigError(
                "cached-digest: blake3 is not installed: pip install 'syncfs-digest[blake3]'"
            ) from None
        return blake3()
    # The shake algorithms have no digest of a length of their own.
    known = sorted(each for each in hashlib.algorithms_guaranteed if not each.startswith("shake"))
    if algorithm not in known:
        raise ConfigError(
            f"cached-digest: no algorithm is named {algorithm!r}; known: xxh3_128, blake3, {', '.join(known)}"
        )
    return hashlib.new(algorithm, usedforsecurity=False)


@hookimpl
def syncfs_comparators() -> Iterator[type[CachedDigest]]:
    """Register it."""
    yield CachedDigest
