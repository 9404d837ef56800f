"""Reading: for a copy, which must be the expected version and whole, and for a comparator."""

from __future__ import annotations

import pytest

from syncfs.endpoint.endpoint import CHUNK_BYTES
from syncfs.errors import StaleEntryError
from syncfs.testing.conformance.base import Base
from syncfs.testing.conformance.side import BIG, Side

__all__ = ["Reading"]


class Reading(Base):
    """A copy is whole and of the version that was asked for, or it fails before its last piece."""

    @pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, len(BIG)])
    def test_a_file_is_read_whole_and_in_pieces(self, side: Side, size: int) -> None:
        expect = side.put("f", BIG[:size])
        with side.endpoint.read("f", expect) as source:
            assert source.size_bytes == size
            pieces = list(source.chunks())
            assert source.is_racy in (True, False)
        assert b"".join(pieces) == BIG[:size]
        assert all(0 < len(piece) <= CHUNK_BYTES for piece in pieces)

    @pytest.mark.parametrize("size", [5, len(BIG)])
    def test_another_version_is_never_read_to_its_end(self, side: Side, size: int) -> None:
        expect = side.put("f", BIG[:size])
        side.put("f", b"new" + BIG[:size])
        got: list[bytes] = []

        def read() -> None:
            with side.endpoint.read("f", expect) as source:
                got.extend(source.chunks())

        side.refused(read, StaleEntryError, why="another version")
        assert sum(map(len, got)) < size

    def test_what_is_gone_is_not_read(self, side: Side) -> None:
        expect = side.put("f", b"x")
        side.endpoint.remove_file("f", expect=expect)
        side.refused(lambda: side.copied("f", expect), StaleEntryError, FileNotFoundError)
        side.endpoint.make_directory("f")
        side.refused(lambda: side.copied("f", expect))

    def test_a_comparator_reads_in_any_portions(self, side: Side) -> None:
        side.put("f", BIG)
        with side.endpoint.open("f") as file:
            assert file.read(5) == BIG[:5]
            assert file.read(CHUNK_BYTES) == BIG[5 : CHUNK_BYTES + 5]
            assert file.read() == BIG[CHUNK_BYTES + 5 :]
            assert file.read() == b""

    def test_a_reader_that_stops_half_way_harms_nothing(self, side: Side) -> None:
        expect = side.put("f", BIG)
        with side.endpoint.read("f", expect) as source:
            next(iter(source.chunks()))
        with side.endpoint.open("f") as file:
            file.read(1)
        assert side.copied("f", side.seen("f")) == BIG

    def test_what_is_missing_cannot_be_opened(self, side: Side) -> None:
        side.refused(lambda: side.get("missing"))
        side.refused(lambda: side.get("missing/too"))
