"""Merge text line by line; encoding, byte order mark and line breaks stay what they were."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass

from merge3 import Merge3

__all__ = ["Text", "merge_lines", "merge_text", "parse_text"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BREAKS = re.compile("\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Text:
    """A file's content as text.

    Attributes:
        text: With all line breaks as they are.
        encoding: `utf-8`, `utf-16-le`, `utf-16-be`; `latin-1` for an 8-bit encoding that nobody can name,
            whose bytes survive; `ascii` where all of these come to the same.
        mark: The byte order mark, or nothing.
    """

    text: str
    encoding: str
    mark: bytes

    @property
    def line_break(self) -> str | None:
        """The one line break in use; empty where there is none, None where there are several."""
        found = set(_BREAKS.findall(self.text))
        return None if len(found) > 1 else next(iter(found), "")


def parse_text(content: bytes) -> Text | None:
    """Read a content as text; None for what is none."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", ""))
    body = content[len(mark) :]
    for candidate in (encoding,) if encoding else ("ascii", "utf-8", "latin-1"):
        try:
            text = body.decode(candidate)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else Text(text, candidate, mark)
    return None


def merge_text(base: bytes, left: bytes, right: bytes, *, markers: bool) -> tuple[bytes, bool] | None:
    """Merge three contents line by line.

    Args:
        base: What both were made from.
        left: One side's.
        right: The other side's.
        markers: Where both sides edited the same lines, write both with conflict markers around them.

    Returns:
        The content, and whether there are no markers in it; None when there is no clean merge, or these
        are no texts of one encoding.
    """
    texts = [parse_text(each) for each in (base, left, right)]
    if None in texts:
        return None
    old, ours, theirs = (each for each in texts if each is not None)
    encodings = {each.encoding for each in (old, ours, theirs)} - {"ascii"}
    mark = _chosen(old.mark, ours.mark, theirs.mark)
    if len(encodings) > 1 or mark is None or (mark and "latin-1" in encodings):
        return None
    encoding = next(iter(encodings), "utf-8")
    breaks = [each.line_break for each in (old, ours, theirs)]
    unified = None not in breaks
    # A side that converted all line breaks has not edited every line.
    line_break = _chosen_break(breaks) if unified else None
    lines = [_split(_BREAKS.sub("\n", each.text) if unified else each.text) for each in (old, ours, theirs)]
    merged = merge_lines(*lines)
    is_clean = merged is not None
    if merged is None:
        if not markers:
            return None
        merged = _marked(*lines)
    if any(not line.endswith("\n") for line in merged[:-1]):
        return None  # an unfinished last line of one side has come before something
    text = "".join(merged)
    if line_break:
        text = text.replace("\n", line_break)
    try:
        return mark + text.encode(encoding), is_clean
    except UnicodeEncodeError:
        return None


def merge_lines(base: Sequence[str], left: Sequence[str], right: Sequence[str]) -> list[str] | None:
    """Merge three sequences of lines, or of anything hashable; None where both sides edited one place."""
    merged: list[str] = []
    for group in Merge3(list(base), list(left), list(right)).merge_groups():
        if group[0] == "conflict":
            return None
        merged.extend(group[1])
    return merged


def _marked(base: Sequence[str], left: Sequence[str], right: Sequence[str]) -> list[str]:
    """Both sides' lines where they edited one place, as version control writes them."""
    merged: list[str] = []
    for group in Merge3(list(base), list(left), list(right)).merge_groups():
        if group[0] != "conflict":
            merged.extend(group[1])
            continue
        for mark, lines in (("<<<<<<< src", group[2]), ("||||||| base", group[1]), ("=======", group[3])):
            merged.append(f"{mark}\n")
            merged.extend(line if line.endswith("\n") else f"{line}\n" for line in lines)
        merged.append(">>>>>>> dst\n")
    return merged


def _split(text: str) -> list[str]:
    """The lines with their breaks; `\\n` alone ends one, so that nothing else is touched."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _chosen(base: bytes, left: bytes, right: bytes) -> bytes | None:
    """What a three-way merge makes of one value; None where both sides changed it."""
    if left == right or right == base:
        return left
    return right if left == base else None


def _chosen_break(breaks: Sequence[str | None]) -> str | None:
    """The line break of the merge: the one that a side has changed to, else whichever is there."""
    base, left, right = breaks
    for each in (left, right):
        if each and each != base:
            return each
    return left or right or base
