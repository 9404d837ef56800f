"""Listing and looking."""

from __future__ import annotations

from syncfs.core.entry import DIRECTORY, Kind
from syncfs.core.listing import ListingStatus
from syncfs.errors import PathError
from syncfs.testing.conformance.base import Base
from syncfs.testing.conformance.findings import Tell
from syncfs.testing.conformance.side import Side

__all__ = ["Listings"]

_MANY = 60
_ATTEMPTS = 4


class Listings(Base):
    """What a listing shows is all that is there; what it cannot show is never taken for nothing."""

    def test_an_empty_root_lists_nothing(self, side: Side) -> None:
        listing = side.listed()
        assert (dict(listing.entries), listing.leftovers) == ({}, ())
        assert side.endpoint.stat("") == DIRECTORY

    def test_a_listing_is_complete(self, side: Side) -> None:
        side.endpoint.make_directory("d")
        side.endpoint.make_directory("d/sub")
        for number in range(_MANY):
            side.write(f"d/{number}", b"x" * number, None)
        entries = side.listed("d").entries
        assert set(entries) == {"sub", *(str(number) for number in range(_MANY))}
        assert entries["sub"] == DIRECTORY
        for number in range(_MANY):
            entry = entries[str(number)]
            assert (entry.kind, entry.size_bytes) == (Kind.FILE, number)

    def test_a_look_shows_what_the_listing_shows(self, side: Side) -> None:
        side.endpoint.make_directory("d")
        side.put("f", b"one")
        side.put("d/g", b"three")
        assert side.seen("f") == side.listed().entries["f"]
        assert side.seen("d/g") == side.listed("d").entries["g"]
        assert side.seen("d") == side.listed().entries["d"] == DIRECTORY

    def test_nothing_is_told_from_something(self, side: Side) -> None:
        side.put("f", b"x")
        for path in ("missing", "missing/too", "f/below"):
            assert side.endpoint.stat(path) is None, path

    def test_a_directory_that_cannot_be_listed_is_never_an_empty_one(self, side: Side) -> None:
        side.put("f", b"x")
        for path in ("missing", "missing/too", "f"):
            listing = side.endpoint.list(path)
            assert listing.status in (ListingStatus.REFUSED, ListingStatus.FAILED), path
            assert not listing.is_evidence
            assert listing.reason and not listing.entries, path

    def test_an_empty_directory_is_one_and_stays(self, side: Side) -> None:
        side.endpoint.make_directory("d")
        assert side.listed("d").entries == {}
        assert side.tree() == {"d/": None}

    def test_reserved_names_are_left_out_and_leftovers_told_apart(self, side: Side) -> None:
        first, second = side.temporary(), side.temporary("other")
        side.put("f", b"x")
        side.put(first, b"half")
        side.put(second, b"half")
        side.endpoint.make_directory(".syncfs")
        listing = side.listed()
        assert set(listing.entries) == {"f"}
        assert set(listing.leftovers) == {first, second}

    def test_leftovers_are_removed_and_nothing_else_is(self, side: Side) -> None:
        name = side.temporary()
        side.endpoint.make_directory("d")
        side.put(f"d/{name}", b"half")
        side.put("f", b"x")
        side.endpoint.remove_leftover(f"d/{name}")
        side.endpoint.remove_leftover(f"d/{name}")
        side.refused(lambda: side.endpoint.remove_leftover("f"), PathError, why="removing a user's file")
        assert side.tree() == {"d/": None, "f": b"x"}

    def test_dotfiles_are_listed_where_that_is_promised(self, side: Side, tell: Tell) -> None:
        promised = side.endpoint.capabilities.lists_dotfiles
        error = None
        try:
            side.write(".hidden", b"x", None)
        except OSError as refusal:
            error = refusal
        shown = ".hidden" in side.names()
        tell("dotfiles", promised)
        assert shown == promised, "capabilities.lists_dotfiles says otherwise"
        if not promised:
            assert error is not None or side.seen(".hidden").kind is Kind.FILE
            self.cannot("dotfiles")

    def test_an_edit_that_leaves_no_trace_is_called_racy(self, side: Side, tell: Tell) -> None:
        """Of two versions of one size, written at once: either they look unlike, or the listing warns."""
        told = True
        for attempt in range(_ATTEMPTS):
            name = f"f{attempt}"
            before = side.put(name, b"first!")
            listing = side.listed()
            after = side.put(name, b"second")
            if before == after:
                told = False
                assert name in listing.racy, "two versions look alike, and nothing warned of it"
        tell("tells", told)

    def test_the_root_is_there_already(self, side: Side) -> None:
        side.put("f", b"x")
        side.endpoint.make_root()
        assert side.endpoint.check_root() == side.endpoint.check_root()
        assert side.tree() == {"f": b"x"}

    def test_it_is_named_for_users_and_for_its_state(self, side: Side) -> None:
        endpoint = side.endpoint
        assert endpoint.url
        assert endpoint.identity is None or endpoint.identity == endpoint.identity.strip()
        assert endpoint.free_bytes() is None or (endpoint.free_bytes() or 0) >= 0
        endpoint.flush()
