"""Turn what fsspec filesystems tell of a file into an `Entry`.

fsspec fixes three keys of `info` (name, size, type). Every filesystem has its own words for the rest:
`mtime`, `LastModified`, `modify`; seconds as a float, milliseconds, `20261122143005`, an HTTP date.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from syncfs.core.entry import DIRECTORY, Entry, Kind
from syncfs.endpoint.family import Family

__all__ = ["entry_of_info", "parse_mtime"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MLSD = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,6}))?")
_MD5 = re.compile(r"[0-9a-f]{32}")
_ETAG_KEYS = ("ETag", "etag", "e_tag")
_MD5_KEYS = ("md5Hash", "content_md5", "Content-MD5")


def entry_of_info(info: Mapping[str, Any], family: Family) -> Entry:
    """The entry that stands for one `info` or one item of a detailed `ls`.

    Args:
        info: As the filesystem gave it.
        family: Which filesystem that is.

    Returns:
        OTHER for links and whatever is neither file nor directory.
    """
    kind = info.get("type")
    if kind == "directory":
        return DIRECTORY
    if kind != "file" or info.get("islink"):
        return Entry(Kind.OTHER)
    size = info.get("size")
    etag = _etag(info)
    return Entry(
        Kind.FILE,
        int(size) if size is not None else None,
        _mtime(info, family),
        etag,
        _digest(info, family, etag),
    )


def _mtime(info: Mapping[str, Any], family: Family) -> int | None:
    for key in family.mtime_keys:
        if key in info:
            mtime_ns = parse_mtime(info[key], in_milliseconds=key == "modificationTime")
            if mtime_ns is not None:
                return mtime_ns
    return None


def parse_mtime(value: object, *, in_milliseconds: bool = False) -> int | None:
    """Read an mtime in any of the forms that filesystems use.

    Args:
        value: Seconds (or milliseconds) since the epoch; a datetime, UTC when it names no zone;
            `YYYYMMDDHHMMSS` in UTC (RFC 3659 section 2.3); an HTTP date; ISO 8601; a zip file's tuple.
        in_milliseconds: What a bare number counts.

    Returns:
        Nanoseconds since the epoch; None for what cannot be read, such as the `Nov 22 14:30` of old FTP
        servers, which lacks the year or the time.

    >>> parse_mtime("20261122143005"), parse_mtime(1.5), parse_mtime("Nov 22 14:30")
    (1795357805000000000, 1500000000, None)
    """
    match value:
        case bool() | None:
            return None
        case int():
            return value * (1_000_000 if in_milliseconds else 1_000_000_000)
        case float():
            if not math.isfinite(value):
                return None
            # A float of today's seconds is exact to 0.24 µs only; anything finer would be noise, and
            # other noise where the same time comes as a datetime.
            return round(value * (1_000 if in_milliseconds else 1_000_000)) * 1_000
        case datetime():
            return _datetime_ns(value)
        case str():
            return _text_ns(value.strip())
        case (int(), int(), int(), int(), int(), int()):
            return _calendar_ns(*value)
        case _:
            return None


def _datetime_ns(value: datetime) -> int:
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    passed = aware - _EPOCH
    # In whole numbers: `timestamp()` is a float.
    return ((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds) * 1_000


def _calendar_ns(*numbers: int) -> int | None:
    try:
        return _datetime_ns(datetime(*numbers, tzinfo=UTC))  # type: ignore[arg-type, misc]
    except ValueError:
        return None


def _text_ns(text: str) -> int | None:
    if (found := _MLSD.fullmatch(text)) is not None:
        *numbers, fraction = found.groups()
        return _calendar_ns(*map(int, numbers), int((fraction or "").ljust(6, "0")))
    if not text[:1].isdigit():
        try:
            return _datetime_ns(parsedate_to_datetime(text)) if re.search(r" \d{4} ", text) else None
        except (TypeError, ValueError):
            return None
    try:
        return _datetime_ns(datetime.fromisoformat(text))
    except ValueError:
        return None


def _etag(info: Mapping[str, Any]) -> str | None:
    """The entity tag without `W/` and quotes, or what serves as one: it changes with the content."""
    for key in _ETAG_KEYS:
        value = info.get(key)
        if isinstance(value, str) and value:
            return value.removeprefix("W/").strip('"') or None
    if isinstance(info.get("sha"), str):
        return f"git:{info['sha']}"
    if isinstance(info.get("CRC"), int):
        return f"crc32:{info['CRC']:08x}"
    return None


def _digest(info: Mapping[str, Any], family: Family, etag: str | None) -> str | None:
    for holder in (info, info.get("content_settings")):
        if isinstance(holder, Mapping):
            for key in _MD5_KEYS:
                if (digest := _md5(holder.get(key))) is not None:
                    return f"md5:{digest}"
    # Encrypted with a key of one's own, the tag of an object is something else (S3 API reference, Object).
    is_opaque = info.get("SSECustomerAlgorithm") or "kms" in str(info.get("ServerSideEncryption"))
    if family.etag_is_md5 and etag is not None and _MD5.fullmatch(etag) and not is_opaque:
        return f"md5:{etag}"
    return None


def _md5(value: object) -> str | None:
    """An md5 in hexadecimal, from base64 text or from bytes."""
    if isinstance(value, str):
        if _MD5.fullmatch(value):
            return value
        try:
            value = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return None
    if isinstance(value, bytes | bytearray) and len(value) == 16:
        return bytes(value).hex()
    return None
