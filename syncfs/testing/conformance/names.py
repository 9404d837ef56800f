"""Difficult names: each comes back as it was given, or is refused with nothing written."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from typing import ClassVar

import pytest

from syncfs.core.align import NameKey
from syncfs.core.entry import DIRECTORY, Entry, Kind
from syncfs.core.listing import Listing
from syncfs.errors import PathError, UnsupportedNameError
from syncfs.testing.conformance.base import Base
from syncfs.testing.conformance.findings import Tell
from syncfs.testing.conformance.side import Side

__all__ = ["DIFFICULT_NAMES", "Names"]

DIFFICULT_NAMES = (
    "plain name", "per%cent", "pct%41", "hash#x", "q?x", "semi;x", "plus+x", "amp&x", "lt<x", 'dq"x', "sq'x",
    "back\\x", "colon:x", "star*x", "pipe|x", "tilde~x", "at@x", "eq=x", "comma,x", "br[x]", "par(x)",
    "caret^x", "tick`x", "dollar$x", "excl!x", unicodedata.normalize("NFC", "café"),
    unicodedata.normalize("NFD", "café"), "日本語", "🚀emoji", "trailing ", " leading", "trail.", ".hidden",
    "..dots", "CON", "tab\tx", "line\nx", "byte\x01", "~$x", ".DS_Store", "we(ird[x", "s", "d", "0",
    "n" * 255,
)  # fmt: skip
"""Names that some server, library or filesystem was seen to change, to hide or to lose."""

NEIGHBOURS = (
    "q", "hash", "semi", "per", "pctA", "plus x", "amp", "back/x", "tab", "byte", "trailing", "leading",
    "hidden", "n" * 200,
)  # fmt: skip
"""Where such a name could land by mistake: what stands there must stay."""


class Names(Base):
    """No name lands on another one, whatever a side makes of it."""

    names: ClassVar[tuple[str, ...]] = DIFFICULT_NAMES
    """Which names are tried; fewer where each costs seconds."""

    @pytest.fixture
    def neighbours(self, side: Side) -> dict[str, bytes | None]:
        """The same tree as before must be found after all names came and went."""
        side.endpoint.make_directory("back")
        for name in NEIGHBOURS:
            if name != "back":
                side.put(name, b"a neighbour's")
        return side.tree()

    def test_difficult_names_of_files(
        self, side: Side, tell: Tell, neighbours: dict[str, bytes | None]
    ) -> None:
        before = side.listed()
        refused = [name for name in self.names if not self._file(side, name, before)]
        assert side.tree() == neighbours
        tell("names", not refused, _spelled(refused))

    def test_difficult_names_of_directories(self, side: Side, neighbours: dict[str, bytes | None]) -> None:
        for name in self.names:
            self._directory(side, name, side.listed())
        tree = side.tree()
        assert {path: tree.get(path) for path in neighbours} == neighbours

    def test_difficult_names_side_by_side(self, side: Side) -> None:
        """All that the side holds at once: one listing tells each from the others."""
        key = _key(side)
        held: dict[str, str] = {}
        for name in self.names:
            if key.of(name) in held or (name.startswith(".") and not _is_listed(side, name)):
                continue
            try:
                side.write(name, name.encode(), None)
            except (UnsupportedNameError, PathError) as error:
                side.check(error)
                continue
            held[key.of(name)] = name
        entries = side.listed().entries
        assert {key.of(name) for name in entries} == set(held)
        for name in entries:
            assert side.get(name) == held[key.of(name)].encode(), name

    def test_upper_and_lower_case(self, side: Side, tell: Tell) -> None:
        folds = side.endpoint.capabilities.folds_case
        side.put("case", b"lower")
        if folds:
            assert side.endpoint.stat("CASE") is not None
        else:
            side.write("Case", b"upper", None)
            assert side.tree() == {"case": b"lower", "Case": b"upper"}
        tell("case", not folds)

    def test_a_name_that_is_too_long_fails_alone(self, side: Side, tell: Tell) -> None:
        name = "x" * 256
        try:
            side.write(name, b"x", None)
        except (UnsupportedNameError, PathError) as error:
            side.check(error)
            assert side.tree() == {}
            side.refused(lambda: side.endpoint.make_directory(name), UnsupportedNameError, PathError)
            assert side.tree() == {}
            tell("long", True)
        else:
            assert side.tree() == {name: b"x"}
            tell("long", False)

    @pytest.mark.parametrize("path", ["../f", "d/../../f", "d//f", "..", ".", "d/.", "a\0b"])
    def test_no_path_leads_out_of_the_root(self, side: Side, path: str) -> None:
        side.endpoint.make_directory("d")
        side.put("f", b"x")
        for act in (
            lambda: side.write(path, b"x", None),
            lambda: side.endpoint.make_directory(path),
            lambda: side.endpoint.move("f", path, expect=side.seen("f")),
        ):
            side.refused(act, UnsupportedNameError, why=repr(path))
        assert side.tree() == {"d/": None, "f": b"x"}

    def test_directories_named_like_their_parents(self, side: Side) -> None:
        side.endpoint.make_directory("s")
        side.endpoint.make_directory("s/s")
        side.put("s/s/s", b"deep")
        side.put("s/s s", b"whole path")
        side.endpoint.make_directory("s/we(ird[x")
        side.put("s/we(ird[x/we(ird[x", b"x")
        assert side.tree() == {"s/s/s": b"deep", "s/s s": b"whole path", "s/we(ird[x/we(ird[x": b"x"}

    def _file(self, side: Side, name: str, before: Listing) -> bool:
        """Write, list, read, replace, rename and remove a file; False when the name was refused."""
        try:
            if side.endpoint.stat(name) is not None:
                return True  # another spelling of it stands there
            side.write(name, b"one", None)
        except (UnsupportedNameError, PathError) as error:
            side.check(error)
            after = side.listed()
            assert (after.entries, after.leftovers) == (before.entries, before.leftovers), (
                f"{name!r} was refused ({error}), and yet something was written"
            )
            return False
        entry = self._shown(side, name, before)
        assert entry.kind is Kind.FILE
        assert side.copied(name, entry) == b"one"
        side.write(name, b"another", entry)
        assert side.get(name) == b"another"
        if side.endpoint.capabilities.can_move:
            side.endpoint.move(name, "back/moved", expect=side.seen(name))
            try:
                side.endpoint.move("back/moved", name, expect=side.seen("back/moved"))
            except UnsupportedNameError:  # sabre/dav: no MOVE between directories gives the name 0
                side.endpoint.move("back/moved", "moved", expect=side.seen("back/moved"))
                side.endpoint.move("moved", name, expect=side.seen("moved"))
            assert side.get(name) == b"another", name
        side.endpoint.remove_file(name, expect=side.seen(name))
        return True

    def _directory(self, side: Side, name: str, before: Listing) -> None:
        """Make, list, fill, rename and remove a directory, or find it refused."""
        try:
            if side.endpoint.stat(name) is not None:
                return
            side.endpoint.make_directory(name)
        except (UnsupportedNameError, PathError) as error:
            side.check(error)
            assert side.listed().entries == before.entries, f"{name!r} was refused, but made"
            return
        assert self._shown(side, name, before) == DIRECTORY
        assert side.listed(name).entries == {}
        inside = f"{name}/in it"
        try:
            side.write(inside, b"x", None)
        except (UnsupportedNameError, PathError) as error:  # WsgiDAV: no Destination can lead there
            side.check(error)
            assert side.listed(name).entries == {}
            side.endpoint.remove_directory(name)
            return
        with suppress(UnsupportedNameError, PathError):
            if side.endpoint.capabilities.can_move:
                side.endpoint.move(name, "moved", expect=DIRECTORY)
                inside = "moved/in it"
                side.endpoint.move("moved", name, expect=DIRECTORY)
                inside = f"{name}/in it"
        assert side.get(inside) == b"x", name
        side.endpoint.remove_file(inside, expect=side.seen(inside))
        if side.endpoint.capabilities.lists_dotfiles:
            side.endpoint.remove_directory(inside.partition("/")[0])
            assert side.endpoint.stat(name) is None
        else:
            side.endpoint.move(inside.partition("/")[0], f"away {len(before.entries)}", expect=DIRECTORY)

    def _shown(self, side: Side, name: str, before: Listing) -> Entry:
        """What a listing shows of a name that it did not show before; a look, where it hides such names."""
        entries = side.listed().entries
        added = set(entries) - set(before.entries)
        if not added and not _is_listed(side, name):
            return side.seen(name)
        key = _key(side)
        assert {key.of(shown) for shown in added} == {key.of(name)}, f"{name!r} became {added}"
        return entries[added.pop()]


def _is_listed(side: Side, name: str) -> bool:
    """Whether a listing shows such a name."""
    return side.endpoint.capabilities.lists_dotfiles or not name.startswith(".")


def _key(side: Side) -> NameKey:
    capabilities = side.endpoint.capabilities
    return NameKey(capabilities.folds_case, capabilities.folds_unicode)


def _spelled(names: list[str]) -> str:
    """Names as one line of a note; what cannot be seen is escaped, in ASCII."""
    return " ".join(
        f"a name of {len(name)} bytes"
        if len(name) > 99
        else f"`{name if name.isprintable() else ascii(name)[1:-1]}`"
        for name in names
    )
