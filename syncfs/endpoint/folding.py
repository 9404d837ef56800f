"""Does a directory take two spellings for one name? Found out by looking, without writing anything."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple

__all__ = ["Folding", "folding_of"]

LOOKED_AT = 50
"""So many names are tried at most; one that can tell is enough."""


class Folding(NamedTuple):
    """Which spellings are one; a part is None where no name could tell."""

    case: bool | None
    unicode: bool | None


def folding_of(names: Iterable[str], is_same: Callable[[str, str], bool]) -> Folding:
    """Try other spellings of names that are there.

    Args:
        names: Names of one directory.
        is_same: Whether two names of that directory lead to one file; False when the second leads nowhere.

    >>> folding_of(["Notes"], lambda name, other: name.lower() == other.lower())
    Folding(case=True, unicode=None)
    """
    tried = list(itertools.islice(names, LOOKED_AT))
    return Folding(
        _any_same(tried, str.swapcase, is_same),
        _any_same(tried, _other_form, is_same),
    )


def _any_same(
    names: list[str], respell: Callable[[str], str], is_same: Callable[[str, str], bool]
) -> bool | None:
    there = set(names)
    for name in names:
        other = respell(name)
        if other != name:
            # Both spellings side by side: two files, whatever they lead to (hard links lead to one).
            return other not in there and is_same(name, other)
    return None


def _other_form(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFD", name) if composed == name else composed
