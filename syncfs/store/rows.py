"""How a record becomes a row of the state file, and comes back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from syncfs.core import paths
from syncfs.core.base import Record
from syncfs.core.entry import DIRECTORY, Entry, Kind, Written
from syncfs.core.seal import Seal

__all__ = [
    "COLUMNS",
    "IS_DIRECTORY",
    "Row",
    "key_of",
    "records_of",
    "row_of",
    "seal_of",
    "seal_row",
    "unescaped",
]

Row = tuple[Any, ...]

_FACETS = ("kind", "size", "mtime", "etag", "digest", "id", "ctime")
COLUMNS = (
    *(f"left_{facet}" for facet in _FACETS),
    *(f"right_{facet}" for facet in _FACETS),
    "digest",
    "flags",
)
"""The columns behind the key (parent, name)."""

_WRITTEN = 5
"""The kind code of a `Written`: its times are in mtime (earliest) and ctime (latest)."""
_ODD = 8
"""Set in left_kind when some value of the row had to be stored in another form; see `_packed`."""
IS_DIRECTORY = f"(left_kind & {_ODD - 1}) = {Kind.DIRECTORY.value}"
"""The SQL condition under which a row is a directory's; also that of the index, so it must stay literal."""

_KINDS = {kind.value: kind for kind in Kind}
_INT64 = 1 << 63
_ESCAPE = re.compile("\0([0-9a-f]{4})")
_SURROGATE = re.compile("[\ud800-\udfff]")


def key_of(path: str) -> str:
    r"""Give a path as SQLite can store it: what is no Unicode is escaped with NUL.

    >>> key_of("a\udcff"), key_of("plain")
    ('a\x00dcff', 'plain')
    """
    if path.isascii():
        return path
    return _SURROGATE.sub(lambda match: f"\0{ord(match[0]):04x}", path)


def unescaped(key: str) -> str:
    """The inverse of `key_of`; also for a part of a key."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), key) if "\0" in key else key


def _packed(value: Any) -> Any:
    """An integer beyond 64 bits as bytes, which no facet is by itself; text as in `key_of`."""
    if isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
    elif isinstance(value, str):
        return key_of(value)
    return value


def _are_plain(values: Row) -> bool:
    """Whether all values can be stored as they are, said without a call for each of them."""
    for value in values:
        if value is None:
            continue
        kind = type(value)
        if kind is int:
            if not -_INT64 <= value < _INT64:
                return False
        elif kind is not str or not value.isascii():
            return False
    return True


def _unpacked(value: Any) -> Any:
    if isinstance(value, bytes):
        return int.from_bytes(value, "big", signed=True)
    return unescaped(value) if isinstance(value, str) else value


def _facets_of(entry: Entry | Written) -> Row:
    if isinstance(entry, Written):
        return (_WRITTEN, entry.size_bytes, entry.earliest_ns, entry.etag, None, None, entry.latest_ns)
    return (entry.kind.value, *entry[1:])


def row_of(path: str, record: Record) -> Row:
    """The whole row of a record, key first."""
    parent, name = paths.split(key_of(path))
    values = (*_facets_of(record.left), *_facets_of(record.right), record.digest, int(record.flags))
    if "\0" not in name and _are_plain(values):
        return (parent, name, *values)
    packed = tuple(map(_packed, values))
    if "\0" in name or packed != values:
        packed = (packed[0] | _ODD, *packed[1:])
    return (parent, name, *packed)


def _entry_of(facets: Row) -> Entry | Written:
    code, size, mtime, etag, digest, file_id, ctime = facets
    if code == _WRITTEN:
        return Written(size, etag, mtime, ctime)
    if code == Kind.DIRECTORY:
        return DIRECTORY
    return Entry(_KINDS[code], size, mtime, etag, digest, file_id, ctime)


def _record_of(values: Row) -> Record:
    """Any row, in any form.

    Raises:
        KeyError: A kind that nobody wrote: the file is damaged.
    """
    if values[0] & _ODD:
        values = (values[0] & ~_ODD, *map(_unpacked, values[1:]))
    return Record(_entry_of(values[:7]), _entry_of(values[7:14]), values[14], values[15])


def records_of(rows: Iterable[Row]) -> dict[str, Record]:
    """Make records of rows that begin with the name; two plain files take the fast way.

    Raises:
        KeyError, TypeError, ValueError: The rows are not what `row_of` made: the file is damaged.
    """
    # tuple.__new__ skips the keyword handling of a NamedTuple's own __new__: 1.1 instead of 2.3 µs a record.
    new = tuple.__new__
    file = Kind.FILE
    records: dict[str, Record] = {}
    for row in rows:
        name, kind, size, mtime, etag, digest, file_id, ctime, *_, common, flags = row
        if kind == 1 and row[8] == 1:
            left = new(Entry, (file, size, mtime, etag, digest, file_id, ctime))
            right = new(Entry, (file, *row[9:15]))
            records[name] = new(Record, (left, right, common, flags))
        else:
            records[unescaped(name)] = _record_of(row[1:])
    return records


def seal_row(directory: str, seal: Seal) -> Row:
    """The whole row of a seal, key first; no name holds a slash."""
    directories = key_of("/".join(seal.directories))
    return (key_of(directory), seal.left, seal.right, seal.files, directories, seal.renewals)


def seal_of(values: Row) -> Seal:
    """The inverse of `seal_row`, without its key.

    Raises:
        TypeError, ValueError: No seal was stored so: the file is damaged.
    """
    left, right, files, joined, renewals = values
    if not (isinstance(left, bytes) and isinstance(right, bytes)):
        raise TypeError(values)
    directories = tuple(unescaped(joined).split("/")) if joined else ()
    return Seal(left, right, int(files), directories, int(renewals))
