from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import product
from typing import Any, BinaryIO

import pytest

from syncfs.builtins import Auto, Content, Digest, Etag, Mtime, NewerOrSize, Size
from syncfs.core.capabilities import Capabilities
from syncfs.core.compare import Comparator, ContentComparator, Openers, Verdict
from syncfs.core.entry import Entry, Kind

SAME, DIFFERENT, UNKNOWN = Verdict.SAME, Verdict.DIFFERENT, Verdict.UNKNOWN
S = 10**9

LOCAL = Capabilities(keeps_mtime=True, mtime_grain_ns=1)
COARSE = Capabilities(keeps_mtime=True, mtime_grain_ns=2 * S)
WEBDAV = Capabilities(keeps_mtime=False, mtime_grain_ns=S)
BUCKET = Capabilities(keeps_mtime=False, mtime_grain_ns=S, etag_space="s3://store")

SIDES = list(product((LOCAL, COARSE, WEBDAV, BUCKET), repeat=2))
CLASSES: list[type[Any]] = [Auto, Size, Mtime, Etag, Digest, Content, NewerOrSize]

FILES = [
    Entry(Kind.FILE, size, mtime_ns, etag, digest)
    for size in (None, 0, 3)
    for mtime_ns in (None, -5, 100 * S, 101 * S, 2**80)
    for etag in (None, "t")
    for digest in (None, "sha256:aa", "sha256:bb", "md5:aa")
]


def opener(content: bytes, piece: int = 1 << 30) -> Callable[[], AbstractContextManager[BinaryIO]]:
    class Reluctant(io.BytesIO):
        """Gives less than it is asked for, as a socket does."""

        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(piece, size if size is not None and size >= 0 else piece))

    return lambda: Reluctant(content)


def refused() -> AbstractContextManager[BinaryIO]:
    raise AssertionError("it was read")


def bound(kind: type[Any], left: Capabilities, right: Capabilities) -> Any:
    comparator = kind()
    return comparator.bind(left, right) if hasattr(comparator, "bind") else comparator


def file(
    size: int | None = 3, mtime_ns: int | None = None, etag: str | None = None, digest: str | None = None
) -> Entry:
    return Entry(Kind.FILE, size, mtime_ns, etag, digest)


# -- laws --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLASSES)
def test_a_comparator_keeps_to_its_protocol_and_pickles(kind: type[Any]) -> None:
    assert isinstance(kind(), ContentComparator if getattr(kind, "needs_content", False) else Comparator)
    for left, right in SIDES:
        comparator = bound(kind, left, right)
        assert pickle.loads(pickle.dumps(comparator)) == comparator
        assert hash(comparator) == hash(bound(kind, left, right))


@pytest.mark.parametrize("kind", CLASSES)
def test_a_comparator_never_raises_and_never_takes_a_file_for_another_one(kind: type[Any]) -> None:
    for left, right in SIDES:
        comparator = bound(kind, left, right)
        for entry in FILES:
            assert comparator.compare(entry, entry) is not DIFFERENT
            if kind in (Auto, Digest, Content):
                openers = Openers(opener(b"abc"), opener(b"abc"))
                assert comparator.compare(entry, entry, openers) is SAME


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if not getattr(kind, "directed", False)])
def test_a_comparator_does_not_ask_which_side_is_which(kind: type[Any]) -> None:
    assert all(bound(kind, *sides) == bound(kind, *reversed(sides)) for sides in SIDES)
    for comparator in {bound(kind, *sides) for sides in SIDES}:
        for left, right in product(FILES, FILES):
            assert comparator.compare(left, right) is comparator.compare(right, left)


@pytest.mark.parametrize("kind", [Auto, Digest, Content])
def test_what_is_read_is_never_left_unknown(kind: type[Any]) -> None:
    openers = Openers(opener(b"abc"), opener(b"abc"))
    for left, right in product(FILES, FILES):
        assert kind().compare(left, right, openers) is not UNKNOWN


@pytest.mark.parametrize("kind", CLASSES)
def test_unlike_sizes_are_unlike_files_whatever_else_is_equal(kind: type[Any]) -> None:
    comparator = bound(kind, LOCAL, LOCAL)
    assert comparator.compare(file(3, 5 * S, "t"), file(4, 5 * S, "t")) is DIFFERENT


# -- one by one --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sides", "left", "right", "verdict"),
    [
        ((WEBDAV, LOCAL), file(digest="md5:1"), file(digest="md5:1"), SAME),
        ((WEBDAV, LOCAL), file(digest="md5:1"), file(digest="md5:2"), DIFFERENT),
        ((WEBDAV, LOCAL), file(digest="md5:1"), file(digest="sha1:1"), UNKNOWN),
        ((BUCKET, BUCKET), file(etag="t"), file(etag="t"), SAME),
        ((BUCKET, BUCKET), file(etag="t"), file(etag="u"), UNKNOWN),
        ((WEBDAV, WEBDAV), file(etag="t"), file(etag="t"), UNKNOWN),
        ((LOCAL, LOCAL), file(None, 7), file(None, 7), UNKNOWN),
        ((LOCAL, LOCAL), file(3, 7), file(3, 7), SAME),
        ((LOCAL, LOCAL), file(3, 7), file(3, 8), UNKNOWN),
        ((LOCAL, COARSE), file(3, 7 * S), file(3, 6 * S), SAME),
        ((LOCAL, COARSE), file(3, 8 * S), file(3, 6 * S), UNKNOWN),
        ((LOCAL, WEBDAV), file(3, 7), file(3, 7), UNKNOWN),
        ((LOCAL, LOCAL), file(3), file(3), UNKNOWN),
    ],
)
def test_auto_asks_in_order(
    sides: tuple[Capabilities, Capabilities], left: Entry, right: Entry, verdict: Verdict
) -> None:
    assert Auto().bind(*sides).compare(left, right) is verdict


def test_auto_reads_only_what_nothing_else_tells() -> None:
    auto = Auto().bind(LOCAL, LOCAL)
    assert auto.compare(file(3, 7), file(3, 7), Openers(refused, refused)) is SAME
    assert auto.compare(file(3, 7), file(4, 7), Openers(refused, refused)) is DIFFERENT
    assert auto.compare(file(3, 7), file(3, 8), Openers(opener(b"abc"), opener(b"abc"))) is SAME
    assert auto.compare(file(3, 7), file(3, 8), Openers(opener(b"abc"), opener(b"abd"))) is DIFFERENT


def test_a_comparator_that_nobody_bound_trusts_neither_times_nor_tags() -> None:
    entry = file(3, 7, "t")
    for kind in (Auto, Mtime, Etag):
        assert kind().compare(entry, entry) is UNKNOWN


def test_size_knows_nothing_of_an_unknown_size() -> None:
    assert Size().compare(file(3), file(3, 9)) is SAME
    assert Size().compare(file(None), file(3)) is UNKNOWN


def test_mtime_means_size_and_time() -> None:
    mtime = Mtime().bind(LOCAL, LOCAL)
    assert mtime.compare(file(3, 7), file(3, 7)) is SAME
    assert mtime.compare(file(3, 7), file(3, 8)) is DIFFERENT
    assert mtime.compare(file(None, 7), file(3, 7)) is UNKNOWN
    assert mtime.compare(file(None, 7), file(3, 8)) is DIFFERENT
    assert mtime.compare(file(3, None), file(3, 8)) is UNKNOWN
    assert Mtime().bind(LOCAL, WEBDAV).compare(file(3, 7), file(3, 7)) is UNKNOWN


def test_tags_are_equal_or_say_nothing() -> None:
    etag = Etag().bind(BUCKET, BUCKET)
    assert etag.compare(file(etag="t"), file(etag="t")) is SAME
    assert etag.compare(file(etag="t"), file(etag="u")) is UNKNOWN
    assert etag.compare(file(etag=None), file(etag=None)) is UNKNOWN
    assert Etag().bind(BUCKET, WEBDAV).compare(file(etag="t"), file(etag="t")) is UNKNOWN


def test_digest_reads_only_the_side_that_does_not_tell() -> None:
    told = file(digest="sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")  # of b"abc"
    assert Digest().compare(told, file(), Openers(refused, opener(b"abc"))) is SAME
    assert Digest().compare(file(), told, Openers(opener(b"abd"), refused)) is DIFFERENT
    assert Digest().compare(told, file(digest="md5:1"), Openers(refused, opener(b"abc"))) is SAME
    assert Digest().compare(told, file()) is UNKNOWN
    assert Digest().compare(told, told, Openers(refused, refused)) is SAME


def test_content_reads_whatever_the_sides_tell() -> None:
    told = file(3, 7, "t", "sha256:00")
    assert Content().compare(told, told) is UNKNOWN
    assert Content().compare(told, told, Openers(opener(b"abc"), opener(b"abd"))) is DIFFERENT
    assert Content().compare(told, file(4), Openers(refused, refused)) is DIFFERENT


@pytest.mark.parametrize("kind", [Auto, Digest, Content])
@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_content_is_compared_to_its_end_however_it_is_read(kind: type[Any], size: int) -> None:
    content = bytes(size)
    unknown = file(None)
    pairs = [(content, SAME), (content + b"x", DIFFERENT), (content[:-1] + b"x", DIFFERENT)]
    for other, verdict in pairs:
        openers = Openers(opener(content, 70_001), opener(other))
        assert kind().compare(unknown, unknown, openers) is verdict


@pytest.mark.parametrize(
    ("source", "target", "verdict"),
    [
        (file(3, 10 * S), file(3, 5 * S), DIFFERENT),
        (file(3, 5 * S), file(3, 10 * S), SAME),
        (file(3, 5 * S), file(3, 5 * S), SAME),
        (file(3, 6 * S), file(3, 5 * S), SAME),  # within the grain of a second
        (file(3, 6 * S + 1), file(3, 5 * S), DIFFERENT),
        (file(4, 5 * S), file(3, 10 * S), DIFFERENT),
        (file(3, None), file(3, 5 * S), UNKNOWN),
        (file(None, 5 * S), file(3, 5 * S), UNKNOWN),
        (file(None, 10 * S), file(3, 5 * S), DIFFERENT),
    ],
)
def test_newer_or_size_asks_whether_the_source_is_newer(
    source: Entry, target: Entry, verdict: Verdict
) -> None:
    assert NewerOrSize.directed
    assert NewerOrSize().bind(LOCAL, WEBDAV).compare(source, target) is verdict
