"""What filesystems tell of a file, in all their words."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncfs.core.entry import DIRECTORY, Entry, Kind
from syncfs.endpoint.facets import entry_of_info, parse_mtime
from syncfs.endpoint.family import FAMILIES, Family

MOMENT = datetime(2026, 11, 22, 14, 30, 5, tzinfo=UTC)
MOMENT_NS = 1_795_357_805_000_000_000
MD5 = hashlib.md5(b"abc").hexdigest()
MD5_BASE64 = base64.b64encode(bytes.fromhex(MD5)).decode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_795_357_805, MOMENT_NS),
        (1_795_357_805.25, MOMENT_NS + 250_000_000),
        (-1.5, -1_500_000_000),
        (0, 0),
        (MOMENT, MOMENT_NS),
        (MOMENT.replace(tzinfo=None), MOMENT_NS),
        (MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30))), MOMENT_NS),
        (datetime(1960, 1, 1, tzinfo=UTC), -315_619_200_000_000_000),
        ("20261122143005", MOMENT_NS),
        ("20261122143005.25", MOMENT_NS + 250_000_000),
        ("Sun, 22 Nov 2026 14:30:05 GMT", MOMENT_NS),
        ("2026-11-22T14:30:05Z", MOMENT_NS),
        ("2026-11-22T14:30:05.250+00:00", MOMENT_NS + 250_000_000),
        ((2026, 11, 22, 14, 30, 5), MOMENT_NS),
        ("Nov 22 14:30", None),
        ("Nov 22 2026", None),
        ("20261399000000", None),
        ((1980, 0, 0, 0, 0, 0), None),
        ("", None),
        ("yesterday", None),
        (None, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        (b"20261122143005", None),
    ],
)
def test_an_mtime_is_read_in_every_form_or_unknown(value: object, expected: int | None) -> None:
    assert parse_mtime(value) == expected


def test_a_number_of_milliseconds_is_told_from_one_of_seconds() -> None:
    assert parse_mtime(1_795_357_805_250, in_milliseconds=True) == MOMENT_NS + 250_000_000


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_a_float_and_a_datetime_of_one_moment_are_one_mtime(moment: datetime) -> None:
    assert parse_mtime(moment.timestamp()) == parse_mtime(moment)


@given(st.text(max_size=30))
def test_no_text_is_an_error(text: str) -> None:
    assert parse_mtime(text) is None or isinstance(parse_mtime(text), int)


@pytest.mark.parametrize(
    ("protocol", "info", "expected"),
    [
        ("sftp", {"mtime": MOMENT, "time": MOMENT}, Entry(Kind.FILE, 3, MOMENT_NS)),
        ("smb", {"mtime": 1_795_357_805.5}, Entry(Kind.FILE, 3, MOMENT_NS + 500_000_000)),
        ("ftp", {"modify": "20261122143005", "unix.mode": "0644"}, Entry(Kind.FILE, 3, MOMENT_NS)),
        ("ftp", {"modify": "Nov 22 14:30"}, Entry(Kind.FILE, 3)),
        (
            "s3",
            {"LastModified": MOMENT, "ETag": f'"{MD5}"'},
            Entry(Kind.FILE, 3, MOMENT_NS, MD5, f"md5:{MD5}"),
        ),
        ("s3", {"LastModified": MOMENT, "ETag": f'"{MD5}-2"'}, Entry(Kind.FILE, 3, MOMENT_NS, f"{MD5}-2")),
        ("s3", {"ETag": f'"{MD5}"', "ServerSideEncryption": "aws:kms"}, Entry(Kind.FILE, 3, None, MD5)),
        ("s3", {"ETag": f'"{MD5}"', "SSECustomerAlgorithm": "AES256"}, Entry(Kind.FILE, 3, None, MD5)),
        (
            "gcs",
            {"mtime": MOMENT, "updated": "2020-01-01T00:00:00Z", "md5Hash": MD5_BASE64, "etag": "CJ="},
            Entry(Kind.FILE, 3, MOMENT_NS, "CJ=", f"md5:{MD5}"),
        ),
        ("gs", {"updated": "2026-11-22T14:30:05Z"}, Entry(Kind.FILE, 3, MOMENT_NS)),
        (
            "abfs",
            {
                "last_modified": MOMENT,
                "etag": "0x8D",
                "content_settings": {"content_md5": bytearray.fromhex(MD5)},
            },
            Entry(Kind.FILE, 3, MOMENT_NS, "0x8D", f"md5:{MD5}"),
        ),
        (
            "https",
            {"Last-Modified": "Sun, 22 Nov 2026 14:30:05 GMT", "ETag": 'W/"x"', "Content-MD5": MD5_BASE64},
            Entry(Kind.FILE, 3, MOMENT_NS, "x", f"md5:{MD5}"),
        ),
        ("github", {"sha": "ab" * 20}, Entry(Kind.FILE, 3, None, "git:" + "ab" * 20)),
        (
            "zip",
            {"date_time": (2026, 11, 22, 14, 30, 5), "CRC": 255},
            Entry(Kind.FILE, 3, MOMENT_NS, "crc32:000000ff"),
        ),
        ("webhdfs", {"modificationTime": 1_795_357_805_000}, Entry(Kind.FILE, 3, MOMENT_NS)),
        ("memory", {"created": MOMENT}, Entry(Kind.FILE, 3, MOMENT_NS)),
        ("sftp", {"created": MOMENT}, Entry(Kind.FILE, 3)),
        ("memory", {"ETag": None, "md5Hash": "not base64!"}, Entry(Kind.FILE, 3)),
    ],
)
def test_every_filesystem_s_words_become_facets(protocol: str, info: dict[str, Any], expected: Entry) -> None:
    assert entry_of_info({"name": "f", "size": 3, "type": "file", **info}, FAMILIES[protocol]) == expected


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"type": "directory", "size": 0, "mtime": MOMENT}, DIRECTORY),
        ({"type": "link", "size": 3}, Entry(Kind.OTHER)),
        ({"type": "file", "size": 3, "islink": True}, Entry(Kind.OTHER)),
        ({"type": "other"}, Entry(Kind.OTHER)),
        ({}, Entry(Kind.OTHER)),
        ({"type": "file", "size": None}, Entry(Kind.FILE)),
    ],
)
def test_only_files_have_facets(info: dict[str, Any], expected: Entry) -> None:
    assert entry_of_info(info, Family(name="unknown")) == expected
