"""What follows from what a side can do, in words."""

from __future__ import annotations

from dataclasses import asdict

from syncfs.core.capabilities import Capabilities
from syncfs.endpoint.endpoint import Finding

__all__ = ["explained"]


def explained(capabilities: Capabilities) -> tuple[Finding, ...]:
    """One row for each capability, in its order."""
    words = _consequences(capabilities)
    return tuple(Finding(name, value, words.get(name, "")) for name, value in asdict(capabilities).items())


def _consequences(can: Capabilities) -> dict[str, str]:
    if not can.is_writable:
        return {
            "is_writable": "a source only: nothing is ever written here",
            "keeps_mtime": "times are not compared with the other side's",
        }
    return {
        "keeps_mtime": "files keep their mtime"
        if can.keeps_mtime
        else "files get the time of the upload; times are not compared with the other side's",
        "confirms_writes": ""
        if can.confirms_writes
        else "each directory that was written to is listed again",
        "can_move": "" if can.can_move else "renames copy and remove; there is no trash on this side",
        "lists_dotfiles": "" if can.lists_dotfiles else "dotfiles are written but never seen: a problem each",
        "folds_case": "names that differ in case only are one file here" if can.folds_case else "",
        "folds_unicode": "names that differ in Unicode form only are one file here"
        if can.folds_unicode
        else "",
        "creates_exclusively": "a new file overwrites nothing"
        if can.creates_exclusively
        else "a look before each new file: of two who create one within that moment the later one's stays",
        "replaces_exclusively": "an edit is never overwritten unseen"
        if can.replaces_exclusively
        else "a look before each replacement: an edit within that moment is overwritten",
        "clock_skew_ns": ""
        if can.clock_skew_ns is not None
        else "newer and older are not decided by the clock",
    }
