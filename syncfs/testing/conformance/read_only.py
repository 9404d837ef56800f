"""A side that can only be read: an archive, a web server."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import pytest

from syncfs.core.entry import DIRECTORY, Entry, Kind
from syncfs.core.listing import ListingStatus
from syncfs.endpoint.endpoint import CHUNK_BYTES, Endpoint
from syncfs.errors import PathError, StaleEntryError
from syncfs.testing.conformance.base import Base
from syncfs.testing.conformance.findings import Tell
from syncfs.testing.conformance.side import BIG, Side
from syncfs.testing.trees import Tree

__all__ = ["SAMPLE", "ReadOnlySuite"]

SAMPLE: Tree = {
    "f": "one",
    "empty": "",
    "large": BIG,
    "d/g": "three",
    "d/sub/h": "four",
    "per%cent": "%",
    "pct%41": "%41",
    "hash#x": "#",
    "plus+x": "+",
    "br[x]": "[",
    "sp ace": " ",
    "café": "é",
    "Case": "upper",
    "case": "lower",
}
"""What the root of a read-only endpoint must hold, and nothing else; made with `write_tree`, say."""


class ReadOnlySuite(Base):
    """What holds for an endpoint that cannot be written to; its root holds `SAMPLE`."""

    sample: ClassVar[Tree] = SAMPLE

    @pytest.fixture
    def endpoint(self) -> Iterator[Endpoint]:
        """An endpoint whose root holds `sample`. Every author writes this one."""
        raise NotImplementedError("give a fixture named endpoint: an endpoint whose root holds `sample`")

    def edit(self, endpoint: Endpoint) -> Endpoint:
        """Replace the content of `f` by another one of the same size, behind the endpoint's back.

        Returns:
            An endpoint that was made afterwards: an archive is opened once.
        """
        raise NotImplementedError("write `edit`: it replaces `f` by another content of the same size")

    def test_everything_is_listed_and_read_whole(self, side: Side, tell: Tell) -> None:
        expected = {
            path: data if isinstance(data, bytes) else str(data).encode()
            for path, data in self.sample.items()
        }
        assert side.tree() == expected
        for path, data in expected.items():
            entry = side.seen(path)
            assert (entry.kind, entry.size_bytes) == (Kind.FILE, len(data or b""))
            directory, _, name = path.rpartition("/")
            assert side.listed(directory).entries[name] == entry, path
            assert side.copied(path, entry) == data
        assert side.seen("d") == side.listed().entries["d"] == DIRECTORY
        tell("dotfiles", side.endpoint.capabilities.lists_dotfiles)
        tell("case", True)

    def test_a_file_is_read_in_pieces(self, side: Side) -> None:
        with side.endpoint.read("large", side.seen("large")) as source:
            assert all(0 < len(piece) <= CHUNK_BYTES for piece in source.chunks())
        with side.endpoint.open("large") as file:
            assert file.read(5) == BIG[:5]
            assert file.read(CHUNK_BYTES) == BIG[5 : CHUNK_BYTES + 5]

    def test_what_is_not_there_is_told_from_what_is(self, side: Side) -> None:
        for path in ("missing", "missing/too", "f/below", "CASE"):
            assert side.endpoint.stat(path) is None, path
        for path in ("missing", "missing/too", "f"):
            listing = side.endpoint.list(path)
            assert listing.status in (ListingStatus.REFUSED, ListingStatus.FAILED), path
            assert not listing.entries
        side.refused(lambda: side.get("missing"))
        gone = Entry(Kind.FILE, 3, 0)
        side.refused(lambda: side.copied("missing", gone), StaleEntryError, FileNotFoundError)

    def test_another_version_is_never_read_to_its_end(self, side: Side) -> None:
        shown = side.seen("large")
        other = Entry(Kind.FILE, shown.size_bytes, (shown.mtime_ns or 0) - 10**10, "another", None)
        got: list[bytes] = []

        def read() -> None:
            with side.endpoint.read("large", other) as source:
                got.extend(source.chunks())

        side.refused(read, StaleEntryError)
        assert sum(map(len, got)) < len(BIG)

    def test_an_edit_of_the_same_size_shows_or_is_called_racy(self, side: Side, tell: Tell) -> None:
        before, listing = side.seen("f"), side.listed()
        later = Side(self.edit(side.endpoint))
        later.endpoint.check_root()
        after = later.seen("f")
        assert after.size_bytes == before.size_bytes
        assert later.get("f") != str(self.sample["f"]).encode()
        tell("tells", after != before)
        assert after != before or "f" in listing.racy, "two versions look alike, and nothing warned of it"

    def test_nothing_is_written_and_one_line_says_so(self, side: Side) -> None:
        assert not side.endpoint.capabilities.is_writable
        f = side.seen("f")
        for act in (
            partial(side.write, "new", b"x", None),
            partial(side.write, "f", b"x", f),
            partial(side.endpoint.make_directory, "e"),
            partial(side.endpoint.remove_file, "f", expect=f),
            partial(side.endpoint.remove_directory, "d"),
            partial(side.endpoint.move, "f", "to", expect=f),
        ):
            error = side.refused(act, PathError)
            assert "only be read" in str(error)
            assert "\n" not in str(error)
        assert side.get("f") == str(self.sample["f"]).encode()

    @pytest.mark.parametrize("path", ["../f", "d/../f", "d//g", "..", "a\0b"])
    def test_no_path_leads_out_of_the_root(self, side: Side, path: str) -> None:
        side.refused(lambda: side.get(path))
        side.refused(lambda: side.copied(path, Entry(Kind.FILE, 3, 0)))
