"""What a run of the suite finds out about a side beyond right and wrong: the rows of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["FEATURES", "Feature", "Finding", "Tell"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that a side can do or cannot.

    Attributes:
        key: Its short name.
        title: The same for readers.
        instead: What syncfs does where a side cannot.
    """

    key: str
    title: str
    instead: str


FEATURES = {
    feature.key: feature
    for feature in (
        Feature(
            "writes",
            "can be written",
            "it can be the source of a push and the destination of nothing",
        ),
        Feature(
            "whole",
            "whoever reads while a file is replaced finds the old or the new content",
            "it is staged and renamed, so nobody finds half a file; for a moment there may be none",
        ),
        Feature(
            "creates",
            "of several who create one name at once, one wins",
            "it looks just before it puts a new file in place; two who do so within that moment both succeed, "
            "and the later one is kept",
        ),
        Feature(
            "replaces",
            "of several who replace one version at once, one wins",
            "it looks just before it replaces a file; an edit in that moment (milliseconds) is overwritten",
        ),
        Feature(
            "removes",
            "an empty directory can be removed without risk",
            "a directory is left, and reported: what it does not list would go with it",
        ),
        Feature(
            "dotfiles",
            "lists names that begin with a dot",
            "temporary files have names without a dot; a name that was never listed is never taken for removed",
        ),
        Feature(
            "mtime",
            "keeps the time of the source",
            "the state remembers the time that this side shows, and compares a side with its own past",
        ),
        Feature(
            "tells",
            "shows two edits of one size within a second",
            "a file written just now counts as unsure until it is read or older",
        ),
        Feature(
            "confirms",
            "tells at once what a write made of a file",
            "one listing of each directory that was written into, at its end",
        ),
        Feature(
            "moves",
            "renames without sending the content again",
            "a rename is a copy and a removal; there is no trash on that side",
        ),
        Feature(
            "names",
            "holds every difficult name",
            "the path is reported, and nothing is written under another name",
        ),
        Feature(
            "long",
            "refuses a name of 256 bytes, as file systems do",
            "nothing: it holds longer names",
        ),
        Feature(
            "case",
            "tells `Case` from `case`",
            "both spellings are one name; two files that differ only so are reported",
        ),
    )
}
"""All features by key, in the order of the table."""


class Finding(NamedTuple):
    """What one run found of one feature of one side; plain data.

    Attributes:
        table: The table it belongs to.
        subject: Which side, as the table names it.
        feature: A key of `FEATURES`.
        can: Whether it can.
        detail: What exactly was found, for a note; empty for none.
    """

    table: str
    subject: str
    feature: str
    can: bool
    detail: str = ""


Tell = Callable[..., None]
"""`tell(feature, can, detail="")`: put a finding on record."""
