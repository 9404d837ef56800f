"""List a directory of this machine, and say what one look at a file tells."""

from __future__ import annotations

import os
import stat
import sys
import time

from syncfs.core.entry import DIRECTORY, Entry, Kind
from syncfs.core.listing import AS_MARKED, Listing
from syncfs.core.paths import is_temporary
from syncfs.endpoint.beneath import Place
from syncfs.endpoint.glance import Row, glance, is_detour

__all__ = ["entry_of", "is_racy", "listable", "scan"]

GRAIN_NS = 20_000_000
"""How far apart two writes must be to show two mtimes: a tick of the slowest common kernel clock (100 Hz),
doubled."""
WHOLE_SECONDS_GRAIN_NS = 2_000_000_000
"""The same for an mtime without a fraction, which may come from FAT (2 s), HFS+ or ext3 (1 s)."""
AHEAD_NS = 600_000_000_000
"""A file server's clock may be ahead of ours by so much. An mtime farther in the future was set by someone
and not by a write: the next write shows another one, so nothing hides behind it."""

RESERVED = (".syncfs", "syncfs-tmp-")
"""How names begin that are not listed: `paths.is_reserved`, without the call."""

# Windows fills in neither inode nor change time when a directory is listed.
_IS_WINDOWS = sys.platform == "win32"
_OTHER = Entry(Kind.OTHER)
_UNREADABLE = Entry(Kind.UNREADABLE)


def entry_of(found: os.stat_result) -> Entry:
    """The entry that stands for what `os.lstat` or `os.fstat` says."""
    if stat.S_ISREG(found.st_mode):
        inode, ctime_ns = (found.st_ino, found.st_ctime_ns) if not _IS_WINDOWS else (None, None)
        return Entry(Kind.FILE, found.st_size, found.st_mtime_ns, None, None, inode, ctime_ns)
    return DIRECTORY if stat.S_ISDIR(found.st_mode) and not is_detour(found) else _OTHER


def is_racy(mtime_ns: int, observed_ns: int) -> bool:
    """Whether a file may change again without its fingerprint showing it.

    Args:
        mtime_ns: The file's mtime.
        observed_ns: When looking at it began, by this machine's clock. A file server whose clock is
            behind this one defeats the rule; its mtimes then look older than they are.
    """
    grain_ns = GRAIN_NS if mtime_ns % 1_000_000_000 else WHOLE_SECONDS_GRAIN_NS
    return observed_ns - grain_ns <= mtime_ns <= observed_ns + AHEAD_NS


def listable(place: Place) -> int | str:
    """What `os.scandir` takes for a place that was entered to be listed."""
    return place.prefix if place.fd is None else place.fd


def scan(place: Place, mark: bytes | None = None) -> Listing:
    """List an opened directory, unless it still bears a mark (see `Listing.mark`)."""
    observed_ns = time.time_ns()
    directories, rows, shown = glance(listable(place))
    return AS_MARKED if shown == mark else _listing(rows, directories, shown, observed_ns)


def _listing(rows: list[Row], directories: list[str], mark: bytes, observed_ns: int) -> Listing:
    """What was written down, as the engine is told of it."""
    # Nothing modified before this can be racy; `is_racy` decides about the rest.
    edge_ns = observed_ns - WHOLE_SECONDS_GRAIN_NS
    entries: dict[str, Entry] = {}
    racy: list[str] = []
    leftovers: list[str] = []
    strange: list[str] = []
    is_plain = True
    make, file = tuple.__new__, Kind.FILE
    for name in directories:
        if name.startswith(RESERVED):
            continue
        if name.isascii() or _is_text(name):
            entries[name] = DIRECTORY
        else:
            strange.append(name)
    for name, facets in rows:
        if name.startswith(RESERVED):
            if is_temporary(name):
                leftovers.append(name)
            continue
        if not name.isascii() and not _is_text(name):
            strange.append(name)
        elif facets is None:
            entries[name] = _UNREADABLE
            is_plain = False
        elif stat.S_ISREG(facets[0]):
            _, size_bytes, mtime_ns, inode, ctime_ns = facets
            if _IS_WINDOWS:
                inode = ctime_ns = None
            entries[name] = make(Entry, (file, size_bytes, mtime_ns, None, None, inode, ctime_ns))
            if mtime_ns >= edge_ns and is_racy(mtime_ns, observed_ns):
                racy.append(name)
        else:
            entries[name] = _OTHER
            is_plain = False
    for name in strange:
        entries[_printable(name, entries)] = _UNREADABLE
    return Listing(
        entries=entries,
        racy=frozenset(racy),
        leftovers=tuple(leftovers),
        mark=mark if is_plain and not (racy or leftovers or strange) else None,
    )


def _is_text(name: str) -> bool:
    """Whether a name was valid UTF-8 on disk: the bytes of one that was not come as lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(name: str, taken: dict[str, Entry]) -> str:
    """Spell a name that is no text so that it can be reported, like no other name of its directory."""
    spelling = os.fsencode(name).decode("utf-8", "backslashreplace")
    while spelling in taken:
        spelling += "?"
    return spelling
