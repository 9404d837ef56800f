"""Writing: whole or not at all, and never over what was not expected."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import pytest

from syncfs.core.entry import Entry, Kind, Written
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content
from syncfs.errors import StaleEntryError, VerificationError
from syncfs.testing.conformance.base import Base
from syncfs.testing.conformance.findings import Tell
from syncfs.testing.conformance.side import BIG, Side, broken, content

__all__ = ["Writing"]

_LONG_AGO_NS = 1_000_000_000_123_456_789
_SETTLE_S = 5.0
_sizes = pytest.mark.parametrize("size", [6, len(BIG)], ids=["small", "large"])
_targets = pytest.mark.parametrize("existed", [True, False], ids=["over an old file", "new"])


class Writing(Base):
    """Whoever looks sees the old content or the new; a failure leaves things as they were."""

    def _settled(self, side: Side, expected: dict[str, bytes | None]) -> dict[str, bytes | None]:
        """The tree as soon as it is as expected: a server may still be busy with a body that was cut off."""
        deadline = time.monotonic() + _SETTLE_S
        while (found := side.tree()) != expected and time.monotonic() < deadline:
            if self.may_leave_temporaries:
                for name in side.listed().leftovers:
                    with suppress(OSError):  # rclone keeps it locked while it writes
                        side.endpoint.remove_leftover(name)
            time.sleep(0.05)
        return found

    @pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, len(BIG)])
    def test_what_is_written_is_there_and_recognised(self, side: Side, tell: Tell, size: int) -> None:
        data = BIG[:size]
        side.endpoint.make_directory("d")
        written = side.write("d/f", data, None)
        assert side.shows("d/f", written), "the listing does not show what the write let us expect"
        assert side.tree() == {"d/f": data}
        confirms = side.endpoint.capabilities.confirms_writes
        tell("confirms", confirms)
        assert not confirms or isinstance(written, Entry), "capabilities.confirms_writes says otherwise"

    @pytest.mark.parametrize("size", [0, 6, CHUNK_BYTES, len(BIG)])
    def test_the_expected_version_is_replaced(self, side: Side, size: int) -> None:
        for old in (b"a", b"longer", BIG):
            before = side.put("f", old)
            written = side.write("f", BIG[:size], before)
            assert side.shows("f", written)
            assert side.tree() == {"f": BIG[:size]}

    def test_another_s_later_edit_is_not_taken_for_our_write(self, side: Side) -> None:
        written = side.write("f", b"ours", None)
        side.put("f", b"theirs!")
        assert not side.shows("f", written)

    def test_nothing_is_overwritten_where_nothing_was_expected(self, side: Side) -> None:
        side.put("f", b"theirs")
        side.endpoint.make_directory("d")
        side.put("d/in", b"x")
        for path in ("f", "d"):
            for data in (b"ours", BIG):
                side.refused(partial(side.write, path, data, None), StaleEntryError, why=path)
        assert side.tree() == {"f": b"theirs", "d/in": b"x"}

    @_sizes
    def test_what_changed_since_it_was_seen_is_not_overwritten(self, side: Side, size: int) -> None:
        before = side.put("f", b"old")
        side.put("f", b"theirs, newer")
        side.refused(lambda: side.write("f", BIG[:size], before), StaleEntryError)
        assert side.tree() == {"f": b"theirs, newer"}

    @_sizes
    def test_what_is_gone_or_a_directory_by_now_is_not_written(self, side: Side, size: int) -> None:
        before = side.put("f", b"old")
        side.endpoint.remove_file("f", expect=before)
        side.refused(lambda: side.write("f", BIG[:size], before), StaleEntryError)
        side.endpoint.make_directory("f")
        side.refused(lambda: side.write("f", BIG[:size], before), StaleEntryError)
        assert side.tree() == {"f/": None}

    @_targets
    @_sizes
    def test_an_edit_that_lands_while_we_write_is_kept(self, side: Side, size: int, existed: bool) -> None:
        before = side.put("f", b"old") if existed else None

        def pieces() -> Iterator[bytes]:
            yield BIG[: size // 2][:CHUNK_BYTES]
            side.put("f", b"theirs, meanwhile")
            rest = BIG[len(BIG[: size // 2][:CHUNK_BYTES]) : size]
            for start in range(0, len(rest), CHUNK_BYTES):
                yield rest[start : start + CHUNK_BYTES]

        side.refused(
            lambda: side.write("f", Content(size_bytes=size, chunks=pieces()), before), StaleEntryError
        )
        expected: dict[str, bytes | None] = {"f": b"theirs, meanwhile"}
        assert self._settled(side, expected) == expected

    @_targets
    @pytest.mark.parametrize("pieces", [0, 2])
    def test_a_source_that_fails_leaves_things_as_they_were(
        self, side: Side, pieces: int, existed: bool
    ) -> None:
        before = side.put("f", b"old") if existed else None
        expected: dict[str, bytes | None] = {"f": b"old"} if existed else {}
        # A small one is refused before anything is sent, a large one in the middle of it.
        for announced in (CHUNK_BYTES, 3 * CHUNK_BYTES):
            for error in (StaleEntryError("torn", path="x"), ConnectionError(errno.ECONNRESET, "cut")):
                chunks = broken([b"x", bytes(CHUNK_BYTES // 2)][:pieces], error)
                side.refused(
                    partial(side.write, "f", Content(size_bytes=announced, chunks=chunks), before),
                    type(error),
                )
        assert self._settled(side, expected) == expected

    @_sizes
    def test_a_source_of_another_size_than_announced_is_never_published(self, side: Side, size: int) -> None:
        before = side.put("f", b"old")
        for path, expect in (("f", before), ("new", None)):
            for off_by in (-1, 1):
                wrong = content(BIG[:size], size_bytes=size + off_by)
                side.refused(partial(side.write, path, wrong, expect), VerificationError)
        assert self._settled(side, {"f": b"old"}) == {"f": b"old"}

    def test_a_missing_directory_is_told_as_one(self, side: Side) -> None:
        if not self.has_directories:
            pytest.skip("directories are implied here: none can be missing")
        for data in (b"x", BIG):
            side.refused(partial(side.write, "no/f", data, None), FileNotFoundError)
        side.refused(lambda: side.endpoint.make_directory("no/d"), FileNotFoundError)
        assert side.tree() == {}

    def test_another_run_s_temporary_files_are_not_touched(self, side: Side) -> None:
        name = side.temporary("another")
        side.put(name, b"theirs")
        side.write("f", b"x", None)
        side.write("g", BIG, None)
        assert side.get(name) == b"theirs"
        assert side.listed().leftovers == (name,)

    def test_the_source_s_time_is_kept_where_that_is_promised(self, side: Side, tell: Tell) -> None:
        capabilities = side.endpoint.capabilities
        for path, data in (("small", b"x"), ("large", BIG)):
            written = side.write(path, content(data, mtime_ns=_LONG_AGO_NS), None)
            assert side.shows(path, written)
            shown = side.seen(path).mtime_ns
            kept = shown is not None and abs(shown - _LONG_AGO_NS) < capabilities.mtime_grain_ns
            assert kept == capabilities.keeps_mtime, "capabilities.keeps_mtime says otherwise"
        tell("mtime", capabilities.keeps_mtime)
        if not capabilities.keeps_mtime:
            self.cannot("mtime")

    def test_a_written_file_is_a_file(self, side: Side) -> None:
        written = side.write("f", b"abc", None)
        assert isinstance(written, Entry | Written)
        entry = side.seen("f")
        assert (entry.kind, entry.size_bytes) == (Kind.FILE, 3)
