"""Recognise a directory in which nothing has changed, without looking at its names.

A listing may bear a *mark*: a few bytes that stand for all that it shows. Where every name of a directory
is settled, the base keeps both sides' marks beside its records: the directory is *sealed*. As long as both
sides bear their marks, the directory needs no decision; where one does, its entries are those recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from syncfs.core.base import Flag, Record, directory_record, is_settled
from syncfs.core.entry import DIRECTORY, Entry, Side
from syncfs.core.listing import Listing, ListingStatus
from syncfs.core.settings import Settings

__all__ = ["Seal", "doubts_of", "is_sealable", "new_seal", "recorded_listing"]

RENEWALS = 8
"""So often a seal is renewed though no record has changed. A body that is another one each time, because it
holds the time or a quota, would otherwise be written to the state in every run."""

_AGREED = directory_record()


class Seal(NamedTuple):
    """What proves that a directory is as it was recorded; void as soon as a record in it changes.

    Attributes:
        left: The left listing's mark.
        right: The right listing's mark.
        files: How many files it holds.
        directories: Its directories, in order.
        renewals: How often it was renewed while no record changed.
    """

    left: bytes
    right: bytes
    files: int
    directories: tuple[str, ...] = ()
    renewals: int = 0

    def of(self, side: Side) -> bytes:
        """One side's mark."""
        return self.right if side else self.left


def is_sealable(settings: Settings) -> bool:
    """Whether seals may be asked at all.

    Not where the user wants contents read, where filters ask about every name, and where names are folded:
    which of two spellings a record belongs to takes the whole listing to tell.
    """
    return not settings.verify and settings.selection.is_everything and settings.name_key is None


def doubts_of(settings: Settings) -> int:
    """The bits of racy sides that are looked into: those that read at no cost."""
    return sum(Flag.racy(side) for side in Side if settings.capabilities[side].reads_cheaply)


def new_seal(
    left: Listing, right: Listing, base: Mapping[str, Record], doubts: int, old: Seal | None
) -> Seal | None:
    """The seal to be kept for a directory that both sides have; None when there is none, or no new one.

    Args:
        left: Its listing on the left.
        right: Its listing on the right.
        base: The base's records of its names.
        doubts: As `is_settled` takes it.
        old: The seal that it has.
    """
    if left.mark is None or right.mark is None:
        return None
    if not len(left.entries) == len(right.entries) == len(base):
        return None
    directories = []
    for name, record in base.items():
        seen = left.entries.get(name), right.entries.get(name)
        if not is_settled(record, *seen, doubts):
            if record != _AGREED or seen != (DIRECTORY, DIRECTORY):
                return None
            directories.append(name)
    directories.sort()
    renewals = 0 if old is None else old.renewals + 1
    if renewals > RENEWALS:
        return None
    return Seal(left.mark, right.mark, len(base) - len(directories), tuple(directories), renewals)


def recorded_listing(side: Side, base: Mapping[str, Record], seal: Seal) -> Listing:
    """The listing of a side that still bears its mark: what was recorded is what it shows."""
    entries = {name: entry for name, record in base.items() if isinstance(entry := record.of(side), Entry)}
    return Listing(entries=entries, mark=seal.of(side), status=ListingStatus.COMPLETE)
