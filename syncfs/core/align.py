"""Bring both sides' and the base's names of one directory under one spelling.

Only for pairs of which a side folds names: it takes `Readme` and `README`, or the composed and the
decomposed `é`, for one name. Elsewhere two spellings are two files, and nothing here is called.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from syncfs.core.base import Record
from syncfs.core.capabilities import Capabilities
from syncfs.core.entry import Entry, Side
from syncfs.core.listing import Listing

__all__ = ["Aligned", "NameKey", "align", "name_key"]


@dataclass(frozen=True, slots=True)
class NameKey:
    """When two names are one: the coarser rule of both sides.

    Attributes:
        folds_case: Names that differ in case only are one.
        folds_unicode: Names that differ in their Unicode normal form only are one.
    """

    folds_case: bool
    folds_unicode: bool

    def of(self, name: str) -> str:
        """The key of a name; equal for names that are one.

        >>> NameKey(folds_case=True, folds_unicode=True).of("E\u0301COLE")
        'école'
        """
        if self.folds_unicode:
            name = unicodedata.normalize("NFC", name)
        return name.casefold() if self.folds_case else name


def name_key(sides: Iterable[Capabilities]) -> NameKey | None:
    """The rule for a pair; None when both sides hold names exactly."""
    sides = tuple(sides)
    key = NameKey(any(side.folds_case for side in sides), any(side.folds_unicode for side in sides))
    return key if key.folds_case or key.folds_unicode else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """One directory under one spelling.

    Attributes:
        left: The left listing under the common names.
        right: The right listing under the common names.
        base: The records under the common names.
        spelled: Per side, common name to what that side really calls it, where that is another.
        recorded: Common name to what the base calls it, where that is another.
        respell: (side, common name): the other side has changed the case of the name, this one follows.
        collisions: Names that one side tells apart and the other cannot; left out of everything else.
        collided: Per side, whether any of them is there, so that the directory is not empty.
    """

    left: Listing
    right: Listing
    base: Mapping[str, Record]
    spelled: tuple[dict[str, str], dict[str, str]] = field(default_factory=lambda: ({}, {}))
    recorded: dict[str, str] = field(default_factory=dict)
    respell: tuple[tuple[Side, str], ...] = ()
    collisions: tuple[tuple[str, ...], ...] = ()
    collided: tuple[bool, bool] = (False, False)


def align(left: Listing, right: Listing, base: Mapping[str, Record], key: NameKey) -> Aligned:
    """Match names by their keys.

    The common name is the left side's where it has the name, else the right's, else the base's.
    """
    groups: dict[str, tuple[list[str], list[str], list[str]]] = defaultdict(lambda: ([], [], []))
    for index, listed in enumerate((list(left.entries), list(right.entries), list(base))):
        for name in listed:
            groups[key.of(name)][index].append(name)
    entries: tuple[dict[str, Entry], dict[str, Entry]] = ({}, {})
    records: dict[str, Record] = {}
    spelled: tuple[dict[str, str], dict[str, str]] = ({}, {})
    recorded: dict[str, str] = {}
    respell: list[tuple[Side, str]] = []
    collisions: list[tuple[str, ...]] = []
    collided = [False, False]
    for lefts, rights, bases in groups.values():
        if len(lefts) > 1 or len(rights) > 1:
            collisions.append(tuple(sorted({*lefts, *rights})))
            collided[0] |= bool(lefts)
            collided[1] |= bool(rights)
            continue
        common = (lefts or rights or bases)[0]
        for side, names, listing in ((Side.LEFT, lefts, left), (Side.RIGHT, rights, right)):
            if names:
                entries[side][common] = listing.entries[names[0]]
                if names[0] != common:
                    spelled[side][common] = names[0]
        if bases:
            old = next((name for name in bases if name == common), bases[0])
            records[common] = base[old]
            if old != common:
                recorded[common] = old
        if lefts and rights and bases and (follower := _follower(lefts[0], rights[0], bases)) is not None:
            respell.append((follower, common))
    return Aligned(
        left=_renamed(left, entries[0], spelled[0]),
        right=_renamed(right, entries[1], spelled[1]),
        base=records,
        spelled=spelled,
        recorded=recorded,
        respell=tuple(respell),
        collisions=tuple(collisions),
        collided=(collided[0], collided[1]),
    )


def _follower(left: str, right: str, bases: list[str]) -> Side | None:
    """The side whose spelling is the base's while the other's case has changed; None when neither is.

    Names that differ in their normal form only are left as they are: a side that normalises would undo
    any change, run after run.
    """
    if unicodedata.normalize("NFC", left) == unicodedata.normalize("NFC", right):
        return None
    if right in bases and left not in bases:
        return Side.RIGHT
    if left in bases and right not in bases:
        return Side.LEFT
    return None


def _renamed(listing: Listing, entries: dict[str, Entry], spelled: Mapping[str, str]) -> Listing:
    actual = {spelling: common for common, spelling in spelled.items()}
    racy = frozenset(actual.get(name, name) for name in listing.racy)
    return replace(listing, entries=entries, racy=racy)
