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
        note: How a finding's detail is put into words.
    """

    key: str
    title: str
    instead: str
    note: str = "{}"


FEATURES = {
    feature.key: feature
    for feature in (
        Feature(
            "whole",
            "whoever reads while a file is replaced finds the old or the new content",
            "stages and renames, so that nobody finds half a file; for a moment there may be none",
        ),
        Feature(
            "creates",
            "of several who create one name at once, one wins",
            "looks just before it puts a new file in place; of two who do so within that moment the later "
            "one's file stays",
            "{} were told so",
        ),
        Feature(
            "replaces",
            "of several who replace one version at once, one wins",
            "looks just before it replaces a file; an edit within that moment (milliseconds) is overwritten",
            "{} were told so",
        ),
        Feature(
            "removes",
            "an empty directory can be removed without risk",
            "leaves the directory and says so: what the listing does not show would go with it",
        ),
        Feature(
            "dotfiles",
            "lists names that begin with a dot",
            "names temporary files without a dot, and never takes a name for removed that was never listed",
        ),
        Feature(
            "mtime",
            "keeps the time of the source",
            "remembers the time that this side shows, and compares each side with its own past",
        ),
        Feature(
            "tells",
            "shows two edits of one size within a second",
            "counts a file that was written just now as unsure until it is older, or reads it",
        ),
        Feature(
            "confirms",
            "tells at once what a write made of a file",
            "lists each directory once after it wrote into it",
        ),
        Feature(
            "moves",
            "renames without sending the content again",
            "copies and removes; there is no trash on that side",
        ),
        Feature(
            "names",
            "holds every difficult name",
            "reports the path, and writes nothing under another name",
            "not {}",
        ),
        Feature(
            "long",
            "refuses a name of 256 bytes, as file systems do",
            "writes it: this side holds longer names",
        ),
        Feature(
            "case",
            "tells `Case` from `case`",
            "takes both spellings for one name, and reports two files that differ only so",
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
