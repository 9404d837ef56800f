"""The comparator."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO, ClassVar, Self

from syncfs.core import Capabilities, Entry, Openers, Verdict
from syncfs.endpoint.endpoint import Endpoint
from syncfs.endpoint.webdav import WebdavEndpoint
from syncfs.errors import ConfigError
from syncfs.plugin import hookimpl
from syncfs_digest.cache import cache_at, default_path
from syncfs_digest.hasher import hasher_of
from syncfs_digest.noted import NotedEndpoint

__all__ = ["CachedDigest", "Clock", "StoredDigest", "syncfs_comparators"]

_CHUNK_BYTES = 1 << 20
_SLACK_NS = 10**9
"""Beyond the grain: for clocks that drift, and for kernels whose file times lag by a tick."""
_UNMEASURED_NS = 2 * 24 * 3600 * 10**9


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
        hasher_of(self.algorithm)

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
        # What one side tells need not be read there: the other one is digested in the same way.
        told = [_algorithm_of(entry) for entry in (left, right)]
        algorithm = next((each for each in (self.algorithm, *told) if each in told and _is_known(each)), "")
        algorithm = algorithm or self.algorithm
        is_same = self._digest(
            left, openers.left, openers.left_key, self.clocks[0], algorithm
        ) == self._digest(right, openers.right, openers.right_key, self.clocks[1], algorithm)
        return Verdict.SAME if is_same else Verdict.DIFFERENT

    def _digest(
        self,
        entry: Entry,
        opener: Callable[[], AbstractContextManager[BinaryIO]],
        key: str | None,
        clock: Clock,
        algorithm: str,
    ) -> str:
        if entry.digest is not None and _algorithm_of(entry) == algorithm:
            return entry.digest
        fingerprint = _fingerprint(entry, clock, time.time_ns())
        if key is None or fingerprint is None:
            return _read(opener, algorithm)[0]
        cache = cache_at(self.cache or default_path())
        remembered = cache.get(key, algorithm, fingerprint)
        if remembered is not None:
            return remembered
        digest, size_bytes = _read(opener, algorithm)
        if size_bytes == entry.size_bytes:  # else it is another file by now
            cache.put(key, algorithm, fingerprint, digest)
        return digest


@dataclass(frozen=True, slots=True)
class StoredDigest(CachedDigest):
    """As cached-digest; WebDAV servers keep digests beside their files, for every machine to use."""

    name: ClassVar[str] = "stored-digest"

    @contextmanager
    def attach(self, endpoint: Endpoint, *, may_write: bool) -> Iterator[Endpoint]:
        """The endpoint, telling the digests that its server keeps; what was learnt is stored at the end."""
        if type(endpoint) is not WebdavEndpoint:
            yield endpoint  # another one has ways of its own, or nothing to store a property in
            return
        noted = NotedEndpoint.of(endpoint, self.algorithm, may_write=may_write)
        try:
            yield noted
            noted.store_notes()
        finally:
            noted.leave()


def _read(opener: Callable[[], AbstractContextManager[BinaryIO]], algorithm: str) -> tuple[str, int]:
    hasher, size_bytes = hasher_of(algorithm), 0
    with opener() as file:
        while chunk := file.read(_CHUNK_BYTES):
            hasher.update(chunk)
            size_bytes += len(chunk)
    return f"{algorithm}:{hasher.hexdigest()}", size_bytes


def _is_known(algorithm: str) -> bool:
    try:
        hasher_of(algorithm)
    except ConfigError:
        return False
    return True


def _algorithm_of(entry: Entry) -> str:
    return (entry.digest or "").partition(":")[0]


def _fingerprint(entry: Entry, clock: Clock, now_ns: int) -> str | None:
    """All that the side shows of a file; None where a change could hide behind it."""
    if entry.size_bytes is None or entry.mtime_ns is None or (entry.etag is None and entry.ctime_ns is None):
        return None
    if not clock.has_passed(max(entry.mtime_ns, entry.ctime_ns or entry.mtime_ns), now_ns):
        return None
    return json.dumps([entry.size_bytes, entry.mtime_ns, entry.etag, entry.file_id, entry.ctime_ns])


@hookimpl
def syncfs_comparators() -> Iterator[type[CachedDigest]]:
    """Register it."""
    yield CachedDigest
    yield StoredDigest
