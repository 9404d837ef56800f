"""Renaming, removing, and making directories."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest

from syncfs.core.entry import DIRECTORY
from syncfs.errors import PathError, StaleEntryError
from syncfs.testing.conformance.base import Base
from syncfs.testing.conformance.findings import Tell
from syncfs.testing.conformance.side import BIG, Side

__all__ = ["Moving"]


class Moving(Base):
    """Nothing is renamed over something, nothing unexpected is renamed or removed."""

    def _demand_moves(self, side: Side) -> None:
        if not side.endpoint.capabilities.can_move:
            self.cannot("moves")

    @pytest.mark.parametrize("data", [b"", b"x", BIG], ids=["empty", "small", "large"])
    def test_a_renamed_file_is_recognised(self, side: Side, tell: Tell, data: bytes) -> None:
        tell("moves", side.endpoint.capabilities.can_move)
        self._demand_moves(side)
        side.endpoint.make_directory("d")
        for path, to in (("f", "g"), ("g", "d/h"), ("d/h", "f2")):
            expect = side.seen(path) if path != "f" else side.put("f", data)
            moved = side.endpoint.move(path, to, expect=expect)
            # sabre/dav renames into another directory by copying: then it is probed in the next run.
            was_copied = side.seen(to).mtime_ns != expect.mtime_ns
            assert was_copied or side.shows(to, moved), f"{path} -> {to}: not what was promised"
            assert side.endpoint.stat(path) is None
        assert side.tree() == {"f2": data, "d/": None}

    def test_a_directory_is_renamed_with_all_that_is_in_it(self, side: Side) -> None:
        self._demand_moves(side)
        for directory in ("a", "a/sub", "a/sub/empty", "b"):
            side.endpoint.make_directory(directory)
        side.put("a/f", b"1")
        side.put("a/sub/g", b"2")
        assert side.endpoint.move("a", "b/c", expect=DIRECTORY) is None
        assert side.tree() == {"b/c/f": b"1", "b/c/sub/g": b"2", "b/c/sub/empty/": None}

    def test_nothing_is_renamed_over_something(self, side: Side) -> None:
        self._demand_moves(side)
        for directory in ("d", "e"):
            side.endpoint.make_directory(directory)
        f, g = side.put("f", b"1"), side.put("g", b"22")
        side.put("d/x", b"3")
        before = side.tree()
        for path, to, expect in (
            ("f", "g", f),
            ("f", "e", f),
            ("d", "e", DIRECTORY),
            ("d", "g", DIRECTORY),
            ("g", "d/x", g),
        ):
            side.refused(
                partial(side.endpoint.move, path, to, expect=expect),
                StaleEntryError,
                why=f"{path} -> {to}",
            )
        assert side.tree() == before

    def test_nothing_unexpected_is_renamed(self, side: Side) -> None:
        self._demand_moves(side)
        side.endpoint.make_directory("d")
        old = side.put("f", b"old")
        side.put("f", b"theirs, newer")
        for path, expect in (("f", old), ("missing", old), ("d", old), ("f", DIRECTORY)):
            side.refused(partial(side.endpoint.move, path, "to", expect=expect), StaleEntryError, why=path)
        assert side.tree() == {"f": b"theirs, newer", "d/": None}

    def test_a_missing_directory_is_told_as_one_by_a_rename(self, side: Side) -> None:
        self._demand_moves(side)
        if not self.has_directories:
            pytest.skip("directories are implied here: none can be missing")
        f = side.put("f", b"x")
        side.endpoint.make_directory("d")
        side.refused(lambda: side.endpoint.move("f", "no/f", expect=f), FileNotFoundError)
        side.refused(lambda: side.endpoint.move("d", "no/d", expect=DIRECTORY), FileNotFoundError)
        assert side.tree() == {"f": b"x", "d/": None}

    def test_only_the_expected_file_is_removed(self, side: Side) -> None:
        side.endpoint.make_directory("d")
        f = side.put("f", b"1")
        side.put("g", b"22")
        for path in ("g", "d", "missing", "missing/too"):
            side.refused(partial(side.endpoint.remove_file, path, expect=f), StaleEntryError, why=path)
        side.endpoint.remove_file("f", expect=f)
        side.refused(lambda: side.endpoint.remove_file("f", expect=f), StaleEntryError)
        assert side.tree() == {"g": b"22", "d/": None}

    @pytest.mark.parametrize("inside", ["f", ".hidden", "sub/", "a leftover"])
    def test_a_directory_with_something_in_it_stays(self, side: Side, inside: str) -> None:
        if inside == "a leftover":
            inside = side.temporary()
        side.endpoint.make_directory("d")
        if inside.endswith("/"):
            side.endpoint.make_directory(f"d/{inside[:-1]}")
        else:
            side.put(f"d/{inside}", b"x")
        side.refused(lambda: side.endpoint.remove_directory("d"), PathError)
        assert side.seen(f"d/{inside.rstrip('/')}") is not None

    def test_an_empty_directory_is_removed(self, side: Side, tell: Tell) -> None:
        side.endpoint.make_directory("d")
        side.put("f", b"x")
        with suppress(OSError):  # an object store knows of no directory of that name, and leaves it at that
            side.endpoint.remove_directory("f")
        assert side.get("f") == b"x"
        can = side.endpoint.capabilities.lists_dotfiles
        tell("removes", can)
        if not can:
            side.refused(lambda: side.endpoint.remove_directory("d"), PathError)
            assert side.tree() == {"d/": None, "f": b"x"}
            self.cannot("removes")
        side.endpoint.remove_directory("d")
        assert side.tree() == {"f": b"x"}
        with suppress(StaleEntryError):  # it is gone, which may be what was wanted
            side.endpoint.remove_directory("d")

    def test_a_directory_is_made_once_and_not_over_a_file(self, side: Side) -> None:
        side.endpoint.make_directory("d")
        side.put("d/f", b"x")
        side.endpoint.make_directory("d")
        side.endpoint.make_directory("d/e")
        side.refused(lambda: side.endpoint.make_directory("d/f"), StaleEntryError)
        assert side.tree() == {"d/f": b"x", "d/e/": None}
