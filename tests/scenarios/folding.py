"""Endpoints that are unlike a plain directory in what names they can hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

from syncfs.core.entry import Entry, Written
from syncfs.core.listing import Listing
from syncfs.core.paths import join, split
from syncfs.endpoint.endpoint import Content, Endpoint, Source
from syncfs.errors import UnsupportedNameError
from tests.scenarios.wrapped import Wrapped

Key = Callable[[str], str]


class Folding(Wrapped):
    """A side on which several spellings are one name, as on NTFS, APFS or HFS+.

    It shows a name as it was first spelt, and finds it under every other spelling.
    """

    key: Key = staticmethod(lambda name: name)

    def _at(self, path: str) -> str:
        """How the path is spelt here; names that are not there stay as they are."""
        actual = ""
        for name in path.split("/") if path else ():
            listing = self.inner.list(actual)
            found = [each for each in listing.entries if self.key(each) == self.key(name)]
            actual = join(actual, found[0] if found else name)
        return actual

    def list(self, path: str) -> Listing:
        return super().list(self._at(path))

    def stat(self, path: str) -> Entry | None:
        return super().stat(self._at(path))

    def read(self, path: str, expect: Entry) -> AbstractContextManager[Source]:
        return super().read(self._at(path), expect)

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        return super().open(self._at(path))

    def write(self, path: str, content: Content, *, expect: Entry | None, token: str) -> Entry | Written:
        return super().write(self._at(path), content, expect=expect, token=token)

    def make_directory(self, path: str) -> None:
        super().make_directory(self._at(path))

    def remove_file(self, path: str, *, expect: Entry) -> None:
        super().remove_file(self._at(path), expect=expect)

    def remove_directory(self, path: str) -> None:
        super().remove_directory(self._at(path))

    def move(self, path: str, to: str, *, expect: Entry) -> Entry | Written | None:
        return super().move(self._at(path), self._at(to), expect=expect)


class CaseFolding(Folding):
    """`Readme` and `README` are one name."""

    key = staticmethod(str.casefold)


class UnicodeFolding(Folding):
    """The composed and the decomposed form of a name are one name."""

    key = staticmethod(lambda name: unicodedata.normalize("NFC", name))


class Windows(Wrapped):
    """A side that cannot hold what Windows cannot: it refuses such names."""

    def _check(self, path: str) -> None:
        name = split(path)[1]
        is_device = name.partition(".")[0].upper() in ("CON", "NUL")
        if set(name) & set('<>:"|?*\\\n') or name.endswith((" ", ".")) or is_device:
            raise UnsupportedNameError(f"{path!r} cannot be a name on Windows", path=path)

    def write(self, path: str, content: Content, *, expect: Entry | None, token: str) -> Entry | Written:
        self._check(path)
        return super().write(path, content, expect=expect, token=token)

    def make_directory(self, path: str) -> None:
        self._check(path)
        super().make_directory(path)

    def move(self, path: str, to: str, *, expect: Entry) -> Entry | Written | None:
        self._check(to)
        return super().move(path, to, expect=expect)


KINDS: dict[str, tuple[type[Wrapped], dict[str, Any]]] = {
    "": (Wrapped, {}),
    "folds case": (CaseFolding, {"folds_case": True}),
    "folds unicode": (UnicodeFolding, {"folds_unicode": True}),
    "Windows": (Windows, {}),
}
"""By the name that tables use: the wrapper, and the capabilities that it declares."""


def wrap(kind: str, inner: Endpoint, **hooks: Any) -> Wrapped:
    """An endpoint of that kind over a real one."""
    cls, traits = KINDS[kind]
    return cls(inner, traits=traits, **hooks)
