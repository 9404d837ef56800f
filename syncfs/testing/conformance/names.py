"""Difficult names: each comes back as it was given, or is refused with nothing written."""

from __future__ import annotations

import unicodedata

import pytest

from syncfs.core.align import NameKey
from syncfs.core.entry import DIRECTORY, Kind
from syncfs.core.paths import join
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
    "..dots", "CON", "tab\tx", "line\nx", "byte\x01", "~$x", ".DS_Store", "we(ird[x", "s", "d", "n" * 255,
)  # fmt: skip
"""Names that some server, library or filesystem was seen to change, to hide or to lose."""

NEIGHBOURS = (
    "q", "hash", "semi", "per", "pct", "pctA", "pct%2541", "plus x", "amp", "lt", "back", "back/x", "colon",
    "tab", "line", "byte", "trailing", "leading", "trail", "dots", "hidden", "n" * 254, "x",
)  # fmt: skip
"""Where such a name could land by mistake: what stands there must stay."""


class Names(Base):
    """No name lands on another one, whatever a side makes of it."""

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
        refused = [name for name in DIFFICULT_NAMES if not self._file(side, "", name)]
        assert side.tree() == neighbours
        tell("names", not refused, _spelled(refused))

    def test_difficult_names_of_directories(
        self, side: Side, neighbours: dict[str, bytes | None]
    ) -> None:
        assert side.endpoint.capabilities.is_writable
        for name in DIFFICULT_NAMES:
            self._directory(side, name)
        kept = {path: data for path, data in side.tree().items() if path in neighbours}
        assert kept == neighbours

    def test_difficult_names_side_by_side(self, side: Side) -> None:
        """All that the side holds at once: one listing tells each from the others."""
        key = _key(side)
        held: dict[str, str] = {}
        for name in DIFFICULT_NAMES:
            if key.of(name) in held or (name.startswith(".") and not key_shows(side, name)):
                continue
            try:
                side.write(name, name.encode(), None)
            except (UnsupportedNameError, PathError) as error:
                side.refused(lambda e=error: _raise(e))
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
            side.refused(lambda: _raise(error))
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

    def _file(self, side: Side, directory: str, name: str) -> bool:
        """Write, list, read, replace, rename and remove a file; False when the name was refused."""
        path = join(directory, name)
        before = side.listed(directory)
        if side.endpoint.stat(path) is not None:
            return True  # another spelling of it stands there
        try:
            side.write(path, b"one", None)
        except (UnsupportedNameError, PathError) as error:
            side.refused(lambda: _raise(error))
            after = side.listed(directory)
            assert (after.entries, after.leftovers) == (before.entries, before.leftovers), (
                f"{name!r} was refused ({error}), and yet something was written"
            )
            return False
        listing = side.listed(directory)
        added = set(listing.entries) - set(before.entries)
        if not added and name.startswith(".") and not side.endpoint.capabilities.lists_dotfiles:
            entry = side.seen(path)
        else:
            key = _key(side)
            assert {key.of(shown) for shown in added} == {key.of(name)}, f"{name!r} became {added}"
            entry = listing.entries[added.pop()]
        assert entry.kind is Kind.FILE
        assert side.copied(path, entry) == b"one"
        side.write(path, b"another", entry)
        assert side.get(path) == b"another"
        if side.endpoint.capabilities.can_move:
            side.endpoint.move(path, join(directory, "moved"), expect=side.seen(path))
            assert side.get(join(directory, "moved")) == b"another"
            side.endpoint.move(join(directory, "moved"), path, expect=side.seen(join(directory, "moved")))
            assert side.get(path) == b"another", name
        side.endpoint.remove_file(path, expect=side.seen(path))
        assert side.endpoint.stat(path) is None
        return True

    def _directory(self, side: Side, name: str) -> None:
        """Make, list, fill, rename and remove a directory, or find it refused."""
        before = side.names()
        if side.endpoint.stat(name) is not None:
            return
        try:
            side.endpoint.make_directory(name)
        except (UnsupportedNameError, PathError) as error:
            side.refused(lambda: _raise(error))
            assert side.names() == before, f"{name!r} was refused, and yet something was made"
            return
        added = side.names() - before
        lists_dotfiles = side.endpoint.capabilities.lists_dotfiles
        if added or not name.startswith(".") or lists_dotfiles:
            key = _key(side)
            assert {key.of(shown) for shown in added} == {key.of(name)}, f"{name!r} became {added}"
        assert side.seen(name) == DIRECTORY
        assert side.listed(name).entries == {}
        self._file(side, name, "plain")
        self._file(side, name, name)
        if side.endpoint.capabilities.can_move:
            side.put(f"{name}/in it", b"x")
            side.endpoint.move(name, "moved", expect=DIRECTORY)
            assert side.names("moved") == {"in it"}
            try:
                side.endpoint.move("moved", name, expect=DIRECTORY)
            except (UnsupportedNameError, PathError) as error:
                side.refused(lambda: _raise(error))
                name = "moved"
            assert side.names(name) == {"in it"}, name
            side.endpoint.remove_file(f"{name}/in it", expect=side.seen(f"{name}/in it"))
        if lists_dotfiles:
            side.endpoint.remove_directory(name)
            assert side.endpoint.stat(name) is None


def key_shows(side: Side, name: str) -> bool:
    """Whether a listing shows such a name."""
    return side.endpoint.capabilities.lists_dotfiles or not name.startswith(".")


def _key(side: Side) -> NameKey:
    capabilities = side.endpoint.capabilities
    return NameKey(capabilities.folds_case, capabilities.folds_unicode)


def _raise(error: BaseException) -> None:
    raise error


def _spelled(names: list[str]) -> str:
    return " ".join(f"`{name}`" if name.isprintable() and name == name.strip() else repr(name) for name in names)
