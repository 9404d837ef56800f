"""How two files are judged to be the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any, BinaryIO, ClassVar, Self

from syncfs.core.capabilities import Capabilities
from syncfs.core.compare import Comparator, ContentComparator, Openers, Verdict
from syncfs.core.entry import Entry
from syncfs.plugin import hookimpl
from syncfs.plugin.options import IS_OPTION

__all__ = ["Auto", "Content", "Digest", "Etag", "Mtime", "NewerOrSize", "Size", "syncfs_comparators"]

_CHUNK_BYTES = 1 << 20


def _bound(default: Any) -> Any:
    """A field that `bind` sets, so no option of the user's."""
    return field(default=default, metadata={IS_OPTION: False})


def _by_size(left: Entry, right: Entry) -> Verdict:
    if left.size_bytes is None or right.size_bytes is None:
        return Verdict.UNKNOWN
    return Verdict.SAME if left.size_bytes == right.size_bytes else Verdict.DIFFERENT


def _by_digest(left: Entry, right: Entry) -> Verdict:
    """Unlike algorithms say nothing."""
    if left.digest is None or right.digest is None:
        return Verdict.UNKNOWN
    if left.digest.partition(":")[0] != right.digest.partition(":")[0]:
        return Verdict.UNKNOWN
    return Verdict.SAME if left.digest == right.digest else Verdict.DIFFERENT


def _by_mtime(left: Entry, right: Entry, grain_ns: int | None) -> Verdict:
    """UNKNOWN where a side does not keep mtimes, which a grain of None says."""
    if grain_ns is None or left.mtime_ns is None or right.mtime_ns is None:
        return Verdict.UNKNOWN
    return Verdict.SAME if abs(left.mtime_ns - right.mtime_ns) < grain_ns else Verdict.DIFFERENT


def _by_etag(left: Entry, right: Entry, is_comparable: bool) -> Verdict:
    """SAME or UNKNOWN: equal content may have unlike tags."""
    if is_comparable and left.etag is not None and left.etag == right.etag:
        return Verdict.SAME
    return Verdict.UNKNOWN


def _grain_ns(left: Capabilities, right: Capabilities) -> int:
    return max(left.mtime_grain_ns, right.mtime_grain_ns, 1)


def _kept_grain_ns(left: Capabilities, right: Capabilities) -> int | None:
    return _grain_ns(left, right) if left.keeps_mtime and right.keeps_mtime else None


def _share_etags(left: Capabilities, right: Capabilities) -> bool:
    return left.etag_space is not None and left.etag_space == right.etag_space


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """Pieces of equal size whatever a single read gives, but for the last."""
    while True:
        chunk = file.read(_CHUNK_BYTES)
        while chunk and len(chunk) < _CHUNK_BYTES and (more := file.read(_CHUNK_BYTES - len(chunk))):
            chunk += more
        if not chunk:
            return
        yield chunk


def _by_content(openers: Openers) -> Verdict:
    with openers.left() as left, openers.right() as right:
        is_same = all(mine == theirs for mine, theirs in zip_longest(_chunks(left), _chunks(right)))
    return Verdict.SAME if is_same else Verdict.DIFFERENT


_COMPUTABLE = ("sha256", "sha512", "sha1", "md5")


def _by_told_digest(left: Entry, right: Entry, openers: Openers) -> Verdict:
    """Judge by content, reading only the other side where one tells a digest that can be computed here."""
    told = [(entry.digest or "").partition(":")[0] for entry in (left, right)]
    algorithm = next((each for each in _COMPUTABLE if each in told), None)
    if algorithm is None:
        return _by_content(openers)
    digests = []
    for entry, name, opener in zip((left, right), told, (openers.left, openers.right), strict=True):
        if name == algorithm:
            digests.append(entry.digest)
            continue
        with opener() as file:
            digest = hashlib.file_digest(file, algorithm)  # type: ignore[arg-type]
        digests.append(f"{algorithm}:{digest.hexdigest()}")
    return Verdict.SAME if digests[0] == digests[1] else Verdict.DIFFERENT


@dataclass(frozen=True, slots=True)
class _Plain:
    """What comparators without options share."""


@dataclass(frozen=True, slots=True)
class Auto:
    """Digests or tags where comparable, then size, then mtimes where both sides keep them, then content.

    Attributes:
        grain_ns: The coarser grain of both sides' mtimes; None when not both sides keep them. `bind` sets it.
        etags: Whether the sides' entity tags are comparable. `bind` sets it.
    """

    name: ClassVar[str] = "auto"
    needs_content: ClassVar[bool] = True
    grain_ns: int | None = _bound(None)
    etags: bool = _bound(False)

    def bind(self, left: Capabilities, right: Capabilities) -> Self:
        """The same comparator, knowing the sides."""
        return replace(self, grain_ns=_kept_grain_ns(left, right), etags=_share_etags(left, right))

    def compare(self, left: Entry, right: Entry, openers: Openers | None = None) -> Verdict:
        """Judge by what costs least."""
        if (verdict := _by_digest(left, right)) is not Verdict.UNKNOWN:
            return verdict
        size = _by_size(left, right)
        if size is Verdict.DIFFERENT:
            return size
        if _by_etag(left, right, self.etags) is Verdict.SAME:
            return Verdict.SAME
        # Unlike mtimes prove nothing: a copy by another tool, or a touch.
        if size is Verdict.SAME and _by_mtime(left, right, self.grain_ns) is Verdict.SAME:
            return Verdict.SAME
        return Verdict.UNKNOWN if openers is None else _by_told_digest(left, right, openers)


class Size(_Plain):
    """Same when the sizes are equal: fast, and blind for an edit that keeps the size."""

    __slots__ = ()
    name: ClassVar[str] = "size"

    def compare(self, left: Entry, right: Entry) -> Verdict:
        """Judge by size."""
        return _by_size(left, right)


@dataclass(frozen=True, slots=True)
class Mtime:
    """Same when sizes and modification times are equal; for sides that both keep times.

    Attributes:
        grain_ns: As in `Auto`.
    """

    name: ClassVar[str] = "mtime"
    grain_ns: int | None = _bound(None)

    def bind(self, left: Capabilities, right: Capabilities) -> Self:
        """The same comparator, knowing the sides."""
        return replace(self, grain_ns=_kept_grain_ns(left, right))

    def compare(self, left: Entry, right: Entry) -> Verdict:
        """Judge by size and mtime: either one being unlike is enough."""
        verdicts = {_by_size(left, right), _by_mtime(left, right, self.grain_ns)}
        if Verdict.DIFFERENT in verdicts:
            return Verdict.DIFFERENT
        return Verdict.UNKNOWN if Verdict.UNKNOWN in verdicts else Verdict.SAME


@dataclass(frozen=True, slots=True)
class Etag:
    """Same when the entity tags are equal; for two places in one store.

    Attributes:
        etags: As in `Auto`.
    """

    name: ClassVar[str] = "etag"
    etags: bool = _bound(False)

    def bind(self, left: Capabilities, right: Capabilities) -> Self:
        """The same comparator, knowing the sides."""
        return replace(self, etags=_share_etags(left, right))

    def compare(self, left: Entry, right: Entry) -> Verdict:
        """Judge by size and entity tag."""
        if _by_size(left, right) is Verdict.DIFFERENT:
            return Verdict.DIFFERENT
        return _by_etag(left, right, self.etags)


class Digest(_Plain):
    """Same when the content's digests are equal, as the sides tell them or as SHA-256 of both."""

    __slots__ = ()
    name: ClassVar[str] = "digest"
    needs_content: ClassVar[bool] = True

    def compare(self, left: Entry, right: Entry, openers: Openers | None = None) -> Verdict:
        """Judge by digest; reads only the sides that do not tell theirs."""
        if (verdict := _by_digest(left, right)) is not Verdict.UNKNOWN:
            return verdict
        if _by_size(left, right) is Verdict.DIFFERENT:
            return Verdict.DIFFERENT
        if openers is None:
            return Verdict.UNKNOWN
        digests = []
        for entry, opener in ((left, openers.left), (right, openers.right)):
            if entry.digest is not None and entry.digest.startswith("sha256:"):
                digests.append(entry.digest)
                continue
            with opener() as file:
                digest = hashlib.sha256(usedforsecurity=False)
                for chunk in _chunks(file):
                    digest.update(chunk)
            digests.append(f"sha256:{digest.hexdigest()}")
        return Verdict.SAME if digests[0] == digests[1] else Verdict.DIFFERENT


class Content(_Plain):
    """Same when every byte is; reads both sides whatever they tell."""

    __slots__ = ()
    name: ClassVar[str] = "content"
    needs_content: ClassVar[bool] = True

    def compare(self, left: Entry, right: Entry, openers: Openers | None = None) -> Verdict:
        """Judge by content; unlike sizes need no reading."""
        if _by_size(left, right) is Verdict.DIFFERENT:
            return Verdict.DIFFERENT
        return Verdict.UNKNOWN if openers is None else _by_content(openers)


@dataclass(frozen=True, slots=True)
class NewerOrSize:
    """Different when the sizes are, or when the source is newer; never reads. One-way only.

    The two mtimes are compared as they are: it is right only as far as both clocks are.

    Attributes:
        grain_ns: The coarser grain of both sides' mtimes. `bind` sets it.
    """

    name: ClassVar[str] = "newer-or-size"
    directed: ClassVar[bool] = True
    grain_ns: int = _bound(1)

    def bind(self, left: Capabilities, right: Capabilities) -> Self:
        """The same comparator, knowing the sides."""
        return replace(self, grain_ns=_grain_ns(left, right))

    def compare(self, left: Entry, right: Entry) -> Verdict:
        """Judge the source (`left`) and the target (`right`)."""
        size = _by_size(left, right)
        if size is Verdict.DIFFERENT:
            return size
        if left.mtime_ns is None or right.mtime_ns is None:
            return Verdict.UNKNOWN
        if left.mtime_ns - right.mtime_ns > self.grain_ns:
            return Verdict.DIFFERENT
        return size


@hookimpl
def syncfs_comparators() -> Iterator[type[Comparator | ContentComparator]]:
    """Register them."""
    yield from (Auto, Size, Mtime, Etag, Digest, Content, NewerOrSize)
