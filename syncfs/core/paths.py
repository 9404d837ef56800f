"""Relative paths as the core knows them: `/`-separated names, `""` for the root."""

from __future__ import annotations

import re
from collections.abc import Container

from syncfs.core.entry import Side

__all__ = [
    "TEMP_PREFIXES",
    "conflict_name",
    "is_conflict_copy",
    "is_reserved",
    "is_temporary",
    "join",
    "name_problem",
    "original_name",
    "split",
    "temp_name",
    "temp_run",
]

TEMP_PREFIXES = (".syncfs-tmp-", "syncfs-tmp-")
"""Temporary files; the second form is for servers that do not list dotfiles."""

_CONFLICT = re.compile(r"\.conflict-\d{8}T\d{6}-(?:src|dst)(?:-\d+)?(?=\.|$)")


def join(directory: str, name: str) -> str:
    """Join a directory and a name.

    >>> join("", "a"), join("a/b", "c")
    ('a', 'a/b/c')
    """
    return f"{directory}/{name}" if directory else name


def split(path: str) -> tuple[str, str]:
    """Split a path into its directory and its name.

    >>> split("a/b/c"), split("a")
    (('a/b', 'c'), ('', 'a'))
    """
    directory, _, name = path.rpartition("/")
    return directory, name


def is_temporary(name: str) -> bool:
    """Whether `name` is one of our own temporary files."""
    return name.startswith(TEMP_PREFIXES)


def is_reserved(name: str) -> bool:
    """Whether `name` is never synced, at any depth."""
    return name.startswith(".syncfs") or is_temporary(name)


def temp_name(token: str, *, hidden: bool = True) -> str:
    """The name of a temporary file of one run; short, so that it fits wherever a long name fits.

    Args:
        token: The run's id, which holds no dash; a dash; and what no other write of the run has.
        hidden: Whether this side lists dotfiles; where it does not, a hidden temp would be lost.
    """
    return f"{TEMP_PREFIXES[0 if hidden else 1]}{token}"


def temp_run(name: str) -> str | None:
    """The id of the run that made a temporary file; None when the name is not of that form.

    >>> temp_run(temp_name("20261122T143005Zab12-7"))
    '20261122T143005Zab12'
    """
    for prefix in TEMP_PREFIXES:
        if name.startswith(prefix):
            run, dash, _ = name.removeprefix(prefix).partition("-")
            return run if dash and run else None
    return None


def name_problem(name: str) -> str | None:
    """Say why a listed name cannot be one path component; None when it can.

    Listings come from servers that may lie: a name must never lead out of its directory.
    """
    if not name or name in (".", ".."):
        return "is not a file's name"
    if "/" in name or "\0" in name:
        return "holds a character that no file's name can hold"
    return None


def is_conflict_copy(name: str) -> bool:
    """Whether `name` is that of a kept loser.

    >>> is_conflict_copy("report.conflict-20261122T143005-dst.docx")
    True
    """
    return _CONFLICT.search(name) is not None


def original_name(name: str) -> str:
    """The name that a kept loser had.

    >>> original_name("report.conflict-20261122T143005-dst.docx")
    'report.docx'
    """
    return _CONFLICT.sub("", name)


def conflict_name(name: str, side: Side, stamp: str, taken: Container[str]) -> str:
    """A fresh name under which a loser is kept, beside the winner.

    A conflict copy's own conflict copy is named after the original file, so that names do not grow.

    Args:
        name: The contested name.
        side: Whose version it is.
        stamp: The run's time as `YYYYMMDDTHHMMSS`.
        taken: Names that are in use on either side.

    >>> conflict_name("report.docx", Side.RIGHT, "20261122T143005", ())
    'report.conflict-20261122T143005-dst.docx'
    """
    name = original_name(name)
    stem, dot, suffix = name.rpartition(".")
    if not stem.strip(".") or len(suffix) > 32:  # ".bashrc" has no suffix, nor has one that fills a name
        stem, dot, suffix = name, "", ""
    number = 0
    while True:
        again = f"-{number}" if number else ""
        mark = f".conflict-{stamp}-{side.label}{again}"
        fresh = f"{_shortened(stem, len((mark + dot + suffix).encode()))}{mark}{dot}{suffix}"
        if fresh not in taken:
            return fresh
        number += 1


def _shortened(stem: str, rest_bytes: int) -> str:
    """Cut a stem so that it fits into 255 bytes with what follows it."""
    room = max(1, 255 - rest_bytes)
    encoded = stem.encode("utf-8", "surrogateescape")
    return stem if len(encoded) <= room else encoded[:room].decode("utf-8", "ignore")
